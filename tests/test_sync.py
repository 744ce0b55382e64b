"""Backfill and sync: every row ends in its newest state, behind what is live."""

import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver import jobs, sync
from receiver.bootstrap import bootstrap
from receiver.errors import UpstreamError
from receiver.schedule import Clock
from receiver.store import store as store_module
from tests.events import client
from tests.memory_crm import MemoryCrm, moment

ADD = "/project/add-orders"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    for name in ("GAP", "REST", "LONGEST"):
        monkeypatch.setattr(store_module, name, 0)


@pytest.fixture
def crm():
    return MemoryCrm()


@pytest.fixture
def ours(config, redis_client, crm):
    return bootstrap(config, crm)


@pytest.fixture
def drain(ours):
    return ours.delivery.drain


def nobody():
    """Wakes nobody."""


def walk_on(ours, puller):
    """Walk and deliver until the walk has come to its end."""
    for _ in range(200):
        if not puller.is_unfinished():
            ours.delivery.drain()
            return
        puller.run(0.05, nobody)
        ours.delivery.drain()
    raise AssertionError("it never ends")


def to_the_end(puller):
    """Walk, without delivering anything."""
    for _ in range(1000):
        if not puller.is_unfinished():
            return
        puller.run(0.01, nobody)
    raise AssertionError("it never ends")


def a_page(ours):
    """Walk until a page has been read, however busy the machine is."""
    before = ours.crm.pages
    while ours.crm.pages == before:
        ours.catch_up.backfill.run(0.001, nobody)


def backfill(ours, **stretch):
    ours.catch_up.backfill.start(**stretch)
    walk_on(ours, ours.catch_up.backfill)


def synced(ours):
    """One sync; what it found that no webhook had told of."""
    ours.catch_up.sync.start()
    walk_on(ours, ours.catch_up.sync)
    _, found = ours.catch_up.sync.last()
    return {cause: count for cause, count in found.items() if count}


# --- backfill ---


def test_every_deal_arrives_with_its_original_date(ours, crm, roistat):
    for number in range(250):
        crm.save(f"d{number}", at=number, client=client(f"c{number % 7}"))
    backfill(ours)
    assert len(roistat.orders) == 250
    assert {order["date_create"] for order in roistat.orders.values()} == {"1769853600"}
    assert len(roistat.clients) == 7
    assert ours.catch_up.backfill.found()["new"] == 250
    assert ours.catch_up.backfill.progress().done == 250


def test_what_a_webhook_delivered_causes_no_call(ours, crm, put, roistat):
    for number in range(150):
        crm.save(f"d{number}", at=number, client=client("c1"))
        put(crm.told(f"d{number}"))
    ours.delivery.drain()
    calls = roistat.state()["requests"]
    crm.now += 60
    backfill(ours)
    assert roistat.state()["requests"] == calls
    assert ours.store.counts()["pending"] == 0
    assert set(ours.catch_up.backfill.found().values()) == {0}


