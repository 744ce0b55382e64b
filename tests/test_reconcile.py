"""Both sides are compared by content: each difference is found, and repaired."""

import csv
import io
import json
import time
from dataclasses import replace

import pytest

from receiver import jobs, reconcile
from receiver.bootstrap import bootstrap
from receiver.commands import sync as sync_commands
from receiver.errors import UpstreamError
from receiver.mapping import Mapping
from receiver.reconcile import NIGHTLY, REPAIR, REPORT
from receiver.store import Outcome
from receiver.store import store as store_module
from tests.events import client
from tests.memory_crm import MemoryCrm, moment

ADD = "/project/add-orders"
LIST = "/project/integration/order/list"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    for name in ("GAP", "REST", "LONGEST"):
        monkeypatch.setattr(store_module, name, 0)


@pytest.fixture
def crm():
    """Six deals, the last one deleted."""
    crm = MemoryCrm()
    for number in range(6):
        crm.save(f"d{number}", at=number, client=client("c1"))
    crm.delete("d5", at=10)
    return crm


@pytest.fixture
def ours(config, redis_client, crm, roistat):
    """All of it delivered."""
    ours = bootstrap(config, crm)
    roistat.order("assumptions", {"list_quotas_apply": False})
    ours.catch_up.backfill.start()
    to_the_end(ours, ours.catch_up.backfill)
    crm.now += 60
    return ours


def nobody():
    """Wakes nobody."""


def to_the_end(ours, walker):
    for _ in range(300):
        progress = walker.progress() if hasattr(walker, "progress") else None
        progress = progress or ours.catch_up.reconcile.comparison()
        ours.delivery.drain()
        if progress.ended:
            return
        walker.run(0.05, nobody)
    raise AssertionError("it never ends")


def compared(ours, purpose=REPORT, **options):
    """One comparison; how each deal differs."""
    ours.catch_up.reconcile.start(purpose, **options)
    to_the_end(ours, ours.catch_up.reconcile)
    return {one.deal: one.kinds for one in ours.catch_up.reconcile.differences()}


def change(ours, deal_id, **changes):
    """Change an order in Roistat behind our back."""
    held = ours.store.state(f"deal:{deal_id}")
    from receiver.roistat.schemas import order_of

    order = order_of(held, ours.mapping.current()) | changes
    ours.roistat.add_orders([order])


def test_two_sides_that_agree_differ_in_nothing(ours):
    assert compared(ours) == {}
    last = ours.catch_up.reconcile.comparison()
    assert (last.orders, last.deals, last.differing) == (5, 6, 0)


def missing(ours, crm):
    ours.roistat.delete_order("d1")


def other_status(ours, crm):
    change(ours, "d1", status="Other")


def other_price(ours, crm):
    change(ours, "d1", price="1")


def other_cost(ours, crm):
    crm.save("d1", at=-1, cost="7")
    ours.catch_up.backfill.start()
    to_the_end(ours, ours.catch_up.backfill)
    change(ours, "d1", cost="8")


def other_visit(ours, crm):
    change(ours, "d1", roistat="99")


def other_field(ours, crm):
    change(ours, "d1", fields={"Lead source": "Other"})


def deleted(ours, crm):
    crm.delete("d1", at=1)


def restored(ours, crm):
    crm.save("d1", at=1)
    crm.delete("d1", at=2)
    ours.catch_up.backfill.start()
    to_the_end(ours, ours.catch_up.backfill)
    crm.save("d1", at=1)


def outside(ours, crm):
    crm.save("d1", at=-1, sales_stage="Draft")


def name(ours, crm):
    crm.save("d1", at=-1, name="By SQL")


def other_client(ours, crm):
    for number in range(5):
        crm.save(f"d{number}", at=-1, client=client("c1", phone="79990000000"))


def unknown(ours, crm):
    crm.purge("d1")


