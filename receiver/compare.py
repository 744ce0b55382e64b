"""How an order in Roistat differs from what we would send. Pure.

Roistat's list gives neither names nor clients as we sent them, perhaps no revenue of
what is not paid, and adds visits that it found by itself: of what it does not show
nothing can be said here.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from receiver.roistat.answers import Order

CENT = Decimal("0.005")  # less is no difference: Roistat counts in floating point
PAID = "paid"
OWN = ("roistat", "status_name")  # which Roistat adds to the fields itself

Row = dict[str, Any]


def row_of(order: Order) -> Row:
    """What is compared of a row of Roistat's list."""
    status = order.get("status") or {}
    return {
        "status": str(status.get("id") or ""),
        "group": str(status.get("type") or ""),
        "revenue": order.get("revenue"),
        "cost": order.get("cost"),
        "visit": str(order.get("visit_id") or ""),
        "fields": order.get("custom_fields") or {},
        "created": str(order.get("creation_date") or ""),
    }


def differences(order: Mapping[str, Any], row: Row) -> list[str]:
    """In what an order that we would send differs from the one that Roistat shows."""
    return list(_differences(order, row))


def was_created_since(row: Row, since: str) -> bool:
    """Whether an order is that new; where Roistat does not say, it is."""
    try:
        created = datetime.fromisoformat(row["created"])
    except ValueError:
        return True
    return created >= datetime.fromisoformat(since)


def _differences(order: Mapping[str, Any], row: Row) -> Iterator[str]:
    if row["status"] != order["status"]:
        yield "status"
    if not _is_same_price(order["price"], row):
        yield "price"
    # a cost that we do not send may be Roistat's own: a share of the price
    if order["cost"] is not None and not _is_same(order["cost"], row["cost"]):
        yield "cost"
    if not _is_same_visit(_text(order["roistat"]), row):
        yield "visit"
    for label, value in order["fields"].items():
        if label not in OWN and _text(row["fields"].get(label)) != value:
            yield f"field {label}"


def _is_same_price(price: str | None, row: Row) -> bool:
    is_shown = row["group"] == PAID or row["revenue"]
    return not is_shown or _is_same(price, row["revenue"])


def _is_same(ours: Any, theirs: Any) -> bool:
    try:
        return abs(Decimal(str(ours or 0)) - Decimal(str(theirs or 0))) < CENT
    except InvalidOperation:
        return False


def _is_same_visit(visit: str, row: Row) -> bool:
    """By what was sent, where Roistat shows it; else by the visit that it found."""
    if "roistat" in row["fields"]:
        return _text(row["fields"]["roistat"]) == visit
    if visit.isdigit() and row["visit"]:
        return bool(row["visit"] == visit)
    return True


def _text(value: Any) -> str:
    return "" if value is None else str(value)
