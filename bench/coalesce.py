"""A burst of saves: how few calls it takes, and how soon the last deal arrives."""

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.load import fire
from bench.report import Line, spread
from bench.saves import Crm, request
from bench.world import World

ROUNDS = 3
DEALS, SAVES, BATCH = 2000, 10_000, 100
CLIENTS = 1000
FEWEST_CALLS, FEWEST_IMPORTS = DEALS // BATCH, CLIENTS // BATCH
FACTOR = 1.25  # of the fewest possible, by the median
SAMPLE = 50  # saves sent the obvious way
ADD_ORDERS, IMPORT_CLIENTS = "/project/add-orders", "/project/clients/import"


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst took."""

    orders: int
    clients: int
    accepted: float
    arrived: float
    newest: bool


def measure() -> Iterator[Line]:
    """Several bursts over new deals each, default settings, Roistat's own quotas."""
    with World() as world:
        # a project knows its stages; learning them would add calls to the first burst
        _burst(world, Crm("warm", 100, 100), 200)
        bursts = [
            _burst(world, Crm(f"burst {number}", DEALS, CLIENTS), SAVES)
            for number in range(ROUNDS)
        ]
        sample = _obvious_way(world)
    calls = [burst.orders for burst in bursts]
    yield Line(
        f"add-orders calls for {SAVES:,} saves of {DEALS:,} deals",
        f"{spread(calls, 0)}; fewest possible {FEWEST_CALLS}",
        f"at most {FACTOR * FEWEST_CALLS:.0f}",
        statistics.median(calls) <= FACTOR * FEWEST_CALLS,
    )
    yield Line(
        f"… clients/import calls, for {CLIENTS:,} new clients",
        f"{spread([burst.clients for burst in bursts], 0)}; fewest possible "
        f"{FEWEST_IMPORTS}",
    )
    both = [burst.orders + burst.clients for burst in bursts]
    fewest = FEWEST_CALLS + FEWEST_IMPORTS
    yield Line(
        "… calls of both kinds",
        f"{spread(both, 0)}; fewest possible {fewest}",
        f"at most {FACTOR * fewest:.1f}",
        statistics.median(both) <= FACTOR * fewest,
    )
    yield Line("… all accepted after, s", spread([one.accepted for one in bursts], 1))
    yield Line("… last deal arrived after, s", spread([b.arrived for b in bursts], 1))
    yield Line(
        "… every deal arrived in its newest state",
        "yes" if all(burst.newest for burst in bursts) else "no",
        "yes",
        all(burst.newest for burst in bursts),
    )
    yield sample


def _burst(world: World, crm: Crm, saves: int) -> Burst:
    """Every deal is saved equally often, in any order, all batches sent at once."""
    numbers = [n % len(crm.deals) for n in range(saves)]
    random.Random(3).shuffle(numbers)
    events = [crm.save(number) for number in numbers]
    batches = [
        request("/webhooks/sugarcrm", events[start : start + BATCH], world.secret)
        for start in range(0, saves, BATCH)
    ]
    orders, clients = world.requests(ADD_ORDERS), world.requests(IMPORT_CLIENTS)
    began = time.time()
    accepted = fire(world.port, batches, connections=len(batches))
    world.wait_until_settled()
    state = world.state()
    return Burst(
        world.requests(ADD_ORDERS) - orders,
        world.requests(IMPORT_CLIENTS) - clients,
        accepted,
        max(state["arrived"][deal_id] for deal_id in crm.deals) - began,
        all(state["orders"][id_]["price"] == crm.prices[id_] for id_ in crm.prices),
    )


def _obvious_way(world: World) -> Line:
    """A sample of the obvious way's calls; all of them would take it hours."""
    crm = Crm("obvious", SAMPLE)
    before, began = world.requests(ADD_ORDERS), time.time()
    saves = [
        request("/queue/obvious", [crm.save(number)], world.secret)
        for number in range(SAMPLE)
    ]
    fire(world.baselines, saves, connections=8)
    while world.requests(ADD_ORDERS) < before + SAMPLE:
        time.sleep(0.1)
    seconds = time.time() - began
    orders = world.state()["orders"]
    refused = sum(deal_id not in orders for deal_id in crm.deals)
    return Line(
        f"The obvious way, calls for {SAVES:,} saves",
        f"{SAVES:,}; a sample of {SAMPLE} took {seconds:.1f} s, "
        f"{refused} refused by Roistat's quota",
    )
