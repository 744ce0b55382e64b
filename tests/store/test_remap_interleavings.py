"""Every order in which a change of the mapping can meet two drainers and a save.

A search by exhaustion over the real scripts, like test_interleavings: what a drainer
sends depends on the mapping that it asks for after its look. While two drainers look,
ask, open, send and settle, one of them perhaps dying on its way, somebody stores
another mapping, and a walk over what is held reads and marks. In the end Roistat must
hold the newest state as the newest mapping has it.
"""

import pytest

from receiver.deal import Deal
from receiver.errors import LeaseLost
from receiver.store import START, Outcome, record_of
from receiver.store import store as store_module
from tests.store.test_interleavings import DUE, LEASE, META, orders

STEPS = 5  # look, ask, open, send, settle
WALK = 3  # store the mapping, read, mark


class World:
    """One delivered deal, and what Roistat holds of it: its name and the mapping."""

    def __init__(self, store, redis_client):
        self.store, self.redis = store, redis_client
        self.redis.flushall()
        self.mapping, self.newest, self.fence = "old", "A", 0
        self.roistat = None
        self.save("A")
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
        body = f"{pending.thing.name} {self.mapping}"
        yield
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

    def settle(self, attempt, pending, rev, body):
        self.store.settle(attempt, [Outcome("deal:d1", rev, "delivered", body)])

    def walk(self):
        """The mapping changes, and what is held follows."""
        self.mapping = "new"
        walk = self.store.begin_walk("new")
        yield
        following, ((pending, standing),) = self.store.held(START, 100)
        body = f"{pending.thing.name} new"
        changed = standing == "pending" or pending.delivered != body
        yield
        assert self.store.remap(walk, following, ["deal:d1"] if changed else [])
        yield

    def finish(self):
        """Let time pass, and drain until nothing is pending."""
        for number in range(8):
            if not self.redis.zcard(DUE):
                return
            self.redis.zadd(DUE, {"deal:d1": 0})
            if self.redis.hexists(META, "until"):
                self.redis.hset(META, "until", 0)
            for _ in self.drain(f"last-{number}"):
                pass
        raise AssertionError("it never comes to rest")


def play(store, redis_client, order):
    world = World(store, redis_client)
    walk = world.walk()
    drainers = {2: world.drain("one"), 3: world.drain("two")}
    for actor in order:
        if actor == 0:
            next(walk)
        elif actor == 1:
            world.save("B")
        else:
            next(drainers[actor], None)
    world.finish()
    return world


@pytest.fixture(autouse=True)
def _time_in_our_hands(monkeypatch):
    for name in ("GAP", "REST", "LONGEST"):
        monkeypatch.setattr(store_module, name, 0)
    monkeypatch.setattr(store_module, "CONFIRM", 3_600_000)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("second", [0, 3])
def test_in_every_order_roistat_ends_with_the_newest_state_by_the_newest_mapping(
    store, redis_client, second
):
    """The other drainer dies after so many steps."""
    stale = [
        order
        for order in orders(WALK, 1, STEPS, second)
        if not second or _saved_first(order)
        if play(store, redis_client, order).roistat != "B new"
    ]
    assert stale == []


def _saved_first(order):
    """With two drainers on their way there is nothing to do before the save."""
    return order[0] == 1
