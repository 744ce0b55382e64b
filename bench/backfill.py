"""A backfill from emulator to emulator. With all limits lifted: how many deals a
second, and what the process that reads them grows to. Within Roistat's limits: how much
of the budget it uses, and what becomes of live changes meanwhile.
"""

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import psutil

from bench.allowance import Windows, allowed
from bench.hurried import HOUR
from bench.load import fire
from bench.report import Line, percentile
from bench.saves import Crm, request
from bench.world import LATENCY, LIFTED, World
from receiver import jobs
from receiver.bootstrap import bootstrap, reach
from receiver.config import SugarConfig
from receiver.sync import Backfill

DEALS = 100_000
SEED = 2000  # at a time
RATE, GROWTH = 2000, 20.0  # deals a second; MB from the first to the last tenth
LONGEST = 600.0  # seconds

BUDGET = {
    "ROISTAT_REQUESTS_PER_SECOND": "10000",
    "ROISTAT_REQUESTS_PER_HOUR": "10000000",
    "SYNC_INTERVAL": "0",
}

# Within the limits: an hour of 240 calls that lasts a minute, of which the background
# may have 160, and half another one, so that the windows have to slide.
PER_SECOND, PER_HOUR = 8, 240
LIMITED = {
    "ROISTAT_REQUESTS_PER_SECOND": str(PER_SECOND),
    "ROISTAT_REQUESTS_PER_HOUR": str(PER_HOUR),
    "SYNC_INTERVAL": "0",
    "SUGAR_API": "rest_v11",
    "SUGAR_USERNAME": "bench",
    "SUGAR_PASSWORD": "bench",
    "SUGAR_REQUESTS_PER_SECOND": "19",
}
SECONDS = 1.2 * HOUR
ENOUGH = 34_000  # deals: more than can be sent meanwhile
SAVES, WARM_UP = 45, 8
USED, LATE = 0.95, 5.0  # of what is allowed; seconds
APART = 0.02  # seconds between two calls at least


def measure() -> Iterator[Line]:
    """Both, one after the other."""
    yield from _without_limits()
    yield from _within_limits()


