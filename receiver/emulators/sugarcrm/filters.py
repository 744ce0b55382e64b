"""SugarCRM's filters, of a related record's fields too (`contacts.id`): https://support.sugarcrm.com/documentation/sugar_developer/,
"/<module>/filter POST".
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from receiver.emulators.sugarcrm.errors import ApiError
from receiver.emulators.sugarcrm.state import BEGINNING

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$equals": lambda a, b: _folded(a) == _folded(b),
    "$not_equals": lambda a, b: a != b,
    "$gt": lambda a, b: a > b,
    "$gte": lambda a, b: a >= b,
    "$lt": lambda a, b: a < b,
    "$lte": lambda a, b: a <= b,
    "$in": lambda a, b: a in b,
    "$not_in": lambda a, b: a not in b,
    "$contains": lambda a, b: b.casefold() in a.casefold(),
}
_MOMENTS = ("date_modified", "date_entered")


def matches(record: Mapping[str, Any], wanted: Any) -> bool:
    """Whether a record fits a filter, all of whose parts must hold."""
    if not isinstance(wanted, list):
        raise ApiError("invalid_parameter", "filter: must be an array")
    return all(_part(record, part) for part in wanted)


def only(wanted: Any) -> str | None:
    """The id that alone can fit, so that nobody need look at others."""
    if isinstance(wanted, list):
        for part in wanted:
            if isinstance(part, dict) and isinstance(part.get("id"), str):
                return str(part["id"])
    return None


def earliest(wanted: Any) -> str:
    """A moment before which nothing can fit, so that nobody need look there."""
    if not isinstance(wanted, list):
        return BEGINNING
    bounds = [_earliest(part) for part in wanted if isinstance(part, dict)]
    return max(bounds, default=BEGINNING)


def _earliest(part: dict[str, Any]) -> str:
    bounds = [BEGINNING]
    for key, value in part.items():
        if key == "$and":
            bounds.append(earliest(value))
        elif key == "$or" and isinstance(value, list) and value:
            bounds.append(min(earliest([one]) for one in value))
        elif key == "date_modified" and isinstance(value, dict):
            for operator in ("$gt", "$gte"):
                if operator in value:
                    bounds.append(moment(value[operator]))
    return max(bounds)


def _part(record: Mapping[str, Any], part: Any) -> bool:
    if not isinstance(part, dict):
        raise ApiError("invalid_parameter", "filter: must hold objects")
    return all(_condition(record, key, value) for key, value in part.items())


def _condition(record: Mapping[str, Any], key: str, value: Any) -> bool:
    if key == "$and":
        return matches(record, value)
    if key == "$or":
        return any(_part(record, one) for one in value)
    if key.startswith("$"):
        raise ApiError("invalid_parameter", f"Unknown filter {key}")
    tests = value if isinstance(value, dict) else {"$equals": value}
    for operator, wanted in tests.items():
        if operator not in _OPERATORS:
            raise ApiError("invalid_parameter", f"Unknown operator {operator}")
        if key in _MOMENTS:
            wanted = moment(wanted)
        found = record.get(key, "")
        values = found if isinstance(found, list) else [found]
        if not any(_OPERATORS[operator](value, wanted) for value in values):
            return False
    return True


def _folded(value: Any) -> Any:
    """As its database compares: capitals are no difference."""
    return value.casefold() if isinstance(value, str) else value


def moment(text: Any) -> str:
    """A moment with its zone, in UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ApiError("invalid_parameter", "no such date") from error
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
