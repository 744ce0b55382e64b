"""Every number that /metrics gives, read from the store when it is asked for.

docs/metrics.md has a row for each. No label holds an id, a name or an address.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from receiver import __version__, parked
from receiver.bootstrap import Services
from receiver.store import BOUNDS, Counted

# What is counted, and by which labels
COUNTERS = {
    "accepted": ("States of deals and clients that were taken", ["kind"]),
    "ignored": ("States that were no newer than what is held", ["kind"]),
    "refused": ("Requests that were refused", ["at", "status"]),
    "settled": ("What came of each sending to Roistat", ["kind", "outcome"]),
    "calls": ("Calls to Roistat", ["method", "result"]),
}


class Numbers(Collector):
    """All of them. Raises `StoreUnavailable` where the store is away."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Read the store and give each number."""
        store = self._services.store
        yield _gauge("up", "The receiver answers", 1, version=__version__)
        yield from _counters(store.counters.all())
        yield self._freshness()
        yield from self._waiting()
        yield self._parked()
        yield from self._leads()
        yield from self._budget()
        yield from _crm(store.notes.ping())
        yield from self._store()
        yield from self._incidents()

    def _freshness(self) -> Metric:
        histogram = self._services.store.counters.freshness_ever()
        bounds = [*map(str, BOUNDS), "+Inf"]
        both = zip(bounds, accumulate(histogram.counts), strict=True)
        return HistogramMetricFamily(
            "roistat_freshness_seconds",
            "How long live changes took, from being taken to being in Roistat",
            buckets=list(both),
            sum_value=histogram.seconds,
        )

    def _waiting(self) -> Iterator[Metric]:
        store = self._services.store
        counts = store.counts()
        yield _gauge("waiting", "Deals and clients that wait", counts["pending"])
        yield _gauge(
            "oldest_seconds",
            "How long the oldest live change has waited that Roistat lacks",
            store.oldest() or 0.0,
        )
        yield _gauge(
            "overdue_seconds",
            "How long past its time the first of what waits is",
            counts["overdue"],
        )
        if delivered := store.counters.delivered():
            yield _gauge(
                "delivered_timestamp_seconds",
                "When Roistat last took anything",
                delivered,
            )

    def _parked(self) -> Metric:
        family = GaugeMetricFamily(
            "roistat_parked", "Refused for good, by cause", labels=["cause"]
        )
        for cause, count in sorted(parked.by_cause(self._services.store).items()):
            family.add_metric([cause], count)
        return family

    def _leads(self) -> Iterator[Metric]:
        counts = self._services.lead_store.counts()
        oldest = counts.pop("oldest")
        family = GaugeMetricFamily(
            "roistat_leads", "Leads that are held, by state", labels=["state"]
        )
        for state, count in counts.items():
            family.add_metric([state], count)
        yield family
        help_ = "How long the oldest lead has waited that the CRM lacks"
        yield _gauge("leads_oldest_seconds", help_, oldest)

    def _budget(self) -> Iterator[Metric]:
        state = self._services.budget.state()
        yield _gauge("budget_used", "Calls to Roistat within the hour", state.used)
        yield _gauge("budget_left", "Calls left of our share of it", state.left)
        wait = max(0.0, state.until - time.time()) if state.until else 0.0
        yield _gauge("budget_wait_seconds", "Until the next call is allowed", wait)

    def _store(self) -> Iterator[Metric]:
        host = self._services.store.host
        memory = host.memory()
        if memory.used is not None:
            yield _gauge("store_memory_bytes", "What the store uses", memory.used)
        if memory.limit is not None:
            yield _gauge("store_memory_limit_bytes", "What it may use", memory.limit)
        durable = self._services.config.store_durable or host.is_durable()
        if durable is not None:
            yield _gauge(
                "store_durable", "Whether it keeps what it acknowledges", int(durable)
            )

    def _incidents(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "roistat_incident", "What is wrong now, by alarm", labels=["alarm"]
        )
        for alarm in sorted(self._services.store.incidents.all()):
            family.add_metric([alarm], 1)
        yield family


def _counters(counted: Iterable[Counted]) -> Iterator[Metric]:
    families = {
        name: CounterMetricFamily(f"roistat_{name}", help_, labels=labels)
        for name, (help_, labels) in COUNTERS.items()
    }
    for one in counted:
        if one.name in families:
            labels = [one.labels.get(label, "") for label in COUNTERS[one.name][1]]
            families[one.name].add_metric(labels, one.value)
    yield from families.values()


def _crm(ping: Mapping[str, Any] | None) -> Iterator[Metric]:
    """What the CRM last said of itself; nothing where it never did."""
    if not ping or ping.get("pulled"):
        return
    heard = datetime.fromisoformat(ping["received_at"]).timestamp()
    yield _gauge("crm_heard_timestamp_seconds", "When the CRM last pinged", heard)
    outbox = ping.get("outbox") or {}
    for name in ("waiting", "refused"):
        if outbox.get(name) is not None:
            help_ = f"Deals in the CRM's outbox: {name}"
            yield _gauge(f"crm_outbox_{name}", help_, outbox[name])


def _gauge(name: str, help_: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(f"roistat_{name}", help_, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
