"""One seed of the chaos run, and many of them.

A few hundred saves are made in the CRM and told by several threads, some twice, some
late, some in batches, while processes are killed and stopped, the network fails and
Roistat answers wrongly; what got no 202 is told again. Then all of that ends,
everything may settle, and both sides are compared deal by deal. What differs then is
lost, stale or duplicated; only afterwards is reconcile asked to mend it.

The receiver is a copy of which all waiting times are a fifth (see copies), and several
seeds, each with deals of its own, are played one after another in one world.
"""

import contextlib
import heapq
import itertools
import json
import queue
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from receiver.errors import StoreUnavailable
from tests.kill.copies import copy_of_receiver
from tests.kill.crm import Crm, Difference, Event, Save, compare
from tests.kill.plan import (
    ADD_ORDERS,
    DURING_LAST_WORDS,
    KILL,
    NETWORK,
    ROISTAT,
    STOP,
    Blow,
    last_blow,
    plan,
)
from tests.kill.world import KINDS, WITH_TWO_WORKERS, World

SAVES = 200  # in all
DEALS, CLIENTS = 85, 12
# Deals that are corrected on their way, those of them whose first state is told once
# more, late, and those about which the last is said; of the others, at random
CORRECTED, LATE, LAST = 25, 5, 20
PER_SECOND = 50.0
LAST_PER_SECOND = 100.0
SENDERS = 6
SEED_SECONDS = 20.0  # in all, but for the comparison
LATENCY_MS = 45
# What Roistat takes besides for orders: while deals are corrected, so long that it is
# done during one call; then by turns
SLOWEST_MS = 600
SLOWER_MS = (0, 150, 400)
CALL_SECONDS = 3.0  # until what is told is on its way, while all is well
READY_SECONDS = 5.0  # until what was killed takes webhooks again
SEND_SECONDS = 60.0  # of what is sent beside the chaos run


@dataclass(frozen=True)
class Result:
    """What came of one seed. `unsent` was never taken by the receiver, `pending` never
    settled; `healed` differed, and agreed after reconcile.
    """

    seed: int
    saves: int
    told: int
    resent: int
    kills: Counter[str]
    blows: Counter[str]
    difference: Difference
    unsent: int
    pending: int
    healed: int
    seconds: float
    log: str = field(repr=False, default="")

    @property
    def is_fine(self) -> bool:
        return not (self.difference or self.pending or self.unsent)

    def __str__(self) -> str:
        kills = ", ".join(f"{kind} {self.kills[kind]}" for kind in KINDS)
        found = self.difference
        return (
            f"seed {self.seed}: {self.saves} saves, {self.told} events; killed "
            f"{kills}; stopped {self.blows[STOP]}, network {self.blows[NETWORK]}, "
            f"Roistat {self.blows[ROISTAT]}; told again {self.resent}; "
            f"lost {len(found.lost)}, stale {len(found.stale)}, "
            f"duplicated {len(found.duplicated)}, never taken {self.unsent}, "
            f"pending {self.pending}, healed by reconcile only {self.healed}; "
            f"{self.seconds:.1f} s"
        )


def run(
    world: World, seed: int, heals: bool = True, seconds: float = SEED_SECONDS
) -> Result:
    """Play one seed in a world that has settled, for so long at most; in the end
    reconcile heals what it can, unless told otherwise.
    """
    began = time.monotonic()
    deadline = began + seconds
    crm = Crm(seed, DEALS, CLIENTS, world.crm_url)
    killed = Counter(world.killed)
    sender = Sender(world, deadline)
    with Chaos(world, seed) as chaos:
        unsent = tell_all(world, crm, sender, chaos)
    pending = settle(world, max(1.0, deadline - time.monotonic()))
    took = time.monotonic() - began
    difference = compare(of_seed(world.crm(), seed), of_seed(world.roistat(), seed))
    log = world.log() if difference or pending else ""
    healed = 0
    if difference and not pending and heals:
        healed = len(difference) - len(after_reconcile(world, seed))
    kills = world.killed - killed
    return Result(
        seed=seed,
        saves=SAVES,
        told=sender.told,
        resent=sender.resent,
        kills=kills,
        blows=chaos.struck,
        difference=difference,
        unsent=unsent,
        pending=pending,
        healed=healed,
        seconds=took,
        log=log,
    )


