"""What to send, and what a call's end means for what it carried. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from receiver.deal import Client
from receiver.errors import BudgetExhausted, UpstreamError
from receiver.mapping import UNUSED, Mapping
from receiver.roistat.schemas import as_bytes, client_of, order_of
from receiver.roistat.statuses import Status
from receiver.store import Pending, digest_of

FIRST_DELAY, LONGEST_DELAY = 2.0, 900.0
GONE = "gone"  # the digest that stands for a deletion


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to send: its body, and the digest that names the body."""

    pending: Pending
    body: Any
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about what is due, in the order in which it is done."""

    unchanged: list[Item] = field(default_factory=list)
    clients: list[Item] = field(default_factory=list)
    orders: list[Item] = field(default_factory=list)
    deletions: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a call, by the names that `Outcome` lists, and why in words."""

    name: str
    reason: str = ""
    wait: float | None = None

    def delay(self, tries: int) -> float:
        """Seconds until the next try, after `tries` failures in a row before this."""
        if self.wait is not None:
            return self.wait
        return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(tries, 20)))


DELIVERED = Verdict("delivered")


def plan(due: Iterable[Pending], mapping: Mapping) -> Plan:
    """Clients first, for orders name them; then orders; then deletions.

    What Roistat is known to hold already, to the byte, is not sent.
    """
    planned = Plan()
    for pending in due:
        item, where = _item(pending, mapping, planned)
        (planned.unchanged if item.digest == pending.delivered else where).append(item)
    return planned


def _item(pending: Pending, mapping: Mapping, planned: Plan) -> tuple[Item, list[Item]]:
    thing = pending.thing
    if isinstance(thing, Client):
        client = client_of(thing)
        return Item(pending, client, digest_of(as_bytes(client))), planned.clients
    if thing.deleted:
        return Item(pending, thing.id, GONE), planned.deletions
    order = order_of(thing, mapping)
    return Item(pending, order, digest_of(as_bytes(order))), planned.orders


def judge(error: UpstreamError) -> Verdict:
    """Whether what a failed call carried is sent again: decided here alone."""
    reason = str(error)[:300]
    if isinstance(error, BudgetExhausted):
        return Verdict("later", reason, wait=error.wait)
    if error.permanent:
        return Verdict("refused", reason)
    return Verdict("unknown" if error.sent else "retry", reason)


def judge_counters(
    counters: dict[str, int], orders: Sequence[Item], known: list[Status]
) -> Verdict:
    """What an accepted `add-orders` did: what Roistat skipped it only counts.

    A deal in a status of the "Not registered" group is skipped rightly; one in a status
    that Roistat does not know is not. A visit that Roistat still waits for is attached
    later, and "not changed" is success.
    """
    if counters.get("skipped_by_internal_error"):
        return Verdict("retry", "Roistat skipped deals of this call: internal error")
    unused = {status["id"] for status in known if status["type"] == UNUSED}
    rightly = sum(item.body["status"] in unused for item in orders)
    if counters.get("skipped_by_status", 0) > rightly:
        return Verdict("retry", "Roistat skipped deals of this call: unknown status")
    return DELIVERED