def test_five_thousand_deals_that_webhooks_delivered_cause_not_one_add_orders(
    ours, crm, put, roistat
):
    for number in range(5000):
        # several hundred share one second
        crm.save(f"d{number:04}", at=number // 300, amount_base=f"{number}.50")
    ids = list(crm.rows)
    for start in range(0, 5000, 100):
        put(*(crm.told(deal_id) for deal_id in ids[start : start + 100]))
        ours.delivery.drain()
    calls = roistat.calls(ADD)
    crm.now += 60
    ours.catch_up.backfill.start()
    to_the_end(ours.catch_up.backfill)
    ours.delivery.drain()
    assert len(roistat.orders) == 5000
    assert ours.catch_up.backfill.progress().done == 5000
    assert roistat.calls(ADD) == calls
    assert ours.store.counts()["pending"] == 0


def test_a_stretch_of_time_is_kept_to(ours, crm, roistat):
    for number in range(5):
        crm.save(f"d{number}", at=number * 86400)
    backfill(ours, since=moment(86400), until=moment(3 * 86400))
    assert set(roistat.orders) == {"d1", "d2"}


def test_a_deal_that_was_deleted_before_we_knew_it_is_not_spoken_of(ours, crm, roistat):
    crm.save("d1")
    crm.delete("d1")
    backfill(ours)
    assert ours.store.counts()["pending"] == 0
    assert ours.store.state("deal:d1") is None


def test_a_filter_holds_for_what_is_pulled(config, redis_client, crm, roistat):
    from receiver.mapping import Mapping

    only = Mapping.load({"filter": {"sales_stage": {"not_in": ["Draft"]}}})
    ours = bootstrap(replace(config, mapping=only), crm)
    crm.save("in", at=1)
    crm.save("out", at=2, sales_stage="Draft")
    backfill(ours)
    assert set(roistat.orders) == {"in"}
    crm.save("in", sales_stage="Draft")
    crm.save("out", sales_stage="Won")
    backfill(ours)
    assert roistat.orders["out"]["status"] == "Won"
    assert roistat.orders["in"]["status"] == "sugar_roistat_not_registered"


def test_it_goes_on_where_it_stood(ours, crm, config):
    for number in range(300):
        crm.save(f"d{number:03}", at=number)
    assert ours.catch_up.backfill.start()
    a_page(ours)
    assert crm.pages == 1
    again = bootstrap(config, crm)
    assert not again.catch_up.backfill.start()
    crm.now += 1
    walk_on(again, again.catch_up.backfill)
    # three pages, and another look at the last two minutes
    assert crm.pages == 4
    assert again.catch_up.backfill.progress().done == 300


def test_another_stretch_begins_anew(ours, crm):
    for number in range(150):
        crm.save(f"d{number:03}", at=number)
    ours.catch_up.backfill.start()
    a_page(ours)
    assert ours.catch_up.backfill.start(since=moment(50))
    assert ours.catch_up.backfill.progress().after is None


def test_a_page_that_was_taken_by_another_worker_is_not_counted_twice(ours, crm):
    for number in range(150):
        crm.save(f"d{number:03}", at=number)
    puller = ours.catch_up.backfill
    puller.start()
    stale = ours.store.walks.pulling("backfill")
    a_page(ours)
    puller._read_page(stale, sync.Progress.read(stale.walk), nobody)
    assert puller.progress().done == 100


def test_two_workers_do_not_read_the_same(ours, crm):
    crm.save("d1")
    ours.catch_up.backfill.start()
    with ours.store.walks.walking("backfill"):
        assert not ours.catch_up.backfill.run(0.05, nobody)
    assert crm.pages == 0


def test_live_changes_never_queue_behind_it(ours, crm, put, drain):
    for number in range(2000):
        crm.save(f"d{number:04}", at=number)
    crm.save("live", at=3000)
    ours.catch_up.backfill.start()
    ours.catch_up.backfill.run(0.5, nobody)
    assert 400 <= ours.store.counts()["pending"] <= 500
    put(crm.told("live"))
    due = ours.store.look("us", 200, hold=0).due
    assert len(due) == 200
    assert due[0].member == "deal:live"
    assert [one.behind for one in due] == [False] + [True] * 199


def test_it_draws_on_the_budget_only_what_live_changes_leave(
    config, redis_client, crm, roistat, put
):
    narrow = replace(config, roistat_requests_per_hour=18, roistat_batch_size=10)
    ours = bootstrap(narrow, crm)
    for number in range(400):
        crm.save(f"d{number:03}", at=number)
    ours.stages.add({"Prospecting": "Prospecting"})  # two calls
    ours.catch_up.backfill.start()
    for _ in range(20):
        ours.catch_up.backfill.run(0.05, nobody)
        ours.delivery.drain(0.5)
    assert roistat.calls(ADD) == 2
    assert ours.store.counts()["pending"] <= 150
    assert ours.store.notes.verdict()["state"] == "ok"
    crm.save("live")
    put(crm.told("live"))
    ours.delivery.drain(0.5)
    assert "live" in roistat.orders


def test_it_stops_while_roistat_takes_nothing(ours, crm, put):
    crm.save("d1", at=1)
    ours.catch_up.backfill.start()
    crm.save("waits")
    put(crm.told("waits"))
    ours.store.notes.keep_verdict("degraded", "Roistat cannot take deals just now")
    assert not ours.catch_up.backfill.run(1, nobody)
    assert crm.pages == 0


# --- what happens meanwhile ---


def test_an_edit_that_a_webhook_told_of_during_the_read_is_not_overwritten(
    ours, crm, put, roistat
):
    crm.save("d1", at=1, name="before")

    def edit(number):
        if number == 1:
            crm.now += 5
            crm.save("d1", name="after")
            put(crm.told("d1"))

    crm.between = edit
    backfill(ours)
    assert roistat.orders["d1"]["name"] == "after"


def test_a_webhook_read_before_but_told_during_the_read_is_not_overwritten(
    ours, crm, put, roistat
):
    """Its fence is older than the page's, its content newer: the read was slow."""
    crm.save("d1", at=1, name="before")

    def edit(number):
        if number == 1:
            crm.save("d1", at=-1, name="after")
            put(crm.told("d1", at=-1))

    crm.between = edit
    ours.catch_up.backfill.start()
    a_page(ours)
    assert ours.store.state("deal:d1").name == "after"


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "delete", "create", "late"]), st.integers(0, 11)
    ),
    max_size=4,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seconds=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    meanwhile=st.lists(OPERATIONS, max_size=6),
    size=st.integers(1, 4),
)
def test_every_row_ends_in_its_newest_state(
    ours, redis_client, monkeypatch, seconds, meanwhile, size
):
    """Rows that share seconds at the edges of pages; edits, deletions, new rows and
    such as are dated before they appear, between any two pages.
    """
    redis_client.flushall()
    monkeypatch.setattr(sync, "PAGE", size)
    crm = MemoryCrm()
    puller = sync.Backfill(ours.store, crm, ours.catch_up.backfill._room)
    for number, second in enumerate(seconds):
        crm.save(f"d{number}", at=second)
    edits = itertools.count()

    def play(page):
        crm.now += 1
        for what, number in meanwhile[page - 1] if page <= len(meanwhile) else ():
            deal_id = f"d{number}"
            if what == "delete" and deal_id in crm.rows:
                crm.delete(deal_id)
            elif what == "late":
                crm.save(deal_id, at=crm.now - 90, name=f"edit {next(edits)}")
            elif what == "create" or deal_id in crm.rows:
                crm.save(deal_id, name=f"edit {next(edits)}")

    crm.between = play
    puller.start()
    to_the_end(puller)
    crm.now += 1
    crm.between = lambda page: None  # what came after the last page
    last = sync.Sync(ours.store, crm, ours.catch_up.backfill._room, 5)
    last.start()
    to_the_end(last)
    for deal_id in crm.rows:
        held = ours.store.state(f"deal:{deal_id}")
        pulled = crm._pulled(deal_id).deal
        assert held == pulled or (held is None and pulled.deleted)