def tell_all(world: World, crm: Crm, sender: "Sender", chaos: "Chaos") -> int:
    """All that is saved in a seed, and what goes wrong meanwhile; give how much was
    never taken. Each part of the protocol has a moment here that cannot do without it.

    First, while all is well but slow, deals are corrected on their way, and then some
    of their first states arrive once more; they are never saved again. After that
    anything goes wrong. At last Valkey is killed just when the last is told that is
    ever said about some deals, and one more blow falls while that is being pushed.
    """

    def play(saves: Iterable[Save], are_last: bool = False) -> int:
        made = list(saves)
        events = [one.event for one in made]
        told = bodies(events, f"{crm.seed} {sender.told}")
        if are_last:  # not in a batch that is told before the store dies
            told = [as_body([event]) for event in events]
        per_second = LAST_PER_SECOND if are_last else PER_SECOND
        with Saving(world, made, per_second):
            return sender.tell(told, per_second)

    corrected, others = crm.ids[:CORRECTED], crm.ids[CORRECTED:]
    first = list(crm.each(corrected))
    play(first)
    under_way(world)
    play(crm.each(corrected))
    sender.tell([as_body([one.event]) for one in first[:LATE]])

    at_random = SAVES - 2 * CORRECTED - LAST
    chaos.take_turns()
    with chaos.striking(plan(crm.seed, at_random / PER_SECOND)):
        play(crm.saves(at_random, others))

    world.wait_until(world.takes_webhooks, READY_SECONDS)
    with chaos.striking(DURING_LAST_WORDS):
        unsent = play(crm.each(others[-LAST:]), are_last=True)
    chaos.last()
    return unsent


def after_reconcile(world: World, seed: int) -> Difference:
    """What still differs once reconcile has repaired what it finds."""
    world.reconcile()
    settle(world, SEED_SECONDS)
    return compare(of_seed(world.crm(), seed), of_seed(world.roistat(), seed))


def of_seed(state: dict[str, Any], seed: int) -> dict[str, Any]:
    """Of what one side holds, what one seed has made, and what nobody knows."""
    mine = (f"deal-{seed}-", f"client-{seed}-")
    others = ("deal-", "client-")

    def is_mine(id_: str) -> bool:
        return id_.startswith(mine) or not id_.startswith(others)

    modules = ("Opportunities", "Contacts", "links", "orders", "clients")
    return state | {
        module: {id_: one for id_, one in state[module].items() if is_mine(id_)}
        for module in modules
        if module in state
    }


def under_way(world: World) -> None:
    """Wait until the next call with orders has begun."""
    before = world.calls(ADD_ORDERS)
    world.wait_until(lambda: world.calls(ADD_ORDERS) > before, CALL_SECONDS)


def settle(world: World, seconds: float) -> int:
    """Wait until nothing is pending; give how much still is."""
    pending = -1

    def settled() -> bool:
        nonlocal pending
        try:
            counts = world.store.counts()
        except StoreUnavailable:
            return False
        pending = counts["pending"] + counts["parked"]
        return not pending

    world.wait_until(settled, seconds)
    return pending


# --- what is told, and in which order ---


def bodies(events: Sequence[Event], seed: int | str) -> list[bytes]:
    """The events as they are sent: nearly in order, some twice, some in batches."""
    rng = random.Random(seed)
    reach = len(events) / 5
    late = ((_late(rng, 0.15, reach) + n, e) for n, e in enumerate(events))
    twice = (
        (1 + _late(rng, 1, reach) + n, event)
        for n, event in enumerate(events)
        if _one_in(rng)
    )
    order = sorted([*late, *twice], key=lambda pair: pair[0])
    return [as_body(group) for group in _groups([e for _, e in order], rng)]


def _late(rng: random.Random, share: float, reach: float) -> float:
    return rng.uniform(0, reach) if rng.random() < share else 0.0


def _one_in(rng: random.Random, chance: int = 10) -> bool:
    return rng.randrange(chance) == 0


