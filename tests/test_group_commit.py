"""What comes while a write is under way is the next write, and each has its answer."""

import selectors
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from gunicorn.workers.gthread import PollableMethodQueue

from receiver import group_commit
from receiver.deal import Deal
from receiver.group_commit import GroupCommit
from receiver.store import record_of


class Loop:
    """As much of gunicorn's worker as there is to a loop."""

    def __init__(self, pool):
        self.tpool = pool
        self.poller = selectors.DefaultSelector()
        self.method_queue = PollableMethodQueue()
        self.method_queue.init()
        self.poller.register(
            self.method_queue.fileno(),
            selectors.EVENT_READ,
            self.method_queue.run_callbacks,
        )

    def until(self, what, seconds=10):
        """Go round until that is so."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline
            for key, _ in self.poller.select(0.05):
                key.data(key.fileobj)

    def close(self):
        self.method_queue.close()
        self.poller.close()


class Slow:
    """A put that answers when it is let, and remembers what it was given."""

    def __init__(self):
        self.groups = []
        self.connected = 0
        self._ours, self._theirs = socket.socketpair()

    def connect(self):
        self.connected += 1

    def disconnect(self):
        pass

    def fileno(self):
        return self._theirs.fileno()

    def send(self, records):
        self.groups.append(list(records))

    def let(self):
        """Have the write under way done."""
        self._ours.send(b"!")

    def receive(self):
        self._theirs.recv(1)
        if "bad" in self.groups[-1]:
            raise ValueError("bad")
        return False, [f"{one} written" for one in self.groups[-1]]

    def close(self):
        self._ours.close()
        self._theirs.close()


class Told(dict):
    """What became of each wish."""

    def written(self, whose, taken):
        assert whose not in self
        self[whose] = taken

    def failed(self, whose):
        assert whose not in self
        self[whose] = "failed"


def nobody():
    pytest.fail("nobody is to be woken")


@pytest.fixture
def loop():
    with ThreadPoolExecutor(2) as pool, closing(Loop(pool)) as found:
        yield found


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def slow():
    with closing(Slow()) as found:
        yield found


@pytest.fixture
def commit(loop, slow, told):
    found = GroupCommit(loop, slow, nobody, told.written, told.failed)
    loop.until(found.is_ready)
    return found


def test_whoever_is_alone_does_not_wait_for_others(commit, slow, loop, told):
    commit.add(1, ["a"])
    assert slow.groups == [["a"]]
    slow.let()
    loop.until(lambda: told)
    assert told == {1: ["a written"]}


def test_who_comes_during_a_write_shares_the_next_one(commit, slow, loop, told):
    for whose, records in enumerate([["first"], ["a", "b"], ["c"], []]):
        commit.add(whose, records)
    assert slow.groups == [["first"]]
    slow.let()
    loop.until(lambda: told)
    assert told == {0: ["first written"]}
    assert slow.groups == [["first"], ["a", "b", "c"]]
    slow.let()
    loop.until(lambda: len(told) == 4)
    assert [told[n] for n in (1, 2, 3)] == [
        ["a written", "b written"],
        ["c written"],
        [],
    ]


def test_what_fails_fails_for_those_who_are_here_and_not_for_later_ones(
    commit, slow, loop, told, monkeypatch
):
    monkeypatch.setattr(group_commit, "PAUSE", 0.2)
    commit.add(1, ["bad"])
    commit.add(2, ["waits for it"])
    slow.let()
    loop.until(lambda: told)
    assert told == {1: "failed", 2: "failed"}
    assert slow.groups == [["bad"]]
    loop.until(commit.is_ready)
    assert slow.connected == 2
    commit.add(3, ["later"])
    slow.let()
    loop.until(lambda: 3 in told)
    assert told[3] == ["later written"]


def test_a_write_that_hangs_is_given_up(commit, slow, told, monkeypatch):
    monkeypatch.setattr(group_commit, "PATIENCE", 0.1)
    commit.add(1, ["a"])
    commit.give_up_if_late()
    assert not told
    time.sleep(0.15)
    commit.give_up_if_late()
    assert told == {1: "failed"}
    assert not commit.is_ready()


def test_a_store_that_is_away_is_asked_now_and_then(loop, slow, told, monkeypatch):
    monkeypatch.setattr(group_commit, "PAUSE", 0.3)

    def refuse():
        slow.connected += 1
        raise OSError

    slow.connect = refuse
    commit = GroupCommit(loop, slow, nobody, told.written, told.failed)
    began = time.monotonic()
    loop.until(lambda: commit.is_ready() or slow.connected == 3)
    assert time.monotonic() - began > 0.5


def test_one_write_is_not_of_everything_that_waits(
    commit, slow, loop, told, monkeypatch
):
    monkeypatch.setattr(group_commit, "MOST", 3)
    commit.add(0, ["first"])
    for whose in range(1, 6):
        commit.add(whose, [f"{whose}a", f"{whose}b"])
    for _ in range(4):
        before = len(slow.groups), len(told)
        slow.let()
        loop.until(lambda before=before: len(told) > before[1])
    assert [len(group) for group in slow.groups] == [1, 4, 4, 2]
    assert told[5] == ["5a written", "5b written"]


def test_a_real_store_takes_it_and_one_worker_is_woken(loop, store, told, redis_client):
    woken = threading.Semaphore(0)
    commit = GroupCommit(
        loop, store.direct_put(), woken.release, told.written, told.failed
    )
    loop.until(commit.is_ready)
    store.put([record_of(Deal(f"d{n}", "new"), 10) for n in range(0, 12, 2)])
    redis_client.delete("roistat:woken")
    for number in range(12):
        commit.add(number, [record_of(Deal(f"d{number}", "old"), 5)])
    loop.until(lambda: len(told) == 12)
    assert [told[n] for n in range(12)] == [[False], [True]] * 6
    assert woken.acquire(timeout=10)
    assert not woken.acquire(blocking=False)


def test_an_answer_that_comes_too_late_is_nobodys(
    loop, store, told, redis_client, monkeypatch
):
    monkeypatch.setattr(group_commit, "PATIENCE", 0.1)
    monkeypatch.setattr(group_commit, "PAUSE", 0.1)
    woken = threading.Semaphore(0)
    commit = GroupCommit(
        loop, store.direct_put(), woken.release, told.written, told.failed
    )
    loop.until(commit.is_ready)
    redis_client.client_pause(400)
    commit.add("late", [record_of(Deal("d1", "late"), 1)])
    time.sleep(0.15)
    commit.give_up_if_late()
    assert told == {"late": "failed"}
    loop.until(commit.is_ready)
    commit.add("next", [record_of(Deal("d1", f"at {at}"), at) for at in (3, 2, 4)])
    loop.until(lambda: "next" in told)
    assert told["next"] == [True, False, True]