# --- sync ---


def test_it_begins_where_the_backfill_did(ours, crm):
    crm.save("d1", at=1)
    backfill(ours)
    crm.save("d2", at=crm.now - 60)
    crm.now += 600
    assert synced(ours) == {"new": 1}


def test_without_a_backfill_it_begins_now(ours, crm):
    crm.save("old", at=1)
    crm.save("recent", at=crm.now - 100)
    assert synced(ours) == {"new": 1}


def test_it_says_by_cause_what_no_webhook_had_told_of(ours, crm):
    for number in range(5):
        crm.save(f"d{number}", at=number)
    crm.save("gone", at=1)
    backfill(ours)
    crm.delete("gone")
    crm.now += 100
    synced(ours)
    crm.now += 300
    crm.save("d1", name="changed")
    crm.delete("d2")
    crm.save("new")
    crm.save("gone", name="back")
    crm.now += 300
    assert synced(ours) == {"new": 1, "changed": 1, "deleted": 1, "restored": 1}
    assert synced(ours) == {}


def test_what_webhooks_told_of_is_not_counted(ours, crm, put):
    synced(ours)
    crm.now += 300
    crm.save("d1")
    put(crm.told("d1"))
    crm.now += 300
    assert synced(ours) == {}


def test_a_change_whose_webhook_may_be_on_its_way_is_taken_but_not_counted(
    ours, crm, roistat
):
    synced(ours)
    crm.now += 300
    crm.save("d1", at=crm.now - 5)
    assert synced(ours) == {}
    assert set(roistat.orders) == {"d1"}


