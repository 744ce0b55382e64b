"""`make bench-growth`: whether anything costs more where more deals are held.

Two worlds at once: one holds a thousand deals throughout, the other one more and more.
They take turns, so that what is compared are neighbours in time.
"""

import json
import random
import signal
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console

from bench import baselines, dashboard
from bench.load import HOST, fire
from bench.report import (
    WIDE,
    Drawn,
    Line,
    Sections,
    conclude,
    machine,
    percentile,
    spread,
    table,
)
from bench.saves import Crm, Event, request
from bench.seed import deliver, now, outcomes, taken
from bench.world import LATENCY, LIFTED, World, valkey_version
from receiver import words
from receiver.deal import Deal
from receiver.mapping import Mapping
from receiver.plan import Item, plan
from receiver.store import record_of
from receiver.store.index import LISTED_MOST
from receiver.sugarcrm.events import load
from receiver.verdict import Verdict

SIZES = (1_000, 10_000, 100_000, 1_000_000)
CLIENT_EVERY = 5  # deals
PARKED_EVERY, DIRECT_EVERY = 1000, 5

SAVES, PICKED = 1000, 500  # of a round and view, and of how many deals
CONNECTIONS = 16
ROUNDS, LAST_ROUNDS = 6, 16  # where most are held there is a target
SLOWER = 1.10  # an accept, at most

BATCH = 100
BATCHES = 8
TRIES = 5
STEPS = ("put", "look", "open", "settle")
PAGE_REQUESTS = 20

