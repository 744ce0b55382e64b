"""How far the walks have come: over the CRM's deals, and over all that is held.

A walk moves in the same step that takes what it found, if it is still where whoever
walks saw it: killed, he has done both or neither.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import redis

from receiver.store.edge import script, translated
from receiver.store.host import Host
from receiver.store.keys import (
    DUE,
    META,
    PARKED,
    REASONS,
    REMAP,
    START,
    TURNS,
    WOKEN,
)
from receiver.store.records import Reading

PULL, PULLING = "roistat:pull:", "roistat:pulling:"

# What a walk over the CRM's deals counts
CAUSES = ("new", "changed", "deleted", "restored")
WALKER_SECONDS = 5  # after which somebody else may read the same page again


@dataclass(frozen=True, slots=True)
class Walk:
    """How far what is held has been mapped by a mapping, given by its digest.

    A cursor means something only to the server that gave it, until that restarts.
    """

    mapping: str
    cursor: str
    server: str
    began: float


@dataclass(frozen=True, slots=True)
class Pulling:
    """A walk over the CRM's deals: `walk` is how far it has come, as whoever walks
    wrote it down, `step` the number of that, `found` what came of deals, by cause, in
    all walks of that name.
    """

    name: str
    step: int = 0
    walk: dict[str, Any] | None = None
    found: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))


class Walks:
    """All walks. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis", host: Host) -> None:
        self._redis: Any = client
        self._host = host
        self._pull = client.register_script(script("pull"))
        self._remap = client.register_script(script("remap"))

    # --- over the CRM's deals ---

    def turn(self) -> int:
        """How often anything was told until now; to be asked before a read begins."""
        with translated():
            return int(self._redis.get(TURNS) or 0)

    def pull(
        self,
        readings: Sequence[Reading],
        turn: int,
        walk: Pulling | None = None,
        after: dict[str, Any] | None = None,
    ) -> tuple[bool, list[str]] | None:
        """Take what a read that began at `turn` found, behind live changes, but nothing
        that moved since; and note that a walk has come to `after`. Gives whether to
        wake a worker, and what came of each (see pull.lua); None where the walk is no
        longer where the caller saw it: then nothing was done.
        """
        values: list[Any] = [turn, walk.step if walk else "", json.dumps(after)]
        for one in readings:
            record = one.record
            values += (record.member, record.fence, record.digest, one.gone)
            values += (int(one.counts), "1" if one.again else "", record.packed)
        key = PULL + walk.name if walk else PULL
        with translated():
            answer = self._pull([DUE, PARKED, REASONS, WOKEN, TURNS, key], values)
        if answer is None:
            return None
        wake, *outcomes = answer
        return bool(wake), [outcome.decode() for outcome in outcomes]

    def pulling(self, name: str) -> Pulling:
        """How far a walk has come."""
        with translated():
            held = self._redis.hgetall(PULL + name)
        if b"walk" not in held:
            return Pulling(name)
        found = {cause: int(held.get(cause.encode(), 0)) for cause in CAUSES}
        return Pulling(name, int(held[b"step"]), json.loads(held[b"walk"]), found)

    def begin_pulling(self, name: str, walk: dict[str, Any]) -> None:
        """Begin a walk anew, wherever it stood."""
        with translated(), self._redis.pipeline() as pipe:
            pipe.hincrby(PULL + name, "step", 1)
            pipe.hset(PULL + name, "walk", json.dumps(walk))
            pipe.execute()

    @contextmanager
    def walking(self, name: str) -> Iterator[Callable[[], None] | None]:
        """To walk alone: gives what the caller should call before each page, or None
        where somebody else walks. Two would do no harm, but read everything twice.
        """
        with translated():
            lock = self._redis.lock(PULLING + name, timeout=WALKER_SECONDS)
            is_ours = lock.acquire(blocking=False)

        def renew() -> None:
            with suppress(redis.RedisError):  # lost: the walk's step is what counts
                lock.reacquire()

        try:
            yield renew if is_ours else None
        finally:
            if is_ours:
                with suppress(redis.RedisError):
                    lock.release()

    def moved_since(self, turn: int, members: Sequence[str]) -> set[str]:
        """Of which members somebody has told since that turn."""
        with translated(), self._redis.pipeline(transaction=False) as pipe:
            for member in members:
                pipe.hget(f"{META}{member}", "moved")
            moved = pipe.execute()
        both = zip(members, moved, strict=True)
        return {member for member, at in both if int(at or 0) > turn}

    # --- over all that is held ---

    def walk(self) -> Walk | None:
        """How far what is held has been mapped, and by which mapping."""
        with translated():
            names = ("mapping", "cursor", "server", "began")
            values = self._redis.hmget(REMAP, names)
        if None in values:
            return None
        mapping, cursor, server, began = (value.decode() for value in values)
        return Walk(mapping, cursor, server, float(began))

    def begin_walk(self, mapping: str) -> Walk:
        """Begin to map what is held by another mapping, wherever the last one stood."""
        walk = Walk(mapping, START, self._host.run(), time.time())
        with translated():
            self._redis.hset(REMAP, mapping=asdict(walk))
        return walk

    def remap(self, walk: Walk, following: str, members: Sequence[str]) -> bool:
        """Make members pending, behind live changes, and go on; False where the walk
        has moved on without us.
        """
        values = [walk.mapping, walk.cursor, following, *members]
        with translated():
            return bool(self._remap([DUE, PARKED, REASONS, REMAP], values))
