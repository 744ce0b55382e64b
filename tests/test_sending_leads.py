"""Leads on their way into the CRM: taken, retried, given up, noted, all once."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from receiver import bootstrap, jobs
from receiver import leads as leads_module
from receiver.config import Config, LeadsConfig, SugarConfig
from receiver.deal import Lead
from receiver.emulators.sugarcrm import create_emulator
from receiver.errors import StoreUnavailable
from receiver.leads import Leads
from receiver.schedule import Clock
from receiver.store.leads import HeldLead, LeadStore
from receiver.store.people import Person as StoredPerson
from receiver.sugarcrm import calls
from tests.live import served
from tests.settings import sugar_settings
from tests.sugarcrm.conftest import Sugar
from tests.sugarcrm.swallowing import Swallowing


@pytest.fixture
def sugar() -> Iterator[Sugar]:
    with served(create_emulator(username="sync", password="pw")) as url:
        yield Sugar(url)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs in again at once, so that a test need not wait."""
    monkeypatch.setattr(calls, "WAITS", (0.01, 0.01, 0.01))


@pytest.fixture
def settings(sugar: Sugar) -> SugarConfig:
    return sugar_settings(sugar.url)


@pytest.fixture
def store(redis_client: Any) -> LeadStore:
    return LeadStore(redis_client)


Make = Callable[..., Leads]


@pytest.fixture
def make(settings: SugarConfig, redis_client: Any, store: LeadStore) -> Make:
    """Makes what sends leads; each is a worker of its own."""

    def make_leads(repeat: int = 60, **options: Any) -> Leads:
        changes = {k: options.pop(k) for k in ("url", "password") if k in options}
        crm = bootstrap.reach_to_write(replace(settings, **changes), redis_client)
        return Leads(store, crm, repeat_minutes=repeat, **options)

    return make_leads


def lead(number: int = 1, **values: Any) -> Lead:
    known = {
        "id": str(uuid.uuid4()),
        "received": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "title": f"lead {number}",
        "name": "Ann Jensen",
        "email": f"{number}@x.example",
    }
    return Lead(**known | values)


def put(store: LeadStore, *leads: Lead) -> None:
    for one in leads:
        store.put(one)
        time.sleep(0.002)  # leads of one millisecond are in no order


def held(store: LeadStore, one: Lead) -> HeldLead:
    found = store.find(one.id)
    assert found
    return found


def make_due(redis_client: Any, *leads: Lead) -> None:
    """Time passes."""
    for one in leads:
        redis_client.zadd("roistat:leads:due", {one.id: 0}, xx=True)


def deals(sugar: Sugar) -> list[str]:
    return sorted(one["name"] for one in sugar.state()["Opportunities"].values())


def test_all_that_is_due_is_sent_and_settled(sugar, store, make):
    leads = [lead(number) for number in range(5)]
    put(store, *leads)
    assert make().drain() is False
    assert deals(sugar) == [f"lead {number}" for number in range(5)]
    for one in leads:
        assert held(store, one).state == "sent"
        assert held(store, one).deal_id == one.id
        assert held(store, one).url == f"{sugar.url}/#Opportunities/{one.id}"


def test_what_a_lead_does_not_say_is_set_as_configured(sugar, store, make):
    first, second = lead(1), lead(2, stage="Qualification", source="Email")
    put(store, first, second)
    make(stage="Needs Analysis", source="Web Site").drain()
    made = sugar.state()["Opportunities"]
    told = [
        (made[one.id]["sales_stage"], made[one.id]["lead_source"])
        for one in (first, second)
    ]
    assert told == [("Needs Analysis", "Web Site"), ("Qualification", "Email")]


def test_a_lead_that_is_only_kept_never_reaches_the_crm(sugar, store, make):
    kept = lead(is_kept_only=True)
    put(store, kept)
    make().drain()
    assert held(store, kept).state == "kept"
    assert deals(sugar) == []


