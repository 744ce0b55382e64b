"""A batch in which Roistat refuses one deal: how many calls it takes to find it."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.coalesce import ADD_ORDERS
from bench.load import fire
from bench.report import Line, spread
from bench.saves import Crm, request
from bench.sustained import LATENCY
from bench.world import World
from receiver import words

ROUNDS = 5
BATCH = 100
MOST_CALLS = 15
PATIENCE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Search:
    """What a search took, and whether the others of the batch arrived meanwhile."""

    calls: int
    seconds: float
    arrived: bool


def measure() -> Iterator[Line]:
    """The bad deal is the first, the last, and then any; Roistat's own quotas."""
    chance = random.Random(5)
    places = [0, BATCH - 1, *(chance.randrange(BATCH) for _ in range(ROUNDS - 2))]
    with World() as world:
        world.faults(latency_ms=LATENCY)
        crm = Crm("warm", 1)
        for _ in range(4):  # a project knows its stages
            _send(world, crm, [0])
            world.wait_until_settled()
        searches = [_search(world, n, place) for n, place in enumerate(places)]
    calls = [search.calls for search in searches]
    yield Line(
        f"add-orders calls for {BATCH} deals, one of them bad",
        spread(calls, 0),
        f"at most {MOST_CALLS}",
        max(calls) <= MOST_CALLS,
    )
    yield Line("… found after, s", spread([one.seconds for one in searches], 1))
    arrived = all(search.arrived for search in searches)
    yield Line(
        "… all others arrived meanwhile", "yes" if arrived else "no", "yes", arrived
    )


def _search(world: World, number: int, place: int) -> Search:
    """Until the bad deal alone waits, with Roistat's refusal for its reason."""
    crm = Crm(f"split {number}", BATCH)
    bad = crm.deals[place]
    world.skips(skipped_by_internal_error=[bad])
    before, began = world.requests(ADD_ORDERS), time.monotonic()
    _send(world, crm, list(range(BATCH)))
    found = {f"deal:{bad}": words.deals.INTERNAL_ERROR}
    while dict(world.store.pending()) != found:
        if time.monotonic() > began + PATIENCE:
            raise TimeoutError("the bad deal has not been found")
        time.sleep(0.02)
    seconds = time.monotonic() - began
    calls = world.requests(ADD_ORDERS) - before
    orders = world.state()["orders"]
    world.skips()
    world.wait_until_settled()  # it is sent again
    return Search(calls, seconds, orders.keys() >= {*crm.deals} - {bad})


def _send(world: World, crm: Crm, numbers: list[int]) -> None:
    events = [crm.save(number) for number in numbers]
    fire(world.port, [request("/webhooks/sugarcrm", events, world.secret)], 1)
