"""Delivery into a real emulator: what Roistat ends up with, and what is left to do."""

import threading
import time

import pytest

from receiver import verdict
from receiver.store.keys import DUE
from tests.events import batch, client, event, saved
from tests.waiting import hurry

pytestmark = pytest.mark.usefixtures("without_coalescing")

ADD = "/project/add-orders"
SET = "/project/set-statuses"
LIST = "/project/integration/status/list"
CLIENTS = "/project/clients/import"
DELETE = "/project/integration/order/{orderId}/delete"


def statuses(roistat):
    return {one["id"]: one["type"] for one in roistat.state()["statuses"]}


# --- what arrives ---


def test_a_saved_deal_is_an_order_in_roistat(put, drain, roistat):
    put(saved("d1", client=client("c1")))
    assert drain() is False
    assert roistat.orders["d1"] == {
        "id": "d1",
        "name": "Annual support",
        "date_create": "1769853600",
        "status": "Prospecting",
        "roistat": "4521890",
        "price": "1350.00",
        "cost": None,
        "client_id": "c1",
        "fields": {
            "Lead source": "Web Site",
            "Manager": "Max Jensen",
            "URL": "https://crm.example/index.php?module=Opportunities&record=d1",
        },
    }
    assert roistat.clients["c1"]["email"] == "ada@example.com"


def test_zero_is_sent_not_dropped(put, drain, roistat):
    put(saved("d1", amount_base="0.00", cost="0"))
    drain()
    assert roistat.orders["d1"]["price"] == "0.00"
    assert roistat.orders["d1"]["cost"] == "0"


def test_clients_go_before_the_orders_that_name_them(put, drain, roistat):
    put(saved("d1", client=client("c1")))
    roistat.faults(next=[{"path": ADD, "status": 500, "error": "internal_error"}])
    drain(0.1)
    assert "c1" in roistat.clients
    assert roistat.orders == {}


def test_an_unchanged_client_is_not_sent_again(put, drain, roistat):
    put(saved("d1", at=-3, client=client("c1")))
    drain()
    put(saved("d1", at=-2, name="Other", client=client("c1")))
    drain()
    assert roistat.calls(CLIENTS) == 1
    assert roistat.calls(ADD) == 2


def test_ten_saves_make_one_order(put, drain, roistat):
    for number in range(10):
        put(saved("d1", at=number - 20, name=f"Name {number}"))
    drain()
    assert roistat.orders["d1"]["name"] == "Name 9"
    assert roistat.calls(ADD) == 1


def test_many_deals_share_calls_of_a_hundred(put, drain, roistat):
    for start in (0, 100, 200):
        put(batch(*(saved(f"d{start + number}") for number in range(100))))
    drain()
    assert len(roistat.orders) == 300
    assert roistat.calls(ADD) == 3


def test_what_roistat_holds_already_is_not_sent(put, drain, roistat):
    put(saved("d1", at=-5, name="One"))
    drain()
    put(saved("d1", at=-4, date_closed="2027-01-01"))
    put(saved("d1", at=-3, name="One", fields={"not_mapped_c": "x"}))
    drain()
    assert roistat.calls(ADD) == 1


def test_a_deletion_deletes(put, drain, roistat):
    put(saved("a/b", at=-5))
    drain()
    put(event({"id": "a/b"}, "opportunity.deleted", at=-4))
    drain()
    assert roistat.orders == {}
    assert roistat.calls(DELETE) == 1


def test_deleting_what_roistat_never_had_is_done(put, drain, services):
    put(event({"id": "d1"}, "opportunity.deleted"))
    drain()
    assert services.store.counts() == {"pending": 0, "parked": 0, "overdue": 0.0}


def test_a_restored_deal_is_back(put, drain, roistat):
    put(saved("d1", at=-5))
    put(event({"id": "d1"}, "opportunity.deleted", at=-4))
    drain()
    put(event(saved("d1")["data"], "opportunity.restored", at=-3))
    drain()
    assert "d1" in roistat.orders


# --- stages ---


def test_new_stages_are_added_before_their_deals(put, drain, roistat):
    put(saved("d1"), saved("d2", sales_stage="Closed Won"))
    put(saved("d3", sales_stage="Closed Lost"), saved("d4", sales_stage=None))
    drain()
    assert statuses(roistat) == {
        "Prospecting": "progress",
        "Closed Won": "paid",
        "Closed Lost": "canceled",
        "no_stage": "progress",
    }
    assert roistat.state()["requests"][SET] == 1


def test_the_pipeline_in_use_decides_the_stage(put, drain, roistat):
    line = {"pipeline": "sales_status", "sales_status": "In Progress"}
    put(saved("d1", **line, sales_status_label="Under way"))
    drain()
    assert roistat.orders["d1"]["status"] == "In Progress"
    assert roistat.state()["statuses"][0]["name"] == "Under way"


