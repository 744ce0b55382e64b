"""One seed of the kill test.

A thousand saves are sent by several threads, some twice, some late, some in batches,
while processes are killed; what got no 202 is sent again. Then everything may settle,
and Roistat is compared with the truth.
"""

import heapq
import itertools
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from receiver.errors import StoreUnavailable
from tests.kill.crm import Crm, Difference, Event
from tests.kill.world import CODE, KINDS, World

SAVES = 1000
PER_SECOND = 40.0
SENDERS = 6
SEND_SECONDS = 180.0  # after this some event is never accepted, which is a bug
# A lease of 12 s, a confirming push 20 s later, and a slow machine
SETTLE_SECONDS = 75.0
LATENCY_MS = 45

# Calls that go wrong, one now and then: refused before or after they counted, slow, or
# so late that nobody waits any more and a newer push has been made meanwhile.
FAULTS: tuple[dict[str, Any], ...] = (
    {"path": "/project/add-orders", "status": 500},
    {"path": "/project/add-orders", "status": 500, "after_commit": True},
    {"path": "/project/add-orders", "latency_ms": 1500},
    {"path": "/project/clients/import", "status": 500, "after_commit": True},
    {"path": "/project/integration/order/{orderId}/delete", "status": 500},
    {"path": "/project/set-statuses", "status": 500, "after_commit": True},
)
TOO_LATE = {"path": "/project/add-orders", "latency_ms": 14_000}


@dataclass(frozen=True)
class Result:
    """What came of one run."""

    seed: int
    saves: int
    kills: Counter[str]
    resent: int
    difference: Difference
    pending: int
    left_behind: list[str]
    seconds: float
    log: str = field(repr=False, default="")

    @property
    def is_fine(self) -> bool:
        return not (self.difference or self.pending or self.left_behind)

    def __str__(self) -> str:
        kills = ", ".join(f"{kind} {self.kills[kind]}" for kind in KINDS)
        return (
            f"seed {self.seed}: {self.saves} saves, killed {kills}; "
            f"resent {self.resent}, lost {len(self.difference.lost)}, "
            f"stale {len(self.difference.stale)}, pending {self.pending}, "
            f"left behind {len(self.left_behind)}, {self.seconds:.0f} s"
        )


def run(seed: int, saves: int = SAVES, code: Path = CODE) -> Result:
    """Run one seed from the first process to the last."""
    began = time.monotonic()
    crm = Crm(seed)
    with World(code) as world:
        killer = Killer(world, seed)
        sender = Sender(world, bodies(list(crm.saves(saves)), seed))
        with killer:
            sender.run()
            time.sleep(2)  # while what is left is pushed
        pending = settle(world)
        difference, log = crm.compare(world.roistat()), world.log()
        world.stop()
        world.wait_until(lambda: not world.left_behind(), 5)
        left = [" ".join(process.cmdline()) for process in world.left_behind()]
        resent, took = sender.resent, time.monotonic() - began
        return Result(
            seed, saves, world.killed, resent, difference, pending, left, took, log
        )


def settle(world: World, seconds: float = SETTLE_SECONDS) -> int:
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


# --- what is sent, and in which order ---


def bodies(events: Sequence[Event], seed: int) -> list[bytes]:
    """The events as they are sent: nearly in order, some twice, some in batches."""
    rng = random.Random(seed)
    late = ((_late(rng, 0.15) + n, event) for n, event in enumerate(events))
    twice = ((1 + _late(rng, 1) + n, e) for n, e in enumerate(events) if _one_in(rng))
    order = sorted([*late, *twice], key=lambda pair: pair[0])
    return [as_body(group) for group in _groups([e for _, e in order], rng)]


def _late(rng: random.Random, share: float) -> float:
    return rng.uniform(0, 150) if rng.random() < share else 0.0


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


class Sender:
    """Sends bodies at a steady pace from several threads, each until it got a 202."""

    def __init__(self, world: World, bodies: Sequence[bytes]) -> None:
        self._world = world
        self._lock = threading.Lock()
        now = time.monotonic()
        self._queue = [(now + n / PER_SECOND, n, b) for n, b in enumerate(bodies)]
        self._left = len(self._queue)
        self.resent = 0

    def run(self, threads: int = SENDERS) -> None:
        deadline = time.monotonic() + SEND_SECONDS
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(self._work, deadline) for _ in range(threads)]:
                done.result()
        assert not self._left, f"{self._left} never got a 202:\n{self._world.log()}"

    def _work(self, deadline: float) -> None:
        with requests.Session() as session:
            while self._left and time.monotonic() < deadline:
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
        due = time.monotonic() + 0.2 + 2.0 * (number % 7) / 7
        with self._lock:
            self.resent += 1
            heapq.heappush(self._queue, (due, number, body))


# --- what goes wrong meanwhile ---


class Killer:
    """Kills a process every now and then, and makes Roistat fail, inside `with`."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._random = random.Random(seed)
        self._enough = threading.Event()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> None:
        self._world.faults(latency_ms=LATENCY_MS)
        self._killing = self._pool.submit(self._kill)

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._pool.shutdown()
        self._killing.result()

    def _kill(self) -> None:
        rng = self._random
        for number in itertools.count():
            if self._enough.wait(rng.uniform(0.3, 1.5)):
                return
            if number % 3 == 0:
                fault = TOO_LATE if number in (3, 15) else rng.choice(FAULTS)
                self._world.faults(fault, latency_ms=LATENCY_MS)
            self._world.kill(rng.choice(KINDS), rng)


# --- by hand ---


def run_all(seeds: Sequence[int]) -> list[Result]:
    """Run seeds, two at a time: most of a run is waiting."""
    results = []
    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(run, seeds):
            say(str(result))
            if not result.is_fine:
                say("\n".join([*result.difference.lost, *result.difference.stale]))
                say("\n".join(result.left_behind))
                say(result.log)
            results.append(result)
    return results


def main() -> None:
    """Exit status 1 if any seed lost a deal, left one stale, or a process behind."""
    seeds = [int(seed) for seed in sys.argv[1:]]
    if not seeds:
        sys.exit("usage: python -m tests.kill SEED...")

    results = run_all(seeds)
    sys.exit(0 if all(result.is_fine for result in results) else 1)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
