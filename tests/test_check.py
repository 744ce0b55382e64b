"""`check` says everything that is wrong, each by name."""

import pytest

from receiver.check import check
from tests.events import instant, saved

ABOUT = {
    "version": "1.0.0",
    "stages": [{"key": "New", "label": "New"}],
    "fields": [
        {"name": "amount_usdollar", "label": "Amount", "type": "currency"},
        {"name": "branch_c", "label": "Branch", "type": "varchar"},
    ],
    "pipeline": "sales_stage",
    "base_currency": "RUB",
}


@pytest.fixture
def told(services):
    """The CRM has told about itself."""
    services.store.notes.keep_ping(ABOUT)
    services.roistat.set_statuses([{"id": "New", "name": "New", "type": "progress"}])


@pytest.fixture
def found(services):
    def ask():
        answers = {}
        for one in check(services):
            answers.setdefault(one.about, []).append((one.state, one.message))
        return answers

    return ask


def state(answers, about):
    return answers[about][0][0]


def said(answers, about):
    return " ".join(message for _, message in answers[about])


def test_each_is_asked_and_what_is_well_is_said_to_be(told, found, cli):
    answers = found()
    assert {about: state(answers, about) for about in answers} == {
        "Store": "ok",
        "Memory": "ok",
        "Deals": "ok",
        "Leads": "ok",
        "CRM": "ok",
        "Sync": "ok",
        "Roistat": "ok",
        "Budget": "ok",
        "Project": "ok",
        "Statuses": "ok",
        "Mapping": "degraded",
        "Deletions": "ok",
        "Orders": "ok",
    }


def test_a_mistake_of_the_mapping_is_named(told, found):
    assert 'the CRM has no stage "Closed Won"' in said(found(), "Mapping")


def test_another_currency_is_a_clear_warning(services, found):
    services.store.notes.keep_ping(ABOUT | {"base_currency": "EUR"})
    answers = found()
    assert state(answers, "Project") == "warning"
    assert "EUR" in said(answers, "Project")
    assert "RUB" in said(answers, "Project")


def test_a_project_that_the_key_does_not_open_is_named(config, found, services):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    other = bootstrap(replace(config, roistat_project="999"))
    about = {one.about: one for one in check(other)}
    assert about["Project"].state == "failed"
    assert "ROISTAT_PROJECT" in about["Project"].message


def test_stages_that_roistat_lacks_are_named(services, found):
    services.store.notes.keep_ping(ABOUT)
    services.roistat.set_statuses([])
    services.store.notes.keep_statuses([])
    assert "Roistat lacks stages: New" in said(found(), "Statuses")


def test_a_project_that_refuses_to_delete_is_a_warning(told, roistat, found):
    roistat.order("assumptions", {"integration": "crm"})
    answers = found()
    assert state(answers, "Deletions") == "warning"
    assert "moved into" in said(answers, "Deletions")


def test_orders_of_somebody_else_point_to_the_other_connector(
    told, services, put, found
):
    put(saved("ours"))
    services.delivery.drain()
    services.roistat.add_orders([{"id": "theirs", "status": "New", "name": "x"}])
    answers = found()
    assert state(answers, "Orders") == "warning"
    assert "newest 2 orders in Roistat, 1 are not from us" in said(answers, "Orders")


def test_a_silent_crm_is_noticed(services, found, redis_client):
    import json

    assert "has not called yet" in said(found(), "CRM")
    note = ABOUT | {"received_at": "2026-01-01T00:00:00Z"}
    redis_client.set("roistat:ping", json.dumps(note))
    assert "silent for" in said(found(), "CRM")


def test_what_the_crms_outbox_says_is_passed_on(services, found):
    outbox = {"waiting": 2, "refused": 2, "last_sweep": "2026-01-01T00:00:00Z"}
    services.store.notes.keep_ping(ABOUT | {"outbox": outbox})
    told = said(found(), "CRM")
    assert "cron stood still" in told
    assert "2 deals lie in the CRM's outbox" in told
    outbox = {"waiting": 0, "refused": 0, "last_sweep": instant()}
    services.store.notes.keep_ping(ABOUT | {"outbox": outbox})
    assert len(found()["CRM"]) == 1


def test_a_store_that_is_nearly_full_is_noticed(services, found, redis_client):
    redis_client.eval("redis.call('SET', 'much', string.rep('x', 20000000))", 0)
    used = redis_client.info("memory")["used_memory"]
    redis_client.config_set("maxmemory", int(used * 1.15))
    try:
        assert state(found(), "Memory") == "warning"
    finally:
        redis_client.config_set("maxmemory", 0)


