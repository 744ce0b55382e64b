"""Deals: what is stored, what is skipped, what is refused."""

import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.emulators.roistat import Assumptions

DEAL = {
    "id": "1",
    "name": "New order",
    "date_create": "1393673200",
    "status": "new",
    "roistat": "12345",
    "price": "222",
    "cost": "0",
    "client_id": "c1",
    "fields": {"Manager": "John Doe"},
}
COUNTERS = {
    "uploaded",
    "processed",
    "skipped_by_status",
    "skipped_by_waiting_visit_info",
    "skipped_by_internal_error",
    "skipped_because_not_changed",
    "skipped_fields_by_invalid_format",
    "saved",
}


def counted(answer):
    """The counters that are not zero."""
    return {key: answer[key] for key in COUNTERS if answer[key]}


def test_a_deal_is_stored_as_it_was_sent(roistat):
    answer = roistat.add(DEAL)
    assert answer.keys() == COUNTERS | {"comment", "status"}
    assert answer["status"] == "success"
    assert counted(answer) == {"uploaded": 1, "processed": 1, "saved": 1}
    assert roistat.orders() == {"1": DEAL}


def test_a_second_body_replaces_the_first(roistat):
    roistat.add(DEAL)
    newer = {"id": "1", "status": "won", "price": "0"}
    assert counted(roistat.add(newer)) == {"uploaded": 1, "processed": 1, "saved": 1}
    assert roistat.orders() == {"1": newer}


def test_omitted_keys_may_be_kept(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(omitted_fields_are_kept=True))
    roistat.add(DEAL)
    roistat.add({"id": "1", "price": "5"})
    assert roistat.orders() == {"1": DEAL | {"price": "5"}}


def test_an_unchanged_deal_is_counted_and_not_stored_again(roistat):
    roistat.add(DEAL)
    arrived = roistat.state()["arrived"]
    answer = roistat.add(DEAL)
    assert counted(answer) == {"processed": 1, "skipped_because_not_changed": 1}
    assert roistat.state()["arrived"] == arrived


def test_a_deal_arrives_when_it_is_stored(roistat):
    before = time.time()
    roistat.add(DEAL)
    first = roistat.state()["arrived"]["1"]
    roistat.add(DEAL | {"price": "1"})
    assert before <= first < roistat.state()["arrived"]["1"] <= time.time()


def test_the_last_of_two_bodies_in_one_call_wins(roistat):
    roistat.add(DEAL, DEAL | {"price": "1"})
    assert roistat.orders()["1"]["price"] == "1"


@pytest.mark.parametrize("status", ["unheard of", "spam"])
def test_a_deal_outside_the_counted_groups_is_skipped_yet_stored(roistat, status):
    answer = roistat.add(DEAL | {"status": status})
    assert counted(answer) == {"processed": 1, "skipped_by_status": 1, "saved": 1}
    assert roistat.orders()["1"]["status"] == status


def test_a_deal_of_unknown_status_may_be_dropped(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(unknown_status_is_stored=False))
    answer = roistat.add(DEAL | {"status": "unheard of"})
    assert counted(answer) == {"processed": 1, "skipped_by_status": 1}
    assert roistat.orders() == {}


def test_a_deal_of_a_not_registered_status_may_be_taken(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(unused_status_is_skipped=False))
    assert roistat.add(DEAL | {"status": "spam"})["uploaded"] == 1


def test_all_visits_are_known_until_some_are_seeded(roistat):
    assert roistat.add(DEAL)["skipped_by_waiting_visit_info"] == 0


def test_a_deal_waits_for_its_visit_and_finds_it_later(roistat):
    roistat.control("visits", {"visits": ["111"]})
    answer = roistat.add(DEAL)
    waiting = {"processed": 1, "skipped_by_waiting_visit_info": 1, "saved": 1}
    assert counted(answer) == waiting
    assert roistat.orders() == {"1": DEAL}
    assert roistat.get("/project/orders/1/info")["order"]["visit_id"] is None

    roistat.control("visits", [12345])
    assert roistat.get("/project/orders/1/info")["order"]["visit_id"] == "12345"
    assert roistat.add(DEAL)["skipped_because_not_changed"] == 1


def test_a_visit_once_known_stays_known(roistat):
    roistat.control("visits", ["12345"])
    roistat.control("visits", ["111"])
    assert roistat.add(DEAL, DEAL | {"id": "2", "roistat": 111})["uploaded"] == 2


def test_a_waiting_deal_may_have_to_be_sent_again(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(waiting_visit_is_stored=False))
    roistat.control("visits", [])
    roistat.add(DEAL)
    assert roistat.orders() == {}


@pytest.mark.parametrize("mark", ["nocookie", "seo_yandex", "", None])
def test_a_mark_that_is_no_visit_waits_for_nothing(roistat, mark):
    roistat.control("visits", [])
    assert roistat.add(DEAL | {"roistat": mark})["uploaded"] == 1
    assert roistat.get("/project/orders/1/info")["order"]["visit_id"] is None


