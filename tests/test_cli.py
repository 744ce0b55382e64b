"""The command line: what it prints, and its exit status."""

import requests

from receiver.store import Outcome
from tests.events import saved
from tests.processes import eventually, free_port, running


def test_check_is_content_where_everything_works(cli, redis_client):
    result = cli("check")
    assert result.exit_code == 0, result.output
    assert "Roistat accepts what we send." in " ".join(result.output.split())


def test_check_names_everything_wrong_in_the_settings(cli, monkeypatch):
    monkeypatch.setenv("PORT", "x")
    monkeypatch.delenv("ROISTAT_API_KEY")
    result = cli("check", "--release")
    assert result.exit_code == 1
    assert "PORT" in result.output
    assert "ROISTAT_API_KEY" in result.output


def test_check_fails_where_roistat_refuses_the_key(cli, monkeypatch, redis_client):
    monkeypatch.setenv("ROISTAT_API_KEY", "wrong")
    result = cli("check")
    assert result.exit_code == 1
    assert "refuses the key" in result.output


def test_check_fails_where_the_store_is_away(cli, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    result = cli("check")
    assert result.exit_code == 1
    assert "REDIS_URL" in result.output


def test_a_release_is_not_held_up_by_others(cli, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("ROISTAT_URL", "http://127.0.0.1:1/api/v1")
    assert cli("check", "--release").exit_code == 0


def test_a_release_needs_a_redis_address_that_can_be_read(cli, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "http://x")
    assert cli("check", "--release").exit_code == 1


def park(put, services, deal_id):
    put(saved(deal_id))
    rev = services.redis.hget(f"roistat:meta:deal:{deal_id}", "rev")
    outcome = Outcome(f"deal:{deal_id}", int(rev), "refused", "x", reason="bad date")
    services.store.settle("", [outcome])


def test_parked_deals_are_listed_with_their_reason(cli, put, services):
    park(put, services, "d1")
    result = cli("redeliver", "--list")
    assert result.exit_code == 0
    assert "deal:d1" in result.output
    assert "bad date" in result.output


def test_parked_deals_are_sent_again_on_demand(cli, put, services, roistat):
    park(put, services, "d1")
    services.redis.delete("roistat:woken")
    result = cli("redeliver", "--parked")
    assert (result.exit_code, result.output) == (0, "1 on their way again.\n")
    assert services.live.count == 1
    services.delivery.drain()
    assert "d1" in roistat.orders


def test_a_deal_that_is_not_held_is_an_error_by_name(cli, put):
    put(saved("d1"))
    result = cli("redeliver", "d1", "nobody")
    assert result.exit_code == 1
    assert "1 on their way again." in result.output
    assert "Not held: nobody" in result.output


def test_redeliver_asks_what_it_should_send(cli):
    assert cli("redeliver").exit_code == 2


def test_the_emulator_answers_where_it_is_told_to(tmp_path):
    port = free_port()
    with running("emulator", "roistat", "--port", str(port), cwd=tmp_path):
        url = f"http://127.0.0.1:{port}/_emulator/state"
        state = eventually(lambda: requests.get(url, timeout=5).json())
        assert state["orders"] == {}