RECEIVER, DURABLE = "/webhooks/sugarcrm", "/durable"
SETTINGS = {
    "DASHBOARD_PASSWORD": dashboard.PASSWORD,
    "ROISTAT_REQUESTS_PER_SECOND": "10000",
    "ROISTAT_REQUESTS_PER_HOUR": "10000000",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement with so many deals held; `curve` is its name in the chart."""

    what: str
    text: str
    values: Sequence[float] = ()
    curve: str = ""
    target: str = ""
    holds: bool | None = None


class Shop:
    """A world, and the CRM whose deals it holds."""

    def __init__(self, world: World, name: str, most: int) -> None:
        self.world, self.held = world, 0
        self.each = 0.0  # bytes that a deal took of those that came last
        self.crm = Crm(name, most, most // CLIENT_EVERY)
        self._chance = random.Random(11)

    def grow(self, deals: int) -> float:
        """Hold so many deals, all settled; the seconds it took."""
        before, began = self._memory(), time.monotonic()
        states = self.crm.states(range(self.held, deals))
        deliver(self.world.store, states, _judge)
        seconds = time.monotonic() - began
        self.each = (self._memory() - before) / (deals - self.held)
        self.held = deals
        return seconds

    def _memory(self) -> int:
        memory: Any = self.world.redis.info("memory")
        return int(memory["used_memory"])

    def any(self, number: int) -> list[int]:
        """Some of the deals that are held, wherever they lie."""
        return self._chance.sample(range(self.held), min(number, self.held))

    def saves(self) -> list[Event]:
        """Saves for one round: of as many deals, however many are held."""
        picked = self.any(PICKED) * (SAVES // PICKED)
        self._chance.shuffle(picked)
        return [self.crm.save(number) for number in picked]


Two = tuple[Shop, Shop]


def _judge(item: Item) -> Verdict:
    """Some deals are parked, and some have no visit, by what their id happens to be."""
    if not item.pending.member.startswith("deal:"):
        return taken(item)
    lot = int(item.pending.thing.id[:8], 16)
    if lot % PARKED_EVERY == 1:
        return Verdict("refused", words.deals.status_skipped("Duplicate"))
    return Verdict(item.success, note="direct" if lot % DIRECT_EVERY == 0 else "")


# --- accepting ---


def _accepting(two: Two, is_last: bool) -> Iterator[Cell]:
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    used: dict[tuple[str, int], list[float]] = defaultdict(list)
    turns = [(view, n) for view in (RECEIVER, DURABLE) for n in (0, 1)]
    for number in range(-1, LAST_ROUNDS if is_last else ROUNDS):  # one to warm up
        events = [shop.saves() for shop in two]
        turns.reverse()
        for view, n in turns:
            rate, cpu = _accept(two[n].world, view, events[n])
            if number >= 0:
                rates[view, n].append(rate)
                used[view, n].append(cpu)
    yield _spread("Accepted a second", rates[RECEIVER, 1], 0)
    yield _spread("… with few, by turns", rates[RECEIVER, 0], 0)
    yield _spread("… one durable write", rates[DURABLE, 1], 0)
    yield _spread("… one durable write, with few", rates[DURABLE, 0], 0)
    slower = _ratios(rates[RECEIVER, 0], rates[RECEIVER, 1])
    median = statistics.median(slower)
    yield Cell(
        "Time of an accept ÷ with few",
        spread(slower),
        slower,
        "time of an accept",
        f"below {SLOWER:.2f}" if is_last else "",
        median < SLOWER if is_last else None,
    )
    durable = _ratios(rates[DURABLE, 0], rates[DURABLE, 1])
    yield _spread("… of one durable write ÷ with few", durable)
    yield _spread("CPU of an accept, µs, web and store", used[RECEIVER, 1], 0)
    yield _spread(
        "… ÷ with few",
        _ratios(used[RECEIVER, 1], used[RECEIVER, 0]),
        curve="CPU of an accept",
    )


def _ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, others, strict=True)]


def _accept(world: World, view: str, events: list[Event]) -> tuple[float, float]:
    """Accepts a second, and microseconds of CPU for each; what they leave to be done is
    done before the next turn.
    """
    port = world.port if view == RECEIVER else world.baselines
    sent = [request(view, [event], world.secret) for event in events]
    before = world.accepting()
    seconds = fire(port, sent, CONNECTIONS)
    used = world.accepting() - before
    world.wait_until_settled()
    baselines.clear(world.redis)
    return len(events) / seconds, used / len(events) * 1e6


# --- delivering ---


def _delivering(two: Two) -> Iterator[Cell]:
    """Batches of changed deals, from the 202, which wakes a worker, until settled."""
    took: tuple[list[float], ...] = ([], [])
    turns = [0, 1]
    for _ in range(BATCHES):
        turns.reverse()
        for shop, milliseconds in ((two[n], took[n]) for n in turns):
            events = [shop.crm.save(number) for number in shop.any(BATCH)]
            sent = [request(RECEIVER, events, shop.world.secret)]
            time.sleep(0.5)  # so that the call need not wait for its gap
            fire(shop.world.port, sent, 1)
            began = time.perf_counter()
            while shop.world.store.counts()["pending"]:
                time.sleep(0.002)
            milliseconds.append((time.perf_counter() - began) * 1000)
    yield _spread(f"{BATCH} deals from wake-up to settled, ms", took[1], 0)
    yield _spread("… with few, by turns", took[0], 0)
    used: tuple[dict[str, list[float]], ...] = ({}, {})
    for _ in range(BATCHES):
        turns.reverse()
        for shop, microseconds in ((two[n], used[n]) for n in turns):
            for step, each in _steps(shop).items():
                microseconds.setdefault(step, []).append(each)
    for step in STEPS:
        yield _spread(f"Store's time for a deal, µs: {step}", used[1][step], 1)
    sums = [[sum(one) for one in zip(*steps.values(), strict=True)] for steps in used]
    yield _spread("… all of it", sums[1], 1)
    yield _spread("… all of it, with few, by turns", sums[0], 1)
    yield _spread(
        "… all of it ÷ with few",
        _ratios(sums[1], sums[0]),
        curve="store's work for a delivery",
    )


def _steps(shop: Shop) -> dict[str, float]:
    """Microseconds that the store's own thread takes for a deal of a batch, by step."""
    for _ in range(TRIES):
        if took := _steps_alone(shop):
            return took
        shop.world.wait_until_settled()
    raise RuntimeError("a worker is always quicker")


def _steps_alone(shop: Shop) -> dict[str, float]:
    """The same where we get the lease first, so that no worker takes part."""
    store, token, entry = shop.world.store, uuid.uuid4().hex, {"method": "add-orders"}
    loaded = [load(shop.crm.save(number))[0] for number in shop.any(BATCH)]
    both = [(one.fence, thing) for one in loaded for thing in (one.client, one.deal)]
    records = [record_of(thing, fence) for fence, thing in both]
    meter = _Meter(shop.world)
    meter("put", lambda: store.put(records))
    while (look := meter("look", lambda: store.look(token, 2 * BATCH))).state == "wait":
        time.sleep(look.wait / 1000)
    items = plan(look.due, Mapping()).orders
    if len(items) != BATCH:
        store.release(token)
        return {}
    attempt, entry["opened"] = uuid.uuid4().hex[:16], now()
    opening = [(item.pending, item.digest, json.dumps(entry)) for item in items]
    meter("open", lambda: store.open(token, attempt, opening))
    entry["closed"] = now()
    settled = list(outcomes(items, taken, entry))
    meter("settle", lambda: store.settle(attempt, settled))
    store.release(token)
    return meter.took


class _Meter:
    """What the store's scripts take, by its own account, the last time of each step."""

    def __init__(self, world: World) -> None:
        self._redis: Any = world.redis
        self.took: dict[str, float] = {}

    def __call__(self, step: str, call: Callable[[], Any]) -> Any:
        before = self._microseconds()
        result = call()
        self.took[step] = (self._microseconds() - before) / BATCH
        return result

    def _microseconds(self) -> int:
        return int(self._redis.info("commandstats")["cmdstat_evalsha"]["usec"])


# --- what is held ---


def _holding(two: Two, seconds: float, more: int) -> Iterator[Cell]:
    """What the deals take; they were seeded just now."""
    world: World = two[1].world
    memory: Any = world.redis.info("memory")
    yield Cell("Valkey's memory, bytes a deal that came", f"{two[1].each:,.0f}")
    used = memory["used_memory"]
    yield Cell("… in all, MB", f"{used / 1e6:,.0f}")
    resident = memory["used_memory_rss"]
    yield Cell("… resident, MB", f"{resident / 1e6:,.0f}")
    on_disk = world.redis.info("persistence")["aof_current_size"]
    yield Cell("… append-only file, MB", f"{on_disk / 1e6:,.0f}")
    fork = _rewrite(world) / 1000
    yield Cell("… its pause to rewrite that file, ms", f"{fork:.1f}")
    for name, part in (("live worker", "worker live"), ("web worker", "create_app()")):
        size = world.resident(part) / 1e6
        yield Cell(f"Resident, MB: {name}", f"{size:.1f}")
    yield Cell("Deals seeded a second", f"{more / seconds:,.0f}")


def _rewrite(world: World) -> int:
    """Microseconds for which the store answered nobody when it began to rewrite its
    file; returns when it has done so, for nothing of it should be measured later.
    """
    client: Any = world.redis
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.1)
    client.bgrewriteaof()
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.1)
    return int(client.info("stats")["latest_fork_usec"])


