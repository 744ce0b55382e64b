"""What to send for what is due. Pure."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from receiver import words
from receiver.deal import Client, Deal
from receiver.mapping import Mapping
from receiver.roistat.schemas import as_bytes, client_of, is_cut, order_of
from receiver.roistat.statuses import NOT_REGISTERED
from receiver.store import METHODS, Pending, digest_of

# Digests that stand for what has no body: a deletion, a move into the "Not registered"
# group, a deal that never goes at all, a client that the project does not take.
GONE, MOVED, LEFT_OUT, NOT_TAKEN = "gone", "moved", "left out", "not taken"

# Roistat's methods that it offers only to some projects
DELETE, UPDATE_STATUS, IMPORT_CLIENTS = METHODS

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to send: its body, and the digest that names the body.

    `success` is the verdict that a success means; `note` what it leaves to be said;
    `problem` why it is not sent at all.
    """

    pending: Pending
    body: Any
    digest: str
    success: str = "delivered"
    note: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about what is due, in the order in which it is done."""

    unchanged: list[Item] = field(default_factory=list)
    impossible: list[Item] = field(default_factory=list)
    clients: list[Item] = field(default_factory=list)
    orders: list[Item] = field(default_factory=list)
    moves: list[Item] = field(default_factory=list)
    deletions: list[Item] = field(default_factory=list)

    @property
    def changed(self) -> list[Item]:
        """Everything that a drainer would act upon."""
        sent = self.clients + self.orders + self.moves + self.deletions
        return self.impossible + sent


def plan(
    due: Iterable[Pending], mapping: Mapping, closed: Collection[str] = ()
) -> Plan:
    """Clients first, for orders name them; then orders; then moves and deletions.

    What Roistat is known to hold already, to the byte, is not sent. `closed` are the
    methods that Roistat refuses to this project: what cannot be deleted is moved into
    the "Not registered" group, by `status/update` or failing that by `add-orders`.
    """
    planned = Plan()
    for pending in due:
        item, where = _item(pending, mapping, closed, planned)
        (planned.unchanged if item.digest == pending.delivered else where).append(item)
    return planned


def _item(
    pending: Pending, mapping: Mapping, closed: Collection[str], planned: Plan
) -> tuple[Item, list[Item]]:
    thing = pending.thing
    if isinstance(thing, Client):
        if IMPORT_CLIENTS in closed:
            return Item(pending, None, NOT_TAKEN), planned.unchanged
        body = client_of(thing, mapping.phone_region)
        return Item(pending, body, digest_of(as_bytes(body))), planned.clients
    if thing.deleted:
        return _removal(pending, thing, mapping, closed, planned)
    if mapping.lets_in(thing):
        order = _order(pending, thing, mapping)
        return order, planned.impossible if order.problem else planned.orders
    if not pending.sent and pending.delivered in ("", LEFT_OUT):
        return Item(pending, None, LEFT_OUT, note="left_out"), planned.unchanged
    return _removal(pending, thing, mapping, closed, planned)


def _order(pending: Pending, deal: Deal, mapping: Mapping) -> Item:
    order = order_of(deal, mapping)
    note = "direct" if not deal.roistat else "cut" if is_cut(deal, mapping) else ""
    digest = digest_of(as_bytes(order))
    return Item(pending, order, digest, note=note, problem=_problem(order, mapping))


def _problem(order: dict[str, Any], mapping: Mapping) -> str:
    """What would make Roistat refuse the whole call that this order is in."""
    for key, name in (("price", mapping.price), ("cost", mapping.cost or "cost")):
        if order[key] is not None and not _NUMBER.fullmatch(order[key]):
            return words.deals.no_number(key, name)
    return ""


def _removal(
    pending: Pending,
    deal: Deal,
    mapping: Mapping,
    closed: Collection[str],
    planned: Plan,
) -> tuple[Item, list[Item]]:
    """Out of what Roistat counts, for a deal that is deleted or outside the filter."""
    success = "gone" if deal.deleted else "delivered"
    how = mapping.deleted if deal.deleted else mapping.left_filter
    if pending.delivered in (GONE, LEFT_OUT):  # Roistat holds nothing to move or delete
        return Item(pending, None, pending.delivered, success), planned.unchanged
    if how == "delete" and DELETE not in closed:
        return Item(pending, deal.id, GONE, success), planned.deletions
    body = {"id": deal.id, "status": NOT_REGISTERED}
    if UPDATE_STATUS not in closed:
        return Item(pending, body, MOVED, success, "moved"), planned.moves
    # a deletion may tell nothing but the id, and a date that is not there is refused
    known = {key: v for key, v in order_of(deal, mapping).items() if v is not None}
    return Item(pending, known | body, MOVED, success, "moved"), planned.orders
