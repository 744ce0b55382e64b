"""What can be asked of the emulator over HTTP, beyond the faults."""

import time
from dataclasses import fields

import pytest

from receiver.emulators.roistat import Assumptions

STATUSES = "/project/integration/status/list"
LIST = "/project/integration/order/list"
HONEST = {"Api-key": "key", "Use-Http-Code": "1"}


def shown(roistat, name):
    return roistat.session.get(f"{roistat.url}/_emulator/{name}", timeout=5).json()


# --- assumptions ---


def test_all_switches_are_shown(bare):
    names = {one.name for one in fields(Assumptions)}
    assert shown(bare, "assumptions").keys() == names


def test_a_switch_is_changed_by_name_and_the_others_stay(roistat):
    changed = roistat.control("assumptions", {"integration": "crm"}).json()
    assert (changed["integration"], changed["unknown_status_is_stored"]) == (
        "crm",
        True,
    )
    roistat.add({"id": "1", "status": "new"})
    answer = roistat.post("/project/integration/order/1/delete")
    assert answer["error"] == "integration_error"
    roistat.control("assumptions", {"integration": "api"})
    assert roistat.post("/project/integration/order/1/delete")["status"] == "success"


def test_throttling_obeys_its_switch_at_once(bare):
    bare.control("assumptions", {"refused_calls_use_quota": True})
    assert shown(bare, "assumptions")["refused_calls_use_quota"] is True
    bare.control("faults", {"quotas": {"per_second": 1, "per_hour": 2}})
    for _ in range(3):
        bare.post(STATUSES)
    assert shown(bare, "calls")["windows"]["h"] == {"limit": 2, "most": 3}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"no_such_switch": True},
        {"integration": "fax"},
        {"integration": 1},
        {"client_management": 1},
        {"client_management": "no"},
        {"project_is_refused_with": "tired"},
        {"foreign_project_error": ""},
        {"list_limit_when_omitted": 0},
        {"list_limit_when_omitted": True},
    ],
)
def test_a_wrong_switch_is_refused_and_changes_nothing(bare, body):
    before = shown(bare, "assumptions")
    answer = bare.control("assumptions", body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    assert shown(bare, "assumptions") == before


def test_of_two_changes_in_one_body_both_or_none_are_made(bare):
    body = {"client_management": False, "integration": "fax"}
    assert bare.control("assumptions", body).status_code == 400
    assert shown(bare, "assumptions")["client_management"] is True


@pytest.mark.parametrize(
    ("code", "status"), [("project_frozen", 402), ("option_not_paid", 402)]
)
def test_a_project_may_be_refused_until_told_otherwise(roistat, code, status):
    roistat.control("assumptions", {"project_is_refused_with": code})
    for path in (STATUSES, LIST):
        answer = roistat.request("POST", path, headers=HONEST)
        assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert ("details" in answer.json()) is code.startswith("option_")
    assert roistat.get("/user/projects")["status"] == "success"
    roistat.control("assumptions", {"project_is_refused_with": ""})
    assert roistat.post(STATUSES)["status"] == "success"


def test_a_project_without_client_management_names_the_option(roistat):
    roistat.control("assumptions", {"client_management": False})
    answer = roistat.post("/project/clients")
    assert answer["error"] == "option_not_enabled"
    assert answer["details"] == {"option": "client_management"}
    client = [{"id": "c1", "name": "Ada"}]
    assert roistat.post("/project/clients/import", client)["status"] == "success"
    roistat.control("assumptions", {"import_needs_client_management": True})
    answer = roistat.post("/project/clients/import", client)
    assert answer["error"] == "option_not_enabled"


def test_counters_may_have_their_old_names(roistat):
    roistat.control("assumptions", {"old_counter_names": True})
    answer = roistat.add({"id": "1", "status": "new", "fields": {"Long": "x" * 1001}})
    assert answer["skipped_by_invalid_format"] == 1
    assert "skipped_fields_by_invalid_format" not in answer


# --- deals that are skipped to order ---


def test_a_deal_is_skipped_by_the_counter_asked_for_and_not_stored(roistat):
    roistat.control("skips", {"skipped_by_internal_error": ["1"], "odd": [3]})
    answer = roistat.add(*({"id": i, "status": "new"} for i in ("1", "2", "3")))
    assert (answer["processed"], answer["uploaded"]) == (3, 1)
    assert (answer["skipped_by_internal_error"], answer["odd"]) == (1, 1)
    assert list(roistat.orders()) == ["2"]


def test_new_skips_replace_the_old_ones(roistat):
    roistat.control("skips", {"odd": ["1"]})
    roistat.control("skips", {})
    assert roistat.add({"id": "1", "status": "new"})["uploaded"] == 1


@pytest.mark.parametrize("body", [[], {"odd": "1"}, {"odd": [None]}])
def test_skips_that_make_no_sense_are_refused(roistat, body):
    roistat.control("skips", {"odd": ["1"]})
    answer = roistat.control("skips", body)
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("skips: ")
    assert roistat.add({"id": "1", "status": "new"})["odd"] == 1


# --- the emulator's own count ---


def test_the_fullest_moment_of_each_window_is_remembered(bare):
    for _ in range(12):
        bare.post(STATUSES)
    bare.post(LIST, params={"project": "2"})
    counted = shown(bare, "calls")
    assert counted["refused"] == 2
    assert counted["windows"] == {
        "s": {"limit": 10, "most": 10},
        "h": {"limit": 5000, "most": 10},
        "list": {"limit": 20, "most": 1},
    }


# --- reading what a deal and a client became ---


def test_a_deal_is_stamped_when_it_is_first_seen_paid(roistat):
    def paid_date():
        return roistat.get("/project/orders/1/info")["order"]["paid_date"]

    roistat.add({"id": "1", "status": "new"})
    assert paid_date() is None
    roistat.post("/project/integration/order/1/status/update", {"status_id": "won"})
    stamped = paid_date()
    assert stamped
    roistat.add({"id": "1", "status": "lost"})
    time.sleep(1.1)  # moments are written in seconds
    roistat.add({"id": "1", "status": "won"})
    assert paid_date() == stamped
    roistat.control("assumptions", {"paid_date_is_stamped": False})
    assert paid_date() is None


def test_an_external_url_is_what_it_is_assumed_to_be(roistat):
    path = "/project/orders/a%2Fb/external-url"
    assert roistat.get(path)["error"] == "resource_not_found"
    roistat.add({"id": "a/b", "status": "new"})
    assert roistat.get(path) == {"externalUrl": "", "status": "success"}
    roistat.control("assumptions", {"order_url": "https://crm/{id}"})
    assert roistat.get(path)["externalUrl"] == "https://crm/a/b"
    assert roistat.post(LIST)["data"][0]["url"] == "https://crm/a/b"


def test_the_labels_of_all_fields_are_listed_once(roistat):
    path = "/project/analytics/order-custom-fields"
    assert roistat.post(path) == {"fields": [], "status": "success"}
    for number, labels in enumerate((["City"], ["City", "Manager"])):
        order = {"id": str(number), "status": "new"}
        roistat.add(order | {"fields": dict.fromkeys(labels, "x")})
    assert roistat.post(path)["fields"] == ["City", "Manager"]


@pytest.fixture
def with_client(roistat):
    client = {"id": "c1", "name": "Ada", "phone": "79991234567", "email": "a@x.com"}
    roistat.post("/project/clients/import", [client, {"id": "c2", "name": "Bob"}])
    return roistat


def feed(roistat, **params):
    params = {"project": "12345"} | params
    return roistat.get("/project/clients/detail/feed", params=params)


def test_a_feed_holds_the_clients_own_orders_and_their_changes(with_client):
    order = {"id": "1", "status": "new", "client_id": "c1", "roistat": "77"}
    with_client.add(order | {"price": "5"}, {"id": "2", "client_id": "c2"})
    with_client.add(order | {"price": "6", "cost": 2, "status": "won"})
    entries = feed(with_client, client="1")["feed"]
    assert [entry["type"] for entry in entries] == [
        "visit",
        "order",
        "orderStatusChange",
        "orderCostChange",
        "orderPriceChange",
    ]
    assert entries[0]["visitId"] == "77"
    assert (entries[1]["revenue"], entries[1]["statusType"]) == (6, "paid")
    assert entries[2]["statusTitle"] == "Won"
    assert (entries[3]["cost"], entries[4]["formattedPrice"]) == (2, "6 ₽")


def test_a_feed_of_nobody_is_refused(with_client):
    assert feed(with_client)["error"] == "incorrect_request"
    assert feed(with_client, client="9")["error"] == "resource_not_found"


def test_a_deal_shows_how_to_reach_its_client(with_client):
    with_client.add({"id": "1", "client_id": "c1"}, {"id": "2"})
    order = with_client.get("/project/orders/1/info")["order"]
    assert (order["client_phones"], order["client_emails"]) == (
        ["79991234567"],
        ["a@x.com"],
    )
    assert with_client.get("/project/orders/2/info")["order"]["client_phones"] == []


CONTACTS = "/project/clients/campaign/contact/list"


def test_the_one_campaign_went_to_everybody_with_an_address(with_client):
    body = {"metric_ids": ["sent", "delivered", "opened"], "campaign_ids": [1, 5]}
    assert with_client.post(CONTACTS, body) == {
        "data": [{"contact": "a@x.com", "metrics": {"sent": 1, "delivered": 1}}],
        "count": 1,
        "total_count": 1,
        "status": "success",
    }
    for nothing in ({"campaign_ids": [5]}, {"metric_ids": ["opened"]}):
        assert with_client.post(CONTACTS, body | nothing)["data"] == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"metric_ids": []}, "incorrect_request"),
        ({"campaign_ids": 1}, "incorrect_request"),
        ({"metric_ids": ["eaten"]}, "request_data_validation_error"),
        ({"metric_ids": [[]]}, "request_data_validation_error"),
        ({"campaign_ids": ["1"]}, "request_data_validation_error"),
    ],
)
def test_a_campaign_that_makes_no_sense_is_refused(with_client, wrong, error):
    body = {"metric_ids": ["sent"], "campaign_ids": [1]} | wrong
    answer = with_client.post(CONTACTS, body)
    assert answer["error"] == error
    assert next(iter(wrong)) in answer["description"]
