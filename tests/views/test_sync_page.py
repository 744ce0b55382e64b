"""Backfill, sync and reconcile are begun on a page and gone on with by the worker."""

import csv
import io
import json

import pytest
from rq import SimpleWorker

from receiver import jobs
from receiver.errors import UpstreamError
from receiver.views.dashboard import sync as page
from tests.views.pages import sends
from tests.views.test_dashboard import SCRIPT, Person

ADDRESS = "/sync"
BACKFILL, NOW, RECONCILE = "/sync/backfill", "/sync/now", "/sync/reconcile"


@pytest.fixture
def works(running, monkeypatch):
    """Has the background worker do all that is queued, and delivers it."""
    monkeypatch.setattr(jobs, "services", lambda: running)

    def work():
        worker = SimpleWorker([running.background], connection=running.redis)
        for _ in range(20):
            worker.work(burst=True)
            while running.delivery.drain():
                pass
            if not running.catch_up.is_needed():
                return

    return work


def presses(operator, address, **changes):
    return sends(operator, operator.get(ADDRESS), address, **changes)


def test_without_a_crm_to_read_it_says_what_to_set(config, dashboard_of):
    with dashboard_of(config) as person:
        answer = person.get(ADDRESS)
        assert "The CRM cannot be read: set SUGAR_API" in answer.text
        assert "<button>" not in answer.text.split("<main")[1]
        token = person.token("/")
        for path in (BACKFILL, NOW, RECONCILE):
            assert person.post(path, proof=token).status_code == 404
        assert person.get("/sync/differences.csv").status_code == 404


def test_a_page_does_not_ask_the_crm(operator, crm):
    crm.failures.append(UpstreamError("nobody should have asked", permanent=False))
    assert operator.get(ADDRESS).ok
    assert crm.failures


def test_a_backfill_is_begun_and_goes_on_in_the_background(
    operator, running, crm, roistat, works
):
    for number in range(250):
        crm.save(f"d{number}", at=number)
    answer = presses(operator, BACKFILL, action="begin")
    assert "The backfill has begun" in answer.text
    assert "0 of 250 deals" in answer.text
    assert running.background.count == 1
    works()
    text = operator.get(ADDRESS).text
    assert "250 deals" in text
    assert "250 new" in text
    assert "Under way" not in text
    assert len(roistat.orders) == 250


def test_how_far_it_is_and_when_it_ends_is_shown(operator, running, crm):
    for number in range(450):
        crm.save(f"d{number}", at=number)
    presses(operator, BACKFILL, action="begin")
    while not crm.pages:
        running.catch_up.backfill.run(0.001, lambda: None)
    text = operator.get(ADDRESS).text
    assert "Under way" in text
    assert "of 450 deals" in text
    assert "a second" in text
    assert "at the latest" in text
    assert "Look again" in text
    assert "on where it stood" in presses(operator, BACKFILL, action="begin").text


def test_an_estimate_changes_nothing(operator, running, crm):
    for number in range(250):
        crm.save(f"d{number}")
    answer = presses(operator, BACKFILL, action="estimate", since="2026-01-01")
    assert "<dd>250</dd>" in answer.text
    assert "<dd>6 at most</dd>" in answer.text
    assert "Nothing was changed" in answer.text
    assert 'value="2026-01-01"' in answer.text
    assert running.catch_up.backfill.progress() is None
    assert crm.pages == running.background.count == 0


def test_a_crm_that_does_not_say_how_many_there_are(operator, running, crm):
    crm.counts = False
    answer = presses(operator, BACKFILL, action="estimate")
    assert "the CRM does not say" in answer.text
    presses(operator, BACKFILL, action="begin")
    assert "does not say how many" in operator.get(ADDRESS).text


def test_a_stretch_of_time_can_be_chosen(operator, running, crm):
    presses(operator, BACKFILL, action="begin", since="2026-01-01", until="2026-02-01")
    progress = running.catch_up.backfill.progress()
    assert progress.since == "2026-01-01T00:00:00Z"
    assert progress.until == "2026-02-01T00:00:00Z"


@pytest.mark.parametrize("given", ["2026-02-30", "yesterday", "2026-1-1", SCRIPT])
@pytest.mark.parametrize(
    ("address", "name"), [(BACKFILL, "until"), (RECONCILE, "compared_since")]
)
def test_what_is_no_day_is_said_beside_it(operator, running, address, name, given):
    answer = presses(operator, address, action="begin", **{name: given})
    assert answer.status_code == 422
    assert "This is no day" in answer.text
    assert f'aria-describedby="wrong-{name.replace("_", "_5f")}"' in answer.text
    assert SCRIPT not in answer.text
    assert running.catch_up.backfill.progress() is None
    assert running.catch_up.reconcile.comparison() is None


