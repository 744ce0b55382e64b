"""Every order in which a change of the mapping can meet two drainers and a save.

A search by exhaustion over the real scripts, like test_interleavings: what a drainer
sends depends on the mapping that it asks for after its look. While two drainers look,
ask, open, send and settle, one of them perhaps dying on its way, somebody stores
another mapping, and a walk over what is held reads and marks. In the end Roistat must
hold the newest state as the newest mapping has it.
"""

import pytest

from receiver.store import START
from tests.store.test_interleavings import World, orders

STEPS = 5  # look, ask, open, send, settle
WALK = 3  # store the mapping, read, mark


class MappedWorld(World):
    """One delivered deal, and what Roistat holds of it: its name and the mapping."""

    ROUNDS = 8

    def __init__(self, store, redis_client):
        self.mapping = "old"
        super().__init__(store, redis_client, already_delivered=True)

    def plan(self, pending):
        """By the mapping that is in force when it is asked for."""
        body = f"{pending.thing.name} {self.mapping}"
        yield
        return body

    def walk(self):
        """The mapping changes, and what is held follows."""
        self.mapping = "new"
        walk = self.store.walks.begin_walk("new")
        yield
        following, ((pending, standing),) = self.store.held(START, 100)
        body = f"{pending.thing.name} new"
        changed = standing == "pending" or pending.delivered != body
        yield
        assert self.store.walks.remap(walk, following, ["deal:d1"] if changed else [])
        yield


def play(store, redis_client, order):
    world = MappedWorld(store, redis_client)
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


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("time_in_our_hands")
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
