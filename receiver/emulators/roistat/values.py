"""Which values Roistat takes for which key, and how it reads dates and numbers.

https://help-en.roistat.com/API/methods/orders and .../API/methods/clients
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from receiver.emulators.roistat.errors import ApiError

Rules = Mapping[str, Callable[[Any], bool]]

_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_SECONDS = re.compile(r"\d{1,11}", re.ASCII)
_MINUTES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def is_number(value: object) -> bool:
    """Money is documented as text; numbers are sent in practice and taken too."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return is_real(value)


def is_real(value: object) -> bool:
    """A number within reason: no boolean, no 1e400."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e30


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_id(value: object) -> bool:
    """Text or a whole number, not empty."""
    return (isinstance(value, str) and value != "") or is_whole(value)


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_label(value: object) -> bool:
    return isinstance(value, str) or is_whole(value)


def is_object(value: object) -> bool:
    return isinstance(value, dict)


def is_list(value: object) -> bool:
    return isinstance(value, list)


def is_date(value: object) -> bool:
    """UNIX seconds or `YYYY-MM-DD HH:MM`; nothing else is documented."""
    text = str(value) if is_label(value) else ""
    if _SECONDS.fullmatch(text):
        return True
    return _MINUTES.fullmatch(text) is not None and _parses(text)


def is_day(value: object) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    return _parses(value)


def or_null(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


def checked(
    body: object, rules: Rules, required: Sequence[str]
) -> list[dict[str, Any]]:
    """The items of an array, with only the keys that Roistat knows.

    Unknown keys go unmentioned, as at Roistat, where a typo looks like success.
    """
    if not isinstance(body, list):
        raise ApiError("incorrect_request", "the body must be a JSON array")
    return [_item(item, i, rules, required) for i, item in enumerate(body)]


def _item(
    item: object, i: int, rules: Rules, required: Sequence[str]
) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ApiError("request_data_validation_error", f"{i}: must be an object")
    for key in required:
        if item.get(key, "") == "":
            raise ApiError("incorrect_request", f"{i}.{key}: required")
    known = {key: item[key] for key in rules if key in item}
    for key, value in known.items():
        if not rules[key](value):
            raise ApiError("request_data_validation_error", f"{i}.{key}: wrong value")
    return known


def seconds(value: object) -> float:
    """A date in any form that Roistat takes, zoneless meaning UTC, as UNIX seconds."""
    text = str(value)
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def written(moment: float | None) -> str | None:
    """A moment as Roistat writes it: `2016-06-19T00:32:12+0000`."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")


def number(value: object) -> float:
    """Money as Roistat's reads give it: a number, 0 where none was sent."""
    amount = float(str(value)) if value is not None else 0.0
    return int(amount) if amount.is_integer() else amount


def _parses(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
