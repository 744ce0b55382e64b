"""What the emulated Roistat knows: in memory, behind one lock."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.assumptions import Assumptions

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """A stored deal. Its body is never changed in place, so readers need no copy.

    `paid` is when it was first seen paid; `changes` are (moment, key, new value).
    """

    body: Body
    created: float
    updated: float | None
    arrived: float
    paid: float | None = None
    changes: tuple[tuple[float, str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """A stored client and the number that Roistat gave it."""

    body: Body
    number: int


@dataclass
class State:
    """Orders, clients, statuses and visits of the one project there is.

    Hold `lock` around every use; nothing slow happens under it.
    """

    assumptions: Assumptions = field(default_factory=Assumptions)
    orders: dict[str, Order] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    statuses: dict[str, Body] = field(default_factory=dict)
    visits: set[str] | None = None
    skips: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put_order(self, body: Body) -> None:
        """Store a deal as it was sent; without a date it was created on arrival."""
        now = time.time()
        order_id = str(body["id"])
        old = self.orders.get(order_id)
        created = old.created if old else now
        if "date_create" in body:
            created = values.seconds(body["date_create"])
        paid = old.paid if old else None
        if paid is None and self.is_paid(body):
            paid = now
        changes = old.changes + _changes(old.body, body, now) if old else ()
        updated = now if old else None
        self.orders[order_id] = Order(body, created, updated, now, paid, changes)

    def status_of(self, body: Body) -> Body | None:
        """The dictionary's entry for a deal's status; None for an orphaned id."""
        return self.statuses.get(str(body.get("status")))

    def is_paid(self, body: Body) -> bool:
        """Whether the deal's status belongs to the "Paid" group."""
        return (self.status_of(body) or {}).get("type") == "paid"

    def is_waiting(self, body: Body) -> bool:
        """Whether the deal names a visit that Roistat has not seen yet.

        Only numbers can be visits; `nocookie` or a source's name waits for nothing.
        """
        visit = str(body.get("roistat") or "")
        return self.visits is not None and visit.isdigit() and visit not in self.visits

    def visit_of(self, body: Body) -> str | None:
        """The visit a deal is attached to, worked out anew, so it may come late."""
        visit = str(body.get("roistat") or "")
        if not visit.isdigit() or self.is_waiting(body):
            return None
        return visit


def _changes(old: Body, new: Body, now: float) -> tuple[tuple[float, str, Any], ...]:
    keys = ("status", "cost", "price")
    return tuple(
        (now, key, new.get(key)) for key in keys if old.get(key) != new.get(key)
    )