def test_a_deletion_that_no_webhook_told_of_reaches_roistat(ours, crm, roistat):
    crm.save("d1")
    backfill(ours)
    assert set(roistat.orders) == {"d1"}
    crm.now += 60
    crm.delete("d1")
    synced(ours)
    assert roistat.orders == {}


def test_a_crm_that_is_away_is_let_alone_and_then_read_on(ours, crm, monkeypatch):
    monkeypatch.setattr(jobs, "services", lambda: ours)
    crm.save("d1")
    crm.failures = [UpstreamError("the CRM does not answer")]
    jobs.catch_up()
    assert ours.store.notes.crm_verdict()["state"] == "degraded"
    assert not ours.catch_up.is_needed()
    note = ours.store.notes.crm_verdict()
    ours.store.notes.keep_crm_verdict(note["state"], note["message"], time.time() - 1)
    assert ours.catch_up.is_needed()
    jobs.catch_up()
    assert ours.store.notes.crm_verdict()["state"] == "ok"
    assert ours.store.state("deal:d1")


def test_a_crm_that_refuses_us_is_let_alone_for_longer(ours, crm):
    crm.failures = [UpstreamError("the CRM refuses the password", permanent=True)]
    ours.catch_up.run(nobody)
    verdict = ours.store.notes.crm_verdict()
    assert verdict["state"] == "failed"
    assert verdict["until"] > time.time() + 200


def test_what_the_crm_is_like_is_asked_where_no_package_tells(ours, crm):
    ours.catch_up.run(nobody)
    assert ours.store.notes.ping()["pulled"]
    ours.store.notes.keep_ping({"version": "1.0.0", "stages": []})
    ours.catch_up.run(nobody)
    assert "pulled" not in ours.store.notes.ping()


# --- the clock ---


def test_the_clock_has_it_done_every_so_many_minutes(ours, crm, monkeypatch):
    monkeypatch.setattr(jobs, "services", lambda: ours)
    monkeypatch.setattr(ours.catch_up.reconcile, "is_night", lambda: False)
    clock = Clock(ours)
    clock.catch_up_if_needed()
    clock.catch_up_if_needed()
    assert [job.func for job in ours.background.jobs] == [jobs.catch_up]
    ours.background.empty()
    crm.save("d1")
    jobs.catch_up()
    assert ours.live.count == 1
    clock.catch_up_if_needed()
    assert ours.background.count == 0
    walk = ours.store.walks.pulling("sync").walk
    ours.store.walks.begin_pulling("sync", walk | {"began": time.time() - 301})
    clock.catch_up_if_needed()
    assert ours.background.count == 1


def test_it_can_be_switched_off(config, redis_client, crm, monkeypatch):
    off = bootstrap(replace(config, sync_interval=0), crm)
    monkeypatch.setattr(off.catch_up.reconcile, "is_night", lambda: True)
    assert not off.catch_up.is_needed()
    off.catch_up.backfill.start()
    assert off.catch_up.is_needed()


def test_a_crm_that_cannot_be_read_only_calls(services):
    Clock(services).catch_up_if_needed()
    assert services.background.count == 0
    jobs.go_on(services.background)


def test_a_slice_that_redis_does_not_take_is_left_to_the_clock(config):
    away = bootstrap(replace(config, redis_url="redis://127.0.0.1:1/0"))
    jobs.go_on(away.background)
