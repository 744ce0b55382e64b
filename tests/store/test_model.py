"""The store and the delivery against a simple reference model, driven at random.

Saves, deletions, clients, pulls, changes of the mapping and redeliveries meet drainers
that make one step at a time: they stop anywhere, lose their lease, are killed; calls to
Roistat fail, answer garbage, are lost, or arrive after everybody has given up on them.
After every step the store must hold what the reference says, and what is settled must
be what Roistat holds; when everything has passed, all of it.

Two things are not played, for the design leaves them to reconcile: a drainer that is
stopped, replaced, resumed, sends, and is then killed before it settles; and a request
that arrives more than CONFIRM after it was given up.

By hand, longer: MODEL_EXAMPLES=5000 python -m pytest --no-cov tests/store/test_model.py
"""

import logging
import os
import sys
from dataclasses import replace

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from receiver import remap as remap_module
from receiver.deal import Client, Deal
from receiver.delivery import Delivery
from receiver.mapping import Mapping
from receiver.remap import MappingSource, Remap
from receiver.room import Room
from receiver.stages import Stages
from receiver.store import reading_of, record_of
from receiver.store import store as store_module
from receiver.store.edge import script
from tests.store.acting import ENDS, ActedStore, Drainer, Roistat
from tests.store.reference import REFUSED, Reference, is_refused, is_there

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "60"))
STEPS = 40
BATCH = 2
CONFIRM_SECONDS, LEASE_SECONDS = 20, 12

DEALS = ("d1", "d2", "d3")
NAMES = ("A", "B", "C")
MAPPINGS = (
    Mapping(),
    Mapping(fields={"Stage": "sales_stage"}),
    Mapping(filter={"sales_stage": {"not_in": ["Draft"]}}),
    Mapping(filter={"sales_stage": {"not_in": ["Draft"]}}, left_filter="delete"),
)

# Time passes: whatever is noted of a moment lies so much further in the past.
PASS = """
local ms = tonumber(ARGV[1])
for _, key in ipairs({'roistat:due', 'roistat:parked'}) do
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZINCRBY', key, -ms, member)
  end
end
for i = 2, #ARGV do
  for _, name in ipairs({'until', 'since'}) do
    if redis.call('HEXISTS', 'roistat:meta:' .. ARGV[i], name) == 1 then
      redis.call('HINCRBY', 'roistat:meta:' .. ARGV[i], name, -ms)
    end
  end
end
local left = redis.call('PTTL', 'roistat:lease')
if left > ms then
  redis.call('PEXPIRE', 'roistat:lease', left - ms)
else
  redis.call('DEL', 'roistat:lease')
end
"""

deal_ids = st.sampled_from(DEALS)
stages = st.sampled_from(["Open", "Open", "Draft"])


@st.composite
def deals(draw):
    """A state of one of the deals; one of them may be such as Roistat never takes."""
    deal_id = draw(deal_ids)
    if draw(st.integers(0, 4)) == 0:
        return Deal(deal_id, deleted=True)
    names = (*NAMES, REFUSED) if deal_id == DEALS[0] else NAMES
    stage = draw(stages)
    return Deal(deal_id, draw(st.sampled_from(names)), sales_stage=stage)


clients = st.builds(Client, st.just("c1"), st.sampled_from(NAMES))
things = deals() | deals() | deals() | clients
# by how much a fence lies after the newest; 0 is the same moment
fences = st.sampled_from([1, 1, 1, 0, -1])
ends = st.sampled_from(("answers",) * 4 + ENDS)
store_ends = st.sampled_from(("done",) * 6 + ("away", "unheard"))