def test_the_dictionary_never_shrinks_and_nothing_is_regrouped(
    put, drain, services, roistat
):
    by_hand = [
        {"id": "Closed Won", "name": "Won by hand", "type": "progress"},
        {"id": "waste", "name": "Waste", "type": "unused"},
    ]
    services.roistat.set_statuses(by_hand)
    put(saved("d1", sales_stage="Closed Won"), saved("d2", sales_stage="Brand new"))
    drain()
    assert roistat.state()["statuses"] == [
        *by_hand,
        {"id": "Brand new", "name": "Prospecting", "type": "progress"},
    ]


def test_a_known_dictionary_is_not_asked_again(put, drain, roistat):
    put(saved("d1"))
    drain()
    put(saved("d2"))
    drain()
    assert roistat.calls(LIST) == 1


def test_a_dictionary_that_somebody_shrank_is_mended(put, drain, services, roistat):
    put(saved("d1", at=-5))
    drain()
    services.roistat.set_statuses([{"id": "x", "name": "X", "type": "paid"}])
    put(saved("d1", at=-4, name="Changed"))
    drain(0.1)
    hurry(services)
    drain()
    assert statuses(roistat) == {"x": "paid", "Prospecting": "progress"}
    assert services.store.counts()["pending"] == 0


def test_deals_in_a_not_registered_status_are_skipped_rightly(
    put, drain, services, roistat
):
    waste = {"id": "Waste", "name": "Waste", "type": "unused"}
    services.roistat.set_statuses([waste])
    put(saved("d1", sales_stage="Waste"))
    drain()
    assert services.store.counts()["pending"] == 0


def test_without_the_dictionary_new_stages_wait_and_known_ones_go(
    put, drain, services, roistat
):
    put(saved("d1", at=-5))
    drain()
    roistat.faults(next=[{"path": LIST, "status": 500, "error": "internal_error"}])
    put(saved("d1", at=-4, name="Changed"), saved("d2", sales_stage="New"))
    drain(0.1)
    assert roistat.orders["d1"]["name"] == "Changed"
    assert "d2" not in roistat.orders
    hurry(services)
    drain()
    assert "d2" in roistat.orders


# --- edits, failures, unknown outcomes ---


def test_an_edit_during_its_push_is_pushed_after_it(put, drain, roistat):
    roistat.faults(latency_ms=300)
    put(saved("d1", at=-5, name="Old"))
    pushing = threading.Thread(target=drain)
    pushing.start()
    while not roistat.calls(ADD):
        time.sleep(0.01)
    put(saved("d1", at=-4, name="New"))
    pushing.join()
    assert roistat.orders["d1"]["name"] == "New"
    assert roistat.calls(ADD) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, "internal_error"),
        (429, "request_limit_error"),
        (401, "authentication_failed"),
        (402, "project_frozen"),
    ],
)
def test_what_may_pass_is_tried_again(put, drain, services, roistat, status, error):
    roistat.faults(next=[{"path": ADD, "status": status, "error": error}])
    put(saved("d1"))
    drain(0.1)
    assert [why.split(":")[0] for _, why in services.store.pending()] == [error]
    hurry(services)
    drain()
    assert "d1" in roistat.orders
    assert services.store.counts()["parked"] == 0


def test_the_waits_between_tries_grow(put, drain, services, roistat):
    fault = {"path": ADD, "status": 500, "error": "internal_error"}
    roistat.faults(next=[fault] * 4)
    put(saved("d1"))
    waits = []
    for _ in range(4):
        drain(0.1)
        score = services.redis.zscore(DUE, "deal:d1")
        waits.append(round(score / 1000 - time.time()))
        hurry(services)
    assert waits == [2, 4, 8, 16]


def test_what_is_refused_for_good_is_parked_with_its_reason(
    put, drain, services, roistat
):
    fault = {"path": ADD, "status": 400, "error": "request_data_validation_error"}
    roistat.faults(next=[fault])
    put(saved("d1"))
    drain()
    ((member, reason),) = services.store.parked()
    assert member == "deal:d1"
    assert reason.startswith("request_data_validation_error")
    assert services.store.history("deal:d1")[0]["outcome"] == "refused"


def test_a_time_out_is_an_unknown_outcome_and_is_tried_again(
    put, drain, services, roistat, monkeypatch
):
    monkeypatch.setattr("receiver.http_client.READ_SECONDS", 0.3)
    put(saved("d0"))
    drain()
    roistat.faults(next=[{"path": ADD, "latency_ms": 1000, "after_commit": True}])
    put(saved("d1"))
    drain(0.1)
    assert services.store.history("deal:d1")[0]["outcome"] == "unknown"
    hurry(services)
    drain()
    assert services.store.counts()["pending"] == 0
    assert roistat.calls(ADD) == 3


