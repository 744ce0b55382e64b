"""What the store takes, and when it is due: the fence and coalescing."""

import time
from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.deal import Deal
from receiver.store import record_of
from tests.events import client, event, instant, saved


def due(redis_client, member="deal:d1"):
    """In how many milliseconds a member is due; None where it is not pending."""
    score = redis_client.zscore("roistat:due", member)
    return None if score is None else score - time.time() * 1000


def settle_everything(redis_client):
    """As if all that is pending had been delivered long ago."""
    redis_client.delete("roistat:due", "roistat:woken")


def test_an_older_state_is_ignored_however_late_it_comes(put, store):
    assert put(saved("d1", at=-5, name="New")) == [True]
    assert put(saved("d1", at=-10, name="Old")) == [False]
    assert store.state("deal:d1").name == "New"


def test_the_same_moment_with_the_same_content_is_ignored(put):
    now = instant()
    assert put(saved("d1", at=now)) == [True]
    assert put(saved("d1", at=now)) == [False]


def test_the_same_moment_with_other_content_is_taken(put, store):
    now = instant()
    put(saved("d1", at=now, name="One"))
    assert put(saved("d1", at=now, name="Other")) == [True]
    assert store.state("deal:d1").name == "Other"


def test_a_microsecond_decides(put, store):
    put(saved("d1", at="2026-02-01T10:00:00.000002Z", name="Newer"))
    assert put(saved("d1", at="2026-02-01T10:00:00.000001Z", name="Older")) == [False]
    assert put(saved("d1", at="2026-02-01T10:00:00.000003Z", name="Newest")) == [True]
    assert store.state("deal:d1").name == "Newest"


def test_unchanged_content_moves_the_fence_and_nothing_else(put, redis_client):
    put(saved("d1", at=-20))
    settle_everything(redis_client)
    assert put(saved("d1", at=-5)) == [False]
    assert due(redis_client) is None
    assert put(saved("d1", at=-10, name="Between")) == [False]


def test_a_deletion_is_a_state_with_a_fence_of_its_own(put, store):
    put(saved("d1", at=-10))
    put(event({"id": "d1"}, "opportunity.deleted", at=-5))
    assert put(saved("d1", at=-7, name="Late")) == [False]
    assert store.state("deal:d1").deleted
    assert put(saved("d1", at=-1)) == [True]
    assert not store.state("deal:d1").deleted


def test_a_client_has_one_fence_embedded_or_alone(put, store):
    put(event(client("c1", name="New"), "client.saved", at=-5))
    assert put(saved("d1", at=-10, client=client("c1", name="Old"))) == [False, True]
    assert store.state("client:c1").name == "New"


def test_a_deal_and_a_client_of_one_id_are_two(put, store):
    put(saved("same", client=client("same")))
    assert store.state("deal:same").name == "Annual support"
    assert store.state("client:same").name == "Ada Example"


def test_a_quiet_deal_is_due_at_once(put, redis_client):
    put(saved("d1"))
    assert due(redis_client) <= 0


def test_right_after_a_call_a_change_waits_to_share_the_next(put, redis_client):
    redis_client.set("roistat:sent", int(time.time() * 1000))
    put(saved("d1"))
    assert 0 < due(redis_client) <= 800


def test_a_deal_that_goes_on_changing_rests_but_not_for_ever(put, redis_client):
    put(saved("d1", at=-9, name="0"))
    put(saved("d1", at=-8, name="1"))
    assert 0 < due(redis_client) <= 500
    long_ago = int(time.time() * 1000) - 1900
    redis_client.hset("roistat:meta:deal:d1", "since", long_ago)
    put(saved("d1", at=-7, name="2"))
    assert due(redis_client) <= 100


def test_a_change_does_not_hurry_a_deal_that_waits_for_a_failure(put, redis_client):
    put(saved("d1", at=-9, name="0"))
    redis_client.hset("roistat:meta:deal:d1", "tries", 3)
    redis_client.zadd("roistat:due", {"deal:d1": (time.time() + 60) * 1000})
    put(saved("d1", at=-8, name="1"))
    assert due(redis_client) > 50_000


def test_new_content_gives_a_parked_deal_another_chance(put, store, redis_client):
    put(saved("d1", at=-9))
    settle_everything(redis_client)
    redis_client.zadd("roistat:parked", {"deal:d1": 1})
    redis_client.hset("roistat:reasons", "deal:d1", "bad date")
    put(saved("d1", at=-8, name="Corrected"))
    assert list(store.parked()) == []
    assert due(redis_client) is not None


def test_unchanged_content_leaves_a_parked_deal_parked(put, store, redis_client):
    put(saved("d1", at=-9))
    settle_everything(redis_client)
    redis_client.zadd("roistat:parked", {"deal:d1": 1})
    put(saved("d1", at=-8))
    assert [member for member, _ in store.parked()] == ["deal:d1"]


def test_what_is_held_comes_back_whole(put, store):
    put(saved("d1", name="Привет 🚀 <b>", fields={"n_c": 1.5, "b_c": True, "x": None}))
    deal = store.state("deal:d1")
    assert deal.name == "Привет 🚀 <b>"
    assert deal.fields == {"n_c": 1.5, "b_c": True, "x": None}


names = st.sampled_from("abc")
arrivals = st.lists(
    st.tuples(st.sampled_from(["d1", "d2"]), st.integers(1, 6), names), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(arrivals)
def test_in_whatever_order_states_arrive_the_newest_is_held(
    store, redis_client, arrivals
):
    redis_client.flushall()
    newest = defaultdict(lambda: (0, ""))
    for deal_id, fence, name in arrivals:
        store.put([record_of(Deal(deal_id, name), fence)])
        if fence >= newest[deal_id][0]:
            newest[deal_id] = (fence, name)
    for deal_id, (_, name) in newest.items():
        assert store.state(f"deal:{deal_id}").name == name


def told(store, records, start=0):
    """So many saves of one moment, each of another deal."""
    numbers = range(start, start + records)
    return store.put([record_of(Deal(f"r{n}", "imported"), 1) for n in numbers])


def test_in_a_rush_a_deal_waits_as_long_as_it_may(put, store, redis_client):
    told(store, 250)
    assert due(redis_client, "deal:r0") <= 0
    told(store, 250, start=250)
    assert 1700 < due(redis_client, "deal:r300") <= 2000
    put(saved("r300", name="Corrected"))
    assert 1500 < due(redis_client, "deal:r300") <= 2000
    put(saved("quiet"))
    assert 1500 < due(redis_client, "deal:quiet") <= 2000


def test_what_is_told_twice_or_late_is_told_all_the_same(store, redis_client):
    for _ in range(3):
        told(store, 150)
    assert redis_client.exists("roistat:rush")


def test_a_rush_is_soon_over(put, store, redis_client):
    told(store, 500)
    time.sleep(1.05)
    put(saved("quiet"))
    assert due(redis_client, "deal:quiet") <= 0


def test_as_many_over_a_longer_time_are_no_rush(store, redis_client):
    for start in range(0, 600, 200):
        told(store, 200, start)
        time.sleep(0.55)
    assert not redis_client.exists("roistat:rush")
    assert due(redis_client, "deal:r599") <= 0