@pytest.fixture
def filtered(ours):
    ours.mapping.keep(
        Mapping.load(
            {
                "filter": {"sales_stage": {"not_in": ["Draft"]}},
                "fields": {"Lead source": "lead_source"},
            }
        )
    )
    ours.catch_up.reconcile.start(REPAIR)
    to_the_end(ours, ours.catch_up.reconcile)
    return ours


KINDS = {
    missing: ["missing"],
    other_status: ["status"],
    other_price: ["price"],
    other_cost: ["cost"],
    other_visit: ["visit"],
    other_field: ["field Lead source"],
    deleted: ["deleted"],
    restored: ["restored"],
    outside: ["outside the filter"],
    name: ["content"],
    other_client: ["client"],
    unknown: ["unknown"],
}


@pytest.mark.parametrize("happen", KINDS, ids=lambda happen: happen.__name__)
def test_each_kind_of_difference_is_found_and_repaired(filtered, crm, roistat, happen):
    happen(filtered, crm)
    before = filtered.store.state("deal:d1"), roistat.state()["orders"]
    found = compared(filtered)
    assert found["d1"] == KINDS[happen]
    assert (filtered.store.state("deal:d1"), roistat.state()["orders"]) == before
    assert filtered.store.counts()["pending"] == 0
    assert compared(filtered, REPAIR) == found
    assert compared(filtered) == {}
    wanted = crm.rows.get("d1")
    order = roistat.orders.get("d1")
    if not wanted or wanted[2]:
        assert order is None
    elif wanted[1]["sales_stage"] == "Draft":
        assert order["status"] == "sugar_roistat_not_registered"
    else:
        assert order["name"] == wanted[1]["name"]
        assert order["price"] == wanted[1]["amount_base"]
        assert order["status"] == "Prospecting"
    if happen is other_client:
        assert roistat.clients["c1"]["phone"] == "79990000000"


def test_what_we_never_sent_is_named_and_left_alone(ours, roistat):
    ours.roistat.add_orders([{"id": "x", "status": "Prospecting", "fields": {}}])
    assert compared(ours, REPAIR) == {"x": ["stranger"]}
    assert "x" in roistat.orders
    assert ours.catch_up.reconcile.comparison().repaired == 0


def test_a_deal_outside_the_filter_that_roistat_knows_from_before_is_taken_out(
    config, redis_client, crm, roistat
):
    only = Mapping.load({"filter": {"sales_stage": {"not_in": ["Draft"]}}})
    ours = bootstrap(replace(config, mapping=only), crm)
    crm.save("old", at=3, sales_stage="Draft")
    ours.stages.add({"Draft": "Draft"})
    ours.roistat.add_orders([{"id": "old", "status": "Draft", "fields": {}}])
    ours.catch_up.backfill.start()
    to_the_end(ours, ours.catch_up.backfill)
    assert compared(ours, REPAIR)["old"] == ["outside the filter"]
    assert roistat.orders["old"]["status"] == "sugar_roistat_not_registered"


def test_by_night_nothing_is_deleted_that_our_user_may_just_not_see(ours, crm, roistat):
    crm.purge("d1")
    crm.save("d2", at=-1, name="By SQL")
    assert compared(ours, NIGHTLY) == {"d1": ["unknown"], "d2": ["content"]}
    assert roistat.orders["d2"]["name"] == "By SQL"
    assert "d1" in roistat.orders


def test_what_was_sent_again_in_vain_is_not_sent_again_every_night(ours, crm, roistat):
    """Roistat goes on to show something else, whatever it is sent."""
    own = reconcile.row_of

    def other(order):
        row = own(order)
        return row | {"revenue": 7} if order["id"] == "d1" else row

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconcile, "row_of", other)
        assert compared(ours, NIGHTLY) == {"d1": ["price"]}
        assert ours.catch_up.reconcile.comparison().repaired == 1
        assert compared(ours, NIGHTLY) == {"d1": ["price"]}
        assert ours.catch_up.reconcile.comparison().repaired == 0
        assert compared(ours, REPAIR) == {"d1": ["price"]}
        assert ours.catch_up.reconcile.comparison().repaired == 1
    assert compared(ours) == {}


