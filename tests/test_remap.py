"""What is held follows another mapping, in slices, behind what is live."""

import time
from dataclasses import replace

import pytest
import redis

from receiver import jobs, remap
from receiver.bootstrap import bootstrap
from receiver.mapping import Mapping
from receiver.remap import MappingSource, Remap
from receiver.room import Room
from receiver.schedule import Clock
from receiver.store import DONE, Outcome, Store
from tests.events import client, event, saved
from tests.waiting import hurry

ADD = "/project/add-orders"


@pytest.fixture(autouse=True)
def _no_waiting(without_coalescing, monkeypatch):
    monkeypatch.setattr(remap, "QUIET_SECONDS", 0)


@pytest.fixture
def keep(services):
    return lambda **settings: services.mapping.keep(Mapping.load(settings))


@pytest.fixture
def walk_on(services, drain):
    """Walks and delivers until there is nothing left to walk; gives how many slices."""

    def walk():
        for slices in range(50):
            if not services.remap.is_needed():
                return slices
            services.remap.run()
            drain()
        raise AssertionError("it never ends")

    return walk


def prices(roistat):
    return {id_: order["price"] for id_, order in roistat.orders.items()}


def pending(store):
    return {member for member, _ in store.pending()}


# --- the mapping in force ---


def test_a_delivery_goes_by_the_mapping_in_force_without_a_restart(
    put, drain, keep, roistat
):
    put(saved("d1"))
    drain()
    keep(price="amount")
    put(saved("d2"))
    drain()
    assert prices(roistat) == {"d1": "1350.00", "d2": "1234.56"}


def test_the_setting_wins_over_what_is_stored(config, store, keep):
    keep(price="amount")
    configured = Mapping(price="cost")
    source = MappingSource(configured, store)
    assert (source.current(), source.origin()) == (configured, "MAPPING")


def test_a_stored_mapping_that_cannot_be_read_sends_nothing_and_loses_nothing(
    services, put, store, roistat, monkeypatch
):
    monkeypatch.setattr(jobs, "services", lambda: services)
    store.notes.keep_mapping('{"from": "a later version"}')
    put(saved("d1"))
    jobs.drain()
    Clock(services).enqueue_jobs()
    assert roistat.orders == {}
    store.notes.keep_mapping("{}")
    jobs.drain()
    assert set(roistat.orders) == {"d1"}


# --- what follows ---


def test_held_deals_whose_order_differs_are_sent_again(
    put, drain, keep, walk_on, roistat
):
    put(saved("d1"), saved("d2", amount="1350.00"))
    drain()
    keep(price="amount")
    walk_on()
    assert prices(roistat) == {"d1": "1234.56", "d2": "1350.00"}


def test_a_deal_whose_price_is_no_number_by_the_new_mapping_is_told(
    services, put, drain, keep, walk_on
):
    put(saved("d1"))
    drain()
    keep(price="branch_c")
    walk_on()
    ((member, reason),) = services.store.parked()
    assert member == "deal:d1"
    assert "branch_c" in reason


def test_what_the_mapping_does_not_change_is_not_made_pending(
    services, put, drain, keep, roistat
):
    put(saved("d1", amount="1350.00", client=client("c1")), saved("d2"))
    drain()
    keep(price="amount")
    services.remap.run()
    assert pending(services.store) == {"deal:d2"}


def test_a_store_that_has_never_been_walked_is_walked_once(
    services, put, drain, walk_on, roistat
):
    put(saved("d1"))
    drain()
    assert services.remap.is_needed()
    assert walk_on() == 1
    assert roistat.calls(ADD) == 1


def test_what_is_deleted_stays_as_it_is(services, put, drain, keep, roistat):
    put(saved("d1"))
    drain()
    put(event({"id": "d1"}, "opportunity.deleted", at=1))
    drain()
    keep(deleted="move", price="amount")
    services.remap.run()
    assert pending(services.store) == set()
    assert services.redis.ttl("roistat:state:deal:d1") > 0


def park(services, put, deal_id):
    put(saved(deal_id))
    look = services.store.look("us", 10, hold=0)
    (order,) = remap.plan(look.due, Mapping()).orders
    outcome = Outcome(f"deal:{deal_id}", 1, "refused", order.digest, reason="bad")
    services.store.settle("", [outcome])
    services.store.release("us")


def test_a_parked_deal_is_tried_again_where_its_order_differs(
    services, put, keep, walk_on, roistat
):
    park(services, put, "d1")
    keep(price="amount")
    walk_on()
    assert prices(roistat) == {"d1": "1234.56"}
    assert list(services.store.parked()) == []


def test_a_parked_deal_whose_order_is_the_same_stays_parked(
    services, put, keep, walk_on, roistat
):
    park(services, put, "d1")
    keep(statuses={})
    walk_on()
    assert list(services.store.parked()) == [("deal:d1", "bad")]
    assert roistat.orders == {}