def test_a_person_is_looked_for_by_id_then_address_then_number(sugar, store, make):
    people = {
        "id": {"phone_mobile": "1"},
        "email": {"email": [{"email_address": "1@x.example"}]},
        "phone": {"phone_mobile": "+7 921 555 01 02"},
    }
    sugar.store(Contacts=[{"id": k, "last_name": k} | v for k, v in people.items()])
    number = "8 (921) 5550102"
    expected = {
        "id": lead(1, contact_id="id", phone=number),
        "email": lead(1, contact_id="nobody", phone=number),
        "phone": lead(2, contact_id="nobody", phone=number),
    }
    put(store, *expected.values())
    make(repeat=0).drain()
    token = sugar.log_in("mobile")
    for person, one in expected.items():
        path = f"/Opportunities/{one.id}/link/contacts"
        found = sugar.get(path, token).json()["records"]
        assert [each["id"] for each in found] == [person]


def test_a_company_that_is_known_is_not_made_again(sugar, store, make):
    sugar.store(Accounts=[{"id": "a", "name": "Acme"}])
    first, second = lead(1, company="ACME"), lead(2, company="Another")
    put(store, first, second)
    make().drain()
    state = sugar.state()
    assert sorted(one["name"] for one in state["Accounts"].values()) == [
        "Acme",
        "Another",
    ]
    assert state["Opportunities"][first.id]["account_id"] == "a"


def test_the_same_person_soon_again_is_noted_on_the_open_deal(sugar, store, make):
    first, again = lead(1), lead(1, title="again", comment="Hurry")
    put(store, first, again)
    make().drain()
    assert deals(sugar) == ["lead 1"]
    assert (held(store, again).state, held(store, again).deal_id) == ("noted", first.id)
    (note,) = sugar.state()["Notes"].values()
    assert note["parent_id"] == first.id
    assert "Hurry" in note["description"]


@pytest.mark.parametrize("is_late", [False, True])
def test_two_leads_that_came_far_apart_are_two_deals_whenever_they_are_sent(
    sugar, store, make, is_late
):
    early = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
    first, second = lead(1, received=early), lead(1, title="later")
    put(store, *((second, first) if is_late else (first, second)))
    make(repeat=60).drain()
    assert deals(sugar) == ["later", "lead 1"]


def test_without_minutes_every_lead_is_a_deal(sugar, store, make):
    put(store, lead(1), lead(1))
    make(repeat=0).drain()
    assert deals(sugar) == ["lead 1", "lead 1"]


@pytest.mark.parametrize(
    "path",
    [
        "/Contacts/filter",
        "/Contacts",
        "/Accounts",
        "/Opportunities",
        "/Opportunities/:record/link",
    ],
)
@pytest.mark.parametrize("after_commit", [False, True])
def test_what_fails_is_asked_for_again_and_made_once(
    sugar, store, make, redis_client, path, after_commit
):
    one = lead(company="Acme")
    put(store, one)
    sugar.faults({"path": path, "status": 500, "after_commit": after_commit})
    sending = make()
    sending.drain()
    assert held(store, one).state == "waiting"
    assert held(store, one).reason == "The CRM answers HTTP 500."
    make_due(redis_client, one)
    sending.drain()
    assert held(store, one).state == "sent"
    state = sugar.state()
    for module in ("Opportunities", "Contacts", "Accounts"):
        assert len(state[module]) == 1, module


def test_a_note_whose_answer_was_lost_is_made_once(sugar, store, make, redis_client):
    put(store, lead(1))
    make().drain()
    again = lead(1)
    put(store, again)
    sugar.faults({"path": "/Notes", "status": 500, "after_commit": True})
    make().drain()
    make_due(redis_client, again)
    make().drain()
    assert held(store, again).state == "noted"
    assert len(sugar.state()["Notes"]) == 1


