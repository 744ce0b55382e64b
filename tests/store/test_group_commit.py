"""What several threads write at one moment is one write, and each has its answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from receiver.deal import Deal
from receiver.errors import StoreUnavailable
from receiver.store import record_of
from receiver.store.group_commit import GroupCommit
from tests.processes import eventually


class Slow:
    """A write that takes until it is let go, and remembers what it was given."""

    def __init__(self):
        self.groups = []
        self.goes_on = threading.Semaphore(0)

    def __call__(self, items):
        self.groups.append(list(items))
        assert self.goes_on.acquire(timeout=10)
        if "bad" in items:
            raise ValueError("bad")
        if "stop" in items:
            raise SystemExit
        return [f"{one} written" for one in items]


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def threads():
    with ThreadPoolExecutor(20) as pool:
        yield pool


def waiting(grouped):
    return len(grouped._wishes)


def begun(grouped, slow, threads, *wishes):
    """One write under way, and the wishes of others that came meanwhile."""
    first = threads.submit(grouped, ["first"])
    eventually(lambda: slow.groups)
    rest = []
    for number, items in enumerate(wishes, 1):
        rest.append(threads.submit(grouped, items))
        eventually(lambda number=number: waiting(grouped) == number)
    return first, rest


def test_whoever_is_alone_does_not_wait_for_others(slow):
    slow.goes_on.release()
    assert GroupCommit(slow)(["a"]) == ["a written"]


def test_who_comes_during_a_write_shares_the_next_one(slow, threads):
    grouped = GroupCommit(slow)
    first, rest = begun(grouped, slow, threads, ["a", "b"], ["c"], [])
    slow.goes_on.release(2)
    assert first.result(10) == ["first written"]
    assert [one.result(10) for one in rest] == [
        ["a written", "b written"],
        ["c written"],
        [],
    ]
    assert slow.groups == [["first"], ["a", "b", "c"]]


def test_what_fails_fails_for_those_who_were_in_it_alone(slow, threads):
    grouped = GroupCommit(slow)
    first, rest = begun(grouped, slow, threads, ["a"], ["bad"])
    slow.goes_on.release(3)
    assert first.result(10) == ["first written"]
    for one in rest:
        with pytest.raises(ValueError, match="bad"):
            one.result(10)
    assert grouped(["later"]) == ["later written"]


def test_a_thread_that_is_told_to_stop_while_it_writes_leaves_nobody_waiting(
    slow, threads
):
    grouped = GroupCommit(slow)
    first, rest = begun(grouped, slow, threads, ["stop"], ["a"])
    slow.goes_on.release(3)
    assert first.result(10) == ["first written"]
    for one in rest:
        with pytest.raises(SystemExit):
            one.result(10)
    assert grouped(["later"]) == ["later written"]


def test_many_threads_write_everything_once_and_in_their_own_order(threads):
    written = []

    def write(items):
        written.extend(items)
        return list(items)

    grouped = GroupCommit(write)

    def many(thread):
        for number in range(200):
            assert grouped([(thread, number)]) == [(thread, number)]

    for one in [threads.submit(many, thread) for thread in range(12)]:
        one.result(30)
    assert len(written) == 12 * 200
    for thread in range(12):
        assert [n for who, n in written if who == thread] == list(range(200))


def test_of_threads_that_write_together_one_is_asked_to_wake_a_worker(store, threads):
    together = threading.Barrier(12)

    def put(number):
        together.wait(10)
        return store.put([record_of(Deal(f"d{number}", "a deal"), 1)])

    answers = [one.result(10) for one in [threads.submit(put, n) for n in range(12)]]
    assert sorted(wake for wake, _ in answers) == [False] * 11 + [True]
    assert [taken for _, taken in answers] == [[True]] * 12
    assert store.counts()["pending"] == 12


def test_each_of_them_is_told_what_was_taken_of_its_own(store, threads):
    store.put([record_of(Deal(f"d{n}", "new"), 10) for n in range(0, 12, 2)])
    together = threading.Barrier(12)

    def put(number):
        together.wait(10)
        return store.put([record_of(Deal(f"d{number}", "old"), 5)])[1]

    taken = [one.result(10) for one in [threads.submit(put, n) for n in range(12)]]
    assert taken == [[False], [True]] * 6


def test_a_store_that_is_away_is_told_to_all_who_wait(store, redis_client, threads):
    redis_client.config_set("maxmemory", 1)
    try:
        told = [
            threads.submit(store.put, [record_of(Deal(f"d{n}", "a deal"), 1)])
            for n in range(12)
        ]
        for one in told:
            with pytest.raises(StoreUnavailable):
                one.result(10)
    finally:
        redis_client.config_set("maxmemory", 0)
    assert store.put([record_of(Deal("d1", "a deal"), 1)])[1] == [True]
