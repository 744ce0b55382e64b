"""What was counted: how often things happened, and how long changes took to arrive.

The scripts count in the step that they count; what happens elsewhere is counted by
whoever did it. Nothing here is needed for a delivery: what cannot be counted is not.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import redis

from receiver.store.edge import translated
from receiver.store.keys import COUNTS, DELIVERED, FRESH

# Seconds: how long a change took, from when we took it to when Roistat had it. The
# one table of these; whatever took longer than all is counted beyond the last.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
AN_HOUR = 3600
FRESH_AGE = 8 * 24 * AN_HOUR  # seconds that an hour's histogram is kept
PAUSE = 5.0  # seconds that a store that was away is let alone

_FIELDS = tuple(str(round(bound * 1000)) for bound in BOUNDS)
_BEYOND, _SUM = "more", "sum"


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that is counted: its name, what tells it from its like, how often."""

    name: str
    labels: Mapping[str, str]
    value: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long how many took: `counts` has a number for each of BOUNDS, not summed up,
    and one for what took longer; `seconds` is all of it together.
    """

    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts)

    def percentile(self, share: float) -> float | None:
        """Within how many seconds that share of them were, `share` between 0 and 1; as
        if those between two bounds were spread evenly. None where there are none, and
        the last bound for whatever took longer.
        """
        if not self.total:
            return None
        wanted, below, lower = share * self.total, 0, 0.0
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            if count and below + count >= wanted:
                return lower + (bound - lower) * max(0.0, wanted - below) / count
            below, lower = below + count, bound
        return lower

    def __add__(self, other: "Histogram") -> "Histogram":
        both = zip(self.counts, other.counts, strict=True)
        counts = tuple(ours + theirs for ours, theirs in both)
        return Histogram(counts, self.seconds + other.seconds)


class Hour(NamedTuple):
    """An hour, by when it began (UNIX time), and how long what arrived in it took."""

    began: int
    took: Histogram


class Counters:
    """All that is counted. Reading raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client
        self._lock = threading.Lock()
        self._kept: Counter[str] = Counter()
        self._again = 0.0

    def count(self, name: str, by: int = 1, **labels: object) -> None:
        """Count something. It never fails: what a store that is away does not take is
        kept in this process, and counted together with something later.
        """
        with self._lock:
            self._kept[_field(name, labels)] += by
            if time.monotonic() < self._again:
                return
            kept, self._kept = self._kept, Counter()
        try:
            with self._redis.pipeline() as pipe:
                for field, value in kept.items():
                    pipe.hincrby(COUNTS, field, value)
                pipe.execute()
        except redis.RedisError:
            with self._lock:
                self._kept.update(kept)
                self._again = time.monotonic() + PAUSE

    def all(self) -> list[Counted]:
        """Everything that was ever counted, in order of name and labels."""
        with translated():
            held = self._redis.hgetall(COUNTS)
        return [_counted(field, int(held[field])) for field in sorted(held)]

    def delivered(self) -> float | None:
        """When Roistat last took anything (UNIX time); None where it never did."""
        with translated():
            moment = self._redis.get(DELIVERED)
        return int(moment) / 1000 if moment else None

    def freshness(self, hours: int) -> list[Hour]:
        """How long live changes took that arrived in the last so many hours, oldest
        first, the hour that has begun being the last. Eight days are kept.
        """
        this = int(time.time()) // AN_HOUR
        numbers = range(this - hours + 1, this + 1)
        with translated(), self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hgetall(f"{FRESH}{number}")
            rows = pipe.execute()
        both = zip(numbers, rows, strict=True)
        return [Hour(number * AN_HOUR, _histogram(row)) for number, row in both]

    def freshness_ever(self) -> Histogram:
        """How long all live changes took that ever arrived."""
        with translated():
            return _histogram(self._redis.hgetall(f"{FRESH}all"))


def together(hours: Iterable[Hour]) -> Histogram:
    """Several hours as one."""
    return sum((hour.took for hour in hours), Histogram())


def settings() -> list[Any]:
    """What the script that settles has to know: the bounds, and how long to keep."""
    return [",".join(_FIELDS), FRESH_AGE]


def _field(name: str, labels: Mapping[str, object]) -> str:
    told = (f"{key}={_tame(str(labels[key]))}" for key in sorted(labels))
    return f"{name}{{{','.join(told)}}}"


def _tame(value: str) -> str:
    return value.replace(",", "_").replace("=", "_")[:80]


def _counted(field: bytes, value: int) -> Counted:
    name, _, rest = field.decode().partition("{")
    pairs = (one.split("=", 1) for one in rest[:-1].split(",") if one)
    return Counted(name, dict(pairs), value)


def _histogram(row: Mapping[bytes, bytes]) -> Histogram:
    counts = (int(row.get(field.encode(), 0)) for field in (*_FIELDS, _BEYOND))
    return Histogram(tuple(counts), int(row.get(_SUM.encode(), 0)) / 1000)
