"""Deals as people look for them: newest first, by what there is to say of them, by id,
visit or the beginning of the name. No page walks all of them.

`settle` writes what is found here, so that nothing of it lies on the way of a webhook:
a deal is listed as soon as something became of it. The newest `LISTED` are; each has an
entry in a list by time, and one for its visit and one for its name in an index that
Redis keeps in the order of the alphabet. Its own hash says which, in few bytes: a field
of more than 64 would make the whole hash several times as large.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from receiver.deal import Client, Deal
from receiver.store.edge import translated
from receiver.store.keys import DUE, META, PARKED, REASONS
from receiver.store.records import unpack

LISTED, INDEX = "roistat:listed", "roistat:index"
LISTED_MOST = 200_000  # deals
VISIT, NAME = "v:", "n:"
VISIT_BYTES, NAME_BYTES = 24, 32

# A note that fewer have is read whole; one that more have is met soon in the list
FEW = 2000
LOOKS = 10  # windows of the list that one page may look through
WINDOW = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One deal as it stands. `standing` is settled, pending or parked; `at` when
    something last became of it, `due` when it goes next, `since` since when it waits
    (UNIX time).
    """

    id: str
    deal: Deal
    standing: str
    note: str
    reason: str
    at: float | None
    due: float | None
    since: float | None
    tries: int
    waits: int
    sent: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some deals, and where the next ones begin; None after the last."""

    rows: tuple[Row, ...]
    following: int | None


def found_by(thing: Deal | Client) -> str:
    """What a deal is found by, as `settle` takes it: its visit, a line's end, its name.
    Empty of what is not listed.
    """
    if isinstance(thing, Client):
        return ""
    if thing.deleted:
        return "\n"
    visit = _cut(_plain(thing.roistat or ""), VISIT_BYTES)
    return f"{visit}\n{_cut(_plain(thing.name), NAME_BYTES)}"


def _plain(text: str) -> str:
    """Text as it is compared: whatever its case, its spaces and what cannot be seen."""
    return " ".join(text.casefold().replace("\0", " ").split())


def _cut(text: str, size: int) -> str:
    return text.encode(errors="replace")[:size].decode(errors="ignore").rstrip()


class Index:
    """What is listed. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client

    def count(self) -> int:
        """How many deals are listed."""
        with translated():
            return int(self._redis.zcard(LISTED))

    def row(self, deal_id: str) -> Row | None:
        """One deal, listed or not; None where it is not held."""
        return next(iter(self.rows([deal_id])), None)

    def newest(self, start: int, count: int) -> Page:
        """Deals, the one first that something became of last."""
        return self._page(start, count, lambda at, n: self._range(LISTED, at, n))

    def waiting(self, start: int, count: int) -> Page:
        """Deals that wait, the first due first."""
        return self._page(
            start, count, lambda at, n: self._deals(DUE, at, n, desc=False)
        )

    def parked(self, start: int, count: int) -> Page:
        """Deals that are parked, the last one first."""
        return self._page(start, count, lambda at, n: self._deals(PARKED, at, n))

    def noted(self, note: str, start: int, count: int) -> Page:
        """Deals of which there is that to say, the newest first."""
        key = f"roistat:noted:{note}"
        with translated():
            if self._redis.scard(key) > FEW:
                return self._among(key, start, count)
            members = list(self._redis.smembers(key))
            scores = self._redis.zmscore(LISTED, _ids(members)) if members else []
        both = zip(_ids(members), scores, strict=True)
        ranked = [id_ for id_, _ in sorted(both, key=lambda one: -(one[1] or 0))]
        return self._page(start, count, lambda at, n: ranked[at : at + n])

    def _among(self, key: str, start: int, count: int) -> Page:
        """Those of the list, from a place on, that are in a set too."""
        found: list[str] = []
        at = start
        for _ in range(LOOKS):
            ids = self._range(LISTED, at, WINDOW)
            if not ids:
                return Page(self.rows(found), None)
            are_in = self._redis.smismember(key, [f"deal:{id_}" for id_ in ids])
            for id_, is_in in zip(ids, are_in, strict=True):
                at += 1
                if is_in:
                    found.append(id_)
                if len(found) == count:
                    return Page(self.rows(found), at)
        return Page(self.rows(found), at)

    def search(self, text: str, start: int, count: int) -> Page:
        """The deal with that id, those whose visit begins so, and those whose name
        does.
        """
        wanted = _plain(text)
        if not wanted:
            return Page((), None)
        exact = self.rows([text.strip()]) if not start else ()
        rows = {row.id: row for row in exact}
        at = start
        for _ in range(LOOKS):
            ids = self._like(wanted, at, count)
            for row in self.rows(ids):
                if _begins(row.deal, wanted):
                    rows[row.id] = row
            at += count
            if len(ids) < count:
                return Page(tuple(rows.values()), None)
            if len(rows) >= count:
                break
        return Page(tuple(rows.values()), at)

    def _like(self, wanted: str, start: int, count: int) -> list[str]:
        """The ids of those with a visit, then of those with a name that begins so."""
        with translated():
            low, high = _between(VISIT, wanted, VISIT_BYTES)
            visits = self._redis.zlexcount(INDEX, low, high)
            found = self._redis.zrangebylex(INDEX, low, high, start, count)
            if len(found) < count:
                low, high = _between(NAME, wanted, NAME_BYTES)
                rest = max(0, start - visits), count - len(found)
                found += self._redis.zrangebylex(INDEX, low, high, *rest)
        return [entry.rpartition(b"\0")[2].decode() for entry in found]

    def _page(
        self, start: int, count: int, ids: Callable[[int, int], Sequence[str]]
    ) -> Page:
        some = list(ids(start, count + 1))
        following = start + count if len(some) > count else None
        return Page(self.rows([one for one in some[:count] if one]), following)

    def _range(self, key: str, start: int, count: int, *, desc: bool = True) -> Any:
        with translated():
            found = self._redis.zrange(key, start, start + count - 1, desc=desc)
        return [one.decode() for one in found]

    def _deals(
        self, key: str, start: int, count: int, *, desc: bool = True
    ) -> list[str]:
        """The ids in a list of members; nothing in the place of a client."""
        members = self._range(key, start, count, desc=desc)
        both = (member.partition(":") for member in members)
        return [id_ if kind == "deal" else "" for kind, _, id_ in both]

    def rows(self, ids: Iterable[str]) -> tuple[Row, ...]:
        """What is held of some deals; what is not held any more is left out."""
        ids = list(ids)
        names = ("note", "since", "tries", "waits", "sent")
        with translated(), self._redis.pipeline(transaction=False) as pipe:
            for id_ in ids:
                member = f"deal:{id_}"
                pipe.get(f"roistat:state:{member}")
                pipe.hmget(META + member, names)
                pipe.hget(REASONS, member)
                pipe.zscore(DUE, member)
                pipe.zscore(PARKED, member)
                pipe.zscore(LISTED, id_)
            told = pipe.execute()
        size = 6
        parts = (told[at : at + size] for at in range(0, len(told), size))
        both = zip(ids, parts, strict=True)
        return tuple(_row(id_, *part) for id_, part in both if part[0])

    def history(self, deal_id: str) -> list[dict[str, Any]]:
        """Every attempt that is remembered of a deal, the newest first, each with its
        id, by which the log names it too.
        """
        with translated():
            entries = self._redis.lrange(f"roistat:history:deal:{deal_id}", 0, -1)
        parts = (entry.decode().partition(" ") for entry in entries)
        return [json.loads(text) | {"id": attempt} for attempt, _, text in parts]


