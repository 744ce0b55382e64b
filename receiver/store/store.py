"""The store's operations: each one atomic step in Redis."""

import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

import redis

from receiver.deal import Client, Deal
from receiver.errors import LeaseLost, StoreUnavailable, UpstreamError
from receiver.store.records import Record, unpack

# Coalescing, in milliseconds (see put.lua)
GAP = 800
REST = 500
LONGEST = 2000

# A call takes at most 11 s (see http_client), and every call is preceded by a renewal.
LEASE = 12_000
# How long a push of unknown outcome may take to land behind our back.
CONFIRM = 20_000

HISTORY_KEPT = 20
HISTORY_AGE = int(timedelta(days=30).total_seconds())
TOMBSTONE_AGE = int(timedelta(days=90).total_seconds())

DUE, PARKED, REASONS = "roistat:due", "roistat:parked", "roistat:reasons"
LEASE_KEY, WOKEN, SENT = "roistat:lease", "roistat:woken", "roistat:sent"
STATUSES, VERDICT, PING = "roistat:statuses", "roistat:verdict", "roistat:ping"
DICTIONARY, CLOSED = "roistat:dictionary", "roistat:closed"
# What Roistat offers only to some projects (see the client)
METHODS = ("delete", "status/update", "clients/import")
MAPPING, REMAP = "roistat:mapping", "roistat:remap"
META = "roistat:meta:"

START, DONE = "0", "done"  # where a walk over all that is held begins and ends


