"""Every order in which two who send and one who dies can meet over a lead.

A search by exhaustion over the real scripts: a lead is put while two drainers take,
write down a contact, ask the CRM and settle; a lease may expire at any moment (each
takes it over when it looks), either may stop for good after any of its steps, and the
CRM fails the first call. Afterwards time passes and a third one finishes.
"""

from collections.abc import Iterator

import pytest

from receiver.errors import LeaseLost
from receiver.store.leads import LeadOutcome, LeadStore
from tests.leads import lead
from tests.store.test_interleavings import orders

STEPS = 4  # take, step, ask the CRM, settle


def with_one_death() -> Iterator[tuple[int, ...]]:
    """Actor 0 puts the lead, actors 1 and 2 send; at most one of them dies."""
    for steps in range(STEPS + 1):
        yield from orders(1, STEPS, steps)
    for steps in range(STEPS):
        yield from orders(1, steps, STEPS)


class World:
    """One lead, the CRM's deals, and the clock in our hands."""

    ROUNDS = 4  # after which it must have come to rest

    def __init__(self, leads, redis_client, fails):
        self.leads, self.redis = leads, redis_client
        self.redis.flushall()
        self.fails = fails
        self.deals = set()
        self.decided = []  # the settles that were taken

    def put(self):
        self.leads.put(lead())

    def send(self, token):
        """One drainer, a step each time it is asked for the next."""
        self.redis.delete("roistat:leads:lease")  # the other's has just expired
        held = self.leads.take(token).held
        yield
        if held is None:
            return
        try:
            self.leads.step(token, "l1", contact=token)
            yield
            outcome = self.ask()
            yield
            self.leads.settle(token, "l1", outcome)
            self.decided.append(outcome.state)
        except LeaseLost:
            return
        yield

    def ask(self):
        """The CRM makes the deal, or finds it made, for its id is ours."""
        self.deals.add("l1")
        if self.fails:
            self.fails -= 1  # it answered too late
            return LeadOutcome.later(60, "no answer")
        return LeadOutcome.sent("l1", "")

    def finish(self):
        """Let time pass, and send until nothing waits."""
        for number in range(self.ROUNDS):
            if not self.leads.counts()["waiting"]:
                return
            self.redis.zadd("roistat:leads:due", {"l1": 0}, xx=True)
            for _ in self.send(f"last-{number}"):
                pass
        raise AssertionError("it never comes to rest")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fails", [0, 1])
def test_in_every_order_a_lead_ends_once_and_is_never_lost(redis_client, fails):
    leads, played, wrong = LeadStore(redis_client), 0, []
    for order in with_one_death():
        world = World(leads, redis_client, fails)
        drainers = {1: world.send("one"), 2: world.send("two")}
        for actor in order:
            if actor:
                next(drainers[actor], None)
            else:
                world.put()
        world.finish()
        played += 1
        held = leads.find("l1")
        ends = [state for state in world.decided if state != "waiting"]
        listed = [leads.counts()[state] for state in ("waiting", "sent", "parked")]
        is_right = held.state == "sent" and ends == ["sent"] and listed == [0, 1, 0]
        if not is_right or world.deals != {"l1"} or leads.next_due() is not None:
            wrong.append(order)
    assert played > 1000
    assert wrong == []
