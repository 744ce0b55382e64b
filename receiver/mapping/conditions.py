"""The conditions of the filter: what one field of a deal must be. Pure.

Values come as the CRM spells them, mostly as text. Two of them are compared as what
both can be read as, in this order: booleans where one is a JSON boolean, numbers
(`12.50`, without leading zeros, so that codes stay codes), days and moments, text. A
day is its midnight in UTC, as is every moment without a zone.

A field that is missing, null or empty text is empty: of it only `empty`, `ne` and
`not_in` can hold.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_FLAGS = {"1": True, "0": False, "true": True, "false": False}
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,29})(\.\d{1,30})?", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)

# Each operator, given the field's value and what the condition names.
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: _is(value, wanted),
    "ne": lambda value, wanted: not _is(value, wanted),
    "in": lambda value, wanted: any(_is(value, one) for one in wanted),
    "not_in": lambda value, wanted: not any(_is(value, one) for one in wanted),
    "gt": lambda value, wanted: _is_there(value) and _order(value, wanted) > 0,
    "gte": lambda value, wanted: _is_there(value) and _order(value, wanted) >= 0,
    "lt": lambda value, wanted: _is_there(value) and _order(value, wanted) < 0,
    "lte": lambda value, wanted: _is_there(value) and _order(value, wanted) <= 0,
    "empty": lambda value, wanted: _is_there(value) is not wanted,
}


def holds(operator: str, value: Any, wanted: Any) -> bool:
    """Whether a field with this value meets a condition."""
    return OPERATORS[operator](value, wanted)


def _is_there(value: Any) -> bool:
    return value is not None and value != ""


def _is(value: Any, wanted: Any) -> bool:
    return _is_there(value) and _order(value, wanted) == 0


def _order(value: Any, wanted: Any) -> int:
    """-1, 0 or 1, as the value is less than, equal to or more than what is wanted."""
    readings: tuple[Callable[[Any], Any], ...] = (number, moment)
    if isinstance(value, bool) or isinstance(wanted, bool):
        readings = (_flag, *readings)
    for read in readings:
        ours, theirs = read(value), read(wanted)
        if ours is not None and theirs is not None:
            return _sign(ours, theirs)
    return _sign(spelled(value), spelled(wanted))


def _sign(ours: Any, theirs: Any) -> int:
    return int(ours > theirs) - int(ours < theirs)


def spelled(value: Any) -> str:
    """A scalar as the CRM spells it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _flag(value: Any) -> bool | None:
    return _FLAGS.get(spelled(value).lower())


def number(value: Any) -> Decimal | None:
    """A number, where it is one."""
    text = spelled(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def moment(value: Any) -> datetime | None:
    """A day or a moment, where it is one."""
    text = spelled(value)
    if not _MOMENT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None  # the 31st of February
    return found if found.tzinfo else found.replace(tzinfo=UTC)
