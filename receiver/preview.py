"""What another mapping would change of the deals that are held."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from receiver.deal import Deal
from receiver.mapping import NO_STAGE, Mapping
from receiver.store import DONE, START, Store

EXAMPLES = 10
PAGE = 500


@dataclass(slots=True)
class Difference:
    """How many deals differ in one respect, and a few of them by id."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, deal: Deal) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(deal.id)


@dataclass(slots=True)
class Preview:
    """What a change would change, in each respect, of so many deals in all."""

    deals: int = 0
    price: Difference = field(default_factory=Difference)
    cost: Difference = field(default_factory=Difference)
    fields: Difference = field(default_factory=Difference)
    group: Difference = field(default_factory=Difference)
    enters: Difference = field(default_factory=Difference)
    leaves: Difference = field(default_factory=Difference)


def preview(deals: Iterable[Deal], old: Mapping, new: Mapping) -> Preview:
    """Compare two mappings deal by deal. Of a deal that enters or leaves the filter
    nothing else is counted, and nothing of one that stays outside.
    """
    found = Preview()
    for deal in deals:
        found.deals += 1
        was, is_ = old.lets_in(deal), new.lets_in(deal)
        if is_ and not was:
            found.enters.add(deal)
        elif was and not is_:
            found.leaves.add(deal)
        elif is_:
            _compare(found, deal, old, new)
    return found


def _compare(found: Preview, deal: Deal, old: Mapping, new: Mapping) -> None:
    stage = deal.stage or NO_STAGE
    if old.price_of(deal) != new.price_of(deal):
        found.price.add(deal)
    if old.cost_of(deal) != new.cost_of(deal):
        found.cost.add(deal)
    if old.fields_of(deal) != new.fields_of(deal):
        found.fields.add(deal)
    if old.group_of(stage) != new.group_of(stage):
        found.group.add(deal)


def held_deals(store: Store) -> Iterator[Deal]:
    """Every deal that is held and not deleted, page by page. One may come twice where
    the store grows or shrinks meanwhile.
    """
    cursor = START
    while cursor != DONE:
        cursor, held = store.held(cursor, PAGE)
        for pending, _ in held:
            if isinstance(pending.thing, Deal) and not pending.thing.deleted:
                yield pending.thing
