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
    """A stored deal. Its body is never changed in place, so readers need no copy."""

    body: Body
    created: float
    updated: float | None
    arrived: float


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
    integration: str = "api"
    orders: dict[str, Order] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    statuses: dict[str, Body] = field(default_factory=dict)
    visits: set[str] | None = None
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
        self.orders[order_id] = Order(body, created, now if old else None, now)

    def status_of(self, body: Body) -> Body | None:
        """The dictionary's entry for a deal's status; None for an orphaned id."""
        return self.statuses.get(str(body.get("status")))

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
