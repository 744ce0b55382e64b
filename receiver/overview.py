"""How everything stands, from what the store knows alone: nobody is called for it.

`check` says the same in the same words, and asks Roistat besides.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from receiver import health, words
from receiver.bootstrap import Services
from receiver.errors import InvalidMapping
from receiver.roistat.budget import BudgetState
from receiver.store import Histogram, together

# Of what waits or is parked, so many are looked at for why: never all of them
LOOKED_AT = 2000

Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of the way: where it lies, what it is called, and how it is."""

    place: str
    about: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Hour:
    """How fresh Roistat was in one hour: how many deals arrived in it, and the seconds
    within which half of them, and 95 of 100, were there.
    """

    began: float  # UNIX time
    count: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Causes:
    """Why some things wait or are parked: how many of those looked at, by cause, the
    commonest first; and how many there are of them in all.
    """

    total: int
    looked_at: int
    by_cause: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows."""

    state: str
    message: str
    legs: tuple[Leg, ...]
    hours: tuple[Hour, ...]
    day: Hour  # all hours as one
    waiting: Causes
    parked: Causes
    overdue: float
    budget: BudgetState
    notes: dict[str, int]

    def of(self, place: str) -> list[Leg]:
        """The legs of one place."""
        return [leg for leg in self.legs if leg.place == place]


def overview(services: Services) -> Overview:
    """How everything stands now. Raises `StoreUnavailable`."""
    told = tuple(legs(services))
    state, message = words.legs.of_all([leg.state for leg in told])
    counts = services.store.counts()
    hours, day = freshness(services)
    return Overview(
        state=state,
        message=message,
        legs=told,
        hours=hours,
        day=day,
        waiting=causes(services.store.pending(), counts["pending"]),
        parked=causes(services.store.parked(), counts["parked"]),
        overdue=counts["overdue"],
        budget=services.budget.state(),
        notes={note: services.store.noted(note) for note in words.deals.notes()},
    )


def freshness(services: Services, hours: int = 24) -> tuple[tuple[Hour, ...], Hour]:
    """How fresh Roistat was, hour by hour, the oldest first; and in all of them."""
    counted = services.store.counters.freshness(hours)
    first = counted[0].began
    return (
        tuple(_hour(began, took) for began, took in counted),
        _hour(first, together(counted)),
    )


def _hour(began: float, took: Histogram) -> Hour:
    return Hour(began, took.total, took.percentile(0.5), took.percentile(0.95))


def causes(members: Iterable[tuple[str, str]], total: int) -> Causes:
    """The reasons of the first of some members, counted."""
    found = Counter(words.parked.cause(why) for _, why in islice(members, LOOKED_AT))
    return Causes(total, found.total(), tuple(found.most_common()))


# --- the legs ---


def legs(services: Services) -> Iterator[Leg]:
    """Every part of the way."""
    for place, about, ask in _LEGS:
        for state, message in ask(services):
            yield Leg(place, about, state, message)


def of_store(services: Services) -> Iterator[Said]:
    """Whether the store keeps what it acknowledges."""
    leg = health.of_store(services)
    yield leg["state"], leg["message"]


def of_queue(services: Services) -> Iterator[Said]:
    """What waits and what is parked."""
    yield words.legs.of_queue(**services.store.counts())


def of_leads(services: Services) -> Iterator[Said]:
    """What websites sent, and whether it gets into the CRM."""
    ours = services.config.leads
    counts = services.lead_store.counts()
    yield words.legs.of_leads(
        bool(ours.key), counts["waiting"], counts["parked"], counts["oldest"]
    )
    if ours.key and services.crm is None:
        yield words.legs.LEADS_STAY
    if ours.key and ours.allow_get:
        yield words.legs.LEADS_BY_GET


def of_crm(services: Services) -> Iterator[Said]:
    """Whether the CRM calls."""
    ping = services.store.notes.ping()
    if ping is None:
        yield words.legs.CRM_NEVER
    elif ping.get("pulled"):
        yield words.reading.CRM_POLLED
    else:
        heard = datetime.fromisoformat(ping["received_at"])
        silent = (datetime.now(UTC) - heard).total_seconds()
        yield words.legs.of_crm(silent, words.alarms.SILENT)


def of_cron(services: Services) -> Iterator[Said]:
    """Whether the CRM's cron ran shortly before the CRM last called."""
    ping = services.store.notes.ping()
    if ping and ping.get("outbox"):
        yield words.alarms.of_cron(words.alarms.idle_cron(ping))


