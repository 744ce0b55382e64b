"""The store: latest states, what is pending, what became of it. Redis keys live here.

    roistat:meta:<member>     hash: fence, digest, rev, moved, delivered, sent (ever),
                              note, found; while pending also since, tries, waits,
                              attempt, sending, unsure, until, behind; while parked,
                              refused
    roistat:state:<member>    the latest state, packed
    roistat:history:<member>  the delivery log: newest attempt first, bounded
    roistat:due               what is pending, by when it is due (ms)
    roistat:parked            what was refused for good, by when
    roistat:reasons           why a member is parked or waits, in words
    roistat:noted:<note>      the members of which there is that to say (see words)
    roistat:listed            deals by when something last became of them (ms)
    roistat:index             what they are found by, in alphabetical order (see index)
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
    roistat:told              how many states were told within a moment, taken or not
    roistat:rush              there were many (see put.lua)
    roistat:turns             how often anything was told, counted (see put.lua)
    roistat:pull:<walk>       hash: how far a walk over the CRM's deals has come
    roistat:pulling:<walk>    who walks
    roistat:crm               what the last read from the CRM said of its state
    roistat:orders            what Roistat's list has of each order, to be compared
    roistat:met               which orders the CRM knows
    roistat:findings          how they differ, of the last comparison
    roistat:findings:before   the same of the one before
    roistat:counts            hash: how often things happened, by name and labels
    roistat:fresh:<hour>      hash: how long live changes took that arrived in an hour
                              (since 1970), by bounds (see counters); "all" for ever
    roistat:delivered         when Roistat last took anything (ms)
    roistat:incidents         hash: what is wrong now, by alarm
    roistat:telling           who looks for it, and tells
    roistat:login:...         how often somebody tried to log in (the library's keys)
    roistat:token:<name>      what opens the CRM's API, and the lock of who renews it

A member is `deal:<id>` or `client:<id>`. Every step that must be atomic is one Lua
script beside this file; the scripts know the first three patterns and the one of the
hours, and are given the other keys.
"""

from receiver.store.counters import BOUNDS, Counted, Histogram, Hour, together
from receiver.store.direct import DirectPut
from receiver.store.index import Page, Row, found_by
from receiver.store.keys import DONE, START
from receiver.store.notes import METHODS
from receiver.store.records import (
    Reading,
    Record,
    digest_of,
    member_of,
    reading_of,
    record_of,
)
from receiver.store.store import Held, Look, Outcome, Pending, Store
from receiver.store.walks import Pulling, Walk

__all__ = [
    "BOUNDS",
    "DONE",
    "METHODS",
    "START",
    "Counted",
    "DirectPut",
    "Held",
    "Histogram",
    "Hour",
    "Look",
    "Outcome",
    "Page",
    "Pending",
    "Pulling",
    "Reading",
    "Record",
    "Row",
    "Store",
    "Walk",
    "digest_of",
    "found_by",
    "member_of",
    "reading_of",
    "record_of",
    "together",
]
