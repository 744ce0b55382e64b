"""`sugar-roistat leads` and `forget`, and what `check` says of leads."""

import csv
import io
from dataclasses import replace

import pytest

from receiver import words
from receiver.bootstrap import bootstrap
from receiver.check import check
from receiver.store.leads import LeadOutcome
from tests.events import client, saved
from tests.leads import lead, taking_leads
from tests.memory_crm import MemoryCrm


@pytest.fixture
def leads(services):
    return services.lead_store


@pytest.fixture
def some(leads, monkeypatch):
    """One lead of each kind that has something to be said of."""
    monkeypatch.setenv("COLUMNS", "400")
    for one, outcome in (
        ("sent", LeadOutcome.sent("d1", "https://crm.example/d1")),
        ("parked", LeadOutcome.refused("[red]no such stage")),
        ("waiting", LeadOutcome.later(60, "The CRM is away.")),
    ):
        leads.put(lead(f"{one}-lead", title=f"=Title {one}"))
        leads.take("t")
        leads.settle("t", f"{one}-lead", outcome)


def test_the_list_says_what_became_of_each(cli, some):
    result = cli("leads")
    assert result.exit_code == 0, result.output
    rows = {line.split()[1]: line for line in result.output.splitlines() if "│" in line}
    assert "sent" in rows["sent-lead"]
    assert "d1" in rows["sent-lead"]
    assert "https://crm.example/d1" in result.output
    assert "[red]no such stage" in rows["parked-lead"]
    assert "The CRM is away." in rows["waiting-lead"]
    assert "Again at 20" in result.output
    assert "4521890" in rows["sent-lead"]


def test_the_list_is_of_a_state_or_of_those_named(cli, some):
    assert "sent-lead" not in cli("leads", "--state", "waiting").output
    assert "waiting-lead" not in cli("leads", "--parked").output
    assert "parked-lead" in cli("leads", "--parked").output
    named = cli("leads", "sent-lead", "nobody")
    assert named.exit_code == 1
    assert "Not held: nobody" in named.output
    assert "sent-lead" in named.output
    assert "parked-lead" not in named.output
    assert cli("leads", "--limit", "1").output.count("-lead") == 1


def test_the_csv_holds_all_and_no_formula(cli, some):
    result = cli("leads", "--csv")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert rows["sent-lead"]["title"] == "'=Title sent"
    assert rows["sent-lead"]["phone"] == "'+7 911 123-45-67"
    assert rows["sent-lead"]["address"] == "https://crm.example/d1"
    assert rows["waiting-lead"]["failures"] == "1"
    assert rows["waiting-lead"]["next"].startswith("20")
    assert rows["parked-lead"]["why"] == "[red]no such stage"
    assert "waiting" not in cli("leads", "--csv", "--parked").stdout


def test_leads_are_sent_again_by_name_or_all_that_are_parked(cli, some, leads):
    leads.take("t")  # clears what says that somebody was woken
    result = cli("leads", "--resend", "sent-lead", "sent-lead")
    assert (result.exit_code, result.output) == (0, "1 on their way again.\n")
    assert leads.find("sent-lead").state == "waiting"
    assert cli("leads", "--resend", "--parked").output == "1 on their way again.\n"
    assert leads.counts()["parked"] == 0


def test_sending_again_wakes_a_worker_and_names_what_is_not_held(cli, some, services):
    services.lead_store.take("t")
    result = cli("leads", "--resend", "parked-lead", "nobody")
    assert result.exit_code == 1
    assert "Not held: nobody" in result.output
    assert services.background.count == 1


def test_to_send_nothing_again_is_a_mistake(cli, redis_client):
    assert cli("leads", "--resend").exit_code == 2


# --- forgetting ---


