"""The processes that are measured: the whole product, an emulator, the baselines."""

import base64
import os
import secrets
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from unittest import mock

import psutil
import redis
import requests

from bench.baselines import OBVIOUS
from bench.load import HOST
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config, demo_environment
from receiver.embedded import EmbeddedValkey
from receiver.serve import WEB, start_receiver
from receiver.store import Store
from receiver.supervisor import Supervisor

START_SECONDS = 30.0
LATENCY = 50  # milliseconds that the emulator takes for a call
LIFTED = {"per_second": 100_000, "per_hour": 10_000_000}
EMULATOR, SUGARCRM = ("emulator", "roistat"), ("emulator", "sugarcrm")

# what of its command line tells a process, in this order
_ROLES = (
    ("receiver:create_app()", "web"),
    ("bench.baselines:create_app()", "web"),
    ("receiver.worker live", "delivery"),
    ("bench.hurried live", "delivery"),
    ("bench.baselines", "delivery"),
    ("rq.cli worker", "delivery"),
    ("emulator roistat", "emulator"),
    ("emulator sugarcrm", "crm"),
    ("bench.witness", "emulator"),
    ("valkey", "store"),
)


class Arrival(NamedTuple):
    """When a state reached Roistat (UNIX time), and the price that tells which."""

    moment: float
    price: str


