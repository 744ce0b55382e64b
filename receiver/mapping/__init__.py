"""What of a deal Roistat gets, decided here alone. Pure."""

from receiver.mapping.mapping import NO_STAGE, Mapping, value_of
from receiver.mapping.schema import (
    CANCELED,
    DELETE,
    GROUPS,
    MOVE,
    PAID,
    PROGRESS,
    UNUSED,
)

__all__ = [
    "CANCELED",
    "DELETE",
    "GROUPS",
    "MOVE",
    "NO_STAGE",
    "PAID",
    "PROGRESS",
    "UNUSED",
    "Mapping",
    "value_of",
]
