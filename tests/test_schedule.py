"""The clock: its timer, and what it runs how often."""

import time

from receiver import jobs
from receiver.schedule import TICK, Clock
from tests.events import saved


def test_the_timer_wakes_whatever_the_flag_says(services, put):
    put(saved("d1"))
    assert services.redis.get("roistat:woken")
    services.live.empty()
    Clock(services).enqueue_jobs()
    assert services.live.count == 1


def test_the_timer_leaves_what_is_not_yet_due(services, put):
    put(saved("d1"))
    services.redis.zadd("roistat:due", {"deal:d1": (time.time() + 60) * 1000})
    Clock(services).enqueue_jobs()
    assert services.live.count == 0


def test_wake_ups_do_not_pile_up_while_no_worker_takes_them(services, put):
    put(saved("d1"))
    clock = Clock(services)
    for _ in range(5):
        clock.enqueue_jobs()
    assert services.live.count == 1


def test_the_clock_never_sleeps_past_the_timer(services):
    assert Clock(services).calculate_sleep_interval() == TICK


def test_roistat_is_asked_only_where_nobody_has_heard_of_it(
    services, roistat, monkeypatch
):
    monkeypatch.setattr(jobs, "services", lambda: services)
    jobs.check_roistat()
    assert services.store.notes.verdict()["state"] == "ok"
    jobs.check_roistat()
    assert sum(roistat.state()["requests"].values()) == 1


def test_a_drain_that_ran_out_of_time_is_followed_by_another(
    services, put, monkeypatch
):
    monkeypatch.setattr(jobs, "services", lambda: services)
    monkeypatch.setattr(type(services.delivery), "drain", lambda self: True)
    jobs.drain()
    assert services.live.count == 1


def test_a_wake_up_that_redis_does_not_take_is_left_to_the_timer(config):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    away = bootstrap(replace(config, redis_url="redis://127.0.0.1:1/0"))
    jobs.wake(away.live)