class Look(NamedTuple):
    """What a drainer saw: `state` is busy, idle, wait (`wait` ms) or due."""

    state: str
    wait: int = 0
    due: tuple["Pending", ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing to deliver: its latest state, the revision that this state has, how
    often it failed in a row, the digest of what Roistat is known to hold of it, how
    often it was sent for a visit that Roistat did not know yet, and whether anything
    of it was ever sent.
    """

    member: str
    rev: int
    tries: int
    thing: Deal | Client
    delivered: str
    waits: int = 0
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending one member.

    Verdicts: delivered, gone (a deletion, delivered), refused (for good), retry and
    unknown (the outcome) after a failure, later (not even tried), waiting (Roistat has
    it, but does not know its visit yet). `note` is what a success leaves to be said.
    """

    member: str
    rev: int
    verdict: str
    digest: str
    delay: float = 0
    reason: str = ""
    entry: str = ""
    note: str = ""


class Held(NamedTuple):
    """One thing that is held, as if it were pending; `standing` says what it is:
    settled, pending or parked. Of a parked one `pending.delivered` is what was refused.
    """

    pending: Pending
    standing: str


@dataclass(frozen=True, slots=True)
class Walk:
    """How far what is held has been mapped by a mapping, given by its digest.

    A cursor means something only to the server that gave it, until that restarts.
    """

    mapping: str
    cursor: str
    server: str
    began: float


class Store:
    """All that the receiver remembers. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client  # its own annotations mix bytes, text and awaitables
        self._local = threading.local()
        self._put = client.register_script(_script("put"))
        self._look = client.register_script(_script("look"))
        self._open = client.register_script(_script("open"))
        self._settle = client.register_script(_script("settle"))
        self._lease = client.register_script(_script("lease"))
        self._redeliver = client.register_script(_script("redeliver"))
        self._held = client.register_script(_script("held"))
        self._remap = client.register_script(_script("remap"))

    # --- what comes in ---

    def put(self, records: Sequence[Record]) -> tuple[bool, list[bool]]:
        """Take states in order; give whether to wake a worker, and which were taken."""
        values: list[Any] = [GAP, REST, LONGEST]
        for record in records:
            values += (record.member, record.fence, record.digest, record.packed)
        with _translated():
            wake, *taken = self._put(
                [DUE, PARKED, REASONS, WOKEN, SENT], values, client=self._own_client()
            )
        return bool(wake), [bool(one) for one in taken]

    def _own_client(self) -> "redis.Redis":
        """This thread's own connection, for what is written most: to take one from the
        pool each time, and to look whether it is still open, is a fifth of a write's
        CPU. One that was closed meanwhile is opened again by the client's retry.
        """
        if not hasattr(self._local, "client"):
            self._local.client = self._redis.client()
        client: redis.Redis = self._local.client
        return client

    # --- draining ---

    def look(self, token: str, limit: int, hold: int = 1000) -> Look:
        """Hold the lease and see what is due (see look.lua). Half of `limit` is worth a
        call that need not wait for more.
        """
        values: list[Any] = [token, LEASE, hold, limit, GAP, limit // 2]
        with _translated():
            state, *rest = self._look([LEASE_KEY, WOKEN, DUE, SENT], values)
        if state == b"wait":
            return Look("wait", wait=rest[0])
        return Look(state.decode(), due=tuple(_pending(*row) for row in rest))

    def open(
        self, token: str, attempt: str, sending: Sequence[tuple[Pending, str, str]]
    ) -> list[int]:
        """Open an attempt on (pending, digest, log entry) triples.

        Gives the revision that each settle must find, -1 for what has moved. Raises
        `LeaseLost`.
        """
        values: list[Any] = [token, LEASE, attempt, CONFIRM, HISTORY_KEPT, HISTORY_AGE]
        for pending, digest, entry in sending:
            values += (pending.member, pending.rev, digest, entry)
        with _translated():
            revisions = self._open([LEASE_KEY, SENT], values)
        if revisions is None:
            raise LeaseLost
        return [int(revision) for revision in revisions]

    def settle(self, attempt: str, outcomes: Sequence[Outcome]) -> None:
        """Write down what came of an attempt; an empty one made no call."""
        values: list[Any] = [attempt, CONFIRM, TOMBSTONE_AGE]
        for one in outcomes:
            values += (one.member, one.rev, one.verdict, one.digest)
            values += (int(one.delay * 1000), one.entry, one.reason, one.note)
        with _translated():
            self._settle([DUE, PARKED, REASONS], values)

    def renew(self, token: str) -> None:
        """Keep the lease for one more call. Raises `LeaseLost`."""
        with _translated():
            if not self._lease([LEASE_KEY], [token, LEASE]):
                raise LeaseLost

    def release(self, token: str) -> None:
        """Let the lease go, where it is still ours."""
        with _translated():
            self._lease([LEASE_KEY], [token, 0])

    def is_due(self) -> bool:
        """Whether something should be on its way now. A clock a little off will do."""
        with _translated():
            return bool(self._redis.zcount(DUE, "-inf", time.time() * 1000))

    # --- what people ask ---

    def counts(self) -> dict[str, Any]:
        """How many are pending and parked, and for how many seconds the first of those
        pending has been overdue.
        """
        with _translated():
            first = self._redis.zrange(DUE, 0, 0, withscores=True)
            return {
                "pending": self._redis.zcard(DUE),
                "parked": self._redis.zcard(PARKED),
                "overdue": max(0.0, time.time() - first[0][1] / 1000) if first else 0.0,
            }

    def parked(self) -> Iterator[tuple[str, str]]:
        """Every parked member with its reason, longest parked first."""
        return self._explained(PARKED)

    def pending(self) -> Iterator[tuple[str, str]]:
        """Every pending member with the reason it waits for, first due first."""
        return self._explained(DUE)

    def _explained(self, key: str) -> Iterator[tuple[str, str]]:
        page = 500
        with _translated():
            for start in itertools.count(0, page):
                members = self._redis.zrange(key, start, start + page - 1)
                if not members:
                    return
                reasons = self._redis.hmget(REASONS, members)
                for member, reason in zip(members, reasons, strict=True):
                    yield member.decode(), (reason or b"").decode()

    def redeliver(self, members: Sequence[str]) -> tuple[bool, list[bool]]:
        """Make members pending again; give whether to wake, and which were known."""
        with _translated():
            wake, *known = self._redeliver([DUE, PARKED, REASONS, WOKEN], list(members))
        return bool(wake), [bool(one) for one in known]

    def sent(self, members: Sequence[str]) -> list[bool]:
        """Of which members anything was ever sent."""
        with _translated(), self._redis.pipeline(transaction=False) as pipe:
            for member in members:
                pipe.hexists(f"{META}{member}", "sent")
            return [bool(one) for one in pipe.execute()]

    def state(self, member: str) -> Deal | Client | None:
        """The latest state held of a member."""
        with _translated():
            packed = self._redis.get(f"roistat:state:{member}")
        return unpack(member, packed) if packed else None

    def history(self, member: str) -> list[dict[str, Any]]:
        """The delivery log of a member, newest attempt first."""
        with _translated():
            entries = self._redis.lrange(f"roistat:history:{member}", 0, -1)
        return [json.loads(entry.partition(b" ")[2]) for entry in entries]

    # --- everything that is held ---

    def held(self, cursor: str, count: int) -> tuple[str, list[Held]]:
        """About `count` of what is held, from a cursor on; and the next cursor, `DONE`
        after the last ones. What is there all along is given, now and then twice.
        """
        with _translated():
            # a member has up to three keys
            following, keys = self._redis.scan(
                int(cursor), match=f"{META}*", count=3 * count
            )
            members = [key.removeprefix(META.encode()) for key in keys]
            rows = self._held([DUE, PARKED], members) if members else []
        found = [Held(_pending(*row), standing.decode()) for *row, standing in rows]
        return str(following or DONE), found

    def walk(self) -> Walk | None:
        """How far what is held has been mapped, and by which mapping."""
        with _translated():
            names = ("mapping", "cursor", "server", "began")
            values = self._redis.hmget(REMAP, names)
        if None in values:
            return None
        mapping, cursor, server, began = (value.decode() for value in values)
        return Walk(mapping, cursor, server, float(began))

    def begin_walk(self, mapping: str) -> Walk:
        """Begin to map what is held by another mapping, wherever the last one stood."""
        walk = Walk(mapping, START, self.server(), time.time())
        with _translated():
            self._redis.hset(REMAP, mapping=asdict(walk))
        return walk

    def remap(self, walk: Walk, following: str, members: Sequence[str]) -> bool:
        """Make members pending, behind live changes, and go on; False where the walk
        has moved on without us.
        """
        values = [walk.mapping, walk.cursor, following, *members]
        with _translated():
            return bool(self._remap([DUE, PARKED, REASONS, REMAP], values))

    def soon(self, seconds: float) -> int:
        """How many are due within so many seconds."""
        with _translated():
            until = (time.time() + seconds) * 1000
            return int(self._redis.zcount(DUE, "-inf", until))

    # --- what is known of the neighbours ---

    def mapping(self) -> str | None:
        """The mapping that somebody stored, as JSON."""
        with _translated():
            text = self._redis.get(MAPPING)
        return text.decode() if text else None

    def keep_mapping(self, text: str) -> None:
        """Store a mapping for good."""
        with _translated():
            self._redis.set(MAPPING, text)

    def statuses(self) -> list[dict[str, str]] | None:
        """Roistat's status dictionary as last shown; None where it must be asked."""
        statuses: list[dict[str, str]] | None = self._note(STATUSES)
        return statuses

    def keep_statuses(self, statuses: list[dict[str, str]] | None) -> None:
        """Remember the dictionary for a while; None forgets it."""
        self._keep(STATUSES, statuses, timedelta(minutes=10))

    @contextmanager
    def changing_statuses(self) -> Iterator[None]:
        """Alone while reading, changing and uploading the dictionary: it is replaced
        whole, and whoever came between would be undone. Raises `UpstreamError` where
        somebody else does not come to an end.
        """
        with _translated():
            lock = self._redis.lock(DICTIONARY, timeout=60, blocking_timeout=5)
            if not lock.acquire():
                raise UpstreamError("somebody else changes the status dictionary")
        try:
            yield
        finally:
            with suppress(redis.RedisError):  # a lock that was lost needs no release
                lock.release()

    def closed(self) -> frozenset[str]:
        """The methods that Roistat lately refused to this project."""
        with _translated():
            values = self._redis.mget([f"{CLOSED}:{one}" for one in METHODS])
        both = zip(METHODS, values, strict=True)
        return frozenset(method for method, value in both if value)

    def keep_closed(self, method: str) -> None:
        """Remember for a day that Roistat refuses a method to this project."""
        self._keep(f"{CLOSED}:{method}", 1, timedelta(days=1))

    def noted(self, note: str) -> int:
        """How many members have that note."""
        with _translated():
            return int(self._redis.scard(f"roistat:noted:{note}"))

    def note_on(self, member: str) -> str:
        """What there is to say of a member that Roistat has: a note or nothing."""
        with _translated():
            note = self._redis.hget(f"roistat:meta:{member}", "note")
        return (note or b"").decode()

    def verdict(self) -> dict[str, Any] | None:
        """What the last call said of Roistat: state, message, checked_at."""
        verdict: dict[str, Any] | None = self._note(VERDICT)
        return verdict

    def keep_verdict(self, state: str, message: str) -> None:
        """Remember what a call to Roistat said of its state."""
        note = {"state": state, "message": message, "checked_at": _now()}
        self._keep(VERDICT, note, timedelta(days=1))

    def ping(self) -> dict[str, Any] | None:
        """What the CRM last said of itself."""
        ping: dict[str, Any] | None = self._note(PING)
        return ping

    def keep_ping(self, about: dict[str, Any]) -> None:
        """Remember what the CRM says of itself, and when it did."""
        self._keep(PING, about | {"received_at": _now()}, timedelta(days=30))

    def _note(self, key: str) -> Any:
        with _translated():
            note = self._redis.get(key)
        return json.loads(note) if note else None

    def _keep(self, key: str, note: Any, age: timedelta) -> None:
        with _translated():
            if note is None:
                self._redis.delete(key)
            else:
                self._redis.set(key, json.dumps(note), ex=age)

    # --- the store's own state ---

    def server(self) -> str:
        """The run of the server that answers; nothing where the host does not say."""
        try:
            return str(self._redis.info("server").get("run_id", ""))
        except redis.ResponseError:
            return ""  # INFO is refused
        except redis.RedisError as error:
            raise StoreUnavailable(_said(error)) from error

    def answers(self) -> None:
        """Return if Redis takes writes. Raises `StoreUnavailable`."""
        with _translated():
            self._redis.set("roistat:probe", 1, ex=60)

    def is_durable(self) -> bool | None:
        """Whether what was acknowledged survives; None where the host does not say."""
        try:
            return _is_durable(self._redis.config_get("append*", "maxmemory-policy"))
        except redis.ResponseError:
            return None  # CONFIG is refused: many hosts do
        except redis.RedisError as error:
            raise StoreUnavailable(_said(error)) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


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


def _script(name: str) -> str:
    return files(__package__).joinpath(f"{name}.lua").read_text()


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _pending(
    member: bytes,
    rev: bytes,
    tries: bytes,
    delivered: bytes,
    waits: bytes,
    sent: bytes,
    packed: bytes,
) -> Pending:
    name = member.decode()
    return Pending(
        member=name,
        rev=int(rev),
        tries=int(tries),
        thing=unpack(name, packed),
        delivered=delivered.decode(),
        waits=int(waits),
        sent=bool(int(sent)),
    )


def _said(error: redis.RedisError) -> str:
    # the kind alone: a message may hold an address with its password
    return f"the store does not answer ({type(error).__name__})"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise StoreUnavailable(_said(error)) from error