def _groups(events: list[Event], rng: random.Random) -> Iterator[list[Event]]:
    rest = iter(events)
    while group := list(
        itertools.islice(rest, rng.randint(2, 20) if _one_in(rng, 30) else 1)
    ):
        yield group


def as_body(group: Sequence[Event]) -> bytes:
    """One event by itself, several as a batch."""
    if len(group) == 1:
        return json.dumps(group[0]).encode()
    batch = {"type": "batch", "timestamp": group[-1]["timestamp"]}
    return json.dumps(batch | {"data": {"events": group}}).encode()


def _events_in(body: bytes) -> int:
    return len(json.loads(body)["data"].get("events", [body]))


class Sender:
    """Sends bodies at a steady pace from several threads, each until it got a 202."""

    def __init__(self, world: World, deadline: float | None = None) -> None:
        self._world = world
        self._deadline = deadline or time.monotonic() + SEND_SECONDS
        self._lock = threading.Lock()
        self._queue: list[tuple[float, int, bytes]] = []
        self._numbers = itertools.count()
        self._left = 0
        self.told = 0
        self.resent = 0

    def tell(self, bodies: Sequence[bytes], per_second: float = PER_SECOND) -> int:
        """Send these, and what is left of those before them, until the deadline; give
        how many were never taken.
        """
        now = time.monotonic()
        for n, body in enumerate(bodies):
            entry = (now + n / per_second, next(self._numbers), body)
            heapq.heappush(self._queue, entry)
        self._left += len(bodies)
        self.told += sum(map(_events_in, bodies))
        with ThreadPoolExecutor(SENDERS) as pool:
            for done in [pool.submit(self._work) for _ in range(SENDERS)]:
                done.result()
        return self._left

    def _work(self) -> None:
        with requests.Session() as session:
            while self._left and time.monotonic() < self._deadline:
                entry = self._next()
                if entry is None:
                    time.sleep(0.01)
                elif self._world.send(session, entry[2], f"msg_{entry[1]}"):
                    with self._lock:
                        self._left -= 1
                else:
                    self._again(*entry)

    def _next(self) -> tuple[float, int, bytes] | None:
        with self._lock:
            if self._queue and self._queue[0][0] <= time.monotonic():
                return heapq.heappop(self._queue)
        return None

    def _again(self, _: float, number: int, body: bytes) -> None:
        # as a sweep would, some of them much later than others
        due = time.monotonic() + 0.2 + 1.0 * (number % 7) / 7
        with self._lock:
            self.resent += 1
            heapq.heappush(self._queue, (due, number, body))


class Saving:
    """The CRM holds each save from when it is made, inside `with`."""

    def __init__(self, world: World, made: Sequence[Save], per_second: float) -> None:
        self._world, self._made, self._per_second = world, made, per_second
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> None:
        self._saving = self._pool.submit(self._save)

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self._saving.result()

    def _save(self) -> None:
        began = time.monotonic()
        for number, one in enumerate(self._made):
            due = began + number / self._per_second
            time.sleep(max(0.0, due - time.monotonic()))
            self._world.save(one.change)


# --- what goes wrong meanwhile ---


