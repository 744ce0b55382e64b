"""The Roistat emulator on a real local port, and a caller for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

from receiver.emulators.roistat import create_emulator
from tests.live import served

NO_QUOTAS = {"quotas": {"per_second": 100_000, "per_hour": 1_000_000}}


class Roistat:
    """Calls the emulator as a client of Roistat would, with a key and a project."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self.session = session
        self.headers = {"Api-key": "key"}
        self.params = {"project": "12345"}

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"headers": self.headers, "params": self.params} | options
        url = f"{self.url}/api/v1{path}"
        return self.session.request(method, url, timeout=20, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        answer = self.request("POST", path, json=body, **options)
        return answer.json()  # type: ignore[no-any-return]

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        return self.request("GET", path, **options).json()  # type: ignore[no-any-return]

    def add(self, *orders: dict[str, Any]) -> dict[str, Any]:
        return self.post("/project/add-orders", list(orders))

    def listed(self, **body: Any) -> list[str]:
        rows = self.post("/project/integration/order/list", body)["data"]
        return [row["id"] for row in rows]

    def control(self, name: str, body: Any) -> requests.Response:
        return self.session.post(f"{self.url}/_emulator/{name}", json=body, timeout=20)

    def state(self) -> dict[str, Any]:
        answer = self.session.get(f"{self.url}/_emulator/state", timeout=20)
        return answer.json()  # type: ignore[no-any-return]

    def orders(self) -> dict[str, Any]:
        return self.state()["orders"]  # type: ignore[no-any-return]


@contextmanager
def emulated(**options: Any) -> Iterator[Roistat]:
    with served(create_emulator(**options)) as url, requests.Session() as session:
        yield Roistat(url, session)


Start = Callable[..., Roistat]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an emulator with options of the test's own."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(emulated(**options))


@pytest.fixture
def bare(start: Start) -> Roistat:
    """An emulator with Roistat's quotas and no statuses, as it starts."""
    return start()


@pytest.fixture
def roistat(start: Start) -> Roistat:
    """An emulator without quotas that knows a status of each group."""
    return prepared(start())


def prepared(roistat: Roistat) -> Roistat:
    roistat.control("faults", NO_QUOTAS)
    groups = {"new": "progress", "won": "paid", "lost": "canceled", "spam": "unused"}
    statuses = [{"id": i, "name": i.title(), "type": t} for i, t in groups.items()]
    roistat.post("/project/set-statuses", statuses)
    return roistat


@pytest.fixture
def start_prepared(start: Start) -> Start:
    """Like `start`, without quotas and with a status of each group."""
    return lambda **options: prepared(start(**options))


@pytest.fixture(scope="module")
def shared() -> Iterator[Roistat]:
    """One prepared emulator for all examples of a property."""
    with emulated() as roistat:
        yield prepared(roistat)
