"""Every order in which two drainers and two saves can meet, one of the drainers dying.

A search by exhaustion over the real scripts: a deal is saved as A (and perhaps
delivered), then as B, then as A again, while two drainers look, open, send and settle;
a lease may expire at any moment (each drainer takes it over when it looks), and either
drainer may stop for good after any of its steps. Afterwards time passes and a third
drainer finishes what is pending.
"""

from collections.abc import Iterator

import pytest

from receiver.deal import Deal
from receiver.errors import LeaseLost
from receiver.store import Outcome, record_of

FIRST, SAVES = "A", ("B", "A")
STEPS = 4  # look, open, send, settle
DUE, LEASE, META = "roistat:due", "roistat:lease", "roistat:meta:deal:d1"


def orders(*counts: int) -> Iterator[tuple[int, ...]]:
    """Every order of so many steps of each actor."""
    if not any(counts):
        yield ()
    for actor, count in enumerate(counts):
        if count:
            fewer = (*counts[:actor], count - 1, *counts[actor + 1 :])
            yield from ((actor, *rest) for rest in orders(*fewer))


def with_one_death() -> Iterator[tuple[int, ...]]:
    """Actor 0 saves, actors 1 and 2 drain; at most one of them dies on its way."""
    for steps in range(STEPS + 1):
        yield from orders(len(SAVES), STEPS, steps)
    for steps in range(STEPS):
        yield from orders(len(SAVES), steps, STEPS)


class World:
    """One deal, what Roistat holds of it, and the clock in our hands."""

    ROUNDS = 6  # after which it must have come to rest

    def __init__(self, store, redis_client, already_delivered):
        self.store, self.redis = store, redis_client
        self.redis.flushall()
        self.roistat = None
        self.fence = 0
        self.save(FIRST)
        if already_delivered:
            self.finish()

    def save(self, name):
        self.fence += 1
        self.newest = name
        self.store.put([record_of(Deal("d1", name), self.fence)])

    def drain(self, token):
        """One drainer, a step each time it is asked for the next."""
        self.redis.delete(LEASE)  # the other's lease has just expired
        due = self.store.look(token, 10, hold=0).due
        yield
        if not due:
            return
        (pending,), attempt = due, f"attempt-{token}"
        body = yield from self.plan(pending)
        if pending.delivered == body:
            self.settle("", pending, pending.rev, body)
            return
        try:
            (rev,) = self.store.open(token, attempt, [(pending, body, "{}")])
        except LeaseLost:
            return
        yield
        if rev < 0:
            return
        self.roistat = body
        yield
        self.settle(attempt, pending, rev, body)
        yield

    def plan(self, pending):
        """What to send of it, which takes no step of its own."""
        return pending.thing.name
        yield

    def settle(self, attempt, pending, rev, body):
        self.store.settle(attempt, [Outcome("deal:d1", rev, "delivered", body)])

    def finish(self):
        """Let time pass, and drain until nothing is pending."""
        for number in range(self.ROUNDS):
            if not self.redis.zcard(DUE):
                return
            self.redis.zadd(DUE, {"deal:d1": 0})
            if self.redis.hexists(META, "until"):
                self.redis.hset(META, "until", 0)
            for _ in self.drain(f"last-{number}"):
                pass
        raise AssertionError("it never comes to rest")


def play(store, redis_client, order, already_delivered):
    world = World(store, redis_client, already_delivered)
    saves = iter(SAVES)
    drainers = {1: world.drain("one"), 2: world.drain("two")}
    for actor in order:
        if actor:
            next(drainers[actor], None)
        else:
            world.save(next(saves))
    world.finish()
    return world


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("time_in_our_hands")
@pytest.mark.parametrize("already_delivered", [False, True])
def test_in_every_order_roistat_ends_with_the_newest_state(
    store, redis_client, already_delivered
):
    played, stale = 0, []
    for order in with_one_death():
        world = play(store, redis_client, order, already_delivered)
        played += 1
        if world.roistat != world.newest:
            stale.append(order)
    assert played == 6750
    assert stale == []