def test_a_deal_whose_answer_was_lost_is_no_deal_to_be_noted_on(
    sugar, store, make, redis_client
):
    """It is the person's open deal now, for whoever looks for one."""
    sugar.store(
        Contacts=[
            {"id": "c", "last_name": "x", "email": [{"email_address": "1@x.example"}]}
        ]
    )
    one = lead(1)
    put(store, one)
    sugar.faults({"path": "/Opportunities", "status": 500, "after_commit": True})
    make().drain()
    make_due(redis_client, one)
    make().drain()
    assert held(store, one).state == "sent"
    assert sugar.state()["Notes"] == {}


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_deal_that_may_be_there_is_not_noted_on_a_newer_one(
    sugar, store, make, redis_client, was_sent
):
    sugar.store(
        Contacts=[
            {"id": "c", "last_name": "x", "email": [{"email_address": "1@x.example"}]}
        ]
    )
    one = lead(1)
    put(store, one)
    if not was_sent:
        sugar.faults({"path": "/Opportunities", "status": 500, "after_commit": True})
    make().drain()
    sugar.store(
        Opportunities=[{"id": "newer", "date_entered": "2099-01-01T00:00:00Z"}],
        links=[{"deal": "newer", "contact": "c"}],
    )
    if was_sent:
        store.resend([one.id])
    make_due(redis_client, one)
    make().drain()
    assert (held(store, one).state, held(store, one).deal_id) == ("sent", one.id)
    assert sugar.state()["Notes"] == {}


def test_a_lead_is_tried_ever_later_and_for_ever(
    sugar, store, make, redis_client, monkeypatch
):
    monkeypatch.setattr(leads_module, "SHORTEST_PAUSE", 0)
    sugar.faults(error_rate=1)
    one = lead()
    put(store, one)
    delays = []
    sending = make()
    for _ in range(12):
        make_due(redis_client, one)
        sending.drain()
        due = held(store, one).due
        assert due
        delays.append(round(due - time.time()))
    assert delays[:4] == [10, 20, 40, 80]
    assert delays[-3:] == [1800, 1800, 1800]
    sugar.faults()
    make_due(redis_client, one)
    sending.drain()
    assert held(store, one).state == "sent"


def test_a_crm_that_is_away_is_left_alone_for_a_while(
    sugar, store, make, redis_client, monkeypatch
):
    sugar.faults(error_rate=1)
    leads = [lead(number) for number in range(10)]
    put(store, *leads)
    sending = make()
    assert sending.drain() is False
    assert sending.drain() is False
    tried = [one for one in leads if held(store, one).tries]
    assert len(tried) == 2
    sugar.faults()
    monkeypatch.setattr(sending, "_rests_until", 0)
    sending.drain()
    assert store.counts()["sent"] == 8
    # the next failure is a first one again
    put(store, lead(11), lead(12))
    sugar.faults({"path": "/Contacts", "status": 500})
    sending.drain()
    assert store.counts()["sent"] == 9


def test_what_the_crm_refuses_for_what_it_says_is_given_up_and_others_go_on(
    sugar, store, make
):
    bad, good = lead(1), lead(2)
    put(store, bad, good)
    sugar.faults({"path": "/Contacts", "status": 422})
    make().drain()
    assert held(store, bad).state == "parked"
    reason = held(store, bad).reason
    assert reason == (
        "The CRM refuses a record of Contacts (HTTP 422, missing_parameter)."
    )
    assert held(store, good).state == "sent"


def test_what_was_given_up_can_be_sent_again(sugar, store, make):
    bad = lead(1)
    put(store, bad)
    sugar.faults({"path": "/Contacts", "status": 422})
    make().drain()
    store.resend([bad.id])
    make().drain()
    assert held(store, bad).state == "sent"


def test_what_was_sent_and_is_sent_again_is_still_one_deal(sugar, store, make):
    one = lead(1)
    put(store, one)
    make().drain()
    store.resend([one.id])
    make().drain()
    assert held(store, one).state == "sent"
    assert deals(sugar) == ["lead 1"]
    assert sugar.state()["Notes"] == {}


def test_a_wrong_password_gives_no_lead_up(store, make, redis_client):
    one = lead()
    put(store, one)
    make(password="wrong").drain()
    assert held(store, one).state == "waiting"
    assert "SUGAR_PASSWORD" in held(store, one).reason
    make_due(redis_client, one)
    make().drain()
    assert held(store, one).state == "sent"


def test_an_answer_that_makes_no_sense_stops_no_other_lead(sugar, store, make):
    first, second = lead(1), lead(2)
    put(store, first, second)
    sending = make()
    sending._crm.person = _odd(sending._crm.person)
    sending.drain()
    assert held(store, first).reason == "The CRM answers something unreadable."
    assert held(store, second).state == "sent"


