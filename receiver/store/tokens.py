"""The CRM's tokens: one login for all workers, kept where all of them look."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis

from receiver.errors import StoreUnavailable
from receiver.store.edge import translated

# Seconds for which a worker that was killed while it logged in keeps others waiting. A
# login that takes longer is perhaps made twice: then the older token is refused, and
# whoever has it finds the newer one here.
HELD, PATIENCE = 30.0, 200.0


class Tokens:
    """What opens the CRM, by name. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def get(self, name: str) -> str | None:
        """What is kept under a name."""
        with translated():
            kept = self._redis.get(_key(name))
        return None if kept is None else str(kept, "utf-8")

    def keep(self, name: str, text: str, seconds: int) -> None:
        """Keep a text for so long."""
        with translated():
            self._redis.set(_key(name), text, ex=max(1, seconds))

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """While one is in here, all others of that name wait."""
        lock = self._redis.lock(
            f"{_key(name)}:lock", timeout=HELD, blocking_timeout=PATIENCE, sleep=0.05
        )
        with translated():
            if not lock.acquire():
                raise StoreUnavailable("another worker's login does not end")
        try:
            yield
        finally:
            with suppress(redis.RedisError):  # a lock that was lost needs no release
                lock.release()


def _key(name: str) -> str:
    return f"roistat:token:{name}"
