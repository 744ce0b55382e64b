"""Leads in the store: kept, taken by one at a time, settled, listed, forgotten."""

import time

import pytest

from receiver.errors import LeaseLost, StoreUnavailable
from receiver.store import leads as module
from receiver.store.leads import HeldLead, LeadOutcome, LeadStore
from receiver.store.people import Person
from tests.leads import lead

DEAL = LeadOutcome.sent("d1", "https://crm.example/d1")


@pytest.fixture
def leads(redis_client):
    return LeadStore(redis_client)


@pytest.fixture
def settled(leads):
    """Puts a lead and settles it at once."""

    def settle(one, outcome=DEAL):
        leads.put(one)
        assert leads.take("t").held.lead.id == one.id
        leads.settle("t", one.id, outcome)

    return settle


def ids(found):
    return [held.lead.id for held in found]


def test_a_lead_is_read_back_whole(leads):
    whole = lead(fields={"a_c": "Ж"}, contact_id="c1", stage="New", comment="a\nb")
    assert leads.put(whole)
    held = leads.find("l1")
    assert held == HeldLead(whole, "waiting", held.arrived)
    assert leads.find("l2") is None


def test_only_the_first_of_several_wakes_until_somebody_looks(leads):
    assert [leads.put(lead(one)) for one in ("l1", "l2")] == [True, False]
    leads.take("t")
    assert leads.put(lead("l3"))


def test_the_same_lead_again_changes_nothing(leads, settled):
    settled(lead())
    assert not leads.put(lead(title="Other"))
    assert (leads.find("l1").state, leads.find("l1").lead.title) == ("sent", "Request")


def test_leads_are_taken_in_the_order_they_came_by_one_at_a_time(leads):
    for one in ("l2", "l1"):
        leads.put(lead(one))
        time.sleep(0.002)  # the order within a millisecond is anyone's
    assert leads.take("t").held.lead.id == "l2"
    assert leads.take("other").state == "busy"
    leads.settle("t", "l2", DEAL)
    assert leads.take("t").held.lead.id == "l1"


def test_the_lease_goes_where_nothing_is_due(leads):
    leads.put(lead())
    leads.take("t")
    leads.settle("t", "l1", LeadOutcome.later(60, "away"))
    assert leads.take("t").state == "idle"
    assert leads.take("other").state == "idle"


def test_the_lease_is_kept_where_one_is_due_soon(leads):
    leads.put(lead())
    leads.take("t")
    leads.settle("t", "l1", LeadOutcome.later(1, "away"))
    taken = leads.take("t", hold=2)
    assert taken.state == "wait"
    assert 0 < taken.wait <= 1
    assert leads.take("other").state == "busy"


def test_a_lease_that_is_let_go_is_free(leads):
    leads.put(lead())
    leads.take("t")
    leads.release("other")
    assert leads.take("other").state == "busy"
    leads.release("t")
    assert leads.take("other").state == "due"


def test_what_fails_is_taken_again_with_all_that_is_known(leads, redis_client):
    leads.put(lead())
    leads.take("t")
    leads.step("t", "l1", contact="c1")
    leads.step("t", "l1", account="a1")
    leads.settle("t", "l1", LeadOutcome.later(60, "The CRM is away."))
    held = leads.find("l1")
    assert (held.state, held.tries, held.reason) == ("waiting", 1, "The CRM is away.")
    assert held.due == leads.next_due()
    assert 50 < held.due - held.arrived < 70
    redis_client.zadd("roistat:leads:due", {"l1": 0})
    again = leads.take("t").held
    assert (again.tries, again.progress) == (1, {"contact": "c1", "account": "a1"})


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (DEAL, "sent", ""),
        (LeadOutcome.sent("d1", "https://crm.example/d1", note_on=True), "noted", ""),
        (LeadOutcome.kept(), "kept", ""),
        (LeadOutcome.refused("no such stage"), "parked", "no such stage"),
    ],
)
def test_what_is_settled_is_listed_and_not_taken_again(
    leads, settled, outcome, state, reason
):
    settled(lead(), outcome)
    (held,) = leads.list(state)
    assert (held.state, held.reason, held.due) == (state, reason, None)
    assert (held.deal_id, held.url) == (outcome.deal_id or None, outcome.url or None)
    assert leads.counts()[state] == 1
    assert leads.counts()["waiting"] == 0
    assert leads.next_due() is None
    assert leads.take("t").state == "idle"