# --- pages ---


def _pages(two: Two) -> Iterator[Cell]:
    """Every page of both worlds, by turns."""
    urls = [f"http://{HOST}:{shop.world.port}" for shop in two]
    sessions = [dashboard.logged_in(url) for url in urls]
    ratios, slowest = [], 0.0
    for pages in zip(*map(_asked_for, two), strict=True):
        few, many = (
            dashboard.ask(session, url, path, search, PAGE_REQUESTS)
            for session, url, (_, path, search) in zip(
                sessions, urls, pages, strict=True
            )
        )
        yield _page(pages[0][0], many)
        ratios.append(percentile(many, 0.5) / percentile(few, 0.5))
        slowest = max(slowest, percentile(many, 0.95))
    for path in ("/metrics", "/readyz", "/healthz"):
        few, many = (_plain(url + path) for url in urls)
        yield _page(path, many)
        ratios.append(percentile(many, 0.5) / percentile(few, 0.5))
        slowest = max(slowest, percentile(many, 0.95))
    what, curve = "A page ÷ with few, over all of these", "time of a page"
    yield _spread(what, ratios, curve=curve)
    what, target = "The slowest of them, p95 ms", f"≤ {dashboard.TARGET}"
    holds = slowest <= dashboard.TARGET
    yield Cell(what, f"{slowest:.0f}", target=target, holds=holds)


def _plain(url: str) -> list[float]:
    took = []
    for _ in range(PAGE_REQUESTS):
        began = time.perf_counter()
        requests.get(url, timeout=10).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return took