def of_outbox(services: Services) -> Iterator[Said]:
    """What waits in the CRM, as it last told."""
    outbox = (services.store.notes.ping() or {}).get("outbox")
    if outbox:
        yield words.alarms.of_outbox(
            outbox.get("refused") or 0, outbox.get("waiting") or 0
        )


def of_memory(services: Services) -> Iterator[Said]:
    """How full the store is, where it tells."""
    used, limit = services.store.host.memory()
    if used is not None:
        yield words.alarms.of_memory(used, limit)


def of_reading(services: Services) -> Iterator[Said]:
    """Whether the CRM can be read."""
    if services.catch_up is None:
        yield words.reading.CRM_NOT_ASKED
    elif verdict := services.store.notes.crm_verdict():
        yield verdict["state"], verdict["message"]


def of_sync(services: Services) -> Iterator[Said]:
    """What the last sync found."""
    if services.catch_up is None:
        return
    minutes = services.config.sync_interval
    last = services.catch_up.sync.last()
    if last is None:
        yield words.reading.SYNC_NEVER if minutes else words.reading.SYNC_OFF
        return
    ended, found = last
    ping = services.store.notes.ping()
    has_package = ping is not None and not ping.get("pulled")
    longest = 2 * minutes + 5 if minutes else math.inf
    yield words.reading.of_sync((time.time() - ended) / 60, longest, found, has_package)


def of_reconcile(services: Services) -> Iterator[Said]:
    """What the last comparison of both sides found."""
    if services.catch_up is None:
        return
    last = services.catch_up.reconcile.comparison()
    if last is None or last.ended is None:
        yield (
            words.reading.RECONCILE_NEVER
            if last is None
            else words.reading.RECONCILE_RUNS
        )
        return
    hours = (time.time() - last.ended) / 3600
    yield words.reading.of_reconcile(hours, last.differing, last.kinds, last.repaired)


def of_mapping(services: Services) -> Iterator[Said]:
    """Whether the mapping fits what the CRM says of itself."""
    try:
        problems = services.mapping.problems(services.mapping.current())
    except InvalidMapping as error:
        yield words.FAILED, str(error)
        return
    if not problems:
        yield words.legs.MAPPING_FITS
    for problem in problems:
        yield words.DEGRADED, problem


def of_roistat(services: Services) -> Iterator[Said]:
    """Roistat, as the last call to it had it."""
    leg = health.of_roistat(services)
    yield leg["state"], leg["message"]


def of_budget(services: Services) -> Iterator[Said]:
    """Our share of Roistat's request limit."""
    state = services.budget.state()
    yield words.legs.of_budget(state.used, state.left, state.until, state.code)


def of_statuses(services: Services) -> Iterator[Said]:
    """Whether Roistat has the CRM's stages, where its dictionary is remembered."""
    if services.store.notes.statuses() is not None:
        yield words.legs.of_stages(services.stages.unknown(services.stages.of_crm()))


CRM, RECEIVER, ROISTAT = "SugarCRM", "Receiver", "Roistat"

_LEGS: Sequence[tuple[str, str, Callable[[Services], Iterator[Said]]]] = (
    (CRM, "Calls", of_crm),
    (CRM, "Cron", of_cron),
    (CRM, "Outbox", of_outbox),
    (CRM, "Reading", of_reading),
    (CRM, "Sync", of_sync),
    (RECEIVER, "Store", of_store),
    (RECEIVER, "Memory", of_memory),
    (RECEIVER, "Deals", of_queue),
    (RECEIVER, "Leads", of_leads),
    (RECEIVER, "Mapping", of_mapping),
    (RECEIVER, "Comparison", of_reconcile),
    (ROISTAT, "API", of_roistat),
    (ROISTAT, "Budget", of_budget),
    (ROISTAT, "Statuses", of_statuses),
)
