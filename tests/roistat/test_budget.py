"""Our share of Roistat's request limits, drawn on by everybody together."""

import contextlib
import subprocess
import sys
import threading
import time

import pytest
import requests

from receiver.emulators.roistat import create_emulator
from receiver.errors import BudgetExhausted, RoistatError, StoreUnavailable
from receiver.roistat import traffic
from receiver.roistat.budget import A_MOMENT, Budget, ListQuota
from receiver.roistat.client import RoistatClient
from tests.live import served
from tests.processes import ROOT, environment

ADD = "/project/add-orders"
ROISTATS_SECOND = 10


def spend_while_possible(budget, most=100, kind="live"):
    for spent in range(most):
        try:
            budget.spend(kind)
        except BudgetExhausted as error:
            return spent, error.wait
    return most, 0


def refused(budget, code, kind="live"):
    """A call that Roistat answers with an error."""
    with contextlib.suppress(RoistatError), budget.calling(kind):
        raise RoistatError(code, permanent=False)


def hurry(redis_client):
    """Let a pause be over, as if time had passed."""
    assert redis_client.hset("roistat:budget:pause", "until", "1") == 0


# --- our own share ---


def test_no_second_holds_more_calls_than_allowed(redis_client):
    budget = Budget(redis_client, per_second=5, per_hour=10_000)
    times = []
    for _ in range(11):
        budget.spend()
        times.append(time.monotonic())
    assert all(times[n + 5] - times[n] > 0.9 for n in range(6))


def test_a_call_counts_until_a_second_after_its_answer(redis_client):
    budget = Budget(redis_client, per_second=1, per_hour=10_000)
    with budget.calling():
        time.sleep(0.5)
    answered = time.monotonic()
    budget.spend()
    assert time.monotonic() - answered >= 1


def test_no_more_calls_are_on_their_way_than_a_second_may_hold(redis_client):
    budget = Budget(redis_client, per_second=2, per_hour=10_000)
    with budget.calling(), budget.calling(), pytest.raises(BudgetExhausted) as caught:
        budget.spend()
    assert 0 < caught.value.wait <= 1


def test_a_call_that_never_comes_back_counts_no_longer_than_it_can_take(
    redis_client, monkeypatch
):
    monkeypatch.setattr(traffic, "LONGEST_CALL", 0.2)
    budget = Budget(redis_client, per_second=1, per_hour=10_000)
    budget.calling().__enter__()  # and the process is killed
    began = time.monotonic()
    budget.spend()
    assert 1 < time.monotonic() - began < 1.5


def test_a_burst_leaves_room_for_the_rest_of_the_hour(redis_client):
    budget = Budget(redis_client, per_second=1000, per_hour=30)
    spent, wait = spend_while_possible(budget)
    assert spent == 10
    assert 590 < wait <= 600


def test_what_is_refused_costs_nothing(redis_client):
    budget = Budget(redis_client, per_second=1000, per_hour=30)
    spend_while_possible(budget)
    for _ in range(30):
        with pytest.raises(BudgetExhausted):
            budget.spend()
    assert budget.state().used == 10


