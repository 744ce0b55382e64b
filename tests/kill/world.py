"""The real thing on this machine: the receiver, its store, and both emulators."""

import base64
import contextlib
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psutil
import redis
import requests
from rq import Queue, Worker

from receiver.store import Store
from receiver.sugarcrm.signature import sign
from tests.kill.copies import CODE
from tests.kill.network import HOST, Network

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 20.0

KINDS = ("web", "web worker", "worker", "background", "clock", "valkey")

SERVE = ("receiver.cli", "serve")
WITH_TWO_WORKERS = ("tests.kill.host",)


class World:
    """`sugar-roistat serve` on a store of its own, SugarCRM's emulator on one side of
    it, and Roistat's on the other, behind a network that may fail.

    `code` is the directory whose `receiver` package runs, `command` what runs it.
    """

    def __init__(self, code: Path = CODE, command: tuple[str, ...] = SERVE) -> None:
        # short: the path of a Unix socket must fit into 107 bytes
        self._directory = Path(tempfile.mkdtemp(prefix="kill-"))
        self._log = (self._directory / "log").open("wb")
        self._port, self._roistat_port, self._crm_port = free_ports(3)
        self._roistat_url = f"http://{HOST}:{self._roistat_port}"
        self.crm_url = f"http://{HOST}:{self._crm_port}"
        self.network = Network(self._roistat_port)
        self._command = command
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self._environment = self._settings(code)
        self._serve: subprocess.Popen[bytes] | None = None
        self._emulators: list[subprocess.Popen[bytes]] = []
        self._session = requests.Session()
        self._crm_session = requests.Session()
        socket_path = str(self._directory / "data/valkey.sock")
        self.redis = redis.Redis(unix_socket_path=socket_path)
        self.store = Store(self.redis)
        self.killed: Counter[str] = Counter()
        self._paused: list[psutil.Process] = []

    def __enter__(self) -> Self:
        try:
            self.network.__enter__()
            for name, port in (
                ("roistat", self._roistat_port),
                ("sugarcrm", self._crm_port),
            ):
                arguments = ("receiver.cli", "emulator", name, "--port", str(port))
                self._emulators.append(self._start(*arguments))
            self._serve = self._start(*self._command)
            self.wait_until(self._is_ready, START_SECONDS, "a receiver that is ready")
            self.wait_until(self._is_at_work, START_SECONDS, "worker that works")
            self.faults()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            for process in self.left_behind():
                process.kill()
            self.network.__exit__()
            self._session.close()
            self._crm_session.close()
            self.redis.close()
            self._log.close()
            shutil.rmtree(self._directory, ignore_errors=True)

    def stop(self) -> None:
        """Stop it all as a host would: SIGTERM, and time to finish."""
        serve, emulators = self._serve, self._emulators
        self._serve, self._emulators = None, []
        if serve is not None:
            serve.terminate()
            serve.wait(STOP_SECONDS)
        for process in emulators:
            process.terminate()
        for process in emulators:
            process.wait(STOP_SECONDS)
        if serve is not None and serve.returncode != 0:
            said = f"`serve` ended with status {serve.returncode}"
            raise AssertionError(f"{said}:\n{self.log()}")

    def stop_receiver(self) -> float:
        """Tell the receiver to stop, as a host does; how many seconds it took until
        nothing of it ran.
        """
        assert self._serve is not None
        family = psutil.Process(self._serve.pid).children(recursive=True)
        began = time.monotonic()
        self._serve.terminate()
        self._serve.wait(STOP_SECONDS)
        left = psutil.wait_procs(family, timeout=STOP_SECONDS)[1]
        assert not left, left
        return time.monotonic() - began

    def start_receiver(self) -> None:
        """Start the receiver again, and wait until it is ready."""
        self._serve = self._start(*self._command)
        self.wait_until(self._is_ready, START_SECONDS, "a receiver that is ready")

    def terminate(self, kind: str) -> float:
        """Tell one process to stop; how many seconds it took."""
        (process,) = self._find(kind)
        began = time.monotonic()
        process.terminate()
        gone = psutil.wait_procs([process], timeout=STOP_SECONDS)[0]
        assert gone, f"{kind} still runs"
        return time.monotonic() - began

    def runs(self, kind: str) -> int:
        """How many processes of a kind run."""
        return len(self._find(kind))

    def log(self) -> str:
        """The last of what the processes said."""
        return (self._directory / "log").read_text(errors="replace")[-4000:]

    def wait_until(
        self, true: Callable[[], object], seconds: float, what: str = ""
    ) -> None:
        """Look until it is true, or the time is up; that fails if `what` is named."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                if what:
                    raise AssertionError(f"no {what}; the log:\n{self.log()}")
                return
            time.sleep(0.1)

    # --- the CRM's side ---

    def send(self, session: requests.Session, body: bytes, message_id: str) -> bool:
        """Send a webhook, signed now; True where it got its 202.

        Anything else than an honest "not now" is a bug.
        """
        headers = {"Content-Type": "application/json"}
        headers |= sign(body, message_id, self._secret)
        url = f"http://{HOST}:{self._port}/webhooks/sugarcrm"
        try:
            answer = session.post(url, data=body, headers=headers, timeout=8)
        except requests.RequestException:
            return False
        if answer.status_code not in (202, 503):
            raise AssertionError(f"{answer.status_code}: {answer.text[:500]}")
        return answer.status_code == 202

    def save(self, change: dict[str, Any]) -> None:
        """Have the CRM hold what was saved in it."""
        url = f"{self.crm_url}/_emulator/records"
        self._crm_session.post(url, json=change, timeout=20).raise_for_status()

    def crm(self) -> dict[str, Any]:
        """All that the CRM holds."""
        url = f"{self.crm_url}/_emulator/state"
        state: dict[str, Any] = self._session.get(url, timeout=20).json()
        return state

    def reconcile(self) -> subprocess.CompletedProcess[str]:
        """`sugar-roistat reconcile --repair`: who else asks the CRM is nobody, or what
        webhooks lost would be healed without a trace.
        """
        crm = {
            "SUGAR_API": "rest_v11",
            "SUGAR_URL": self.crm_url,
            "SUGAR_USERNAME": "roistat",
            "SUGAR_PASSWORD": "roistat",
            "SUGAR_REQUESTS_PER_SECOND": "19",
            "SYNC_INTERVAL": "0",
        }
        return subprocess.run(
            [sys.executable, "-m", "receiver.cli", "reconcile", "--repair"],
            env=self._environment | crm,
            cwd=self._directory,
            capture_output=True,
            text=True,
            timeout=60,
        )

    # --- Roistat's side ---

    def roistat(self) -> dict[str, Any]:
        """All that Roistat holds."""
        url = f"{self._roistat_url}/_emulator/state"
        state: dict[str, Any] = self._session.get(url, timeout=20).json()
        return state

    def calls(self, path: str) -> int:
        """How many calls of a method Roistat has received, finished or not."""
        return int(self.roistat()["requests"].get(path, 0))

    def skips(self, **ids: list[str]) -> None:
        """Have Roistat refuse deals by a counter alone."""
        url = f"{self._roistat_url}/_emulator/skips"
        requests.post(url, json=ids, timeout=20).raise_for_status()

    def faults(self, *upcoming: dict[str, Any], latency_ms: int = 0) -> None:
        """Have Roistat answer late, and the next calls go wrong."""
        body = {
            "latency_ms": latency_ms,
            "next": list(upcoming),
            "quotas": {"per_second": 100_000, "per_hour": 1_000_000},
        }
        url = f"{self._roistat_url}/_emulator/faults"
        requests.post(url, json=body, timeout=20).raise_for_status()

    # --- the processes ---

    def kill(self, kind: str, rng: random.Random | None = None) -> bool:
        """SIGKILL one process of a kind; False where none runs at this moment."""
        found = self._find(kind)
        if not found:
            return False
        victim = rng.choice(found) if rng else found[0]
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            self.killed[kind] += 1
        return True

    def pause(
        self, kind: str, rng: random.Random | None = None
    ) -> psutil.Process | None:
        """SIGSTOP one process of a kind; None where none runs at this moment."""
        found = self._find(kind)
        if not found:
            return None
        victim = rng.choice(found) if rng else found[0]
        self.pause_one(victim)
        return victim

    def pause_one(self, process: psutil.Process) -> None:
        """SIGSTOP a process."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
            self._paused.append(process)

    def go_on(self, process: psutil.Process | None = None) -> None:
        """SIGCONT a process, or all that were paused."""
        for one in [process] if process else self._paused:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()
        if process is None:
            self._paused.clear()

    def workers(self) -> list[psutil.Process]:
        """The workers that deliver."""
        return self._find("worker")

    def web_workers(self) -> list[psutil.Process]:
        """The processes that answer webhooks."""
        return self._find("web worker")

    def connection(self) -> socket.socket:
        """A connection to the receiver that says nothing yet."""
        return socket.create_connection((HOST, self._port), 5)

    def worker_at(self, port: int) -> psutil.Process:
        """The worker that has a connection from a port."""
        (found,) = [
            one
            for one in self._find("worker")
            if any(to.laddr.port == port for to in one.net_connections("tcp"))
        ]
        return found

    def left_behind(self) -> list[psutil.Process]:
        """Every process that has the environment of this world."""
        mark = self._environment["DATA_DIR"]
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.environ().get("DATA_DIR") == mark
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _find(self, kind: str) -> list[psutil.Process]:
        assert self._serve is not None
        if kind == "serve":
            return [psutil.Process(self._serve.pid)]
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._serve.pid).children()
            if kind != "web worker":
                return [one for one in children if _kind_of(one) == kind]
            for one in children:
                if _kind_of(one) == "web":
                    workers: list[psutil.Process] = one.children()
                    return workers
        return []

    def _settings(self, code: Path) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join([str(code), str(ROOT)]),
            "ROISTAT_API_KEY": "key",
            "ROISTAT_PROJECT": "1",
            "ROISTAT_URL": f"http://{HOST}:{self.network.port}/api/v1",
            "ROISTAT_REQUESTS_PER_SECOND": "100",
            "ROISTAT_REQUESTS_PER_HOUR": "1000000",
            "WEBHOOK_SECRETS": self._secret,
            "DATA_DIR": str(self._directory / "data"),
            "PORT": str(self._port),
        }

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self._environment,
            cwd=self._directory,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _is_at_work(self) -> bool:
        live = Queue("live", connection=self.redis)
        return Worker.count(queue=live) == len(self.workers())

    def takes_webhooks(self) -> bool:
        """Whether it is ready, and not by the last that a killed web process left."""
        return bool(self.runs("web worker")) and self._is_ready()

    def _is_ready(self) -> bool:
        assert self._serve is not None
        for process in (self._serve, *self._emulators):
            assert process.poll() is None, self.log()
        try:
            url = f"http://{HOST}:{self._port}/readyz"
            # not by a connection that a process keeps whose master was killed
            ready = requests.get(url, timeout=5).ok
            return ready and bool(self.roistat()) and bool(self.crm())
        except requests.RequestException:
            return False


def free_ports(count: int) -> list[int]:
    """Ports to listen on, below those that the system gives to outgoing connections:
    while a killed server is away, nobody takes its port.
    """
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = random.SystemRandom().randrange(15_000, 30_000)
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                ports.append(port)
        return ports


def _kind_of(process: psutil.Process) -> str:
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:
        return "gone"
    marks = {
        "-m gunicorn": "web",
        "receiver.worker live": "worker",
        "receiver.worker background": "background",
        "receiver.schedule": "clock",
        "valkey-server": "valkey",
    }
    return next((kind for mark, kind in marks.items() if mark in command), "other")
