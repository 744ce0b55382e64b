"""What a settled deal costs in Redis, and what a worker grows to."""

from collections.abc import Iterator

from bench.load import fire
from bench.report import Line
from bench.saves import Crm, request
from bench.world import LIFTED, World

DEALS = 8_000  # with a client each, and as many without
MORE = 3  # times that each deal without a client is saved again
BATCH = 100
WARM_UP = 500
DELIVERIES = (2 + MORE) * DEALS

BUDGET = {
    "ROISTAT_REQUESTS_PER_SECOND": "10000",
    "ROISTAT_REQUESTS_PER_HOUR": "10000000",
}


def measure() -> Iterator[Line]:
    """Deliver with all quotas lifted, and look what is left."""
    with World(**BUDGET) as world:
        world.faults(quotas=LIFTED)
        _deliver(world, Crm("warm", WARM_UP, WARM_UP))
        worker = [_megabytes(world)]
        plain = Crm("plain", DEALS)
        alone = _growth(world, plain)
        with_client = _growth(world, Crm("whole", DEALS, DEALS))
        worker.append(_megabytes(world))
        again = sum(_growth(world, plain) for _ in range(MORE))
        worker.append(_megabytes(world))
    yield Line("Redis, bytes a settled deal", f"{alone:,.0f}")
    yield Line("… with a client of its own", f"{with_client:,.0f}")
    yield Line(f"… more after {MORE} more deliveries", f"{again:,.0f}")
    yield Line("Live worker, resident MB, warmed up", f"{worker[0]:.1f}")
    yield Line(f"… after {2 * DEALS:,} deliveries", f"{worker[1]:.1f}")
    yield Line(f"… after {DELIVERIES:,} deliveries", f"{worker[2]:.1f}")


def _growth(world: World, crm: Crm) -> float:
    """Bytes of Redis memory that saving and delivering each deal once leaves behind."""
    before = world.redis.info("memory")["used_memory"]
    _deliver(world, crm)
    return (world.redis.info("memory")["used_memory"] - before) / len(crm.deals)


def _deliver(world: World, crm: Crm) -> None:
    """Save each deal once, in batches, and wait until all are delivered."""
    numbers = range(len(crm.deals))
    events = [crm.save(number) for number in numbers]
    batches = [
        request("/webhooks/sugarcrm", events[start : start + BATCH], world.secret)
        for start in range(0, len(events), BATCH)
    ]
    fire(world.port, batches, connections=8)
    world.wait_until_settled(seconds=120)


def _megabytes(world: World) -> float:
    return world.worker().memory_info().rss / 1e6