def test_deals_that_arrived_with_something_to_be_said_are_counted(
    told, services, put, found
):
    put(saved("d1", roistat=None), saved("d2", roistat=None), saved("d3"))
    services.delivery.drain()
    assert "2: No visit: in Roistat it counts as direct traffic" in said(
        found(), "Deals"
    )


def test_a_used_up_budget_says_until_when(config, found):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    poor = bootstrap(replace(config, roistat_requests_per_hour=3))
    about = {one.about: one for one in check(poor)}
    assert about["Budget"].state == "degraded"
    assert "used up until" in about["Budget"].message


def test_where_roistat_is_away_the_rest_is_said_all_the_same(config, told):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    away = bootstrap(replace(config, roistat_url="http://127.0.0.1:1/api/v1"))
    about = {one.about: one.state for one in check(away)}
    assert about["Roistat"] == about["Project"] == "degraded"
    assert about["Store"] == "ok"
    assert "Mapping" in about


def test_warnings_alone_are_no_failure(told, cli, roistat, monkeypatch):
    monkeypatch.setenv("MAPPING", '{"statuses": {"New": "progress"}}')
    roistat.order("assumptions", {"integration": "crm"})
    result = cli("check")
    assert "warning" in result.output
    assert result.exit_code == 0, result.output


# --- reading the CRM ---


@pytest.fixture
def reading(config, redis_client, roistat):
    """Everything asked of a receiver that reads the CRM as well."""
    from receiver.bootstrap import bootstrap
    from tests.memory_crm import MemoryCrm

    crm = MemoryCrm()
    ours = bootstrap(config, crm)
    ours.store.notes.keep_ping(ABOUT)
    ours.roistat.set_statuses([{"id": "New", "name": "New", "type": "progress"}])

    def ask():
        answers = {}
        for one in check(ours):
            answers.setdefault(one.about, []).append((one.state, one.message))
        return answers

    ask.ours, ask.crm = ours, crm
    return ask


def sync(asking):
    asking.ours.catch_up.sync.start()
    for _ in range(50):
        asking.ours.catch_up.sync.run(0.1, lambda: None)
    assert not asking.ours.catch_up.sync.is_unfinished()


def test_a_receiver_that_only_receives_says_so(told, found):
    assert "SUGAR_URL" in said(found(), "Sync")
    assert "Reconcile" not in found()


def test_a_sync_and_a_comparison_that_never_were_are_warnings(reading):
    answers = reading()
    assert (state(answers, "Sync"), state(answers, "Reconcile")) == ("warning",) * 2


def test_what_webhooks_missed_is_a_warning_where_there_is_a_package(reading):
    sync(reading)
    assert state(reading(), "Sync") == "ok"
    reading.crm.now += 300
    reading.crm.save("d1")
    reading.crm.now += 300
    sync(reading)
    assert state(reading(), "Sync") == "warning"
    assert "1 new that no webhook had told of" in said(reading(), "Sync")
    reading.ours.store.notes.keep_ping(ABOUT | {"pulled": True})
    assert state(reading(), "Sync") == "ok"
    assert "No package" in said(reading(), "CRM")


def test_a_sync_that_is_late_is_a_warning(reading):
    sync(reading)
    walk = reading.ours.store.walks.pulling("sync").walk
    late = walk | {"ended": walk["ended"] - 3600}
    reading.ours.store.walks.begin_pulling("sync", late)
    assert "later than they should" in said(reading(), "Sync")


def test_a_crm_that_cannot_be_read_is_named(reading):
    reading.ours.store.notes.keep_crm_verdict("failed", "the CRM refuses the password.")
    assert state(reading(), "Sync") == "failed"


def test_the_last_comparison_says_what_differed(reading):
    reading.crm.save("d1")
    both = reading.ours.catch_up.reconcile
    both.start("report")
    assert "being compared" in said(reading(), "Reconcile")
    for _ in range(50):
        both.run(0.1, lambda: None)
    assert not both.is_due()
    assert state(reading(), "Reconcile") == "warning"
    assert "1 deals differed (1 missing), 0 were sent again" in said(
        reading(), "Reconcile"
    )
    reading.crm.purge("d1")
    both.start("report")
    for _ in range(50):
        both.run(0.1, lambda: None)
    assert not both.is_due()
    assert "they agree" in said(reading(), "Reconcile")
