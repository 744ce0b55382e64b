"""How many signed webhooks a second are accepted, beside the baselines.

Each comes on a connection of its own, as the package in the CRM sends them: PHP forgets
everything after a request.
"""

import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator

from bench import baselines
from bench.load import fire
from bench.report import Drawn, Line, spread
from bench.saves import Crm, Event, request
from bench.world import LATENCY, LIFTED, World

ROUNDS = 5
SAVES = 2000  # a round and view
DEALS = 2000
CONNECTIONS = 16

VIEWS = {
    "/webhooks/sugarcrm": "receiver",
    "/durable": "one durable write",
    "/queue/obvious": "the obvious way",
    "/queue/tuned": "the obvious way, its worker tuned",
    "/empty": "an empty view",
    "loop": "one durable write, in the loop",
}
RECEIVER, *BASELINES = VIEWS
LOOP = BASELINES[-1]  # at the receiver's own address, for it takes its fast path
TARGETS = {"/durable": 0.75, "/queue/obvious": 2.0}


def measure() -> Iterator[Line]:
    """Rounds in which each view takes the same saves in turn, the order changing."""
    rates: dict[str, list[float]] = {view: [] for view in VIEWS}
    used: dict[str, Counter[str]] = {view: Counter() for view in VIEWS}
    with World() as world:
        # with Roistat's own quotas the obvious way would be refused many of its calls
        world.faults(latency_ms=LATENCY, quotas=LIFTED)
        crm, chance = Crm("accept", DEALS, DEALS), random.Random(1)
        views = list(VIEWS)
        for number in range(-1, ROUNDS):  # the first only warms up
            events = [crm.save_any(chance) for _ in range(SAVES)]
            views.append(views.pop(0))
            for view in views:
                rate, cpu = _accept(world, view, events)
                if number >= 0:
                    rates[view].append(rate)
                    used[view] += cpu
    yield from _rates(rates)
    yield from _ratios(rates)
    yield from _cpu(used)


def _accept(world: World, view: str, events: list[Event]) -> tuple[float, Counter[str]]:
    """Accepts a second, and the CPU they took; what is left behind is cleared away."""
    port = world.port if view == RECEIVER else world.baselines
    path = RECEIVER if view == LOOP else view
    requests = [request(path, [event], world.secret) for event in events]
    before = world.cpu()
    seconds = fire(port, requests, CONNECTIONS, kept=False)
    cpu = world.cpu() - before
    world.wait_until_settled()
    baselines.clear(world.redis)
    time.sleep(0.3)  # the obvious way's job in hand
    return len(events) / seconds, cpu


def _rates(rates: dict[str, list[float]]) -> Iterator[Line]:
    for view, name in VIEWS.items():
        drawn = Drawn(name, rates[view])
        what = f"Accepted a second: {name}"
        yield Line(what, spread(rates[view], 0), drawn=drawn)


def _ratios(rates: dict[str, list[float]]) -> Iterator[Line]:
    for view in BASELINES:
        both = zip(rates[RECEIVER], rates[view], strict=True)
        ratios = [ours / theirs for ours, theirs in both]
        what, target = f"Receiver ÷ {VIEWS[view]}", TARGETS.get(view)
        if target is None:
            yield Line(what, spread(ratios, 3))
        else:
            holds = statistics.median(ratios) >= target
            yield Line(what, spread(ratios, 3), f"at least {target}", holds)


def _cpu(used: dict[str, Counter[str]]) -> Iterator[Line]:
    for view, name in VIEWS.items():
        each = {role: used[view][role] / ROUNDS / SAVES * 1e6 for role in _ROLES}
        parts = ", ".join(f"{role} {us:.0f}" for role, us in each.items() if us >= 1)
        what = f"CPU of one accept, µs: {name}"
        yield Line(what, f"{sum(each.values()):.0f} ({parts})")


_ROLES = ("web", "store", "delivery", "emulator", "sender")
