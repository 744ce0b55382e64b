"""Everything that can be wrong, asked at once: `sugar-roistat check`.

What belongs to one neighbour alone is asked even where another one is away.
"""

import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from receiver import health, jobs, words
from receiver.bootstrap import Services
from receiver.errors import (
    InvalidMapping,
    RoistatError,
    StoreUnavailable,
    UpstreamError,
)

# An id that no CRM gives, to find out whether deleting is offered at all.
NO_ORDER = "sugar-roistat-check"
LATEST = 100  # of Roistat's orders are looked at for strangers
SILENT = 1500  # seconds: the CRM's cron sends a ping every ten minutes

Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing, in the states and words of the pings."""

    about: str
    state: str
    message: str


def check(services: Services) -> Iterator[Finding]:
    """Ask everybody; Roistat is called a few times."""
    leg = health.of_store(services)
    yield Finding("Store", leg["state"], leg["message"])
    if leg["state"] == words.FAILED:
        yield Finding("Roistat", words.UNKNOWN, "Not asked: the store is needed.")
        return
    for about, ask in _QUESTIONS.items():
        for state, message in _answers(services, ask):
            yield Finding(about, state, message)


def _answers(
    services: Services, ask: Callable[[Services], Iterator[Said]]
) -> Iterator[Said]:
    try:
        yield from ask(services)
    except UpstreamError as error:
        yield words.of_roistat(error)
    except StoreUnavailable:
        yield words.STORE_AWAY


def _queue(services: Services) -> Iterator[Said]:
    yield words.of_queue(**services.store.counts())
    for note in words.notes():
        if count := services.store.noted(note):
            yield words.OK, f"{count}: {words.of_note(note)}"


def _leads(services: Services) -> Iterator[Said]:
    """What websites sent, and whether it gets into the CRM."""
    ours = services.config.leads
    counts = services.lead_store.counts()
    yield words.of_leads(
        bool(ours.key), counts["waiting"], counts["parked"], counts["oldest"]
    )
    if ours.key and services.crm is None:
        yield words.LEADS_STAY
    if ours.key and ours.allow_get:
        yield words.LEADS_BY_GET


def _crm(services: Services) -> Iterator[Said]:
    ping = services.store.notes.ping()
    if ping is None:
        yield words.CRM_NEVER
        return
    if ping.get("pulled"):
        yield words.CRM_POLLED
        return
    heard = datetime.fromisoformat(ping["received_at"])
    yield words.of_crm((datetime.now(UTC) - heard).total_seconds(), SILENT)


def _reading(services: Services) -> Iterator[Said]:
    """Whether the CRM can be read, and what the last sync found."""
    if services.catch_up is None:
        yield words.CRM_NOT_ASKED
        return
    if verdict := services.store.notes.crm_verdict():
        yield verdict["state"], verdict["message"]
    minutes = services.config.sync_interval
    last = services.catch_up.sync.last()
    if last is None:
        yield words.SYNC_NEVER if minutes else words.SYNC_OFF
        return
    ended, found = last
    ping = services.store.notes.ping()
    has_package = ping is not None and not ping.get("pulled")
    longest = 2 * minutes + 5 if minutes else math.inf
    yield words.of_sync((time.time() - ended) / 60, longest, found, has_package)


def _reconcile(services: Services) -> Iterator[Said]:
    """What the last comparison of both sides found."""
    if services.catch_up is None:
        return
    last = services.catch_up.reconcile.comparison()
    if last is None or last.ended is None:
        yield words.RECONCILE_NEVER if last is None else words.RECONCILE_RUNS
        return
    hours = (time.time() - last.ended) / 3600
    yield words.of_reconcile(hours, last.differing, last.kinds, last.repaired)


def _roistat(services: Services) -> Iterator[Said]:
    yield jobs.ask_roistat(services)


def _budget(services: Services) -> Iterator[Said]:
    state = services.budget.state()
    yield words.of_budget(state.used, state.left, state.until, state.code)


def _project(services: Services) -> Iterator[Said]:
    """The key's projects: whether ours is one, and whose money it counts in."""
    wanted = services.config.roistat_project
    found = [one for one in services.roistat.projects() if str(one["id"]) == wanted]
    if not found:
        yield words.PROJECT_UNKNOWN
        return
    theirs = str(found[0].get("currency") or "")
    ours = str((services.store.notes.ping() or {}).get("base_currency") or "")
    if _is_code(theirs) and _is_code(ours) and theirs.upper() != ours.upper():
        yield words.other_currency(ours, theirs)
    else:
        yield words.project_is_ours(str(found[0].get("name") or wanted))


def _is_code(currency: str) -> bool:
    return re.fullmatch("[A-Za-z]{3}", currency) is not None


def _statuses(services: Services) -> Iterator[Said]:
    unknown = services.stages.unknown(services.stages.of_crm())
    yield words.of_stages(unknown)


def _mapping(services: Services) -> Iterator[Said]:
    try:
        problems = services.mapping.problems(services.mapping.current())
    except InvalidMapping as error:
        yield words.FAILED, str(error)
        return
    if not problems:
        yield words.MAPPING_FITS
    for problem in problems:
        yield words.DEGRADED, problem


def _methods(services: Services) -> Iterator[Said]:
    try:
        services.roistat.delete_order(NO_ORDER)
    except RoistatError as error:
        if error.code == "integration_error":
            yield words.DELETING_REFUSED
            return
        if error.code != "resource_not_found":
            raise
    yield words.DELETING_OFFERED


def _strangers(services: Services) -> Iterator[Said]:
    """Orders that we never sent: then somebody else loads deals into the project."""
    orders = services.roistat.list_orders(limit=LATEST)
    sent = services.store.sent([f"deal:{order['id']}" for order in orders])
    yield words.of_strangers(sent.count(False), len(orders))


_QUESTIONS: dict[str, Callable[[Services], Iterator[Said]]] = {
    "Deals": _queue,
    "Leads": _leads,
    "CRM": _crm,
    "Sync": _reading,
    "Reconcile": _reconcile,
    "Roistat": _roistat,
    "Budget": _budget,
    "Project": _project,
    "Statuses": _statuses,
    "Mapping": _mapping,
    "Deletions": _methods,
    "Orders": _strangers,
}
