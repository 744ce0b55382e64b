"""The server that the store lies in: whether it answers, and what it keeps."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import redis

from receiver.errors import StoreUnavailable
from receiver.store.edge import said, translated


class Memory(NamedTuple):
    """What the server uses and what it may use, in bytes; None where it does not say,
    and where nothing limits it.
    """

    used: int | None
    limit: int | None


class Host:
    """A Redis or a Valkey. Raises `StoreUnavailable` where it does not answer."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def run(self) -> str:
        """The run of the server that answers; nothing where the host does not say."""
        try:
            return str(self._redis.info("server").get("run_id", ""))
        except redis.ResponseError:
            return ""  # INFO is refused
        except redis.RedisError as error:
            raise StoreUnavailable(said(error)) from error

    def answers(self) -> None:
        """Return if Redis takes writes. Raises `StoreUnavailable`."""
        with translated():
            self._redis.set("roistat:probe", 1, ex=60)

    def memory(self) -> Memory:
        """How much of its memory the server uses."""
        try:
            told = self._redis.info("memory")
        except redis.ResponseError:
            return Memory(None, None)  # INFO is refused
        except redis.RedisError as error:
            raise StoreUnavailable(said(error)) from error
        return Memory(told.get("used_memory"), told.get("maxmemory") or None)

    def is_durable(self) -> bool | None:
        """Whether what was acknowledged survives; None where the host does not say."""
        try:
            return _is_durable(self._redis.config_get("append*", "maxmemory-policy"))
        except redis.ResponseError:
            return None  # CONFIG is refused: many hosts do
        except redis.RedisError as error:
            raise StoreUnavailable(said(error)) from error


def _is_durable(config: Mapping[Any, Any]) -> bool | None:
    if not config:
        return None
    told = {_text(name): _text(value) for name, value in config.items()}
    wanted = {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
    }
    return all(told.get(name) == value for name, value in wanted.items())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
