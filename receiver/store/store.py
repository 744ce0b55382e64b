"""Deals and clients: the latest state of each, what is pending, what became of it. Each
operation is one atomic step in Redis.
"""

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import redis

from receiver.deal import Client, Deal
from receiver.errors import LeaseLost
from receiver.store import counters
from receiver.store.direct import DirectPut
from receiver.store.edge import script, translated
from receiver.store.host import Host
from receiver.store.incidents import Incidents
from receiver.store.index import INDEX, LISTED, LISTED_MOST, Index
from receiver.store.keys import (
    COUNTS,
    DELIVERED,
    DONE,
    DUE,
    META,
    PARKED,
    REASONS,
    START,
    TURNS,
    WOKEN,
)
from receiver.store.listing import Listing
from receiver.store.notes import Notes
from receiver.store.people import Person
from receiver.store.records import Record, unpack
from receiver.store.walks import Walks

# Coalescing, in milliseconds (see put.lua)
GAP = 800
REST = 500
LONGEST = 2000
RUSH, RUSH_SPAN = 400, 500  # so many states told within such a time

# A call takes at most 11 s (see http_client), and every call is preceded by a renewal.
LEASE = 12_000
# How long a push of unknown outcome may take to land behind our back.
CONFIRM = 20_000

HISTORY_KEPT = 20
HISTORY_AGE = int(timedelta(days=30).total_seconds())
TOMBSTONE_AGE = int(timedelta(days=90).total_seconds())

LEASE_KEY, SENT = "roistat:lease", "roistat:sent"
TOLD, IN_RUSH = "roistat:told", "roistat:rush"