@pytest.mark.parametrize("address", [BACKFILL, NOW])
def test_a_crm_that_cannot_be_read_is_told_in_words(
    operator, running, crm, address, monkeypatch
):
    def fails(*_, **__):
        raise UpstreamError("the CRM does not answer", permanent=False)

    monkeypatch.setattr(crm, "count", fails)
    monkeypatch.setattr(crm, "page", fails)
    answer = presses(operator, address, action="begin")
    assert answer.status_code == 502
    assert "Nothing was begun: the CRM does not answer." in answer.text
    assert running.background.count == 0


def test_a_crm_that_refused_us_is_told(operator, running):
    running.catch_up.failed(UpstreamError("the CRM refuses our login", permanent=True))
    text = operator.get(ADDRESS).text
    assert "the CRM refuses our login" in text
    assert "the next try is" in text


def test_what_webhooks_missed_is_read_at_once(operator, running, crm, works):
    crm.save("d1", at=100_000 - 90)
    assert "is being read" in presses(operator, NOW).text
    works()
    text = operator.get(ADDRESS).text
    assert "1 new" in text


def compared(operator, works, action):
    presses(operator, RECONCILE, action=action)
    works()
    return operator.get(ADDRESS)


def test_a_comparison_reports_and_changes_nothing(
    operator, running, crm, roistat, works
):
    crm.save("d1", at=1, name=SCRIPT)
    answer = compared(operator, works, "report")
    assert "1 deals, 0 orders in Roistat: 1 differ" in answer.text
    assert "missing in Roistat" in answer.text
    assert "&lt;script&gt;" in answer.text
    assert SCRIPT not in answer.text
    assert roistat.orders == {}


def test_a_repair_sends_what_differs(operator, running, crm, roistat, works):
    crm.save("d1", at=1)
    answer = compared(operator, works, "repair")
    assert "1 sent again" in answer.text
    assert list(roistat.orders) == ["d1"]
    assert "they agree" in compared(operator, works, "report").text


def test_the_report_can_be_taken_along(operator, crm, works):
    assert operator.get("/sync/differences.csv").status_code == 404
    crm.save("d1", at=1, name="=1+1")
    crm.save("d2", at=2, name='Say "so", twice')
    compared(operator, works, "report")
    answer = operator.get("/sync/differences.csv")
    assert 'filename="differences.csv"' in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = sorted(csv.reader(io.StringIO(answer.content.decode())))
    assert rows == [
        ["d1", "'=1+1", "missing"],
        ["d2", 'Say "so", twice', "missing"],
        ["deal", "name", "differs"],
    ]
    report = json.loads(operator.get("/sync/differences.json").content)
    assert report["kinds"] == {"missing": 2}
    assert {one["deal"] for one in report["differences"]} == {"d1", "d2"}
    assert operator.get("/sync/differences.xml").status_code == 404


def test_the_page_shows_the_first_differences_only(operator, crm, works, monkeypatch):
    monkeypatch.setattr(page, "SHOWN", 2)
    for number in range(5):
        crm.save(f"d{number}", at=number)
    text = compared(operator, works, "report").text
    assert "The first 2 of 5 deals that differ" in text
    assert text.count('href="/deals/d') == 2


def test_each_phase_of_a_comparison_is_named(operator, running):
    reconcile = running.catch_up.reconcile
    reconcile.start("repair")
    standing = running.store.walks.pulling("reconcile")
    for phase, words in (
        ("orders", "list is read"),
        ("deals", "deals are compared"),
        ("others", "only Roistat has"),
    ):
        walk = standing.walk | {"phase": phase, "orders": 10, "not_before": 9e9}
        running.store.walks.begin_pulling("reconcile", walk)
        text = operator.get(ADDRESS).text
        assert words in text
        assert "quota until" in text


def test_roistat_s_state_says_why_it_waits(operator, running, crm):
    running.store.notes.keep_verdict("failed", "Roistat refuses the key.")
    assert "It waits for Roistat" not in operator.get(ADDRESS).text
    presses(operator, BACKFILL, action="begin")
    assert (
        "It waits for Roistat: Roistat refuses the key." in operator.get(ADDRESS).text
    )


def test_nobody_begins_anything_without_logging_in(operator, running):
    stranger = Person(operator.url)
    for path in (BACKFILL, NOW, RECONCILE):
        stranger.post(path, action="begin")
    assert running.background.count == 0
