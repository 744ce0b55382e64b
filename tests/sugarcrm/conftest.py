"""A SugarCRM emulator on a real local port, and our client of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from receiver.bootstrap import reach
from receiver.config import SugarConfig
from receiver.emulators.sugarcrm import create_emulator
from receiver.sugarcrm import calls
from tests.live import served


class Sugar:
    """SugarCRM as a test sees it: what is stored, and what goes wrong."""

    def __init__(self, url: str) -> None:
        self.url = url

    def order(self, what: str, **body: Any) -> requests.Response:
        """Post to one of the emulator's own addresses."""
        url = f"{self.url}/_emulator/{what}"
        answer = requests.post(url, json=body, timeout=20)
        assert answer.ok, answer.text
        return answer

    def store(self, **records: Any) -> None:
        self.order("records", **records)

    def deals(self, *deals: dict[str, Any]) -> None:
        self.store(Opportunities=list(deals))

    def assume(self, **switches: Any) -> None:
        self.order("assumptions", **switches)

    def faults(self, *upcoming: dict[str, Any], **faults: Any) -> None:
        self.order("faults", next=list(upcoming), **faults)

    def state(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/_emulator/state", timeout=20).json()

    def log_in(self, platform: str) -> str:
        """As a page of the CRM logs a person in; gives the token."""
        body = {"grant_type": "password", "username": "sync", "password": "pw"}
        answer = requests.post(
            f"{self.url}/rest/v11/oauth2/token",
            json=body | {"platform": platform},
            timeout=20,
        )
        assert answer.ok, answer.text
        return answer.json()["access_token"]

    def get(self, path: str, token: str) -> requests.Response:
        headers = {"OAuth-Token": token}
        return requests.get(f"{self.url}/rest/v11{path}", headers=headers, timeout=20)


@pytest.fixture
def sugar() -> Iterator[Sugar]:
    with served(create_emulator(username="sync", password="pw")) as url:
        yield Sugar(url)


@pytest.fixture
def reached(sugar, redis_client) -> Callable[..., Any]:
    """Makes a client, as each worker has one of its own."""

    def make(**changes: Any) -> Any:
        settings = {
            "api": "rest_v11",
            "url": sugar.url,
            "username": "sync",
            "password": "pw",
            "client_id": "sugar",
            "client_secret": "",
            "platform": "roistat",
            "requests_per_second": 1000,
        }
        return reach(SugarConfig(**settings | changes), redis_client)

    return make


@pytest.fixture
def crm(reached):
    return reached()


@pytest.fixture
def impatient(monkeypatch) -> None:
    """Tries again at once, so that a test need not wait."""
    monkeypatch.setattr(calls, "WAITS", (0.01, 0.01, 0.01))


def walked(crm, size: int = 100, **bounds: Any) -> list[Any]:
    """All deals of a walk, page after page."""
    page = crm.page(None, size=size, **bounds)
    found = list(page.deals)
    while page.following:
        page = crm.page(page.following, size=size, **bounds)
        found += page.deals
    return found


def ids(found: list[Any]) -> list[str]:
    return [one.deal.id for one in found]
