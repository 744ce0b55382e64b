"""Our own processes, started as a host would, with an environment of their own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.events import SECRET

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose path leaves room for a Unix socket's name."""
    path = Path(tempfile.mkdtemp(prefix="sr-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def environment(**settings: Any) -> dict[str, str]:
    """Only what a process needs, and our settings."""
    kept = ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
    base = {name: os.environ[name] for name in kept if name in os.environ}
    # as in an activated environment, whoever runs the tests
    base["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{base['PATH']}"
    required = {
        "ROISTAT_API_KEY": "key",
        "ROISTAT_PROJECT": "12345",
        "WEBHOOK_SECRETS": SECRET,
        "PYTHONPATH": str(ROOT),
    }
    return base | required | {name: str(value) for name, value in settings.items()}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "receiver.cli", *arguments]


@contextlib.contextmanager
def running(
    *arguments: str, cwd: Path, stop: int = 15, **settings: Any
) -> Iterator[subprocess.Popen[str]]:
    """A command of ours while a test needs it; afterwards nothing of it may live."""
    process = subprocess.Popen(
        command(*arguments),
        env=environment(**settings),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    family: list[psutil.Process] = []
    try:
        yield process
        if process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(stop)
            process.wait(15)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
    assert psutil.wait_procs(family, timeout=5)[1] == []


def eventually(what: Callable[[], Any], seconds: float = 20) -> Any:
    """What `what` gives once it is true; errors meanwhile count as not yet."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            if result := what():
                return result
        except Exception as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s; last error: {last!r}")
