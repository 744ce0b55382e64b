"""What the store and the delivery should do, said as simply as it can be said."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from receiver.deal import Client, Deal
from receiver.mapping import Mapping
from receiver.roistat.schemas import client_of, order_of
from receiver.roistat.statuses import NOT_REGISTERED
from receiver.store.records import member_of

REFUSED = "refused"  # a deal of that name is one that Roistat never takes

Thing = Deal | Client
Told = Iterable[tuple[Thing, int]]


@dataclass
class Reference:
    """What is held of each thing, by the rules of the contract and nothing else: the
    newest by its fence; of two of one moment the one told last; and nothing that was
    read from the CRM before somebody told of the same thing.
    """

    held: dict[str, Thing] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    turn: int = 0

    def put(self, told: Told) -> list[bool]:
        """Take what was told; give of which the state is another now."""
        turn, taken = self.turn + 1, []
        for thing, fence in told:
            member = member_of(thing)
            if fence < self.fences.get(member, fence):
                taken.append(False)
                continue
            taken.append(self.held.get(member) != thing)
            self._keep(member, thing, fence, turn)
        return taken

    def pull(self, read: Told, before: int, again: bool) -> list[str]:
        """Take what was read since the turn `before`; give what came of each."""
        self.turn += 1
        turn, outcomes = self.turn, []
        for thing, fence in read:
            member = member_of(thing)
            held = self.held.get(member)
            is_older = fence < self.fences.get(member, fence)
            if is_older or self.moved.get(member, 0) > before:
                outcomes.append("older")
                continue
            outcome = _cause(held, thing, again)
            outcomes.append(outcome)
            if outcome != "absent":
                self._keep(member, thing, fence, turn)
        return outcomes

    def _keep(self, member: str, thing: Thing, fence: int, turn: int) -> None:
        self.turn = self.moved[member] = turn
        self.held[member], self.fences[member] = thing, fence


def _cause(held: Thing | None, read: Thing, again: bool) -> str:
    is_gone = isinstance(read, Deal) and read.deleted
    if held == read and not again:
        return "same"
    if is_gone:
        return "deleted" if held or again else "absent"
    if held is None:
        return "new"
    return "restored" if isinstance(held, Deal) and held.deleted else "changed"


def is_refused(thing: Thing, mapping: Mapping) -> bool:
    """Whether Roistat would never take it."""
    if isinstance(thing, Client) or thing.deleted or not mapping.lets_in(thing):
        return False
    return thing.name == REFUSED


def is_there(thing: Thing, mapping: Mapping, orders: Any, clients: Any) -> bool:
    """Whether Roistat holds of it what it should."""
    if isinstance(thing, Client):
        return clients.get(thing.id) == client_of(thing)
    held = orders.get(thing.id)
    if thing.deleted:
        return held is None
    if mapping.lets_in(thing):
        return held == order_of(thing, mapping)
    if mapping.left_filter == "delete":
        return held is None
    return held is None or held["status"] == NOT_REGISTERED
