"""Both sides compared: what Roistat's list has, and how it differs (see reconcile)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import redis

from receiver.store.edge import as_json, translated
from receiver.store.keys import DONE

ORDERS, MET, FINDINGS = "roistat:orders", "roistat:met", "roistat:findings"
FOUND_BEFORE = "roistat:findings:before"


class Listing:
    """Roistat's list and what was found in it, collected in Redis, so that memory stays
    flat. Raises `StoreUnavailable` where Redis fails.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def forget_orders(self, *, and_findings: bool = True) -> None:
        """Begin to collect what Roistat's list has; or be done with it."""
        with translated():
            self._redis.delete(ORDERS, MET)
            if and_findings and self._redis.exists(FINDINGS):
                self._redis.rename(FINDINGS, FOUND_BEFORE)
            elif and_findings:
                self._redis.delete(FOUND_BEFORE)

    def keep_orders(self, orders: Mapping[str, dict[str, Any]]) -> None:
        """Collect some of what Roistat's list has, by order id."""
        self._collect(ORDERS, orders, timedelta(days=1))

    def keep_findings(self, findings: Mapping[str, dict[str, Any]]) -> None:
        """Write down how some deals differ, by id."""
        self._collect(FINDINGS, findings, timedelta(days=30))

    def _collect(
        self, key: str, things: Mapping[str, dict[str, Any]], age: timedelta
    ) -> None:
        if not things:
            return
        texts = {id_: as_json(thing) for id_, thing in things.items()}
        with translated(), self._redis.pipeline() as pipe:
            pipe.hset(key, mapping=texts)
            pipe.expire(key, age)
            pipe.execute()

    def orders(self, ids: Sequence[str]) -> list[dict[str, Any] | None]:
        """What Roistat's list has of some orders."""
        if not ids:
            return []
        with translated():
            texts = self._redis.hmget(ORDERS, ids)
        return [json.loads(text) if text else None for text in texts]

    def order_count(self) -> int:
        """How many orders were collected."""
        with translated():
            return int(self._redis.hlen(ORDERS))

    def meet(self, ids: Sequence[str]) -> None:
        """Note that the CRM knows some deals."""
        if ids:
            with translated():
                self._redis.sadd(MET, *ids)
                self._redis.expire(MET, timedelta(days=1))

    def unmet(
        self, cursor: str, count: int = 200
    ) -> tuple[str, dict[str, dict[str, Any]]]:
        """Some of the orders that the CRM was not seen to know, from a cursor on; and
        the next cursor, `DONE` after the last ones.
        """
        with translated():
            following, texts = self._redis.hscan(ORDERS, int(cursor), count=count)
            ids = list(texts)
            met = self._redis.smismember(MET, ids) if ids else []
        unmet = [id_ for id_, is_met in zip(ids, met, strict=True) if not is_met]
        found = {id_.decode(): json.loads(texts[id_]) for id_ in unmet}
        return str(following or DONE), found

    def found_before(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """How some deals differed in the comparison before, and what was repaired."""
        if not ids:
            return {}
        with translated():
            texts = self._redis.hmget(FOUND_BEFORE, ids)
        told = {i: json.loads(t) for i, t in zip(ids, texts, strict=True) if t}
        keys = ("kinds", "repaired")
        return {id_: {key: one[key] for key in keys} for id_, one in told.items()}

    def findings(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """How deals differ, by id, as the last comparison found."""
        with translated():
            for id_, text in self._redis.hscan_iter(FINDINGS, count=500):
                yield id_.decode(), json.loads(text)
