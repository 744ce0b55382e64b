"""Everything at a glance: computed from the store, in the words of `check`."""

from dataclasses import replace

import pytest

from receiver import overview, words
from receiver.bootstrap import bootstrap
from tests.events import instant, saved

ABOUT = {
    "version": "1.0.0",
    "stages": [{"key": "New", "label": "New"}],
    "fields": [],
    "pipeline": "sales_stage",
    "base_currency": "EUR",
}


@pytest.fixture
def told(services):
    """The CRM tells of itself and its outbox."""

    def tell(**outbox):
        swept = {"waiting": 0, "refused": 0, "last_sweep": instant()}
        services.store.notes.keep_ping(ABOUT | {"outbox": swept | outbox})

    return tell


def leg(services, about):
    (found,) = [one for one in overview.legs(services) if one.about == about]
    return found.state, found.message


@pytest.mark.parametrize(
    ("swept", "state", "says"),
    [
        (0, "ok", "cron runs"),
        (-600, "ok", "cron runs"),
        (-6000, "warning", "100 minutes"),
        (None, "warning", "never ran"),
        ("nonsense", "warning", "never ran"),
    ],
)
def test_the_crms_cron_is_told_to_run_or_not(services, told, swept, state, says):
    moment = instant(swept) if isinstance(swept, int) else swept
    told(last_sweep=moment)
    found = leg(services, "Cron")
    assert found[0] == state
    assert says in found[1]


@pytest.mark.parametrize(
    ("waiting", "refused", "state", "says"),
    [
        (0, 0, "ok", "None wait"),
        (None, None, "ok", "None wait"),
        (7, 0, "ok", "7 wait"),
        (7, 2, "warning", "2 deals lie in the CRM's outbox"),
    ],
)
def test_the_crms_outbox_is_told_of(services, told, waiting, refused, state, says):
    told(waiting=waiting, refused=refused)
    found = leg(services, "Outbox")
    assert found[0] == state
    assert says in found[1]


def test_nothing_is_said_of_a_cron_that_nobody_told_of(services):
    services.store.notes.keep_ping(ABOUT | {"outbox": None})
    about = [one.about for one in overview.legs(services)]
    assert "Cron" not in about
    assert "Outbox" not in about


def test_a_mapping_that_cannot_be_read_is_a_failed_leg(services):
    services.store.notes.keep_mapping("{")
    assert leg(services, "Mapping")[0] == "failed"
    assert overview.overview(services).state == "failed"


def test_nobody_is_called_for_it(services, roistat, put, told):
    told()
    put(saved("d1"))
    overview.overview(services)
    assert roistat.state()["requests"] == {}


def test_what_waits_is_counted_by_its_cause(services, put, drain, roistat):
    roistat.faults(next=[{"path": "/project/add-orders", "status": 500,
                          "error": "internal_error"}])  # fmt: skip
    put(saved("d1"), saved("d2"))
    drain()
    put(saved("d3"))
    waiting = overview.overview(services).waiting
    assert (waiting.total, waiting.looked_at) == (3, 3)
    assert waiting.by_cause == (("internal_error", 2), (words.parked.ON_ITS_WAY, 1))


def test_not_all_that_waits_is_looked_at(monkeypatch):
    monkeypatch.setattr(overview, "LOOKED_AT", 5)
    many = ((f"deal:d{n}", "internal_error: x") for n in range(9))
    found = overview.causes(many, 9)
    assert (found.total, found.looked_at) == (9, 5)
    assert found.by_cause == (("internal_error", 5),)


def test_how_fresh_roistat_is_is_told_by_the_hour(services, put, drain):
    put(saved("d1"), saved("d2"))
    drain()
    facts = overview.overview(services)
    hours = facts.hours
    assert (facts.day.count, facts.day.p50) == (2, hours[-1].p50)
    assert len(hours) == 24
    last = hours[-1]
    assert last.count == 2
    assert 0 < last.p50 <= last.p95 < 10
    assert [one.count for one in hours[:-1]] == [0] * 23


def test_deals_with_something_to_be_said_are_counted(services, put, drain):
    put(saved("d1", roistat=None), saved("d2"))
    drain()
    assert overview.overview(services).notes["direct"] == 1


@pytest.mark.parametrize(
    ("states", "state", "says"),
    [
        (["ok", "ok"], "ok", "Everything works"),
        (["ok", "unknown"], "unknown", "not all is known"),
        (["ok", "warning", "unknown"], "warning", "one thing"),
        (["warning", "warning"], "warning", "2 things"),
        (["warning", "degraded"], "degraded", "not all is well"),
        (["degraded", "failed"], "failed", "do not get through"),
    ],
)
def test_the_whole_is_as_bad_as_its_worst(states, state, says):
    found = words.legs.of_all(states)
    assert found[0] == state
    assert says in found[1]


def test_a_store_that_forgets_is_seen(config, redis_client):
    ours = bootstrap(replace(config, store_durable=None))
    assert leg(ours, "Store")[0] == "degraded"


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("incorrect_request: date_create is wrong", "incorrect_request"),
        ("http_413", "http_413"),
        ("", words.parked.ON_ITS_WAY),
        (words.deals.BEHIND, words.deals.BEHIND),
        ("Roistat cannot be reached: refused", "Roistat cannot be reached: refused"),
    ],
)
def test_what_has_the_same_cause_is_one(reason, cause):
    assert words.parked.cause(reason) == cause


def test_every_cause_has_a_cure():
    for cause in ("incorrect_request", "http_413", "http_422", "integration_error"):
        assert words.parked.cure(cause)
        assert words.parked.heading(cause)
    said = words.deals.no_number("price", "branch_c")
    assert words.parked.cure(said).startswith("The deal's field branch_c holds")
    assert words.parked.cure("Roistat refuses it.") == words.parked.cure("http_422")
    assert words.parked.heading(said) == "The price is no number"