class World:
    """`serve`'s processes on an embedded Valkey of their own, fsync always; a Roistat
    emulator that takes 50 ms; the baselines under the same gunicorn settings.

    `settings` are the receiver's, which are otherwise as they come. With `witness` the
    emulator keeps every arrival, not only the last one of each deal; with `crm` there
    is a SugarCRM emulator too. The workers are those of the module `worker`.
    """

    def __init__(
        self,
        *,
        witness: bool = False,
        crm: bool = False,
        worker: str = "receiver.worker",
        **settings: str,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="bench-")
        directory = Path(self._directory.name)
        self.port, self.baselines, self._emulator, self._crm = free_ports(4)
        self._has_crm, self._worker = crm, worker
        if "SUGAR_API" in settings:
            settings["SUGAR_URL"] = self.crm_url
        self._stand_in = ["bench.witness"] if witness else ["receiver.cli", *EMULATOR]
        self._valkey = EmbeddedValkey(directory)
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.environment = demo_environment(
            ROISTAT_API_KEY="bench",
            ROISTAT_PROJECT="1",
            ROISTAT_URL=f"http://{HOST}:{self._emulator}/api/v1",
            REDIS_URL=self._valkey.url,
            PYTHONPATH=str(Path(__file__).parents[1]),
            **settings,
        ) | {"WEBHOOK_SECRETS": self.secret}
        self._supervisor = Supervisor(self.environment, directory)
        self.redis = redis.Redis.from_url(self._valkey.url)
        self.store = Store(self.redis)

    def __enter__(self) -> Self:
        try:
            with _errors_into(Path(self._directory.name) / "log"):
                self._start()
            self._wait_until_up()
        except BaseException:
            self._stop()
            raise
        self.faults(latency_ms=LATENCY)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _start(self) -> None:
        self._valkey.start()
        start_receiver(self._supervisor, HOST, self.port, self._worker)
        port = ["--port", str(self._emulator)]
        self._supervisor.start("roistat", [*self._stand_in, *port])
        if self._has_crm:
            port = ["--port", str(self._crm)]
            self._supervisor.start("crm", ["receiver.cli", *SUGARCRM, *port])
        bind = ["--workers", "2", "--bind", f"{HOST}:{self.baselines}"]
        app = "bench.baselines:create_app()"
        self._supervisor.start("baselines", [*WEB, *bind, app])
        self._supervisor.start("tuned", ["bench.baselines"])
        queue = ["worker", OBVIOUS, "--url", self._valkey.url, "--quiet"]
        self._supervisor.start("obvious", ["rq.cli", *queue])

    def _stop(self) -> None:
        self._supervisor.stop()
        self._valkey.stop()
        self._directory.cleanup()

    def requests(self, path: str) -> int:
        """How many calls of one path the emulator has counted."""
        return int(self.state()["requests"].get(path, 0))

    def state(self) -> Any:
        """What the emulator holds."""
        return requests.get(self._control("state"), timeout=30).json()

    def all_requests(self) -> int:
        """How many calls of any path the emulator has counted."""
        return sum(self.state()["requests"].values())

    def refused(self) -> int:
        """How many calls the emulator refused by its quotas, since these changed."""
        answer = requests.get(self._control("calls"), timeout=5)
        return int(answer.json()["refused"])

    def arrivals(self) -> dict[str, list[Arrival]]:
        """Every arrival of each deal; the emulator must be a witness."""
        answer = requests.get(self._control("arrivals"), timeout=30)
        return {
            deal_id: [Arrival(*one) for one in seen]
            for deal_id, seen in answer.json().items()
        }

    def faults(self, **faults: Any) -> None:
        """Tell the emulator how to behave from now on."""
        self._tell("faults", faults)

    def skips(self, **skips: list[str]) -> None:
        """Have deals skipped by the counter that they are named under."""
        self._tell("skips", skips)

    @property
    def crm_url(self) -> str:
        """Where the SugarCRM emulator is."""
        return f"http://{HOST}:{self._crm}"

    def store_in_crm(self, **records: Any) -> None:
        """Have the SugarCRM emulator hold some records."""
        url = f"{self.crm_url}/_emulator/records"
        requests.post(url, json=records, timeout=60).raise_for_status()

    def _tell(self, name: str, body: Any) -> None:
        answer = requests.post(self._control(name), json=body, timeout=5)
        answer.raise_for_status()

    def wait_until_settled(self, seconds: float = 60) -> None:
        """Return when nothing is pending. Raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while self.store.counts()["pending"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"still pending after {seconds:.0f} s")
            time.sleep(0.05)

    def services(self) -> Services:
        """Services of our own, as the receiver's processes have them."""
        with mock.patch.dict(os.environ, self.environment):
            return bootstrap(Config.from_environment(env_file=False))

    def worker(self) -> psutil.Process:
        """The process that makes the live deliveries."""
        return next(one for one, line in _children() if "receiver.worker live" in line)

    def resident(self, part: str) -> int:
        """Bytes of memory that the largest of the processes takes whose command line
        has that part: of this world's, for there may be two.
        """
        ours, most = self.environment["REDIS_URL"], 0
        for process, line in _children():
            with suppress(psutil.Error):
                if part in line and process.environ().get("REDIS_URL") == ours:
                    most = max(most, process.memory_info().rss)
        return most

    def accepting(self) -> float:
        """Seconds of CPU that this world's web processes and store have used."""
        store: Any = self.redis.info("server")
        used = sum(psutil.Process(store["process_id"]).cpu_times()[:2])
        for process, line in _children():
            if f"{HOST}:{self.port} " in line:
                used += sum(process.cpu_times()[:2])
        return float(used)

    def restart_store(self) -> float:
        """Stop the store and start it again; the seconds until it had loaded all."""
        self.redis.shutdown(nosave=True)  # everything is in the append-only file
        began = time.monotonic()
        while not self._valkey.restart_if_dead():
            time.sleep(0.05)
        return time.monotonic() - began

    def cpu(self) -> Counter[str]:
        """Seconds of CPU used so far, by the role of the process."""
        used = Counter(sender=sum(psutil.Process().cpu_times()[:2]))
        for process, line in _children():
            role = next((name for part, name in _ROLES if part in line), "other")
            with suppress(psutil.NoSuchProcess):  # a job of the obvious way
                used[role] += sum(process.cpu_times()[:4])  # with what it reaped
        return used

    def _control(self, name: str) -> str:
        return f"http://{HOST}:{self._emulator}/_emulator/{name}"

    def _wait_until_up(self) -> None:
        addresses = [
            f"http://{HOST}:{self.port}/readyz",
            f"http://{HOST}:{self.baselines}/",
            self._control("state"),
        ]
        if self._has_crm:
            addresses.append(f"{self.crm_url}/_emulator/state")
        deadline = time.monotonic() + START_SECONDS
        while addresses:
            try:
                requests.get(addresses[0], timeout=2)
                addresses.pop(0)
            except requests.RequestException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def valkey_version() -> str:
    """The version of the embedded Valkey."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        valkey = EmbeddedValkey(Path(directory))
        valkey.start()
        try:
            server = redis.Redis.from_url(valkey.url).info("server")
        finally:
            valkey.stop()
    return str(server["valkey_version"])


def _children() -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.Process().children(recursive=True):
        try:
            yield process, " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            continue


@contextmanager
def _errors_into(log: Path) -> Iterator[None]:
    """What is started meanwhile writes its log there, not between our lines."""
    kept = os.dup(sys.stderr.fileno())
    with log.open("wb") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    try:
        yield
    finally:
        os.dup2(kept, sys.stderr.fileno())
        os.close(kept)


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    probes = [socket.create_server((HOST, 0)) for _ in range(number)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
