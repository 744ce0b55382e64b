"""The store: latest states, what is pending, what became of it. Redis keys live here.

    roistat:meta:<member>     hash: fence, digest, rev, delivered; while pending also
                              since, tries, attempt, sending, unsure, until
    roistat:state:<member>    the latest state, packed
    roistat:history:<member>  the delivery log: newest attempt first, bounded
    roistat:due               what is pending, by when it is due (ms)
    roistat:parked            what was refused for good, by when
    roistat:reasons           why a member is parked or waits, in words
    roistat:lease             who drains
    roistat:woken             a wake-up is on its way
    roistat:sent              when Roistat was last called (ms)
    roistat:statuses          the status dictionary as Roistat last showed it
    roistat:verdict           what the last call to Roistat said of its state
    roistat:ping              what the CRM last said of itself

A member is `deal:<id>` or `client:<id>`. Every step that must be atomic is one Lua
script beside this file; the scripts know the first three patterns, and are given the
other keys.
"""

from receiver.store.records import Record, digest_of, member_of, record_of
from receiver.store.store import Look, Outcome, Pending, Store

__all__ = [
    "Look",
    "Outcome",
    "Pending",
    "Record",
    "Store",
    "digest_of",
    "member_of",
    "record_of",
]