def _without_limits() -> Iterator[Line]:
    """The bench's own process reads, the live worker delivers."""
    with World(crm=True, **BUDGET) as world:
        world.faults(quotas=LIFTED)
        _seed(world, DEALS)
        config = world.services().config
        ours = bootstrap(config, reach(_sugar(world), world.redis))
        assert ours.catch_up
        backfill = ours.catch_up.backfill
        began, cpu = time.monotonic(), world.cpu()
        backfill.start()
        sizes = list(_sizes(backfill, lambda: jobs.wake(ours.live)))
        world.wait_until_settled(seconds=LONGEST)
        seconds, cpu = time.monotonic() - began, world.cpu() - cpu
        arrived = len(world.state()["orders"])
    yield Line(
        f"Deals a second, {DEALS:,} from emulator to emulator",
        f"{DEALS / seconds:,.0f} ({seconds:.0f} s, {arrived:,} arrived)",
        f"at least {RATE:,}",
        DEALS / seconds >= RATE and arrived == DEALS,
    )
    yield Line("… CPU of one deal, µs", _cpu(cpu))
    first, last = _mean(sizes[: len(sizes) // 10]), _mean(sizes[-len(sizes) // 10 :])
    yield Line(
        "… resident MB of what reads, first tenth and last",
        f"{first:.0f}, {last:.0f}",
        f"at most {GROWTH:.0f} more",
        last - first <= GROWTH,
    )


def _sizes(backfill: Backfill, wake: Any) -> Iterator[float]:
    """Read to the end, and look at our own memory again and again."""
    process, deadline = psutil.Process(), time.monotonic() + LONGEST
    while backfill.is_unfinished():
        if time.monotonic() > deadline:
            raise TimeoutError("the backfill does not end")
        backfill.run(0.2, wake)
        yield process.memory_info().rss / 1e6


def _cpu(used: Counter[str]) -> str:
    """By role; what reads is the bench's own process, which sends elsewhere."""
    roles = {"reads": "sender", "delivers": "delivery", "store": "store"}
    told = {name: used[role] for name, role in roles.items()}
    told["emulators"] = used["emulator"] + used["crm"]
    parts = ", ".join(f"{name} {1e6 * s / DEALS:.0f}" for name, s in told.items())
    return f"{1e6 * sum(told.values()) / DEALS:.0f} ({parts})"


def _within_limits() -> Iterator[Line]:
    """The whole product works, and saves come by webhook meanwhile."""
    with World(crm=True, worker="bench.hurried", **LIMITED) as world:
        _seed(world, ENOUGH)
        _send(world, Crm("warm", WARM_UP), range(WARM_UP))  # Roistat knows the stages
        world.wait_until_settled()
        time.sleep(2)
        before, catch_up = world.all_requests(), world.services().catch_up
        assert catch_up
        catch_up.backfill.start()
        began, crm = time.time(), Crm("live", SAVES)
        saved = {}
        for number in range(SAVES):
            time.sleep(max(0, began + number * SECONDS / SAVES - time.time()))
            saved[crm.deals[number]] = time.time()
            _send(world, crm, [number])
        time.sleep(max(0, began + SECONDS + 2 * LATE - time.time()))
        state, refused = world.state(), world.refused()
    arrived = {id_: at - began for id_, at in state["arrived"].items()}
    calls = [call for call in _calls(arrived) if 0 < call[0] < SECONDS]
    live = [at for at, ids in calls if not saved.keys().isdisjoint(ids)]
    windows = Windows(PER_SECOND, PER_HOUR, HOUR, LATENCY / 1000)
    most = allowed(windows, [-2.0] * before + live, SECONDS)
    share = (len(calls) - len(live)) / most
    deals = sum(len(ids) for _, ids in calls)
    yield Line(
        "Of the calls that the budget allows behind live changes, used",
        f"{share:.1%} ({len(calls) - len(live)} of {most}, {refused} refused)",
        f"at least {USED:.0%}",
        share >= USED and not refused,
    )
    yield Line("… deals a call, live ones included", f"{deals / len(calls):.0f}")
    took = [arrived.get(id_, math.inf) + began - at for id_, at in saved.items()]
    p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
    yield Line(
        "… save to arrival of live changes meanwhile, s",
        f"p50 {p50:.2f}, p95 {p95:.2f}, longest {max(took):.2f}",
        f"p95 at most {LATE:.0f}",
        p95 <= LATE,
    )


def _send(world: World, crm: Crm, numbers: Iterable[int]) -> None:
    events = [crm.save(number) for number in numbers]
    fire(world.port, [request("/webhooks/sugarcrm", events, world.secret)], 1)


def _calls(arrived: dict[str, float]) -> list[tuple[float, set[str]]]:
    """When each call was made, and what it carried: what arrived together."""
    calls: list[tuple[float, set[str]]] = []
    last = -math.inf
    for at, deal_id in sorted((at, deal_id) for deal_id, at in arrived.items()):
        if at > last + APART:
            calls.append((at, set()))
        calls[-1][1].add(deal_id)
        last = at
    return calls


def _seed(world: World, deals: int) -> None:
    """Deals that were changed over the years, each dozen within one second."""
    for start in range(0, deals, SEED):
        world.store_in_crm(Opportunities=[_deal(n) for n in range(start, start + SEED)])


def _deal(number: int) -> dict[str, Any]:
    modified = time.gmtime(1_700_000_000 + number // 12)
    return {
        "id": f"deal-{number:06}",
        "name": f"Deal {number}",
        "date_entered": "2025-01-31T10:00:00Z",
        "date_modified": time.strftime("%Y-%m-%dT%H:%M:%SZ", modified),
        "amount": f"{number}.50",
        "sales_stage": "Prospecting",
        "lead_source": "Web Site",
    }


def _sugar(world: World) -> SugarConfig:
    return SugarConfig(
        api="rest_v11",
        url=world.crm_url,
        username="bench",
        password="bench",
        client_id="sugar",
        client_secret="",
        platform="roistat",
        requests_per_second=10_000,
    )


def _mean(sizes: list[float]) -> float:
    return sum(sizes) / max(1, len(sizes))