class Look(NamedTuple):
    """What a drainer saw: `state` is busy, idle, wait (`wait` ms) or due."""

    state: str
    wait: int = 0
    due: tuple["Pending", ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing to deliver: its latest state, the revision that this state has, how
    often it failed in a row, the digest of what Roistat is known to hold of it, how
    often it was sent for a visit that Roistat did not know yet, whether anything of it
    was ever sent, and whether it goes behind live changes.
    """

    member: str
    rev: int
    tries: int
    thing: Deal | Client
    delivered: str
    waits: int = 0
    sent: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending one member.

    Verdicts: delivered, gone (a deletion, delivered), refused (for good), retry and
    unknown (the outcome) after a failure, later (not even tried), waiting (Roistat has
    it, but does not know its visit yet). `note` is what a success leaves to be said,
    `found` what it is found by (see index).
    """

    member: str
    rev: int
    verdict: str
    digest: str
    delay: float = 0
    reason: str = ""
    entry: str = ""
    note: str = ""
    found: str = ""


class Held(NamedTuple):
    """One thing that is held, as if it were pending; `standing` says what it is:
    settled, pending or parked. Of a parked one `pending.delivered` is what was refused.
    """

    pending: Pending
    standing: str


class Store:
    """All that the receiver remembers. Raises `StoreUnavailable` where Redis fails.

    What is no state of a deal or a client lies in drawers of its own: `notes`, `walks`,
    `listing`, `index`, `counters`, `incidents`, and the server itself, `host`.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client  # its own annotations mix bytes, text and awaitables
        self.host = Host(client)
        self.notes = Notes(client)
        self.walks = Walks(client, self.host)
        self.listing = Listing(client)
        self.index = Index(client)
        self.counters = counters.Counters(client)
        self.incidents = Incidents(client)
        self._put = client.register_script(script("put"))
        self._look = client.register_script(script("look"))
        self._open = client.register_script(script("open"))
        self._settle = client.register_script(script("settle"))
        self._lease = client.register_script(script("lease"))
        self._redeliver = client.register_script(script("redeliver"))
        self._held = client.register_script(script("held"))
        self._forget = client.register_script(script("forget"))

    # --- what comes in ---

    def put(self, records: Sequence[Record]) -> tuple[bool, list[bool]]:
        """Take states in order; give whether to wake a worker, and which were taken."""
        with translated():
            return _put_answer(self._put(*_put_arguments(records)))

    def direct_put(self) -> DirectPut:
        """The same, for a loop that has other things to do than to wait for it."""
        return DirectPut(self._redis, self._put.script, _put_arguments, _put_answer)

    # --- draining ---

    def look(self, token: str, limit: int, hold: int = LONGEST) -> Look:
        """Hold the lease and see what is due (see look.lua). Half of `limit` is worth a
        call that need not wait for more.
        """
        values: list[Any] = [token, LEASE, hold, limit, GAP, limit // 2]
        with translated():
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
        with translated():
            revisions = self._open([LEASE_KEY, SENT], values)
        if revisions is None:
            raise LeaseLost
        return [int(revision) for revision in revisions]

    def settle(self, attempt: str, outcomes: Sequence[Outcome]) -> None:
        """Write down what came of an attempt; an empty one made no call."""
        values: list[Any] = [attempt, CONFIRM, TOMBSTONE_AGE, *counters.settings()]
        values.append(LISTED_MOST)
        for one in outcomes:
            values += (one.member, one.rev, one.verdict, one.digest)
            values += (int(one.delay * 1000), one.entry, one.reason, one.note)
            values.append(one.found)
        with translated():
            keys = [DUE, PARKED, REASONS, COUNTS, DELIVERED, LISTED, INDEX]
            self._settle(keys, values)

    def renew(self, token: str) -> None:
        """Keep the lease for one more call. Raises `LeaseLost`."""
        with translated():
            if not self._lease([LEASE_KEY], [token, LEASE]):
                raise LeaseLost

    def release(self, token: str) -> None:
        """Let the lease go, where it is still ours."""
        with translated():
            self._lease([LEASE_KEY], [token, 0])

    def is_due(self) -> bool:
        """Whether something should be on its way now. A clock a little off will do."""
        with translated():
            return bool(self._redis.zcount(DUE, "-inf", time.time() * 1000))

    def soon(self, seconds: float) -> int:
        """How many are due within so many seconds."""
        with translated():
            until = (time.time() + seconds) * 1000
            return int(self._redis.zcount(DUE, "-inf", until))

    # --- what people ask ---

    def counts(self) -> dict[str, Any]:
        """How many are pending and parked, and for how many seconds the first of those
        pending has been overdue.
        """
        with translated():
            first = self._redis.zrange(DUE, 0, 0, withscores=True)
            return {
                "pending": self._redis.zcard(DUE),
                "parked": self._redis.zcard(PARKED),
                "overdue": max(0.0, time.time() - first[0][1] / 1000) if first else 0.0,
            }

    def oldest(self) -> float | None:
        """For how many seconds the oldest live change has waited that Roistat lacks,
        among the thousand that are due first; None where none waits. What Roistat has,
        and is sent again for its visit, does not wait.
        """
        with translated():
            members = self._redis.zrange(DUE, 0, 999)
            with self._redis.pipeline(transaction=False) as pipe:
                for member in members:
                    pipe.hmget(META + member.decode(), "since", "behind")
                rows = pipe.execute()
        moments = [int(since) for since, behind in rows if since and not behind]
        return max(0.0, time.time() - min(moments) / 1000) if moments else None

    def parked(self) -> Iterator[tuple[str, str]]:
        """Every parked member with its reason, longest parked first."""
        return self._explained(PARKED)

    def pending(self) -> Iterator[tuple[str, str]]:
        """Every pending member with the reason it waits for, first due first."""
        return self._explained(DUE)

    def _explained(self, key: str) -> Iterator[tuple[str, str]]:
        page = 500
        with translated():
            for start in itertools.count(0, page):
                members = self._redis.zrange(key, start, start + page - 1)
                if not members:
                    return
                reasons = self._redis.hmget(REASONS, members)
                for member, reason in zip(members, reasons, strict=True):
                    yield member.decode(), (reason or b"").decode()

    def noted(self, note: str) -> int:
        """How many members have that note."""
        with translated():
            return int(self._redis.scard(f"roistat:noted:{note}"))

    def note_on(self, member: str) -> str:
        """What there is to say of a member that Roistat has: a note or nothing."""
        with translated():
            note = self._redis.hget(f"{META}{member}", "note")
        return (note or b"").decode()

    def redeliver(self, members: Sequence[str]) -> tuple[bool, list[bool]]:
        """Make members pending again; give whether to wake, and which were known."""
        with translated():
            wake, *known = self._redeliver([DUE, PARKED, REASONS, WOKEN], list(members))
        return bool(wake), [bool(one) for one in known]

    def sent(self, members: Sequence[str]) -> list[bool]:
        """Of which members anything was ever sent."""
        with translated(), self._redis.pipeline(transaction=False) as pipe:
            for member in members:
                pipe.hexists(f"{META}{member}", "sent")
            return [bool(one) for one in pipe.execute()]

    def state(self, member: str) -> Deal | Client | None:
        """The latest state held of a member."""
        with translated():
            packed = self._redis.get(f"roistat:state:{member}")
        return unpack(member, packed) if packed else None

    def history(self, member: str) -> list[dict[str, Any]]:
        """The delivery log of a member, newest attempt first."""
        with translated():
            entries = self._redis.lrange(f"roistat:history:{member}", 0, -1)
        parted = [entry.decode().partition(" ") for entry in entries]
        return [{"delivery_id": one, **json.loads(text)} for one, _, text in parted]

    # --- everything that is held ---

    def known(self, members: Sequence[str]) -> dict[str, Held]:
        """What is held of some members."""
        if not members:
            return {}
        with translated():
            rows = self._held([DUE, PARKED], members)
        return {held.pending.member: held for held in map(_held, rows)}

    def held(self, cursor: str, count: int) -> tuple[str, list[Held]]:
        """About `count` of what is held, from a cursor on; and the next cursor, `DONE`
        after the last ones. What is there all along is given, now and then twice.
        """
        with translated():
            # a member has up to three keys
            following, keys = self._redis.scan(
                int(cursor), match=f"{META}*", count=3 * count
            )
            members = [key.removeprefix(META.encode()) for key in keys]
            rows = self._held([DUE, PARKED], members) if members else []
        return str(following or DONE), [_held(row) for row in rows]

    def forget_clients(self, person: Person) -> list[str]:
        """Forget all clients that are that person; give their ids."""
        found: set[str] = set()
        cursor = START
        while cursor != DONE:
            cursor, page = self.held(cursor, 500)
            things = [one.pending.thing for one in page]
            clients = [thing for thing in things if isinstance(thing, Client)]
            found |= {one.id for one in clients if person.is_in([one.email, one.phone])}
        with translated():
            if found:
                members = [f"client:{client_id}" for client_id in found]
                self._forget([DUE, PARKED, REASONS], members)
        return sorted(found)


def _put_arguments(records: Sequence[Record]) -> tuple[list[str], list[Any]]:
    """The keys and the values of put.lua."""
    values: list[Any] = [GAP, REST, LONGEST, RUSH, RUSH_SPAN]
    for record in records:
        values += (record.member, record.fence, record.digest, record.packed)
    return [DUE, PARKED, REASONS, WOKEN, SENT, TURNS, COUNTS, TOLD, IN_RUSH], values


def _put_answer(answer: Sequence[int]) -> tuple[bool, list[bool]]:
    """Whether to wake a worker, and which records were taken."""
    wake, *taken = answer
    return bool(wake), [bool(one) for one in taken]


def _pending(
    member: bytes,
    rev: bytes,
    tries: bytes,
    delivered: bytes,
    waits: bytes,
    sent: bytes,
    behind: bytes,
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
        behind=bool(int(behind)),
    )


def _held(row: Sequence[bytes]) -> Held:
    *pending, standing = row
    return Held(_pending(*pending), standing.decode())
