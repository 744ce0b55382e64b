"""What is known of the neighbours: Roistat's dictionary and state, the CRM's, and the
mapping between them. Noted when somebody learns it, read by whoever is asked.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from redis.exceptions import LockError

from receiver.errors import UpstreamError
from receiver.store.edge import translated
from receiver.store.keys import REMAP

STATUSES, VERDICT, PING = "roistat:statuses", "roistat:verdict", "roistat:ping"
DICTIONARY, CLOSED = "roistat:dictionary", "roistat:closed"
MAPPING, CRM = "roistat:mapping", "roistat:crm"
# Seconds. Changing the dictionary takes two calls of at most 11 each (see http_client)
# and the budget's patience. More would be waited for in vain where somebody was killed
# meanwhile, by all deals in new stages.
CHANGING, PATIENCE = 30, 5
# What Roistat offers only to some projects (see the client)
METHODS = ("delete", "status/update", "clients/import")


class Notes:
    """Notes on the neighbours. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def mapping(self) -> str | None:
        """The mapping that somebody stored, as JSON."""
        with translated():
            text = self._redis.get(MAPPING)
        return text.decode() if text else None

    def keep_mapping(self, text: str) -> None:
        """Store a mapping for good. How far what is held was mapped counts no more:
        deals may be sent by this one, and it be taken back before anybody walked.
        """
        with translated(), self._redis.pipeline() as pipe:
            pipe.set(MAPPING, text).delete(REMAP).execute()

    def statuses(self) -> list[dict[str, str]] | None:
        """Roistat's status dictionary as last shown; None where it must be asked."""
        statuses: list[dict[str, str]] | None = self._note(STATUSES)
        return statuses

    def keep_statuses(self, statuses: list[dict[str, str]] | None) -> None:
        """Remember the dictionary for a while; None forgets it."""
        self._keep(STATUSES, statuses, timedelta(minutes=10))

    @contextmanager
    def changing_statuses(self) -> Iterator[Callable[[], None]]:
        """Alone while reading, changing and uploading the dictionary: it is replaced
        whole, and whoever came between would be undone. Gives what to call just before
        the upload. Raises `UpstreamError` where somebody else does not come to an end,
        or has come between.
        """
        with translated():
            lock = self._redis.lock(
                DICTIONARY, timeout=CHANGING, blocking_timeout=PATIENCE
            )
            if not lock.acquire():
                raise UpstreamError("somebody else changes the status dictionary")

        def make_sure() -> None:
            with translated():
                try:
                    lock.reacquire()
                except LockError:  # as after a long sleep of the whole machine
                    raise UpstreamError(
                        "somebody else may have changed the status dictionary"
                    ) from None

        try:
            yield make_sure
        finally:
            with suppress(redis.RedisError):  # a lock that was lost needs no release
                lock.release()

    def closed(self) -> frozenset[str]:
        """The methods that Roistat lately refused to this project."""
        with translated():
            values = self._redis.mget([f"{CLOSED}:{one}" for one in METHODS])
        both = zip(METHODS, values, strict=True)
        return frozenset(method for method, value in both if value)

    def keep_closed(self, method: str) -> None:
        """Remember for a day that Roistat refuses a method to this project."""
        self._keep(f"{CLOSED}:{method}", 1, timedelta(days=1))

    def verdict(self) -> dict[str, Any] | None:
        """What the last call said of Roistat: state, message, checked_at."""
        verdict: dict[str, Any] | None = self._note(VERDICT)
        return verdict

    def keep_verdict(self, state: str, message: str) -> None:
        """Remember what a call to Roistat said of its state."""
        note = {"state": state, "message": message, "checked_at": _now()}
        self._keep(VERDICT, note, timedelta(days=1))

    def crm_verdict(self) -> dict[str, Any] | None:
        """What the last read from the CRM said of it: state, message, checked_at, and
        until when (UNIX time) it is let alone.
        """
        verdict: dict[str, Any] | None = self._note(CRM)
        return verdict

    def keep_crm_verdict(self, state: str, message: str, until: float = 0) -> None:
        """Remember what a read from the CRM said of its state."""
        note = {"state": state, "message": message, "checked_at": _now()}
        self._keep(CRM, note | {"until": until}, timedelta(days=30))

    def ping(self) -> dict[str, Any] | None:
        """What the CRM last said of itself."""
        ping: dict[str, Any] | None = self._note(PING)
        return ping

    def keep_ping(self, about: dict[str, Any]) -> None:
        """Remember what the CRM says of itself, and when it did."""
        self._keep(PING, about | {"received_at": _now()}, timedelta(days=30))

    def _note(self, key: str) -> Any:
        with translated():
            note = self._redis.get(key)
        return json.loads(note) if note else None

    def _keep(self, key: str, note: Any, age: timedelta) -> None:
        with translated():
            if note is None:
                self._redis.delete(key)
            else:
                self._redis.set(key, json.dumps(note), ex=age)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