def test_who_has_lost_the_lease_can_write_nothing(leads, redis_client):
    leads.put(lead())
    leads.take("t")
    redis_client.delete("roistat:leads:lease")
    leads.take("other")
    for write in (
        lambda: leads.step("t", "l1", contact="c1"),
        lambda: leads.settle("t", "l1", LeadOutcome.refused("no")),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert (leads.find("l1").state, leads.find("l1").progress) == ("waiting", {})


def test_who_sends_a_lead_that_is_forgotten_meanwhile_is_told(leads):
    leads.put(lead())
    leads.take("t")
    leads.forget(Person(email="ada@shop.example"))
    with pytest.raises(LeaseLost):
        leads.step("t", "l1")
    with pytest.raises(LeaseLost):
        leads.settle("t", "l1", DEAL)
    assert leads.find("l1") is None
    assert leads.counts()["sent"] == 0


def test_a_step_keeps_the_lease(leads, redis_client):
    leads.put(lead())
    leads.take("t")
    redis_client.pexpire("roistat:leads:lease", 10)
    leads.step("t", "l1")
    assert redis_client.pttl("roistat:leads:lease") > 1000


def test_what_is_not_to_be_sent_is_never_taken_unless_sent_again(leads):
    assert not leads.put(lead(is_kept_only=True))
    assert leads.take("t").state == "idle"
    assert leads.resend(["l1"]) == (True, [True])
    assert leads.take("t").held == HeldLead(lead(), "waiting", leads.find("l1").arrived)


def test_what_is_sent_again_begins_anew(leads, settled):
    settled(lead("l1"), LeadOutcome.refused("no such stage"))
    leads.put(lead("l2"))
    leads.take("t")
    leads.step("t", "l2", contact="c1")
    leads.settle("t", "l2", LeadOutcome.later(60, "away"))
    assert leads.resend(["l1", "nobody", "l2"]) == (True, [True, False, True])
    held = {one.lead.id: one for one in leads.list("waiting")}
    assert set(held) == {"l1", "l2"}
    for one in held.values():
        assert (one.tries, one.reason, one.progress, one.due) == (0, "", {}, None)
    assert leads.counts()["parked"] == 0
    assert leads.take("t").state == "due"


def test_nobody_is_woken_for_what_is_not_held(leads):
    assert leads.resend(["nobody"]) == (False, [False])
    assert leads.put(lead())


def test_the_list_is_of_the_newest_and_goes_on_before_any(leads, settled):
    for number in range(5):
        leads.put(lead(f"l{number}"))
    newest = leads.list(limit=2)
    assert len(newest) == 2
    rest = leads.list(before=newest[-1].lead.id)
    assert len(rest) == 3
    assert sorted(ids(newest + rest)) == [f"l{number}" for number in range(5)]
    assert sorted(ids(leads.everything())) == sorted(ids(newest + rest))
    assert leads.list(before="nobody") == []
    assert leads.list("sent") == []


def test_what_waits_longest_is_told(leads, redis_client):
    leads.put(lead())
    assert leads.counts()["oldest"] < 5
    redis_client.zadd("roistat:leads:waiting", {"l1": 1})
    assert leads.counts()["oldest"] > 1e9


# --- forgetting ---


@pytest.mark.parametrize(
    ("asked", "held", "is_it"),
    [
        ("+49 30 1234567", "030 1234567", True),
        ("030 1234567", "0049 (30) 123-45-67", True),
        ("+7 911 123-45-67", "8 911 123 45 67, ext. 12", True),
        ("8 911 123 45 67", "+7 922 765-43-21; +7 911 123-45-67", True),
        ("9111234567", "٨٩١١١٢٣٤٥٦٧", True),
        ("12345", "123-45", True),
        ("12345", "9123456789", False),
        ("+7 911 123-45-67", "1234567", False),
        ("+7 911 123-45-67", "", False),
        ("+7 911 123-45-67", "no number", False),
    ],
)
def test_a_number_is_the_same_with_and_without_what_stands_around_it(
    asked, held, is_it
):
    assert Person(phone=asked).is_in([held, None]) is is_it
    assert not Person(email="x@y.example").is_in([held])


@pytest.mark.parametrize(
    ("asked", "is_it"),
    [
        (Person(email=" ADA@shop.example"), True),
        (Person(phone="8 (911) 123-45-67"), True),
        (Person(phone="9111234567"), True),
        (Person(email="other@shop.example", phone="+7 911 123 45 67"), True),
        (Person(email="da@shop.example"), False),
        (Person(phone="1234567"), False),
        (Person(email="shop.example", phone="4567"), False),
    ],
)
def test_a_person_is_found_however_the_number_is_written(leads, asked, is_it):
    leads.put(lead())
    leads.put(lead("other", email="x@y.example", phone="+49 30 1234567"))
    assert leads.forget(asked) == (["l1"] if is_it else [])
    assert ids(leads.everything()) == (["other"] if is_it else ["l1", "other"])


def test_nothing_of_a_forgotten_lead_stays(leads, settled, redis_client):
    settled(lead("l1"))
    settled(lead("l2"), LeadOutcome.refused("x"))
    leads.put(lead("l3", is_kept_only=True))
    leads.put(lead("l4", email="", phone="", fields={"email2_c": "ada@shop.example"}))
    assert len(leads.forget(Person(email="ada@shop.example"))) == 4
    left = {key.decode() for key in redis_client.keys("roistat:*")}
    assert left <= {"roistat:leads:lease", "roistat:leads:woken"}


def test_what_is_settled_goes_after_its_time(leads, settled, redis_client, monkeypatch):
    settled(lead("old"))
    monkeypatch.setattr(module, "KEPT", 10 * module.KEPT)
    settled(lead("new"))
    leads.put(lead("waiting"))
    assert 0 < redis_client.ttl("roistat:lead:old") <= 90 * 24 * 3600
    assert redis_client.ttl("roistat:lead:waiting") == -1
    redis_client.delete("roistat:lead:old")  # as time will
    redis_client.zadd("roistat:leads:ended", {"old": 1})
    assert sorted(ids(leads.list())) == ["new", "waiting"]
    leads.take("t")
    assert redis_client.zscore("roistat:leads", "old") is None
    assert leads.counts()["sent"] == 1


def test_what_is_sent_again_does_not_expire(leads, settled, redis_client):
    settled(lead())
    leads.resend(["l1"])
    assert redis_client.ttl("roistat:lead:l1") == -1
    assert redis_client.zscore("roistat:leads:ended", "l1") is None


# --- a store that fails ---


def test_a_full_store_keeps_nothing_of_a_lead(leads, redis_client):
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable):
            leads.put(lead())
    finally:
        redis_client.config_set("maxmemory", 0)
    assert redis_client.keys("roistat:*") == []