def test_everybody_draws_on_the_same_budget(redis_client):
    budgets = [Budget(redis_client, 1000, 60) for _ in range(4)]
    spent = []
    threads = [
        threading.Thread(target=lambda b=b: spent.append(spend_while_possible(b)[0]))
        for b in budgets
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(spent) == 20


# --- who comes first ---


def test_what_can_wait_leaves_the_last_third_to_live_changes(redis_client):
    budget = Budget(redis_client, per_second=1000, per_hour=90)
    assert spend_while_possible(budget, kind="background")[0] == 20
    assert not budget.may_spend("background")
    assert budget.may_spend()
    assert spend_while_possible(budget)[0] == 10


def test_an_hour_is_as_long_as_whoever_measures_says(redis_client):
    budget = Budget(redis_client, per_second=1000, per_hour=9, hour=12)
    for free_again in (2, 2, 8):
        spent, wait = spend_while_possible(budget)
        assert spent == 3
        assert free_again - 0.5 < wait <= free_again
        time.sleep(2.1)
    assert spend_while_possible(budget)[0] == 0


def test_what_will_be_free_in_a_moment_is_no_reason_to_go_away(redis_client):
    budget = Budget(redis_client, per_second=1000, per_hour=90, hour=30)
    assert spend_while_possible(budget, kind="background")[0] == 20
    assert budget.wait("background") > A_MOMENT
    assert not budget.may_spend("background")
    time.sleep(3.2)
    assert 0 < budget.wait("background") < A_MOMENT
    assert budget.may_spend("background")


def test_what_can_wait_leaves_a_third_of_the_second_too(redis_client):
    budget = Budget(redis_client, per_second=3, per_hour=10_000)
    with budget.calling("background"), budget.calling("background"):
        with pytest.raises(BudgetExhausted):
            budget.spend("background")
        budget.spend()


def test_splitting_has_a_tenth_of_the_hour_and_no_more(redis_client):
    budget = Budget(redis_client, per_second=1000, per_hour=100)
    assert budget.may_spend("splitting")
    assert spend_while_possible(budget, kind="splitting")[0] == 10
    assert not budget.may_spend("splitting")
    assert budget.may_spend("background")


def test_the_smallest_budget_still_lets_everything_happen(redis_client):
    budget = Budget(redis_client, per_second=1, per_hour=1)
    budget.spend("splitting")
    assert not budget.may_spend()


# --- the list of orders ---


@pytest.mark.parametrize(
    ("quota", "calls"),
    [
        (ListQuota(visits=False, limit=5000), 20),
        (ListQuota(visits=True, limit=100), 10),
        (ListQuota(visits=True, limit=101), 5),
        (ListQuota(visits=True, limit=1001), 1),
    ],
)
def test_pages_of_the_list_keep_to_roistats_own_quotas(redis_client, quota, calls):
    budget = Budget(redis_client, per_second=1000, per_hour=10_000)
    for _ in range(calls):
        with budget.calling(quota=quota):
            pass
    with pytest.raises(BudgetExhausted) as caught, budget.calling(quota=quota):
        raise AssertionError
    assert 60 < caught.value.wait <= 72  # whatever was held up on its way
    budget.spend()


# --- pauses ---


@pytest.mark.parametrize(
    ("code", "waits"),
    [
        ("request_limit_error", [2, 4, 8, 16, 32, 60, 60]),
        ("http_429", [2, 4]),
        ("project_frozen", [120, 240, 480, 960, 1800, 1800]),
        ("insufficient_funds", [120, 240]),
        ("option_not_paid", [120]),
        ("http_402", [120]),
    ],
)
def test_everybody_waits_longer_each_time_that_roistat_asks_for_it(
    redis_client, code, waits
):
    budget, other = (Budget(redis_client, 1000, 10_000) for _ in range(2))
    for wait in waits:
        refused(budget, code)
        with pytest.raises(BudgetExhausted) as caught:
            other.spend()
        assert wait - 1 < caught.value.wait <= wait
        assert caught.value.code == code
        assert code in str(caught.value)
        assert not other.may_spend()
        hurry(redis_client)


def test_a_success_ends_the_waiting(redis_client):
    budget = Budget(redis_client, 1000, 10_000)
    refused(budget, "project_frozen")
    hurry(redis_client)
    for _ in range(3):
        budget.spend()
    refused(budget, "project_frozen")  # and its growing
    assert 119 < budget.state().until - time.time() <= 120


def test_after_a_pause_one_call_goes_ahead_of_all_others(redis_client):
    budget = Budget(redis_client, 1000, 10_000)
    refused(budget, "project_frozen")
    hurry(redis_client)
    with budget.calling(), pytest.raises(BudgetExhausted):
        budget.spend()
    budget.spend()


def test_a_probe_that_never_comes_back_holds_the_others_no_longer_than_a_call(
    redis_client, monkeypatch
):
    monkeypatch.setattr(traffic, "LONGEST_CALL", 0.3)
    budget = Budget(redis_client, 1000, 10_000)
    refused(budget, "project_frozen")
    hurry(redis_client)
    budget.calling().__enter__()  # and the process is killed
    time.sleep(0.4)
    budget.spend()


def test_calls_refused_together_make_one_pause(redis_client):
    budget = Budget(redis_client, 1000, 10_000)
    with contextlib.ExitStack() as calls:
        for _ in range(5):
            calls.enter_context(contextlib.suppress(RoistatError))
            calls.enter_context(budget.calling())
        raise RoistatError("request_limit_error", permanent=False)
    assert budget.state().until - time.time() <= 2
    assert redis_client.hget("roistat:budget:pause", "rank") == b"1"


def test_a_late_success_does_not_end_a_pause_that_began_after_it(redis_client):
    budget = Budget(redis_client, 1000, 10_000)
    with budget.calling():
        refused(budget, "request_limit_error")
    with pytest.raises(BudgetExhausted):
        budget.spend()


@pytest.mark.parametrize(
    "code", ["internal_error", "incorrect_request", "option_not_enabled", "http_500"]
)
def test_other_errors_hold_nobody_up(redis_client, code):
    budget = Budget(redis_client, 1000, 10_000)
    refused(budget, code)
    budget.spend()


def test_a_pause_ends_at_once_where_somebody_says_so(redis_client):
    budget = Budget(redis_client, 1000, 10_000)
    refused(budget, "project_frozen")
    budget.resume()
    budget.spend()


def test_a_pause_asked_for_over_http_holds_every_call(redis_client, roistat):
    budget = Budget(redis_client, 1000, 10_000)
    client = RoistatClient(f"{roistat.url}/api/v1", "key", "12345", budget)
    roistat.faults(next=[{"path": ADD, "error": "project_frozen"}])
    with pytest.raises(RoistatError):
        client.add_orders([])
    with pytest.raises(BudgetExhausted):
        client.statuses()
    assert roistat.calls("/project/integration/status/list") == 0


# --- what people see ---


def test_the_state_says_what_is_used_and_what_is_left(redis_client):
    budget = Budget(redis_client, 1000, 100)
    for _ in range(3):
        budget.spend()
    state = budget.state()
    assert (state.used, state.left, state.until, state.code) == (3, 97, None, "")


def test_the_state_says_why_we_wait_and_until_when(redis_client):
    budget = Budget(redis_client, 1000, 30)
    refused(budget, "project_frozen")
    state = budget.state()
    assert state.code == "project_frozen"
    assert 119 < state.until - time.time() <= 120
    budget.resume()
    spend_while_possible(budget)
    state = budget.state()
    assert (state.used, state.left, state.code) == (10, 20, "")
    assert 590 < state.until - time.time() <= 600


def test_a_store_that_is_away_is_said_to_be(redis_client):
    client = type(redis_client).from_url("redis://127.0.0.1:1/0", retry=None)
    budget = Budget(client, 8, 2000)
    for ask in (budget.spend, budget.may_spend, budget.state, budget.resume):
        with pytest.raises(StoreUnavailable):
            ask()


# --- ten workers ---


def test_ten_processes_draw_no_429_and_exceed_no_window(valkey, redis_client):
    with served(create_emulator()) as url:
        latency = {"latency_ms": 80}
        requests.post(f"{url}/_emulator/faults", json=latency, timeout=5)
        kinds = ["live"] * 6 + ["background"] * 3 + ["splitting"]
        module = [sys.executable, "-m", "tests.roistat.busy", valkey.connection_url]
        busy = [
            subprocess.Popen(
                [*module, url, "15", kind],
                cwd=ROOT,
                env=environment(),
            )
            for kind in kinds
        ]
        ended = [process.wait(60) for process in busy]
        counted = requests.get(f"{url}/_emulator/calls", timeout=5).json()
    assert ended == [0] * len(kinds)
    assert counted["refused"] == 0
    second, listed = counted["windows"]["s"], counted["windows"]["list"]
    assert (second["limit"], listed["limit"]) == (ROISTATS_SECOND, 20)
    assert 6 <= second["most"] <= 8
    assert 10 <= listed["most"] <= 20