def test_an_error_after_the_commit_ends_in_the_newest_state(
    put, drain, services, roistat
):
    fault = {
        "path": ADD,
        "status": 500,
        "error": "internal_error",
        "after_commit": True,
    }
    roistat.faults(next=[fault])
    put(saved("d1", at=-5, name="Old"))
    drain(0.1)
    put(saved("d1", at=-4, name="New"))
    hurry(services)
    drain()
    assert roistat.orders["d1"]["name"] == "New"


def test_without_roistat_nothing_is_lost(put, services, config):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    away = bootstrap(replace(config, roistat_url="http://127.0.0.1:1/api/v1"))
    put(saved("d1"))
    away.delivery.drain(0.1)
    assert list(services.store.pending()) == [("deal:d1", "Roistat cannot be reached")]
    assert services.store.notes.verdict()["state"] == "degraded"


def test_redelivered_deals_are_sent_whatever_roistat_is_thought_to_hold(
    put, drain, services, roistat
):
    put(saved("d1"))
    drain()
    services.roistat.delete_order("d1")
    services.store.redeliver(["deal:d1"])
    drain()
    assert "d1" in roistat.orders


# --- budget, and the state of Roistat ---


def test_when_the_budget_is_used_up_deals_wait_without_a_failure(
    put, services, config, roistat
):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    poor = bootstrap(replace(config, roistat_requests_per_hour=9)).delivery
    put(saved("d1"))
    poor.drain()
    put(saved("d2"))
    poor.drain()
    assert [member for member, _ in services.store.pending()] == ["deal:d2"]
    assert services.redis.hget("roistat:meta:deal:d2", "tries") is None
    services.delivery.drain()
    assert roistat.orders.keys() == {"d1"}
    hurry(services)
    services.delivery.drain()
    assert roistat.orders.keys() == {"d1", "d2"}


def test_each_call_tells_how_roistat_is(put, drain, services, roistat):
    put(saved("d1", at=-5))
    drain()
    assert services.store.notes.verdict()["state"] == "ok"
    fault = {"path": ADD, "status": 401, "error": "authentication_failed"}
    roistat.faults(next=[fault])
    put(saved("d1", at=-4, name="Changed"))
    drain(0.1)
    verdict = services.store.notes.verdict()
    assert verdict["state"] == "failed"
    assert "ROISTAT_API_KEY" in verdict["message"]


def test_a_drain_stops_in_time_and_says_that_more_is_due(put, drain, roistat):
    roistat.faults(latency_ms=100)
    for start in range(0, 500, 100):
        put(batch(*(saved(f"d{start + number}") for number in range(100))))
    assert drain(0.2) is True
    assert len(roistat.orders) < 500


def test_two_drainers_at_once_send_nothing_twice(put, services, roistat):
    roistat.faults(latency_ms=50)
    put(batch(*(saved(f"d{number}") for number in range(100))))
    threads = [threading.Thread(target=services.delivery.drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert roistat.calls(ADD) == 1


def test_after_a_failure_nothing_more_is_tried_until_the_timer_wakes(
    put, drain, roistat, monkeypatch
):
    monkeypatch.setattr(verdict, "FIRST_DELAY", 60.0)  # or it is tried again meanwhile
    put(saved("d0"))
    drain()
    roistat.faults(next=[{"path": ADD, "status": 503, "error": "internal_error"}])
    for start in (0, 100, 200):
        put(batch(*(saved(f"e{start + number}") for number in range(100))))
    assert drain() is False
    assert roistat.calls(ADD) == 2
    assert drain() is False
    assert len(roistat.orders) == 201


def test_a_drainer_that_was_replaced_before_its_call_does_not_call(
    put, services, roistat, monkeypatch
):
    put(saved("d1"))
    look = services.store.look

    def look_and_be_replaced(token, limit):
        seen = look(token, limit)
        services.redis.set("roistat:lease", "somebody else")
        return seen

    monkeypatch.setattr(services.store, "look", look_and_be_replaced)
    assert services.delivery.drain() is False
    assert roistat.calls(ADD) == 0
    assert services.redis.get("roistat:lease") == b"somebody else"


def test_a_deletion_that_roistat_refuses_is_parked(put, drain, services, roistat):
    fault = {"path": DELETE, "status": 400, "error": "incorrect_request"}
    roistat.faults(next=[fault])
    put(event({"id": "d1"}, "opportunity.deleted"))
    drain()
    assert [member for member, _ in services.store.parked()] == ["deal:d1"]