class Machine(RuleBasedStateMachine):
    """The rules, and what must hold after each."""

    def __init__(self, store: ActedStore, redis_client):
        super().__init__()
        self.redis, self.store = redis_client, store
        self.redis.flushdb()
        self.roistat = Roistat()
        source = MappingSource(None, store)
        self.delivery = Delivery(
            store,
            self.roistat,
            source.current,
            Stages(store, self.roistat, source.current),
            BATCH,
        )
        self.remapping = Remap(store, source, Room(store, 1000, lambda: True))
        self.reference = Reference()
        self.mapping, self.is_mapped = MAPPINGS[0], False
        self.fence = 1000
        self.drainers: list[Drainer] = []
        self.reads: list[tuple[int, int]] = []  # turn and fence of pulls that began
        self.number = 0
        store.drainers = self.drainers
        source.keep(self.mapping)
        self.map_what_is_held()

    # --- what comes in ---

    @rule(thing=things, ahead=fences)
    def save(self, thing, ahead):
        self._put([(thing, self._fence(ahead))])

    @rule(some=st.lists(st.tuples(things, fences), min_size=2, max_size=4))
    def save_several(self, some):
        self._put([(thing, self._fence(ahead)) for thing, ahead in some])

    def _put(self, told):
        _, taken = self.store.put([record_of(*one) for one in told])
        assert taken == self.reference.put(told)

    def _fence(self, ahead):
        newest = self.fence
        self.fence = max(newest, newest + ahead)
        return newest + ahead

    @rule()
    def begin_a_pull(self):
        self.fence += 1
        turn = self.store.walks.turn()
        assert turn == self.reference.turn
        self.reads = [*self.reads[-1:], (turn, self.fence)]

    @precondition(lambda self: self.reads)
    @rule(read=things, again=st.booleans(), oldest=st.booleans())
    def end_a_pull(self, read, again, oldest):
        turn, fence = self.reads[0 if oldest else -1]
        again = again and not isinstance(read, Client)
        reading = reading_of(read, fence, again=again)
        _, outcomes = self.store.walks.pull([reading], turn)
        assert outcomes == self.reference.pull([(read, fence)], turn, again)

    @rule(members=st.lists(deal_ids, unique=True, max_size=3))
    def redeliver(self, members):
        members = [f"deal:{one}" for one in members]
        _, known = self.store.redeliver(members)
        assert known == [one in self.reference.held for one in members]

    @rule(mapping=st.sampled_from(MAPPINGS))
    def change_the_mapping(self, mapping):
        self.remapping._source.keep(mapping)
        self.is_mapped = self.is_mapped and mapping == self.mapping
        self.mapping = mapping

    @rule()
    def map_what_is_held(self):
        self.remapping.run()
        self.is_mapped = not self.remapping.is_needed()

    # --- who drains ---

    @rule(thing=things)
    def a_save_meets_a_push(self, thing):
        """Rare by chance, as the next one, and where most can go wrong."""
        self._lose_the_lease()
        drainer = self._new()
        while drainer.step not in (None, "call"):
            self._go(drainer, "done")
        self._put([(thing, self._fence(1))])
        while drainer.step is not None:
            self._go(drainer, "answers")
        self.drainers.remove(drainer)

    @rule(thing=things)
    def a_push_meets_who_has_nothing_to_send(self, thing):
        """An edit is taken back; who finds so sleeps, while another one is sent."""
        other = replace(thing, name="B" if thing.name == "A" else "A")
        if isinstance(other, Deal):
            other = replace(other, deleted=False)
        self._put([(thing, self._fence(1))])
        self.drain(takes_over=True, calls=[])
        self._put([(other, self._fence(1)), (thing, self._fence(1))])
        sleeper = self._new()
        while sleeper.step not in (None, "call", "settle"):
            self._go(sleeper, "done")
        self._put([(other, self._fence(1))])
        self.drain(takes_over=True, calls=[])
        while sleeper.step is not None:
            self._go(sleeper, "answers")
        self.drainers.remove(sleeper)
        self._put([(thing, self._fence(1))])

    @rule()
    def a_call_is_given_up_and_made_again(self):
        self.drain(takes_over=True, calls=["late"])
        self.time_passes(3)
        self.drain(takes_over=False, calls=[])

    @rule(takes_over=st.booleans(), calls=st.lists(ends, max_size=4))
    def drain(self, takes_over, calls):
        """From its begin to its end, or until it is killed."""
        if takes_over:
            self._lose_the_lease()
        drainer = self._new()
        for _ in range(200):
            if drainer.step is None:
                break
            end = calls.pop(0) if drainer.step == "call" and calls else "answers"
            self._go(drainer, end)
        assert drainer.step is None, "it drains without end"
        self.drainers.remove(drainer)

    @precondition(lambda self: len(self.drainers) < 2)
    @rule(takes_over=st.booleans(), steps=st.integers(1, 4))
    def begin_to_drain(self, takes_over, steps):
        if takes_over:
            self._lose_the_lease()
        self._steps(self._new(), steps, "answers", "done")

    @precondition(lambda self: self.drainers)
    @rule(which=st.booleans(), steps=st.integers(1, 4), end=ends, store_end=store_ends)
    def go_on(self, which, steps, end, store_end):
        self._steps(self.drainers[-1 if which else 0], steps, end, store_end)

    @precondition(lambda self: self.drainers)
    @rule(which=st.booleans())
    def kill(self, which):
        drainer = self.drainers[-1 if which else 0]
        if not drainer.has_sent:  # see above
            drainer.kill()
            self.drainers.remove(drainer)

    def _new(self):
        self.number += 1
        drainer = Drainer(f"n{self.number}", lambda: self.delivery.drain(3600))
        self.drainers.append(drainer)
        return drainer

    def _steps(self, drainer, steps, end, store_end):
        for _ in range(steps):
            if drainer.step == "call":
                self._go(drainer, end)
            elif drainer.step is not None:
                self._go(drainer, store_end)
        if drainer.step is None:
            self.drainers.remove(drainer)

    def _go(self, drainer, end):
        """One step, but none of those that the design leaves to reconcile."""
        if drainer.is_replaced and drainer.step in ("call", "settle"):
            for ill in ("killed", "late", "away", "unheard"):
                end = "answers" if ill in end else end
        if end == "partly" and drainer.step != "call":
            end = "answers"
        drainer.go(end)

    def _lose_the_lease(self):
        self.redis.delete(store_module.LEASE_KEY)

    # --- what else happens ---

    @precondition(lambda self: self.roistat.flights)
    @rule(first=st.booleans())
    def a_late_request_arrives(self, first):
        self.roistat.land(self.roistat.flights[0 if first else -1])

    @rule(seconds=st.sampled_from([1, 3, 13, 25, 1000]))
    def time_passes(self, seconds):
        for flight in list(self.roistat.flights):
            flight.age += seconds
            if flight.age >= CONFIRM_SECONDS:
                self.roistat.land(flight)
        self._passing([seconds * 1000, *self.reference.held])

    def _passing(self, values):
        self.redis.eval(PASS, 0, *values)

    # --- what must hold ---

    @invariant()
    def what_is_held_is_what_the_reference_says(self):
        known = self.store.known(list(self.reference.held))
        assert {m: one.pending.thing for m, one in known.items()} == self.reference.held
        parked = dict(self.store.parked())
        for member, one in known.items():
            assert (one.standing == "parked") == (member in parked)
            if one.standing == "parked":
                assert parked[member]
                self._is_rightly_parked(one.pending.thing)
            elif one.standing == "settled":
                self._is_settled(one.pending.thing)

    def _is_rightly_parked(self, thing):
        mappings = [self.mapping] if self.is_mapped else MAPPINGS
        assert any(is_refused(thing, one) for one in mappings), thing

    def _is_settled(self, thing):
        """Roistat has it, and nothing that is on its way will change that."""
        if not self.is_mapped or self.drainers:
            return
        assert self._is_there(thing, self.roistat), f"not in Roistat: {thing}"
        for flight in self.roistat.flights:
            after = self.roistat.after(flight)
            assert self._is_there(thing, after), f"a late request undoes: {thing}"

    def _is_there(self, thing, roistat):
        return is_there(thing, self.mapping, roistat.orders, roistat.clients)

    @invariant()
    def the_log_is_bounded(self):
        for member in self.reference.held:
            kept = self.redis.llen(f"roistat:history:{member}")
            assert kept <= store_module.HISTORY_KEPT

    # --- the end ---

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self._everything_passes()
        finally:
            for drainer in self.drainers:
                drainer.kill()

    def _everything_passes(self):
        while self.drainers:
            self._steps(self.drainers[0], 1, "answers", "done")
        for _ in range(12):
            self.time_passes(1000)
            self.map_what_is_held()
            self.drain(True, [])
            if not self.store.counts()["pending"] and self.is_mapped:
                break
        assert not self.store.counts()["pending"], "it never comes to rest"
        self.what_is_held_is_what_the_reference_says()
        parked = {member for member, _ in self.store.parked()}
        for member, thing in self.reference.held.items():
            refused = is_refused(thing, self.mapping)
            assert (member in parked) == refused, thing
            assert refused or self._is_there(thing, self.roistat), thing


