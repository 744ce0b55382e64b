"""`GET /healthz` and `GET /readyz`."""

from dataclasses import replace

from receiver import create_app
from receiver.bootstrap import bootstrap
from tests.events import saved
from tests.live import served


def test_alive_says_so_even_without_the_store(without_store):
    assert without_store.get("/healthz").status_code == 200


def test_ready_tells_the_state_of_each_leg(receiver, services):
    services.store.notes.keep_verdict("ok", "Roistat accepts what we send.")
    answer = receiver.get("/readyz")
    assert (answer.status_code, answer.json()["state"]) == (200, "ok")
    legs = answer.json()
    assert [legs[leg]["state"] for leg in ("store", "roistat", "queue")] == ["ok"] * 3


def test_not_ready_only_when_events_cannot_be_accepted(without_store):
    answer = without_store.get("/readyz")
    assert (answer.status_code, answer.json()["state"]) == (503, "failed")


def test_a_roistat_that_failed_degrades_but_does_not_close(receiver, services, roistat):
    services.store.notes.keep_verdict("failed", "Roistat refuses the key.")
    answer = receiver.get("/readyz")
    assert (answer.status_code, answer.json()["state"]) == (200, "degraded")
    assert roistat.state()["requests"] == {}


def test_a_parked_deal_degrades(receiver, services):
    receiver.send(saved("d1"))
    services.redis.zadd("roistat:parked", {"deal:d9": 1})
    assert receiver.get("/readyz").json()["queue"]["state"] == "degraded"


def test_what_waits_too_long_degrades(receiver, services):
    services.redis.zadd("roistat:due", {"deal:d9": 1})
    queue = receiver.get("/readyz").json()["queue"]
    assert queue["state"] == "degraded"
    assert queue["message"].startswith("1 wait")


def test_a_store_that_forgets_is_found_out(config, redis_client):
    ask = replace(config, store_durable=None)
    with served(create_app(bootstrap(ask))) as url:
        import requests

        store = requests.get(f"{url}/readyz", timeout=20).json()["store"]
    assert store["state"] == "degraded"
    assert "appendonly" in store["message"]
