"""Every order in which pulls can meet saves and a drainer.

A search by exhaustion over the real scripts, like test_interleavings: a pull notes its
turn, reads the CRM and puts; meanwhile deals are saved, each webhook being stamped,
read and put at moments of its own. What was read is what the CRM had at that moment. In
the end Roistat must hold what the CRM has, which every save has told of.
"""

import pytest

from receiver.deal import Deal
from receiver.store import reading_of, record_of
from tests.store.test_interleavings import World, orders

DRAIN = 4  # look, open, send, settle
PULL = 3  # turn and clock, read, put


class PulledWorld(World):
    """One delivered deal, in the CRM, in our store and in Roistat."""

    def __init__(self, store, redis_client):
        self.crm = "A"
        super().__init__(store, redis_client, already_delivered=True)

    def stamp(self):
        self.fence += 10
        return self.fence

    def saves(self):
        """There and back again, what lies between being told as well."""
        for name in ("B", "A"):
            self.crm = name
            fence = self.stamp()
            yield
            self.store.put([record_of(Deal("d1", name), fence)])
            yield

    def pull(self):
        turn, fence = self.store.walks.turn(), self.fence + 1
        yield
        name = self.crm
        yield
        self.store.walks.pull([reading_of(Deal("d1", name), fence)], turn)
        yield


def play(store, redis_client, order):
    world = PulledWorld(store, redis_client)
    actors = [world.saves(), world.pull(), world.drain("one")]
    for actor in order:
        next(actors[actor], None)
    world.finish()
    return world


@pytest.mark.usefixtures("time_in_our_hands")
@pytest.mark.timeout(300)
def test_in_every_order_roistat_ends_with_what_the_crm_has(store, redis_client):
    stale = [
        order
        for order in orders(4, PULL, DRAIN)
        if (world := play(store, redis_client, order)).roistat != world.crm
    ]
    assert stale == []


class Story:
    """The CRM's versions of one deal, of which the store may hold ever newer ones."""

    def __init__(self, store, redis_client):
        self.store = store
        redis_client.flushall()
        self.clock, self.crm = 10, 0
        self.put(10, 0)

    def put(self, fence, version):
        self.store.put([record_of(Deal("d1", str(version)), fence)])

    def held(self):
        return int(self.store.state("deal:d1").name)

    def saves(self):
        """One webhook is stamped before a change and reads after it; and the change has
        a webhook of its own.
        """
        early = self.clock = self.clock + 10
        yield
        self.crm += 1
        late = self.clock = self.clock + 10
        yield
        read = self.crm
        yield
        self.put(early, read)
        yield
        self.put(late, self.crm)
        yield

    def pull(self):
        turn, fence = self.store.walks.turn(), self.clock + 1
        yield
        read = self.crm
        yield
        self.store.walks.pull([reading_of(Deal("d1", str(read)), fence)], turn)
        yield


def test_in_no_order_the_store_goes_back_to_an_older_state(store, redis_client):
    """Two pulls and the saves."""
    back = []
    for order in orders(5, PULL, PULL):
        story = Story(store, redis_client)
        actors = [story.saves(), story.pull(), story.pull()]
        held = [0]
        for actor in order:
            next(actors[actor])
            held.append(story.held())
        if held != sorted(held) or held[-1] != 1:
            back.append(order)
    assert back == []


def test_a_read_from_before_a_save_is_let_alone(store, redis_client):
    """Its fence may be newer all the same, where the webhook was stamped early."""
    turn = store.walks.turn()
    store.put([record_of(Deal("d1", "new"), 10)])
    _, outcomes = store.walks.pull([reading_of(Deal("d1", "old"), 20)], turn)
    assert outcomes == ["older"]
    assert store.state("deal:d1").name == "new"
    _, outcomes = store.walks.pull(
        [reading_of(Deal("d1", "newer"), 20)], store.walks.turn()
    )
    assert outcomes == ["changed"]