def test_a_lost_store_proves_nothing_and_is_filled_again(
    config, ours, crm, roistat, redis_client
):
    redis_client.flushall()
    assert set(compared(ours, REPAIR)) == {f"d{number}" for number in range(5)}
    assert compared(ours) == {}


def test_what_is_on_its_way_is_no_difference(ours, crm, put, roistat):
    crm.save("d1", name="Anew")
    put(crm.told("d1"))
    ours.catch_up.reconcile.start(REPORT)
    while ours.catch_up.reconcile.is_due():
        ours.catch_up.reconcile.run(0.05, nobody)
    assert list(ours.catch_up.reconcile.differences()) == []
    assert ours.catch_up.reconcile.comparison().on_their_way == 1


def test_what_arrived_meanwhile_is_no_difference(ours, crm, put, roistat):
    """The list was read before, the CRM's page after a live change."""
    first = reconcile._Page.orders

    def then_change(page):
        first(page)
        crm.save("d1", sales_stage="Closed Won", sales_stage_label="Closed Won")
        put(crm.told("d1"))
        ours.delivery.drain()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconcile._Page, "orders", then_change)
        assert compared(ours) == {}


def test_what_moves_while_a_page_is_compared_is_no_difference(ours, crm, put):
    crm.between = lambda page: (
        crm.save("d1", sales_stage="Closed Won"),
        put(crm.told("d1")),
        ours.delivery.drain(),
    )
    assert compared(ours) == {}


def test_what_was_refused_for_good_is_named_and_left_to_redeliver(ours, crm, put):
    crm.save("d1", name="Anew")
    put(crm.told("d1"))
    (one,) = ours.store.look("us", 10, hold=0).due
    from receiver.plan import plan

    (item,) = plan([one], ours.mapping.current()).orders
    outcome = Outcome("deal:d1", one.rev, "refused", item.digest, reason="bad")
    ours.store.settle("", [outcome])
    ours.store.release("us")
    assert compared(ours, REPAIR) == {"d1": ["parked"]}
    assert ours.store.counts()["pending"] == 0


def test_revenue_that_roistat_does_not_show_is_no_difference(ours, roistat):
    roistat.order("assumptions", {"revenue_only_when_paid": True})
    assert compared(ours) == {}


def test_a_visit_that_roistat_does_not_know_yet_is_no_difference(ours, roistat):
    roistat.order("visits", {"visits": ["1"]})
    assert compared(ours) == {}


def test_since_looks_at_what_changed_and_what_was_created_since(ours, crm):
    crm.save("d1", at=-1, name="By SQL")
    crm.save("d2", name="Anew")
    since = "2026-03-02T00:00:00Z"
    assert compared(ours, since=since) == {"d2": ["content"]}
    assert crm.asked == []


def test_rows_that_move_up_while_the_list_is_read_are_not_missed(
    ours, crm, roistat, monkeypatch
):
    monkeypatch.setattr(reconcile, "ROWS", 3)
    monkeypatch.setattr(reconcile, "OVERLAP", 1)
    for number in range(10, 20):
        entered = f"2026-02-{number}T00:00:00Z"
        crm.save(f"d{number}", at=number, date_entered=entered)
    ours.catch_up.backfill.start()
    to_the_end(ours, ours.catch_up.backfill)
    steps = []
    first = reconcile._Page.orders

    def then_delete(page):
        first(page)
        steps.append(page.comparison.offset)
        if len(steps) == 2:
            for number in (19, 18, 17):
                crm.purge(f"d{number}")
                ours.roistat.delete_order(f"d{number}")

    monkeypatch.setattr(reconcile._Page, "orders", then_delete)
    assert compared(ours) == {}
    assert ours.catch_up.reconcile.comparison().orders >= 12


