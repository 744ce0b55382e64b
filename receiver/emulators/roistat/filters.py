"""The standard filters, `limit` and `offset` of Roistat's lists.

A filter is a triple `[field, operator, value]` (or an object with these keys); several
stand in a flat array or in a tree of `and` and `or`.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.assumptions import Assumptions
from receiver.emulators.roistat.errors import ApiError
from receiver.emulators.roistat.state import Body

Predicate = Callable[[Body], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}
# The status filter knows no status ids, only groups.
_GROUP_NUMBERS = {"0": "progress", "1": "paid", "2": "canceled"}


@dataclass(frozen=True)
class Kind:
    """How a filter's value and a row's value become comparable."""

    value: Callable[[Any], Any]
    row: Callable[[Any], Any]


_TEXT = Kind(str, str)
_NUMBER = Kind(float, float)
_DATE = Kind(values.seconds, values.seconds)
_GROUP = Kind(lambda value: _GROUP_NUMBERS[str(value)], lambda status: status["type"])

ORDER_KINDS: Mapping[str, Kind] = {
    "id": _TEXT,
    "url": _TEXT,
    "creation_date": _DATE,
    "update_date": _DATE,
    "revenue": _NUMBER,
    "cost": _NUMBER,
    "client_id": _TEXT,
    "visit_id": _TEXT,
    "status": _GROUP,
}
CLIENT_KINDS: Mapping[str, Kind] = {
    "id": _NUMBER,
    "external_id": _TEXT,
    "name": _TEXT,
    "phone": _TEXT,
    "email": _TEXT,
    "company": _TEXT,
    "birth_date": _TEXT,
    "order_count": _NUMBER,
    "revenue": _NUMBER,
    "profit": _NUMBER,
}


def listed(
    rows: list[Body], body: Body, kinds: Mapping[str, Kind], assumptions: Assumptions
) -> tuple[list[Body], int]:
    """One page of the rows that pass the filters, and how many do."""
    limit = whole(body, "limit", assumptions.list_limit_when_omitted)
    offset = whole(body, "offset", 0)
    try:
        passes = _tree(body.get("filters") or [], kinds)
    except RecursionError as error:
        raise ApiError("incorrect_request", "filters: nested too deeply") from error
    found = [row for row in rows if passes(row)]
    return found[offset : offset + limit], len(found)


def whole(body: Body, key: str, default: int) -> int:
    value = body.get(key, default)
    if not values.is_whole(value) or value < 0:
        raise ApiError("request_data_validation_error", f"{key}: wrong value")
    return int(value)


def _tree(node: Any, kinds: Mapping[str, Kind]) -> Predicate:
    if isinstance(node, list):
        return _all([_node(child, kinds) for child in node])
    if not isinstance(node, dict) or not node.keys() <= {"and", "or"}:
        raise ApiError("incorrect_request", "filters: must be an array or a tree")
    parts = [_branch(word, children, kinds) for word, children in node.items()]
    return _all(parts)


def _branch(word: str, children: Any, kinds: Mapping[str, Kind]) -> Predicate:
    if not isinstance(children, list):
        raise ApiError("incorrect_request", f"filters.{word}: must be an array")
    # Seen live: an `and` with exactly one condition is answered with a 500.
    if word == "and" and len(children) == 1:
        raise ApiError("internal_error", "Internal error")
    parts = [_node(child, kinds) for child in children]
    return _all(parts) if word == "and" else _any(parts)


def _node(node: Any, kinds: Mapping[str, Kind]) -> Predicate:
    if isinstance(node, dict) and "field" in node:
        node = [node.get("field"), node.get("operator"), node.get("value")]
    if not isinstance(node, list):
        return _tree(node, kinds)
    if len(node) != 3 or not isinstance(node[0], str) or node[0] not in kinds:
        raise ApiError("incorrect_request", "filters: no such field to filter by")
    return _condition(node[0], node[1], node[2], kinds[node[0]])


def _condition(field: str, word: Any, value: Any, kind: Kind) -> Predicate:
    try:
        test = _test(word, value, kind)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ApiError(
            "request_data_validation_error", f"filters: wrong value for {field}"
        ) from error
    if word == "null":
        return lambda row: test(row[field])
    return lambda row: row[field] is not None and test(row[field])


def _test(word: Any, value: Any, kind: Kind) -> Callable[[Any], bool]:
    if word == "null":
        return lambda cell: (cell is None) == bool(value)
    if word == "like":
        part = str(value).strip("%").casefold()
        return lambda cell: part in str(kind.row(cell)).casefold()
    if word == "in":
        if not isinstance(value, list):
            raise TypeError(value)
        wanted = {kind.value(item) for item in value}
        return lambda cell: kind.row(cell) in wanted
    if not isinstance(word, str) or word not in _COMPARE:
        raise ApiError("incorrect_request", "filters: no such operator")
    compare, other = _COMPARE[word], kind.value(value)
    return lambda cell: compare(kind.row(cell), other)


def _all(parts: list[Predicate]) -> Predicate:
    return lambda row: all(part(row) for part in parts)


def _any(parts: list[Predicate]) -> Predicate:
    return lambda row: any(part(row) for part in parts)
