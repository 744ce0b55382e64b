"""The sentences that people read, the same wherever we are asked."""

from receiver.words import alarms, deals, leads, legs, mapping, parked, reading
from receiver.words.states import DEGRADED, FAILED, OK, UNKNOWN, WARNING

__all__ = [
    "DEGRADED",
    "FAILED",
    "OK",
    "UNKNOWN",
    "WARNING",
    "alarms",
    "deals",
    "leads",
    "legs",
    "mapping",
    "parked",
    "reading",
]