def test_it_rests_where_the_quota_or_roistat_ask_for_it_and_goes_on(ours, crm, roistat):
    ours.catch_up.reconcile.start(REPORT)
    roistat.faults(next=[{"path": LIST, "status": 500, "error": "internal_error"}])
    ours.catch_up.reconcile.run(1, nobody)
    assert ours.catch_up.reconcile.comparison().not_before > time.time() + 20
    assert not ours.catch_up.reconcile.is_due()
    standing = ours.store.walks.pulling("reconcile")
    ours.store.walks.begin_pulling("reconcile", standing.walk | {"not_before": 0})
    to_the_end(ours, ours.catch_up.reconcile)
    assert list(ours.catch_up.reconcile.differences()) == []


@pytest.fixture
def many(ours, crm):
    """Hundreds more of them, delivered too, and changed by SQL since then."""
    for number in range(450):
        crm.save(f"many{number}", at=20 + number)
    ours.catch_up.backfill.start()
    to_the_end(ours, ours.catch_up.backfill)
    for number in range(450):
        crm.save(f"many{number}", at=-1, amount_base="77.00")
    return ours


def test_roistat_is_asked_about_the_differences_of_several_pages_together(
    many, roistat
):
    before = roistat.calls(LIST)
    assert len(compared(many)) == 450
    assert roistat.calls(LIST) - before <= 3  # the list itself, and twice about them


def test_roistat_is_asked_together_about_orders_that_the_crm_does_not_know(
    many, crm, roistat
):
    for number in range(450):
        crm.save(f"many{number}", at=-1, amount_base="1350.00")
    for number in range(0, 450, 40):
        crm.purge(f"many{number}")
    before = roistat.calls(LIST)
    assert len(compared(many)) == 12
    assert roistat.calls(LIST) - before == 2


def test_a_repair_makes_no_more_pending_at_a_time_than_live_changes_can_pass(
    many, roistat
):
    most, reconcile = 0, many.catch_up.reconcile
    reconcile.start(REPAIR)
    while not reconcile.comparison().ended:
        reconcile.run(0.01, nobody)
        most = max(most, many.store.counts()["pending"])
        while many.store.counts()["pending"]:
            many.delivery.drain()
    assert reconcile.comparison().repaired == 450
    assert most <= 200
    assert compared(many) == {}


def test_a_deal_that_moves_to_a_later_page_while_we_read_is_compared_as_it_is_there(
    many, crm, roistat
):
    def edit(page):
        if page == first + 1:
            crm.save("many310", amount_base="88.00")

    first, crm.between = crm.pages, edit
    compared(many, REPAIR, since=moment(20 + 300))
    many.delivery.drain()
    assert float(roistat.orders["many310"]["price"]) == 88


def test_it_leaves_nothing_of_roistat_s_list_behind(ours, redis_client):
    compared(ours)
    assert not redis_client.exists("roistat:orders", "roistat:met")


# --- by night ---


def test_the_clock_begins_one_each_night(ours, monkeypatch):
    monkeypatch.setattr(reconcile, "NIGHT", range(24))
    monkeypatch.setattr(jobs, "services", lambda: ours)
    ours.store.notes.keep_ping({"version": "1", "stages": []})
    assert ours.catch_up.is_needed()
    for _ in range(20):
        jobs.catch_up()
    last = ours.catch_up.reconcile.comparison()
    assert (last.purpose, bool(last.ended)) == (NIGHTLY, True)
    assert not ours.catch_up.reconcile.is_night()
    assert not ours.catch_up.is_needed()


def test_none_begins_by_day(ours, monkeypatch):
    monkeypatch.setattr(reconcile, "NIGHT", ())
    assert not ours.catch_up.reconcile.is_night()


# --- the commands ---


