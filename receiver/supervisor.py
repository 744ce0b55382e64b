"""Several processes under one command, started again when they die."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

import structlog

LOOK_EVERY = 0.2  # seconds
PAUSE = 1.0  # before what died is started again
STOP_SECONDS = 9.0  # a host gives ten
PR_SET_PDEATHSIG = 1

log = structlog.get_logger()


class Supervisor:
    """Runs child processes until it is told to stop."""

    def __init__(
        self, environment: Mapping[str, str], directory: Path | None = None
    ) -> None:
        self._environment = dict(environment)
        self._directory = directory
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._again: dict[str, float] = {}
        self._stopping = False

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a Python module, given as its name and arguments, under `name`."""
        self._commands[name] = [sys.executable, "-m", *command]
        self._spawn(name)

    def run(self, also: Callable[[], object] = lambda: None) -> None:
        """Keep everything running until a signal says stop; `also` is called as we look
        around. Then stop what runs.
        """
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            also()
            self.look()
            time.sleep(LOOK_EVERY)
        self.stop()

    def look(self) -> None:
        """Start again what died a moment ago."""
        now = time.monotonic()
        for name, process in list(self._running.items()):
            status = process.poll()
            if status is None:
                continue
            if name not in self._again:
                log.warning("died", process=name, status=status)
                self._again[name] = now + PAUSE
            elif now >= self._again[name]:
                del self._again[name]
                self._spawn(name)

    def stop(self) -> None:
        """Ask every process to finish what it has in hand; kill those that do not."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _spawn(self, name: str) -> None:
        # Each in a session of its own: Ctrl-C is ours to pass on, once and in order.
        self._running[name] = subprocess.Popen(  # noqa: S603 - our own modules
            self._commands[name],
            env=self._environment,
            cwd=self._directory,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    """A child never outlives a killed supervisor (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
