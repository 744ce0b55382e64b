"""Leads on the dashboard: listed, shown as they came, sent again."""

import csv
import io
import re

import pytest

from receiver.store.leads import LeadOutcome
from tests.leads import KEY, lead, taking_leads
from tests.views.pages import sends
from tests.views.test_dashboard import SCRIPT

ADDRESS = "/website-leads"


@pytest.fixture
def person(config, dashboard_of):
    with dashboard_of(taking_leads(config)) as one:
        yield one


def settled(services, *outcomes):
    """Some leads, each with what became of it."""
    for number, outcome in enumerate(outcomes):
        services.lead_store.put(lead(f"l{number}", title=f"Request {number}"))
        held = services.lead_store.take("me", 60.0).held
        services.lead_store.settle("me", held.lead.id, outcome)


def rows(answer):
    return re.findall(rf'href="{ADDRESS}/([\w-]+)"', answer.text)


def test_leads_are_listed_by_what_became_of_them(person):
    settled(
        person.services,
        LeadOutcome.sent("d1", "https://crm.example/#d1"),
        LeadOutcome.refused("the CRM has no stage Nowhere"),
    )
    person.services.lead_store.put(lead("l9"))
    assert rows(person.get(ADDRESS)) == ["l9", "l1", "l0"]
    assert rows(person.get(f"{ADDRESS}?state=parked")) == ["l1"]
    assert rows(person.get(f"{ADDRESS}?state=kept")) == []
    assert "no stage Nowhere" in person.get(f"{ADDRESS}?state=parked").text
    assert person.get(f"{ADDRESS}?state=odd").status_code == 404


def test_a_long_list_goes_on(person):
    for number in range(120):
        person.services.lead_store.put(lead(f"l{number}"))
    seen, address = [], ADDRESS
    while address:
        answer = person.get(address)
        seen += rows(answer)
        following = re.search(r'href="([^"]+before=[^"]+)"', answer.text)
        address = following and following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (LeadOutcome.sent("d1", "https://crm.example/#d1"), "It is a deal in the CRM"),
        (LeadOutcome.sent("d1", "", note_on=True), "noted on a deal"),
        (LeadOutcome.refused("the CRM has no such stage"), "no such stage"),
        (LeadOutcome.later(600, "the CRM does not answer"), "does not answer"),
        (LeadOutcome.kept(), "only to be kept"),
    ],
)
def test_one_lead_says_what_became_of_it(person, outcome, words):
    settled(person.services, outcome)
    answer = person.get(f"{ADDRESS}/l0")
    assert words in answer.text
    assert "ada@shop.example" in answer.text
    assert ("Open in SugarCRM" in answer.text) is bool(outcome.url)


def test_a_lead_that_was_refused_is_sent_again(person):
    settled(person.services, LeadOutcome.refused("no such stage"))
    shown = person.get(f"{ADDRESS}/l0")
    answer = sends(person, shown, f"{ADDRESS}/again")
    assert answer.url.endswith(f"{ADDRESS}/l0")
    assert "on its way to the CRM again" in answer.text
    assert person.services.lead_store.find("l0").state == "waiting"
    assert person.services.background.count == 1
    gone = sends(person, shown, f"{ADDRESS}/again", id="nobody")
    assert gone.status_code == person.get(f"{ADDRESS}/nobody").status_code == 404


def test_what_a_visitor_typed_is_shown_as_it_stands(person):
    odd = dict.fromkeys(
        ("title", "name", "email", "phone", "company", "comment", "visit"), SCRIPT
    )
    odd |= dict.fromkeys(("stage", "source", "method", "contact_id"), SCRIPT)
    person.services.lead_store.put(lead("l1", fields={SCRIPT: SCRIPT}, **odd))
    taken = person.services.lead_store.take("me", 60.0).held
    evil = LeadOutcome("sent", SCRIPT, "javascript:alert(1)", SCRIPT)
    person.services.lead_store.settle("me", taken.lead.id, evil)
    for path in (ADDRESS, f"{ADDRESS}/l1"):
        text = person.get(path).text
        assert SCRIPT not in text
        assert "&lt;script&gt;" in text
        assert 'href="javascript' not in text


def test_no_personal_datum_stands_in_an_address(person):
    person.services.lead_store.put(lead("l1"))
    addresses = " ".join(re.findall(r'href="([^"]*)"', person.get(ADDRESS).text))
    for datum in ("ada", "Lovelace", "911"):
        assert datum not in addresses


def test_leads_can_be_taken_along(person):
    settled(person.services, LeadOutcome.refused("odd"))
    person.services.lead_store.put(lead("l1", title="=1+1"))
    answer = person.get("/website-leads.csv")
    assert 'filename="leads.csv"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    found = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {one["title"] for one in found} == {"'=1+1", "Request 0"}
    some = person.get("/website-leads.csv?state=parked").content.decode()
    assert len(some.splitlines()) == 2


def test_without_a_key_it_says_how_leads_are_turned_on(config, dashboard_of):
    with dashboard_of(config) as person:
        text = person.get(ADDRESS).text
        assert "LEADS_KEY is not set" in text
        assert "Which leads" not in text
        person.services.lead_store.put(lead("l1"))
        assert rows(person.get(ADDRESS)) == ["l1"]


def test_leads_that_nobody_can_send_are_told(person):
    assert "nobody can send them to the CRM" in person.get(ADDRESS).text


def test_websites_still_send_to_their_own_address(person):
    form = {"key": KEY, "title": "Request", "phone": "+7 911 123-45-67"}
    assert person.session.post(f"{person.url}/leads", data=form, timeout=20).ok
    assert len(rows(person.get(ADDRESS))) == 1
