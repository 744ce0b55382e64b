"""What is wrong now, and whether anybody was told of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import redis

from receiver.store.edge import as_json, translated

INCIDENTS, TELLING = "roistat:incidents", "roistat:telling"
TELLING_SECONDS = 120


class Incidents:
    """Open incidents by alarm, as whoever looks for them wrote them down."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def all(self) -> dict[str, dict[str, Any]]:
        """Every incident by its alarm."""
        with translated():
            held = self._redis.hgetall(INCIDENTS)
        return {alarm.decode(): json.loads(one) for alarm, one in held.items()}

    def keep(self, incidents: Mapping[str, Mapping[str, Any]]) -> None:
        """Write all of them down, in place of those before."""
        with translated(), self._redis.pipeline() as pipe:
            pipe.delete(INCIDENTS)
            for alarm, one in incidents.items():
                pipe.hset(INCIDENTS, alarm, as_json(one))
            pipe.execute()

    @contextmanager
    def telling(self) -> Iterator[bool]:
        """To look and tell alone, so that nobody is told twice; False where somebody
        else does.
        """
        with translated():
            lock = self._redis.lock(TELLING, timeout=TELLING_SECONDS)
            is_ours = lock.acquire(blocking=False)
        try:
            yield is_ours
        finally:
            if is_ours:
                with suppress(redis.RedisError):
                    lock.release()