@pytest.fixture
def acted(redis_client, without_coalescing, monkeypatch):
    monkeypatch.setattr(remap_module, "QUIET_SECONDS", 0)
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent)  # a third of the time
    yield ActedStore(redis_client)
    structlog.reset_defaults()


def run(acted, redis_client, examples=EXAMPLES, **options):
    """Play so many examples; give how many were played before it ended, however."""
    played = 0

    def machine():
        nonlocal played
        played += 1
        return Machine(acted, redis_client)

    wanted = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )
    try:
        run_state_machine_as_test(machine, settings=wanted)
    except AssertionError as error:
        return played, "\n".join([str(error), *getattr(error, "__notes__", [])])
    return played, ""


@pytest.mark.timeout(24 * 3600 if "MODEL_EXAMPLES" in os.environ else 120)
def test_whatever_happens_roistat_ends_with_what_the_reference_holds(
    acted, redis_client
):
    # to explain a failure would trace every line, and take minutes
    _, mistake = run(acted, redis_client, phases=[Phase.generate, Phase.shrink])
    assert not mistake, mistake


# Each part of the protocol that the model is there for, taken out.
PLANTED = {
    "no fence": (
        "put",
        "if held[1] and tonumber(fence) < tonumber(held[1]) then",
        "if false then",
    ),
    "no revision": (
        "settle",
        "local decided = mine and held[1] == rev",
        "local decided = mine",
    ),
    "what was not sent is known": (
        "settle",
        "if decided or attempt ~= '' then",
        "if true then",
    ),
    "no turns": ("pull", "or tonumber(held[3] or 0) > before)", ")"),
    "not unsure": (
        "settle",
        "return not held[3] or held[3] == digest or now >= tonumber(held[4])",
        "return true",
    ),
    "not unsure of the dead": (
        "open",
        "same and held[3] or '*', 'until', until_ms)",
        "digest, 'until', until_ms)",
    ),
    "sure too soon": (
        "settle",
        "if held[4] and now >= tonumber(held[4]) then",
        "if true then",
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("planted", PLANTED)
def test_the_model_finds(acted, redis_client, planted):
    name, old, new = PLANTED[planted]
    text = script(name)
    assert text.count(old) == 1, f"{name}.lua has changed: plant it anew"
    owner = acted.walks if name == "pull" else acted
    setattr(owner, f"_{name}", redis_client.register_script(text.replace(old, new)))
    played, mistake = run(acted, redis_client, 1000, phases=[Phase.generate])
    assert mistake, f"not found in {played} examples"
    sys.stdout.write(f"{planted}: found after {played} examples\n")