def _odd(person: Any) -> Any:
    answers = iter([True])

    def ask(**how: Any) -> Any:
        if next(answers, False):
            raise KeyError("records")
        return person(**how)

    return ask


def test_a_lead_that_is_forgotten_on_its_way_is_let_go(sugar, store, make):
    one, other = lead(1), lead(2)
    put(store, one, other)
    sending = make()
    person = sending._crm.person

    def forget(**how: Any) -> Any:
        store.forget(StoredPerson(email=one.email))
        return person(**how)

    sending._crm.person = forget
    sending.drain()
    assert store.find(one.id) is None
    assert deals(sugar) == ["lead 2"]


def test_no_two_workers_send_at_once(store, make):
    put(store, lead())
    assert store.take("another worker").state == "due"
    assert make().drain() is False
    assert store.counts()["waiting"] == 1
    store.release("another worker")
    make().drain()
    assert store.counts()["sent"] == 1


def test_after_its_time_others_have_their_turn(store, make):
    put(store, *(lead(number) for number in range(3)))
    sending = make()
    assert sending.drain(seconds=0.001) is True
    assert store.counts()["waiting"] == 2
    assert make().drain() is False  # the lease was let go
    assert store.counts()["waiting"] == 0


def test_an_answer_that_comes_too_late_makes_no_second_deal(
    sugar, store, make, redis_client, monkeypatch
):
    monkeypatch.setattr(bootstrap, "WRITE_SECONDS", 2.0)
    one = lead()
    put(store, one)
    swallowing = Swallowing(sugar.url, '"amount":', 3.0)
    with served(swallowing.app()) as url:
        sending = make(url=url)
        sending.drain()
        assert held(store, one).reason == "The CRM did not answer in time."
        make_due(redis_client, one)
        sending.drain()
    assert swallowing.swallowed == 1
    assert held(store, one).state == "sent"
    assert deals(sugar) == ["lead 1"]


# --- the job and the clock ---


@pytest.fixture
def ours(config: Config, settings: SugarConfig, redis_client: Any) -> Any:
    key = LeadsConfig(key="the key of the tests' website")
    changed = replace(config, sugar=settings, leads=key, sync_interval=0)
    return bootstrap.bootstrap(changed)


def test_a_job_sends_what_is_due_and_is_followed_by_another_where_there_is_more(
    sugar, store, ours, monkeypatch
):
    monkeypatch.setattr(jobs, "services", lambda: ours)
    put(store, lead(1))
    jobs.send_leads()
    assert deals(sugar) == ["lead 1"]
    assert ours.background.count == 0
    monkeypatch.setattr(Leads, "drain", lambda self: True)
    jobs.send_leads()
    assert ours.background.count == 1


def test_without_a_crm_to_write_to_leads_wait(config, store, monkeypatch):
    ours = bootstrap.bootstrap(config)
    monkeypatch.setattr(jobs, "services", lambda: ours)
    put(store, lead(1))
    jobs.send_leads()
    Clock(ours).send_leads_if_due()
    assert store.counts()["waiting"] == 1
    assert ours.background.count == 0


def test_the_clock_wakes_for_leads_whatever_the_flag_says(store, ours, redis_client):
    one = lead(1)
    assert store.put(one) is True
    clock = Clock(ours)
    for _ in range(5):
        clock.send_leads_if_due()
    assert ours.background.count == 2
    ours.background.empty()
    redis_client.zadd("roistat:leads:due", {one.id: (time.time() + 60) * 1000})
    clock.send_leads_if_due()
    assert ours.background.count == 0


def test_leads_do_not_wait_for_a_slice_that_waits(store, ours):
    put(store, lead(1))
    jobs.go_on(ours.background)
    Clock(ours).send_leads_if_due()
    assert ours.background.count == 2


def test_a_store_that_is_away_is_said(make, redis_client, monkeypatch):
    sending = make()

    def away(*_: Any) -> Any:
        raise StoreUnavailable("the store does not answer")

    monkeypatch.setattr(sending._store, "take", away)
    with pytest.raises(StoreUnavailable):
        sending.drain()
