"""The store: latest states, what is pending, what became of it. Redis keys live here.

    roistat:meta:<member>     hash: fence, digest, rev, delivered, sent (ever), note;
                              while pending also since, tries, waits, attempt,
                              sending, unsure, until, behind; while parked, refused
    roistat:state:<member>    the latest state, packed
    roistat:history:<member>  the delivery log: newest attempt first, bounded
    roistat:due               what is pending, by when it is due (ms)
    roistat:parked            what was refused for good, by when
    roistat:reasons           why a member is parked or waits, in words
    roistat:noted:<note>      the members of which there is that to say (see words)
    roistat:lease             who drains
    roistat:woken             a wake-up is on its way
    roistat:sent              when Roistat was last called (ms)
    roistat:statuses          the status dictionary as Roistat last showed it
    roistat:dictionary        who changes the status dictionary
    roistat:closed:<method>   Roistat refuses that method to this project
    roistat:verdict           what the last call to Roistat said of its state
    roistat:ping              what the CRM last said of itself
    roistat:mapping           the mapping that somebody stored, as JSON
    roistat:remap             hash: how far what is held was mapped, and by which one

A member is `deal:<id>` or `client:<id>`. Every step that must be atomic is one Lua
script beside this file; the scripts know the first three patterns, and are given the
other keys.
"""

from receiver.store.records import Record, digest_of, member_of, record_of
from receiver.store.store import (
    DONE,
    METHODS,
    START,
    Held,
    Look,
    Outcome,
    Pending,
    Store,
    Walk,
)

__all__ = [
    "DONE",
    "METHODS",
    "START",
    "Held",
    "Look",
    "Outcome",
    "Pending",
    "Record",
    "Store",
    "Walk",
    "digest_of",
    "member_of",
    "record_of",
]