class Chaos:
    """All that a seed says goes wrong, inside `with`; then all is well again."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed
        self._slow = _slow(SLOWEST_MS)
        self._random = random.Random(seed)
        self.struck: Counter[str] = Counter()

    def __enter__(self) -> "Chaos":
        self._be_well()
        return self

    def take_turns(self) -> None:
        """From now on Roistat is as slow as it is this seed's turn."""
        self._slow = _slow(SLOWER_MS[self._seed % len(SLOWER_MS)])
        self._be_well()

    @contextlib.contextmanager
    def striking(self, blows: Sequence[Blow]) -> Iterator[None]:
        """Let this go wrong inside `with`, at its times; then all is well again."""
        enough = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            striking = pool.submit(self._strike_all, blows, enough)
            try:
                yield
            finally:
                enough.set()
        striking.result()
        self._be_well()

    def last(self) -> None:
        """Everything is told: the last blow, and its time."""
        last = last_blow(self._seed)
        self._strike(last)
        time.sleep(last.seconds)

    def __exit__(self, *_: object) -> None:
        self._be_well()

    def _be_well(self) -> None:
        self._world.go_on()
        self._world.network.heal()
        self._world.faults(*self._slow, latency_ms=LATENCY_MS)

    def _strike_all(self, blows: Sequence[Blow], enough: threading.Event) -> None:
        began = time.monotonic()
        agenda: list[tuple[float, int, Callable[[], None]]] = []
        for number, blow in enumerate(blows):

            def strike(blow: Blow = blow) -> None:
                if then := self._strike(blow):
                    until = time.monotonic() - began + blow.seconds
                    heapq.heappush(agenda, (until, next(later), then))

            heapq.heappush(agenda, (blow.at, number, strike))
        later = itertools.count(len(blows))
        while agenda:
            at, _, act = heapq.heappop(agenda)
            if enough.wait(max(0.0, began + at - time.monotonic())):
                return
            act()

    def _strike(self, blow: Blow) -> Callable[[], None] | None:
        """Let one thing go wrong; give what ends it, if it lasts."""
        world, network = self._world, self._world.network
        if blow.what == KILL:
            world.kill(blow.which, self._random)
            return None
        self.struck[blow.what] += 1
        if blow.what == ROISTAT:
            world.faults(blow.fault, *self._slow, latency_ms=LATENCY_MS)
            return None
        if blow.what == STOP:
            process = world.pause(blow.which, self._random)
            return (lambda: world.go_on(process)) if process else None
        lasting = {"refuse": network.refuse, "hold": network.hold}
        lasting["slow"] = lambda: network.slow(blow.seconds / 5)
        if blow.which in lasting:
            lasting[blow.which]()
            return network.heal
        if blow.which == "drop":
            network.drop()
        else:
            network.spoil(blow.which)
        return None


def _slow(ms: int) -> list[dict[str, Any]]:
    return [{"path": ADD_ORDERS, "latency_ms": ms}] * 50


# --- many seeds ---


def run_all(
    seeds: Sequence[int],
    plant: str | None = None,
    worlds: int = 1,
    until_caught: bool = False,
    seconds: float = SEED_SECONDS,
    tell: Callable[[str], object] = lambda line: None,
) -> list[Result]:
    """Run seeds one after another, in so many worlds side by side; `plant` is the bug
    that they have, and `until_caught` ends with the first seed that finds it.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for seed in seeds:
        waiting.put(seed)
    results: list[Result] = []

    def is_over() -> bool:
        caught = until_caught and any(is_caught(plant, one) for one in results)
        return caught or waiting.empty()

    def work(code: Path) -> None:
        while not is_over():
            with World(code, WITH_TWO_WORKERS) as world:
                for result in _results(world, waiting, plant, seconds):
                    results.append(result)
                    tell(_told(result, quiet=plant is not None))
                    if is_over():
                        break
                world.stop()
                world.wait_until(lambda: not world.left_behind(), 5)
                assert not world.left_behind(), world.left_behind()

    with tempfile.TemporaryDirectory(prefix="chaos-") as directory:
        code = copy_of_receiver(Path(directory), plant)
        with ThreadPoolExecutor(worlds) as pool:
            for done in [pool.submit(work, code) for _ in range(worlds)]:
                done.result()
    return sorted(results, key=lambda one: one.seed)


def _results(
    world: World, seeds: "queue.SimpleQueue[int]", plant: str | None, seconds: float
) -> Iterator[Result]:
    """What comes of seeds in one world: until one leaves something pending there, for
    what comes after it would not be told apart.
    """
    with contextlib.suppress(queue.Empty):
        while True:
            seed = seeds.get_nowait()
            result = run(world, seed, heals=plant is None, seconds=seconds)
            yield result
            if result.pending:
                return


def is_caught(plant: str | None, result: Result) -> bool:
    """Whether a seed has found a bug by what the bug does: a forgotten timer leaves
    something pending, the others leave Roistat different with nothing pending.
    """
    if plant == "timer":
        return bool(result.pending)
    return bool(result.difference) and not (result.pending or result.unsent)


def _told(result: Result, quiet: bool) -> str:
    if result.is_fine or quiet:
        return str(result)
    found = result.difference
    lines = [*found.lost, *found.stale, *found.duplicated, result.log]
    return "\n".join([str(result), *lines])


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