def _page(name: str, took: list[float]) -> Cell:
    half, slow = percentile(took, 0.5), percentile(took, 0.95)
    return Cell(f"{name}, ms", f"{half:.0f}, p95 {slow:.0f}")


def _asked_for(shop: Shop) -> Iterator[tuple[str, str, str]]:
    """The dashboard's pages, for deals that are held here."""
    (number,) = shop.any(1)
    deal = shop.crm.deals[number]
    state = shop.world.store.state(f"deal:{deal}")
    assert isinstance(state, Deal)
    back = min(shop.held, LISTED_MOST) * 3 // 5
    ours = {
        "Deals, far back": (f"/deals?from={back}", ""),
        "Search by a name that many have": ("/deals?only=found", "warehouse"),
        "Search by a whole name": ("/deals?only=found", state.name),
        "Search by visit": ("/deals?only=found", state.roistat or ""),
        "One deal with 20 attempts": (f"/deals/{deal}", ""),
    }
    names = {"One deal with 20 attempts": "One deal"}
    for name, path, search in dashboard.PAGES:
        yield names.get(name, name), *ours.get(name, (path, search))


def _spread(what: str, values: list[float], digits: int = 2, curve: str = "") -> Cell:
    return Cell(what, spread(values, digits), values, curve)


# --- all of it ---


def measure(sizes: Sequence[int]) -> Sections:
    """Each size in turn beside the first one; a column for each."""
    found: dict[str, dict[str, list[Cell]]] = {}
    most = max(sizes)
    with World(**SETTINGS) as few, World(**SETTINGS) as many:
        for world in (few, many):
            world.faults(latency_ms=LATENCY, quotas=LIFTED)
        two = Shop(few, "few", sizes[0]), Shop(many, "many", most)
        two[0].grow(sizes[0])
        for size in sizes:
            more, seconds = size - two[1].held, two[1].grow(size)
            click.echo(f"{size:,} deals are held after {seconds:.0f} s", err=True)
            for title, cells in {
                "What is held": _holding(two, seconds, more),
                "Accepting": _accepting(two, size == most),
                "Delivering": _delivering(two),
                "Pages": _pages(two),
            }.items():
                for cell in cells:
                    found.setdefault(title, {}).setdefault(cell.what, []).append(cell)
        seconds = many.restart_store()
    again = [Cell("", "")] * (len(sizes) - 1) + [Cell("", f"{seconds:.1f}")]
    found["What is held"]["Valkey started again with all of it, s"] = again
    return {
        title: [_line(what, cells, sizes) for what, cells in rows.items()]
        for title, rows in found.items()
    }


def _line(what: str, cells: Sequence[Cell], sizes: Sequence[int]) -> Line:
    """A row: the target is the last cell's, and every one must hold that has one."""
    told = [cell.holds for cell in cells if cell.holds is not None]
    return Line(
        what,
        tuple(cell.text for cell in cells),
        cells[-1].target,
        all(told) if told else None,
        _drawn(cells, sizes) if cells[0].curve else None,
    )


def _drawn(cells: Sequence[Cell], sizes: Sequence[int]) -> Drawn:
    quarters = [statistics.quantiles(cell.values, method="inclusive") for cell in cells]
    low, middle, high = zip(*quarters, strict=True)
    return Drawn(cells[0].curve, middle, sizes, low, high)


@click.command()
@click.argument("sizes", nargs=-1, type=click.IntRange(min=PICKED))
@click.option("--write", "path", type=click.Path(path_type=Path, exists=True))
def main(sizes: tuple[int, ...], path: Path | None) -> None:
    """Measure, print, and say which targets hold.

    SIZES are how many deals are held, from few to many. With --write the results
    replace the last ones in that file, and a chart is drawn of them beside it.
    """
    sizes = tuple(sorted(set(sizes))) or SIZES
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console, began = Console(width=WIDE), time.monotonic()
    valkey = valkey_version()
    console.print(machine(valkey), highlight=False)
    columns = [f"{size:,} deals" for size in sizes]
    results = measure(sizes)
    for title, lines in results.items():
        console.print(table(title, lines, columns=columns))
    console.print(f"{time.monotonic() - began:.0f} s in all", highlight=False)
    conclude("growth", results, valkey, path, columns)


if __name__ == "__main__":
    main()