@pytest.mark.parametrize("value", ["x" * 1001, ["list"], {"an": "object"}])
def test_a_field_that_does_not_fit_is_dropped_and_counted(roistat, value):
    answer = roistat.add(DEAL | {"fields": {"Note": value, "Fits": "x" * 1000}})
    assert answer["skipped_fields_by_invalid_format"] == 1
    assert answer["uploaded"] == 1
    assert roistat.orders()["1"]["fields"] == {"Fits": "x" * 1000}


def test_unknown_keys_are_ignored_without_a_word(roistat):
    answer = roistat.add(DEAL | {"prise": "12"})
    assert answer["uploaded"] == 1
    assert roistat.orders() == {"1": DEAL}


@pytest.mark.parametrize("money", ["0", 0, 12.5, "-12.50", "1234567.123456", None])
def test_money_may_be_text_or_a_number(roistat, money):
    assert roistat.add(DEAL | {"price": money})["uploaded"] == 1
    assert roistat.orders()["1"]["price"] == money


@pytest.mark.parametrize("moment", ["1393673200", 1393673200, "2014-03-01 11:26"])
def test_a_date_may_be_seconds_or_minutes(roistat, moment):
    assert roistat.add(DEAL | {"date_create": moment})["uploaded"] == 1
    created = roistat.get("/project/orders/1/info")["order"]["creation_date"]
    assert created.startswith("2014-03-01T11:26:")


def test_a_deal_without_a_date_was_created_on_arrival(roistat):
    roistat.add({"id": "1", "status": "new"})
    created = roistat.get("/project/orders/1/info")["order"]["creation_date"]
    assert created[:4] == time.strftime("%Y", time.gmtime())


def test_a_deal_keeps_its_creation_date_when_none_is_sent_later(roistat):
    roistat.add(DEAL)
    roistat.add({"id": "1", "status": "won"})
    created = roistat.get("/project/orders/1/info")["order"]["creation_date"]
    assert created == "2014-03-01T11:26:40+0000"


def test_a_date_without_a_zone_is_utc(roistat, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    roistat.add(DEAL | {"date_create": "2014-03-01 11:26"})
    created = roistat.get("/project/orders/1/info")["order"]["creation_date"]
    monkeypatch.undo()
    time.tzset()
    assert created == "2014-03-01T11:26:00+0000"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"id": True},
        {"name": None},
        {"status": ["new"]},
        {"roistat": {}},
        {"price": "12,50"},
        {"price": "1_000"},
        {"price": "NaN"},
        {"price": True},
        {"price": 10**400},
        {"cost": "1e400"},
        {"cost": ""},
        {"date_create": "2014-02-30 11:26"},
        {"date_create": "2014-03-01T11:26:40+0000"},
        {"date_create": "-1"},
        {"fields": [{"Manager": "John"}]},
        {"client_id": 1.5},
        {"products": {}},
    ],
)
def test_a_wrong_value_refuses_the_whole_call_and_names_it(roistat, wrong):
    answer = roistat.add(DEAL, DEAL | {"id": "2"} | wrong)
    assert answer["error"] == "request_data_validation_error"
    assert f"1.{next(iter(wrong))}" in answer["description"]
    assert roistat.orders() == {}


@pytest.mark.parametrize("body", [{}, DEAL, "text", None, [{"name": "no id"}]])
def test_a_body_that_is_no_array_of_deals_with_ids_is_refused(roistat, body):
    answer = roistat.post("/project/add-orders", body)
    assert answer["error"] == "incorrect_request"


def test_an_array_of_something_else_is_refused(roistat):
    answer = roistat.add("1")
    assert answer["error"] == "request_data_validation_error"


def test_an_endless_number_is_refused(roistat):
    body = b'[{"id": "1", "price": 1e400}]'
    answer = roistat.request("POST", "/project/add-orders", data=body)
    assert answer.json()["error"] == "request_data_validation_error"


IDS = st.sampled_from(["a", "b", "ü/ä", "d 'quoted'"])
BODIES = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "status": st.sampled_from(["new", "won", "spam", "unknown"]),
        "price": st.decimals(-1000, 1000, places=2).map(str),
        "name": st.text(max_size=20),
        "roistat": st.none() | st.text(max_size=5),
        "fields": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    },
)


@settings(max_examples=60, deadline=None)
@given(calls=st.lists(st.lists(BODIES, max_size=6), max_size=5))
def test_the_state_holds_the_last_body_of_each_id(shared, calls):
    run = uuid.uuid4()  # each example has ids of its own
    expected = {}
    for call in calls:
        bodies = [body | {"id": f"{run} {body['id']}"} for body in call]
        answer = shared.add(*bodies)
        skipped = sum(answer[key] for key in COUNTERS if key.startswith("skipped_b"))
        assert answer["processed"] == len(bodies) == answer["uploaded"] + skipped
        expected |= {body["id"]: body for body in bodies}
    stored = shared.orders()
    assert {i: body for i, body in stored.items() if i.startswith(f"{run}")} == expected
