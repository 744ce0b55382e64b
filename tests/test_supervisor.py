"""The supervisor: what it does with children that die, and that will not."""

import os
import time

import psutil
import pytest

from receiver import supervisor
from receiver.supervisor import Supervisor

STUBBORN = """\
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("up").touch()
time.sleep(60)
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Starts a small program of the test's own under a supervisor."""
    monkeypatch.setattr(supervisor, "PAUSE", 0.1)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    one = Supervisor({"PATH": os.environ["PATH"]}, tmp_path)

    def start(program):
        (tmp_path / "program.py").write_text(program)
        one.start("child", ["program"])
        return one

    yield start
    one.stop()


def until_up(tmp_path):
    deadline = time.monotonic() + 10
    while not (tmp_path / "up").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_does_not_stop_when_asked_is_killed(child, tmp_path):
    stubborn = child(STUBBORN)
    until_up(tmp_path)
    (process,) = (
        one
        for one in psutil.Process().children(recursive=True)
        if "program" in one.cmdline()
    )
    stubborn.stop()
    assert not process.is_running()


def test_what_dies_at_once_is_started_again_and_again(child, tmp_path):
    counting = "open('count', 'a').write('x')"
    one = child(counting)
    deadline = time.monotonic() + 10
    while not (tmp_path / "count").exists() or (tmp_path / "count").stat().st_size < 3:
        assert time.monotonic() < deadline
        one.look()
        time.sleep(0.02)