def test_what_was_planned_by_the_mapping_before_clears_nothing(
    services, put, keep, walk_on, roistat
):
    """A drainer stops between its plan and its call, while the mapping changes."""
    put(saved("d1"))
    due = services.store.look("slow", 10, hold=0).due
    planned = remap.plan(due, services.mapping.current()).orders
    opened = [(item.pending, item.digest, "{}") for item in planned]
    (rev,) = services.store.open("slow", "a1", opened)
    keep(price="amount")
    services.remap.run()
    services.roistat.add_orders([item.body for item in planned])
    outcome = Outcome("deal:d1", rev, "delivered", planned[0].digest)
    services.store.settle("a1", [outcome])
    services.store.release("slow")
    walk_on()
    services.delivery.drain()
    assert prices(roistat) == {"d1": "1234.56"}


def test_of_what_is_pending_nobody_knows_by_which_mapping_it_was_planned(
    services, put, drain, keep
):
    """A drainer stops between its look and its call, while the mapping changes back to
    the one by which Roistat has the deal.
    """
    put(saved("d1"))
    drain()
    keep(price="amount")
    services.remap.run()
    due = services.store.look("slow", 10, hold=0).due
    planned = remap.plan(due, services.mapping.current()).orders
    keep()
    services.remap.run()
    opened = [(item.pending, item.digest, "{}") for item in planned]
    assert services.store.open("slow", "a1", opened) == [-1]


def test_a_deal_that_waits_for_its_visit_goes_by_the_new_mapping_at_once(
    services, put, drain, keep, roistat
):
    roistat.order("visits", ["1"])
    put(saved("d1", roistat="2"), saved("d2", roistat="1"))
    drain()
    hurry(services)
    drain()
    keep(price="amount")
    services.remap.run()
    put(saved("live"))
    due = services.store.look("us", 10, hold=0).due
    assert [one.member for one in due] == ["deal:live", "deal:d1", "deal:d2"]
    services.store.release("us")
    drain()
    assert set(prices(roistat).values()) == {"1234.56"}


def test_however_often_the_mapping_changes_no_visit_is_given_up_the_sooner(
    services, put, drain, keep, walk_on, roistat
):
    roistat.order("visits", ["1"])
    put(saved("d1", roistat="2"))
    drain()
    for price in ("amount", "amount_base") * 5:
        keep(price=price)
        walk_on()
        services.remap.run()
    assert pending(services.store) == {"deal:d1"}
    assert services.redis.hget("roistat:meta:deal:d1", "waits") == b"1"
    roistat.order("visits", ["2"])
    hurry(services, 301)
    drain()
    assert pending(services.store) == set()


def test_a_deal_that_waits_for_a_failure_to_pass_keeps_its_time(
    services, put, drain, keep, roistat
):
    put(saved("d1"))
    roistat.faults(next=[{"path": ADD, "status": 500, "error": "internal_error"}])
    drain()
    services.store.notes.keep_verdict("ok", "Roistat answers")
    due_at = services.redis.zscore("roistat:due", "deal:d1")
    keep(price="amount")
    services.remap.run()
    assert not services.remap.is_needed()
    assert services.redis.zscore("roistat:due", "deal:d1") == due_at


def test_back_and_forth_ends_where_it_should(
    services, put, drain, keep, walk_on, roistat
):
    put(*(saved(f"d{number}") for number in range(5)))
    drain()
    walk_on()
    keep(price="amount")
    services.remap.run()
    drain()
    keep()
    walk_on()
    assert set(prices(roistat).values()) == {"1350.00"}


def test_a_change_taken_back_before_anybody_walked_leaves_nobody_behind(
    services, put, drain, keep, walk_on, roistat
):
    put(saved("d1"))
    walk_on()
    keep(price="amount")
    put(saved("d2"))
    drain()
    keep()
    walk_on()
    assert prices(roistat) == {"d1": "1350.00", "d2": "1350.00"}


# --- in slices, behind what is live ---


@pytest.fixture
def narrow(services):
    """A walk that may make only about ten pending at a time."""
    return Remap(services.store, services.mapping, Room(services.store, 10))


@pytest.fixture
def many(put, drain, monkeypatch):
    monkeypatch.setattr(remap, "PAGE", 5)
    for start in range(0, 300, 50):
        put(*(saved(f"d{number}") for number in range(start, start + 50)))
    drain()


def test_no_more_than_a_batch_waits_at_a_time(services, many, narrow, keep, drain):
    keep(price="amount")
    slices = 0
    while narrow.is_needed():
        narrow.run()
        assert services.store.counts()["pending"] < 10 + 4 * 5
        drain()
        slices += 1
    assert slices >= 8


