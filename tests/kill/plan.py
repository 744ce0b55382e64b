"""What goes wrong during one seed, and when: the seed decides all of it beforehand."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.kill.network import ANSWERS
from tests.kill.world import KINDS

ADD_ORDERS = "/project/add-orders"

KILL, STOP, NETWORK, ROISTAT = "kill", "stop", "network", "roistat"

# Longer than the lease of the faster copy: whoever is stopped so long is replaced
LONG_STOP = 3.5
# Of a store that is stopped nobody knows, so that everybody waits for it
SHORT_STOP = 0.8

# Roistat refuses a call before or after it counted, or takes its time; of the slow ones
# the last is so late that nobody waits for it, and yet it counts.
FAULTS: tuple[dict[str, Any], ...] = (
    {"path": ADD_ORDERS, "status": 500},
    {"path": ADD_ORDERS, "status": 502},
    {"path": ADD_ORDERS, "status": 429, "error": "request_limit_error"},
    {"path": ADD_ORDERS, "error": "internal_error"},
    {"path": ADD_ORDERS, "status": 500, "after_commit": True},
    {"path": ADD_ORDERS, "status": 503, "after_commit": True},
    {"path": ADD_ORDERS, "latency_ms": 700},
    {"path": ADD_ORDERS, "latency_ms": 2800},
    {"path": "/project/clients/import", "status": 500, "after_commit": True},
    {"path": "/project/clients/import", "status": 429},
    {"path": "/project/integration/order/{orderId}/delete", "status": 500},
    {
        "path": "/project/integration/order/{orderId}/delete",
        "status": 500,
        "after_commit": True,
    },
    {"path": "/project/set-statuses", "status": 500, "after_commit": True},
)

# How often each of them is drawn
_WHAT = {KILL: 4, STOP: 3, NETWORK: 4, ROISTAT: 3}
_VICTIMS = {"worker": 4, "valkey": 2, "web": 1, "web worker": 2, "clock": 1}
_VICTIMS |= {"background": 1}
_CUTS = ("refuse", "hold", "slow", "drop", *ANSWERS)


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that goes wrong, `at` seconds after the beginning, for so long."""

    at: float
    what: str
    which: str = ""
    seconds: float = 0
    fault: dict[str, Any] = field(default_factory=dict)


# While the last is told that is ever said about some deals: then nothing may be said to
# be stored that is not. Who would start the store again is stopped for a moment, or
# it would be back before anybody missed it.
DURING_LAST_WORDS = (Blow(0.05, STOP, "serve", 0.6), Blow(0.1, KILL, "valkey"))


def plan(seed: int, seconds: float) -> list[Blow]:
    """All that goes wrong while deals are saved at random for so many seconds."""
    return list(_blows(random.Random(seed), seconds))


def last_blow(seed: int) -> Blow:
    """What goes wrong once everything was told, and part of it is on its way: nothing
    that comes later heals what it leaves behind.
    """
    rng = random.Random(f"last {seed}")
    which = rng.choice(("worker", "worker", "refuse", "refuse", "valkey"))
    if which == "refuse":
        return Blow(0, NETWORK, which, 0.7)
    return Blow(0, KILL, which)


def _blows(rng: random.Random, seconds: float) -> Iterator[Blow]:
    at = 0.3
    while at < seconds:
        (what,) = rng.choices(list(_WHAT), list(_WHAT.values()))
        (victim,) = rng.choices(list(_VICTIMS), list(_VICTIMS.values()))
        if what == KILL:
            yield Blow(at, what, victim)
        elif what == STOP:
            longest = LONG_STOP if victim in ("worker", "clock") else SHORT_STOP
            short = rng.uniform(0.1, SHORT_STOP)
            yield Blow(at, what, victim, rng.choice((short, longest)))
        elif what == NETWORK:
            yield Blow(at, what, rng.choice(_CUTS), rng.uniform(0.2, 1.2))
        else:
            yield Blow(at, what, fault=rng.choice(FAULTS))
        at += rng.uniform(0.15, 0.6)


assert set(_VICTIMS) == set(KINDS)
