"""Everything that can be wrong, asked at once: `sugar-roistat check`.

What belongs to one neighbour alone is asked even where another one is away.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from receiver import health, jobs, overview, words
from receiver.bootstrap import Services
from receiver.errors import RoistatError, StoreUnavailable, UpstreamError

# An id that no CRM gives, to find out whether deleting is offered at all.
NO_ORDER = "sugar-roistat-check"
LATEST = 100  # of Roistat's orders are looked at for strangers

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
        yield words.legs.of_roistat(error)
    except StoreUnavailable:
        yield words.legs.STORE_AWAY


def _queue(services: Services) -> Iterator[Said]:
    yield from overview.of_queue(services)
    for note in words.deals.notes():
        if count := services.store.noted(note):
            yield words.OK, f"{count}: {words.deals.of_note(note)}"


def _crm(services: Services) -> Iterator[Said]:
    for ask in (overview.of_crm, overview.of_cron, overview.of_outbox):
        for said in ask(services):
            if ask is overview.of_crm or said[0] != words.OK:
                yield said


def _sync(services: Services) -> Iterator[Said]:
    yield from overview.of_reading(services)
    yield from overview.of_sync(services)


def _memory(services: Services) -> Iterator[Said]:
    yield words.alarms.of_memory(*services.store.host.memory())


def _roistat(services: Services) -> Iterator[Said]:
    yield jobs.ask_roistat(services)


def _project(services: Services) -> Iterator[Said]:
    """The key's projects: whether ours is one, and whose money it counts in."""
    wanted = services.config.roistat_project
    found = [one for one in services.roistat.projects() if str(one["id"]) == wanted]
    if not found:
        yield words.legs.PROJECT_UNKNOWN
        return
    theirs = str(found[0].get("currency") or "")
    ours = str((services.store.notes.ping() or {}).get("base_currency") or "")
    if _is_code(theirs) and _is_code(ours) and theirs.upper() != ours.upper():
        yield words.legs.other_currency(ours, theirs)
    else:
        yield words.legs.project_is_ours(str(found[0].get("name") or wanted))


def _is_code(currency: str) -> bool:
    return re.fullmatch("[A-Za-z]{3}", currency) is not None


def _statuses(services: Services) -> Iterator[Said]:
    unknown = services.stages.unknown(services.stages.of_crm())
    yield words.legs.of_stages(unknown)


def _methods(services: Services) -> Iterator[Said]:
    try:
        services.roistat.delete_order(NO_ORDER)
    except RoistatError as error:
        if error.code == "integration_error":
            yield words.legs.DELETING_REFUSED
            return
        if error.code != "resource_not_found":
            raise
    yield words.legs.DELETING_OFFERED


def _strangers(services: Services) -> Iterator[Said]:
    """Orders that we never sent: then somebody else loads deals into the project."""
    orders = services.roistat.list_orders(limit=LATEST)
    sent = services.store.sent([f"deal:{order['id']}" for order in orders])
    yield words.legs.of_strangers(sent.count(False), len(orders))


_QUESTIONS: dict[str, Callable[[Services], Iterator[Said]]] = {
    "Memory": _memory,
    "Deals": _queue,
    "Leads": overview.of_leads,
    "CRM": _crm,
    "Sync": _sync,
    "Reconcile": overview.of_reconcile,
    "Roistat": _roistat,
    "Budget": overview.of_budget,
    "Project": _project,
    "Statuses": _statuses,
    "Mapping": overview.of_mapping,
    "Deletions": _methods,
    "Orders": _strangers,
}
