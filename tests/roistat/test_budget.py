"""Our share of Roistat's request limits, drawn on by everybody together."""

import threading
import time

import pytest

from receiver.errors import BudgetExhausted
from receiver.roistat.budget import Budget


def spend_while_possible(budget, most=100):
    for spent in range(most):
        try:
            budget.spend()
        except BudgetExhausted as error:
            return spent, error.wait
    return most, 0


def test_no_second_holds_more_calls_than_allowed(redis_client):
    budget = Budget(redis_client, per_second=5, per_hour=10_000)
    times = []
    for _ in range(11):
        budget.spend()
        times.append(time.monotonic())
    assert all(times[n + 5] - times[n] > 0.9 for n in range(6))


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
    hour = [key for key in redis_client.keys("roistat:budget*") if b"hour" in key]
    assert redis_client.llen(hour[0]) == 10


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
