"""`GET /metrics`: right whichever process answers, and without anybody's name."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from receiver import create_app
from receiver.bootstrap import bootstrap
from tests.events import batch, client, event, instant, saved
from tests.leads import lead
from tests.live import served
from tests.waiting import hurry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scraped(receiver):
    """Every sample by its name and the values of its labels."""

    def scrape(url=receiver.url):
        answer = requests.get(f"{url}/metrics", timeout=20)
        assert answer.status_code == 200, answer.text
        families = text_string_to_metric_families(answer.text)
        samples = [sample for family in families for sample in family.samples]
        return {(one.name, *one.labels.values()): one.value for one in samples}

    return scrape


def test_an_empty_store_has_its_numbers_too(scraped):
    found = scraped()
    assert found["roistat_waiting",] == found["roistat_oldest_seconds",] == 0
    assert found["roistat_freshness_seconds_count",] == 0
    assert found["roistat_budget_left",] > 0
    assert found["roistat_store_memory_bytes",] > 0


def test_what_happens_is_counted(scraped, receiver, services, roistat):
    moment = instant(-1)
    receiver.send(batch(saved("d1", at=moment), saved("d2", client=client("c1"))))
    receiver.send(saved("d1", at=moment))
    services.delivery.drain()
    found = scraped()
    assert found["roistat_accepted_total", "deal"] == 2
    assert found["roistat_accepted_total", "client"] == 1
    assert found["roistat_ignored_total", "deal"] == 1
    assert found["roistat_settled_total", "deal", "delivered"] == 2
    assert found["roistat_calls_total", "/project/add-orders", "ok"] == 1
    assert found["roistat_freshness_seconds_count",] == 3
    assert found["roistat_freshness_seconds_bucket", "+Inf"] == 3
    assert found["roistat_waiting",] == 0
    assert found["roistat_budget_used",] == sum(roistat.state()["requests"].values())
    assert found["roistat_delivered_timestamp_seconds",] > 1e9


def test_buckets_are_summed_up_as_prometheus_wants_them(scraped, redis_client):
    for field, count in (("100", 2), ("500", 3), ("more", 1), ("sum", 5_000_000)):
        redis_client.hset("roistat:fresh:all", field, count)
    found = scraped()
    bounds = ("0.1", "0.25", "0.5", "3600.0", "+Inf")
    bucket = "roistat_freshness_seconds_bucket"
    assert [found[bucket, bound] for bound in bounds] == [2, 2, 5, 5, 6]
    assert found["roistat_freshness_seconds_sum",] == 5000


def test_what_is_refused_is_counted_by_address_and_status(scraped, receiver):
    receiver.send(saved("d1"), secret="whsec_" + "A" * 32)
    receiver.send(saved("d1", name=7))
    receiver.send(b"no json")
    receiver.send(b"x" * 1_100_000)
    receiver.get("/nowhere")
    found = scraped()
    refused = {key[1:]: value for key, value in found.items() if "refused" in key[0]}
    assert refused == {
        ("webhooks", "401"): 1,
        ("webhooks", "422"): 1,
        ("webhooks", "400"): 1,
        ("webhooks", "413"): 1,
        ("nowhere", "404"): 1,
    }


def test_a_refusal_is_answered_though_the_store_is_away(without_store):
    assert without_store.send(saved("d1"), "whsec_" + "A" * 32).status_code == 401
    assert without_store.send(saved("d1")).status_code == 503
    assert without_store.get("/metrics").status_code == 503


def test_calls_are_counted_by_what_came_of_them(
    scraped, receiver, config, services, roistat
):
    receiver.send(saved("d1"))
    add = "/project/add-orders"
    roistat.faults(next=[{"path": add, "status": 500, "error": "internal_error"}])
    services.delivery.drain()
    order = "Secret/Order"
    with pytest.raises(Exception, match="resource_not_found"):
        services.roistat.order_info(order)
    away = bootstrap(replace(config, roistat_url="http://127.0.0.1:1/api/v1"))
    with pytest.raises(Exception, match="cannot be reached"):
        away.roistat.projects()
    found = scraped()
    calls = {key[1:] for key in found if key[0] == "roistat_calls_total"}
    assert (add, "internal_error") in calls
    assert ("/project/orders/{orderId}/info", "resource_not_found") in calls
    assert ("/user/projects", "not_reached") in calls
    assert order not in str(found)


def test_a_call_that_the_budget_forbids_is_none(scraped, config):
    poor = bootstrap(replace(config, roistat_requests_per_hour=1))
    poor.roistat.statuses()
    with pytest.raises(Exception, match="used up"):
        poor.roistat.statuses()
    calls = [v for key, v in scraped().items() if key[0] == "roistat_calls_total"]
    assert calls == [1]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("incorrect_request: order 1, Ada Lovelace, is wrong", "incorrect_request"),
        ("http_413", "http_413"),
        ("Roistat does not count deals in the status X. See …", "status"),
        ("The price is no number: the deal's field x holds …", "no_number"),
        ("Ada Lovelace: no", "other"),
        ("", "other"),
    ],
)
def test_parked_deals_are_counted_by_cause_alone(scraped, redis_client, reason, cause):
    redis_client.zadd("roistat:parked", {"deal:d1": 1, "deal:d2": 2})
    redis_client.hset("roistat:reasons", mapping={"deal:d1": reason, "deal:d2": reason})
    assert scraped()["roistat_parked", cause] == 2


def test_leads_are_counted_by_state(scraped, services):
    for number in range(3):
        services.lead_store.put(lead(f"l{number}", is_kept_only=number == 0))
    arrived = int((time.time() - 700) * 1000)
    services.redis.zadd("roistat:leads:waiting", {"l1": arrived})
    found = scraped()
    assert found["roistat_leads", "waiting"] == 2
    assert found["roistat_leads", "kept"] == 1
    assert found["roistat_leads", "parked"] == 0
    assert 700 <= found["roistat_leads_oldest_seconds",] < 710


def test_of_very_many_parked_ones_the_rest_is_only_counted(
    scraped, redis_client, monkeypatch
):
    from receiver import parked

    monkeypatch.setattr(parked, "LOOKED_AT", 2)
    redis_client.zadd("roistat:parked", {f"deal:d{n}": n for n in range(5)})
    found = scraped()
    assert found["roistat_parked", "other"] == 2
    assert found["roistat_parked", "not_looked_at"] == 3


def test_the_crms_outbox_is_what_it_last_said(scraped, receiver):
    outbox = {"waiting": 7, "refused": 2, "last_sweep": instant()}
    receiver.send(event({"version": "1", "stages": [], "outbox": outbox}, "ping"))
    found = scraped()
    assert found["roistat_crm_outbox_waiting",] == 7
    assert found["roistat_crm_outbox_refused",] == 2
    assert found["roistat_crm_heard_timestamp_seconds",] > 1e9


def test_two_processes_give_the_same_numbers(scraped, receiver, config):
    with served(create_app(bootstrap(config))) as other:
        receiver.send(saved("d1"))
        requests.get(f"{other}/nowhere", timeout=20)
        ours, theirs = scraped(), scraped(other)
    for name in (("roistat_accepted_total", "deal"), ("roistat_waiting",)):
        assert ours[name] == theirs[name] == 1
    refused = ("roistat_refused_total", "nowhere", "404")
    assert ours[refused] == theirs[refused] == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic токен".encode()}, 401),
        ({"Authorization": "token"}, 401),
        ({"Authorization": "Bearer token"}, 200),
        ({"Authorization": "bearer token"}, 200),
    ],
)
def test_a_token_is_asked_for_where_one_is_set(config, redis_client, headers, status):
    closed = replace(config, metrics_token="token")
    with served(create_app(bootstrap(closed))) as url:
        answer = requests.get(f"{url}/metrics", headers=headers, timeout=20)
    assert answer.status_code == status
    assert ("roistat_up" in answer.text) is (status == 200)


@pytest.fixture
def talkative(config):
    """Services whose Roistat puts a name where its word for an error belongs."""
    app = Flask("talkative")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def refuse(path):
        return {"status": "error", "error": "Ada Lovelace <ada@example.com>"}

    with served(app) as url:
        yield bootstrap(replace(config, roistat_url=url))


def test_no_name_id_or_address_is_in_any_number(receiver, services, talkative):
    receiver.send(saved("Secret-id", name="Ada Lovelace", client=client("c-77")))
    talkative.delivery.drain()
    hurry(services)
    services.delivery.drain()
    text = receiver.get("/metrics").text
    assert 'result="other"' in text
    for secret in ("Secret-id", "Ada", "c-77", "example.com", "4521890"):
        assert secret not in text


def test_every_number_has_its_row_in_the_documents(scraped, receiver, services):
    services.redis.zadd("roistat:parked", {"deal:d1": 1})
    services.store.incidents.keep({"parked": {}})
    test_the_crms_outbox_is_what_it_last_said(scraped, receiver)
    receiver.send(saved("d1"))
    services.delivery.drain()
    rows = (ROOT / "docs/metrics.md").read_text()
    documented = set(re.findall(r"`(roistat_\w+)`", rows))
    text = receiver.get("/metrics").text
    given = {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in text_string_to_metric_families(text)
    }
    assert given | {"roistat_store_memory_limit_bytes"} == documented