def test_a_walk_goes_on_where_a_killed_worker_stood(
    services, many, narrow, keep, drain, walk_on, roistat, config
):
    keep(price="amount")
    narrow.run()
    drain()
    stood = services.store.walks.walk().cursor
    assert stood not in ("0", DONE)
    again = bootstrap(config)
    cursors = []
    held = again.store.held
    again.store.held = lambda cursor, count: (
        cursors.append(cursor) or held(cursor, count)
    )
    again.remap.run()
    assert cursors[0] == stood
    walk_on()
    assert set(prices(roistat).values()) == {"1234.56"}
    assert len(roistat.orders) == 300


def test_a_cursor_of_a_server_that_restarted_is_not_trusted(
    services, many, narrow, keep, redis_client, monkeypatch
):
    keep(price="amount")
    narrow.run()
    redis_client.hset("roistat:remap", "server", "the one before")
    monkeypatch.setattr(narrow._room, "is_free", lambda: False)
    narrow.run()
    assert services.store.walks.walk().cursor == "0"


def test_a_host_that_refuses_info_is_taken_as_it_comes(redis_client, valkey):
    store = Store(redis_client)
    assert len(store.host.run()) == 40
    redis_client.acl_setuser(
        "narrow", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"]
    )
    with redis.Redis.from_url(
        valkey.connection_url, username="narrow", password="any"
    ) as client:
        assert Store(client).host.run() == ""
    redis_client.acl_deluser("narrow")


def test_two_workers_do_not_walk_in_each_other_s_way(services, many, keep):
    keep(price="amount")
    services.remap.run(0)
    walk = services.store.walks.walk()
    following, _ = services.store.held(walk.cursor, 5)
    assert services.store.walks.remap(walk, following, ["deal:d1"])
    assert not services.store.walks.remap(walk, following, ["deal:d2"])
    assert pending(services.store) == {"deal:d1"}


def test_live_changes_go_first(services, put, drain, keep):
    put(saved("old"), saved("others"))
    drain()
    keep(price="amount")
    services.remap.run()
    time.sleep(0.01)
    put(saved("live"), saved("others", name="Anew", at=1))
    due = services.store.look("us", 10, hold=0).due
    assert {one.member for one in due[:2]} == {"deal:live", "deal:others"}
    assert [one.member for one in due[2:]] == ["deal:old"]


def test_nobody_stays_behind_for_good(services, put, drain, keep):
    put(saved("delivered"), saved("asked for"))
    drain()
    keep(price="amount")
    services.remap.run()
    services.store.redeliver(["deal:asked for"])
    assert not services.redis.hexists("roistat:meta:deal:asked for", "behind")
    drain()
    assert not services.redis.hexists("roistat:meta:deal:delivered", "behind")


def test_the_walk_stops_while_roistat_takes_nothing(
    services, put, drain, keep, roistat
):
    put(saved("d1"))
    drain()
    keep(price="amount")
    put(saved("waits"))
    services.store.notes.keep_verdict("degraded", "Roistat cannot take deals just now")
    services.remap.run()
    assert pending(services.store) == {"deal:waits"}
    drain()
    services.remap.run()
    assert pending(services.store) == {"deal:d1"}


def test_an_old_verdict_does_not_hold_up_the_walk(services, put, drain, keep):
    put(saved("d1"))
    drain()
    keep(price="amount")
    services.store.notes.keep_verdict("degraded", "long ago")
    services.remap.run()
    assert pending(services.store) == {"deal:d1"}


def test_the_walk_waits_until_processes_with_another_mapping_are_gone(
    services, put, drain, keep, monkeypatch
):
    monkeypatch.setattr(remap, "QUIET_SECONDS", 60)
    put(saved("d1"))
    drain()
    keep(price="amount")
    services.remap.run()
    assert pending(services.store) == set()
    services.redis.hset("roistat:remap", "began", time.time() - 61)
    services.remap.run()
    assert pending(services.store) == {"deal:d1"}


# --- the clock ---


def test_the_clock_has_the_walk_go_on_until_it_is_done(
    services, put, drain, keep, walk_on, monkeypatch
):
    monkeypatch.setattr(jobs, "services", lambda: services)
    put(saved("d1"))
    drain()
    keep(price="amount")
    clock = Clock(services)
    clock.enqueue_jobs()
    clock.enqueue_jobs()
    assert services.background.count == 1
    (job,) = services.background.jobs
    assert job.func is jobs.remap
    services.live.empty()
    jobs.remap()
    assert services.live.count == 1
    assert pending(services.store) == {"deal:d1"}
    services.background.empty()
    clock.enqueue_jobs()
    assert services.background.count == 0


def test_a_slice_that_redis_does_not_take_is_left_to_the_clock(config):
    away = bootstrap(replace(config, redis_url="redis://127.0.0.1:1/0"))
    jobs.map_again(away.background)