def _row(
    id_: str,
    packed: bytes,
    meta: Sequence[bytes | None],
    reason: bytes | None,
    due: float | None,
    parked: float | None,
    at: float | None,
) -> Row:
    note, since, tries, waits, sent = meta
    standing = "pending" if due is not None else "parked" if parked else "settled"
    deal = unpack(f"deal:{id_}", packed)
    assert isinstance(deal, Deal)  # noqa: S101 - by its name
    return Row(
        id=id_,
        deal=deal,
        standing=standing,
        note=(note or b"").decode(),
        reason=(reason or b"").decode(),
        at=_seconds(at or parked),
        due=_seconds(due),
        since=_seconds(float(since)) if since and standing == "pending" else None,
        tries=int(tries or 0),
        waits=int(waits or 0),
        sent=bool(sent),
    )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _ids(members: Iterable[bytes]) -> list[str]:
    return [member.decode().partition(":")[2] for member in members]


def _between(kind: str, wanted: str, size: int) -> tuple[bytes, bytes]:
    """The part of the index that begins so: no UTF-8 has the byte FF."""
    beginning = f"{kind}{_cut(wanted, size)}".encode()
    return b"[" + beginning, b"(" + beginning + b"\xff"


def _begins(deal: Deal, wanted: str) -> bool:
    """Whether a deal is what was looked for, beyond what the index has of it."""
    texts = (deal.id, deal.name, deal.roistat or "")
    return any(_plain(text).startswith(wanted) for text in texts)
