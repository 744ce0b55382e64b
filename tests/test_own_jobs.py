"""A worker carries out our jobs, whatever somebody puts into its queue."""

import inspect
import os
import pickle
import subprocess
import sys
import zlib

import pytest
from rq import Callback, Queue

from receiver import jobs
from receiver.own_jobs import OnlyData, OwnJob
from tests.events import saved
from tests.processes import environment, eventually


class Evil:
    """Runs a command where it is read."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def named(queue, command):
    queue.enqueue("os.system", command)


def ours_with_its_arguments(queue, command):
    queue.enqueue("receiver.jobs.os.system", command)


def imported_by_us(queue, command):
    queue.enqueue("receiver.jobs.bootstrap", command)


def unpacked(queue, command):
    job = queue.enqueue(jobs.drain)
    packed = pickle.dumps(("receiver.jobs.drain", None, (Evil(command),), {}))
    queue.connection.hset(job.key, "data", zlib.compress(packed))


def afterwards(queue, command):
    queue.enqueue(jobs.drain, on_success=Callback("tests.test_own_jobs.leave_a_trace"))


def in_its_notes(queue, command):
    job = queue.enqueue(jobs.drain)
    queue.connection.hset(job.key, "meta", pickle.dumps(Evil(command)))


WAYS = (
    named,
    ours_with_its_arguments,
    imported_by_us,
    unpacked,
    afterwards,
    in_its_notes,
)


def leave_a_trace(*_):
    with open(os.environ["TRACE"], "w"):
        pass


@pytest.fixture
def worker(redis_client, valkey, roistat, tmp_path):
    """A real worker; gives the file that nobody may write."""
    trace = tmp_path / "trace"
    settings = {
        "REDIS_URL": valkey.connection_url,
        "ROISTAT_URL": f"{roistat.url}/api/v1",
        "TRACE": trace,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "receiver.worker", "live"],
        env=environment(**settings),
        cwd=tmp_path,
    )
    yield trace
    process.terminate()
    process.wait(15)


def test_what_is_not_ours_is_not_done_and_what_is_goes_on(
    worker, redis_client, receiver, roistat
):
    queue = Queue("live", connection=redis_client)
    for way in WAYS:
        way(queue, f"touch {worker}")
    eventually(lambda: queue.count == 0)
    assert receiver.send(saved("d1")).status_code == 202
    eventually(lambda: "d1" in roistat.orders)
    assert not worker.exists()


def test_every_job_of_ours_is_done(redis_client):
    queue = Queue("some", connection=redis_client, serializer=OnlyData)
    own = [
        one
        for one in vars(jobs).values()
        if inspect.isfunction(one)
        and one.__module__ == jobs.__name__
        and not inspect.signature(one).parameters
    ]
    assert jobs.drain in own
    assert jobs.check_roistat in own
    for function in own:
        kept = queue.enqueue(function)
        job = OwnJob.fetch(kept.id, connection=redis_client, serializer=OnlyData)
        assert job.func is function