@pytest.fixture
def command(cli, ours, crm, monkeypatch):
    """Runs a command while somebody delivers."""
    monkeypatch.setattr(sync_commands, "bootstrap", lambda config: ours)
    monkeypatch.setattr(jobs, "wake", lambda queue: ours.delivery.drain())

    def run(*arguments):
        answer = cli(*arguments)
        ours.delivery.drain()
        return answer

    return run


def test_reconcile_fails_where_something_differs_and_says_what(command, crm):
    assert command("reconcile").exit_code == 0
    crm.save("d1", at=-1, name="By SQL [red]")
    crm.delete("d2", at=2)
    answer = command("reconcile")
    assert answer.exit_code == 1
    assert "By SQL [red]" in answer.output
    assert "deleted in the CRM" in answer.output
    assert "2 differ" in answer.output
    assert command("reconcile", "--repair").exit_code == 0
    assert command("reconcile").exit_code == 0


def test_the_report_comes_as_json_and_csv(command, crm):
    crm.save("d1", at=-1, name="=By SQL")
    told = json.loads(command("reconcile", "--json").stdout)
    assert told["kinds"] == {"content": 1}
    assert told["differences"] == [
        {"deal": "d1", "name": "=By SQL", "kinds": ["content"]}
    ]
    rows = list(csv.reader(io.StringIO(command("reconcile", "--csv").stdout)))
    assert rows == [["deal", "name", "differs"], ["d1", "'=By SQL", "content"]]


def test_backfill_shows_how_far_it_is_and_what_it_found(command, crm, roistat):
    for number in range(200):
        crm.save(f"e{number}", at=number)
    answer = command("backfill")
    assert answer.exit_code == 0, answer.output
    assert "200 new" in answer.output
    assert len(roistat.orders) == 205


def test_a_dry_run_says_what_it_takes_and_changes_nothing(command, crm, roistat):
    crm.save("e1")
    pages = crm.pages
    answer = command("backfill", "--dry-run", "--since", "2026-03-01")
    assert answer.exit_code == 0
    for word in ("Deals", "7", "Calls", "Hours", "Lead source", "today"):
        assert word in answer.output
    assert crm.pages == pages
    assert "e1" not in roistat.orders
    crm.counts = False
    assert "does not say" in command("backfill", "--dry-run").output


def test_ctrl_c_leaves_it_to_the_worker(command, ours, crm, monkeypatch):
    def interrupt(seconds, wake):
        raise KeyboardInterrupt

    monkeypatch.setattr(ours.catch_up.backfill, "run", interrupt)
    answer = command("backfill")
    assert answer.exit_code == 130
    assert "background" in answer.output
    assert ours.catch_up.backfill.is_unfinished()
    assert ours.catch_up.is_needed()


def test_sync_reads_at_once_and_says_what_it_found(command, crm, roistat):
    command("sync")
    crm.now += 300
    crm.save("d1", name="Anew")
    crm.now += 300
    answer = command("sync")
    assert answer.exit_code == 0
    assert "1 changed" in answer.output
    assert roistat.orders["d1"]["name"] == "Anew"


def test_a_crm_that_is_away_for_a_moment_is_asked_again(command, crm, monkeypatch):
    monkeypatch.setattr(sync_commands, "SLICE", 0.01)
    command("sync")
    crm.failures = []
    original = crm.page

    def fail_once(*args, **options):
        crm.page = original
        raise UpstreamError("the CRM does not answer")

    crm.page = fail_once
    answer = command("sync")
    assert answer.exit_code == 0
    assert "trying again" in answer.output


def test_a_crm_that_refuses_us_ends_the_command(command, crm):
    command("sync")
    crm.failures = [UpstreamError("the CRM refuses the password", permanent=True)]
    answer = command("sync")
    assert answer.exit_code == 1
    assert "refuses the password" in answer.output


@pytest.mark.parametrize("name", ["backfill", "sync", "reconcile"])
def test_without_a_crm_to_read_the_command_says_which_settings_are_missing(cli, name):
    answer = cli(name)
    assert answer.exit_code == 1
    assert "SUGAR_URL" in answer.output