def test_a_person_is_forgotten_with_leads_and_clients_alone(cli, put, services):
    leads = services.lead_store
    leads.put(lead("l1"))
    leads.put(lead("l2", email="x@y.example", phone="+49 30 1234567"))
    ada = client("c1", email="ADA@shop.example; second@shop.example", phone=None)
    bob = client("c2", email="bob@shop.example", phone="8 (911) 123-45-67")
    eve = client("c3", email="eve@shop.example", phone="+49 30 1234567")
    put(*(saved(f"d-{one['id']}", client=one) for one in (ada, bob, eve)))
    result = cli("forget", "--email", "ada@shop.example", "--phone", "+79111234567")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[:4] == [
        "Forgotten: 1 leads, 2 clients.",
        "Lead l1",
        "Client c1",
        "Client c2",
    ]
    assert "Not touched: what Roistat and the CRM hold" in lines[4]
    assert services.store.state("client:c1") is None
    assert services.store.state("client:c3").id == "c3"
    assert services.store.state("deal:d-c1").id == "d-c1"
    left = [key.decode() for key in services.redis.keys("*client:c1*")]
    assert left == []
    assert leads.find("l2")


def test_what_waits_of_a_forgotten_client_is_not_sent(
    cli, put, services, drain, roistat
):
    put(saved("d1", client=client("c1", email="ada@shop.example", phone=None)))
    cli("forget", "--email", "ada@shop.example")
    services.redis.zadd("roistat:due", {"deal:d1": 0})
    drain()
    assert roistat.clients == {}
    assert "d1" in roistat.orders


def test_who_is_parked_and_noted_is_forgotten_too(cli, put, services):
    put(saved("d1", client=client("c1", email="ada@shop.example", phone=None)))
    services.redis.zadd("roistat:parked", {"client:c1": 1})
    services.redis.hset("roistat:reasons", "client:c1", "bad name Ada")
    services.redis.hset("roistat:meta:client:c1", "note", "cut")
    services.redis.sadd("roistat:noted:cut", "client:c1")
    cli("forget", "--email", "ada@shop.example")
    assert services.store.noted("cut") == 0
    assert services.redis.hgetall("roistat:reasons") == {}
    assert services.store.counts()["parked"] == 0


@pytest.mark.parametrize(
    "arguments", [(), ("--email", ""), ("--email", "@"), ("--phone", "+7")]
)
def test_too_little_to_tell_a_person_is_refused(cli, redis_client, arguments):
    assert cli("forget", *arguments).exit_code == 2


def test_nobody_is_forgotten_twice(cli, redis_client):
    result = cli("forget", "--phone", "79111234567")
    assert result.exit_code == 0
    assert "Forgotten: 0 leads, 0 clients." in result.output


# --- what check says ---


def asked(services):
    return [(o.state, o.message) for o in check(services) if o.about == "Leads"]


def test_leads_that_are_off_are_well(services):
    assert asked(services) == [(words.OK, "No leads are taken: LEADS_KEY is not set.")]


@pytest.fixture
def taking(config, redis_client):
    """Services that take leads and have a CRM."""
    return bootstrap(taking_leads(config), MemoryCrm())


def test_what_waits_and_what_is_parked_is_told(taking):
    leads = taking.lead_store
    assert asked(taking) == [(words.OK, "0 wait.")]
    leads.put(lead())
    assert asked(taking) == [(words.OK, "1 wait.")]
    taking.redis.zadd("roistat:leads:waiting", {"l1": 1})
    ((state, told),) = asked(taking)
    assert state == words.DEGRADED
    assert told.startswith("1 wait, the first for")
    leads.take("t")
    leads.settle("t", "l1", LeadOutcome.refused("x"))
    ((state, told),) = asked(taking)
    assert (state, "leads --parked" in told) == (words.DEGRADED, True)


def test_leads_that_nobody_can_send_are_told(config, redis_client):
    told = asked(bootstrap(taking_leads(config)))
    assert told[1] == words.legs.LEADS_STAY


def test_leads_by_get_are_warned_of(config, redis_client):
    by_get = bootstrap(taking_leads(config, allow_get=True), MemoryCrm())
    assert asked(by_get)[1] == words.legs.LEADS_BY_GET
    off = replace(by_get, config=config)
    assert len(asked(off)) == 1
