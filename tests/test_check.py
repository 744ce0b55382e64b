"""`check` says everything that is wrong, each by name."""

import pytest

from receiver.check import check
from tests.events import saved

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
    services.store.keep_ping(ABOUT)
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
        "Deals": "ok",
        "CRM": "ok",
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
    services.store.keep_ping(ABOUT | {"base_currency": "EUR"})
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
    services.store.keep_ping(ABOUT)
    services.roistat.set_statuses([])
    services.store.keep_statuses([])
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
