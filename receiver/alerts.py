"""What is wrong by itself, and telling people of it: once when it begins, once when it
is over.

What is wrong is looked for each minute, in what the store knows: nobody is called.
Something counts that was there at two looks in a row, and is over when it was gone at
two in a row: what comes and goes within a minute tells nobody anything.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from receiver import notify, parked, words
from receiver.bootstrap import Services
from receiver.store.host import Memory

EVERY = 60  # seconds between two looks
SETTLES = 50.0  # seconds: the next look, though it be a little early
STUCK = 600.0  # seconds
NEW = 900.0  # seconds that a cron which never ran is given to begin

log = structlog.get_logger()

Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store knows that can be wrong; None where it knows nothing."""

    now: float
    roistat: Mapping[str, Any] | None = None  # the last call's verdict
    crm: Mapping[str, Any] | None = None  # the last read's
    ping: Mapping[str, Any] | None = None
    pending: int = 0
    oldest: float | None = None  # seconds that a live change has waited
    delivered: float | None = None  # when Roistat last took anything
    parked: Counter[str] = field(default_factory=Counter)  # by cause
    leads: Mapping[str, Any] | None = None  # how many in each state, and how old
    durable: bool | None = None
    memory: Memory | None = None


def facts(services: Services) -> Facts:
    """What the store knows now. Raises `StoreUnavailable`."""
    store = services.store
    return Facts(
        now=time.time(),
        roistat=store.notes.verdict(),
        crm=store.notes.crm_verdict() if services.crm else None,
        ping=store.notes.ping(),
        pending=store.counts()["pending"],
        oldest=store.oldest(),
        delivered=store.counters.delivered(),
        parked=parked.by_cause(store),
        leads=services.lead_store.counts(),
        durable=services.config.store_durable or store.host.is_durable(),
        memory=store.host.memory(),
    )


def incidents(known: Facts) -> dict[str, str]:
    """What is wrong, by alarm, each in a sentence or two that say the cure. Pure."""
    found = {}
    for alarm, look in _ALARMS.items():
        said = look(known)
        if said and said[0] not in (words.OK, words.UNKNOWN):
            found[alarm] = said[1]
    return found


def _roistat(known: Facts) -> Said | None:
    return _if_failed(known.roistat)


def _crm_login(known: Facts) -> Said | None:
    return _if_failed(known.crm)


def _if_failed(verdict: Mapping[str, Any] | None) -> Said | None:
    """What passes by itself is no incident, unless something waits too long for it."""
    if verdict is None or verdict["state"] != words.FAILED:
        return None
    return words.FAILED, verdict["message"]


def _stuck(known: Facts) -> Said | None:
    quiet = known.now - (known.delivered or 0)
    return words.alarms.of_stuck(known.pending, min(known.oldest or 0.0, quiet), STUCK)


def _parked(known: Facts) -> Said | None:
    return words.alarms.of_parked(known.parked)


def _leads(known: Facts) -> Said | None:
    if known.leads is None:
        return None
    waiting, stopped = known.leads["waiting"], known.leads["parked"]
    return words.legs.of_leads(True, waiting, stopped, known.leads["oldest"])


def _silent(known: Facts) -> Said | None:
    if (heard := _heard(known)) is None:
        return None
    return words.legs.of_crm(known.now - heard, words.alarms.SILENT)


def _cron(known: Facts) -> Said | None:
    """Whether the CRM's cron ran shortly before the CRM last called. Where it does not
    call at all, that is what is wrong.
    """
    if known.ping is None or (heard := _heard(known)) is None:
        return None
    if known.now - heard > words.alarms.SILENT or not known.ping.get("outbox"):
        return None
    idle = words.alarms.idle_cron(known.ping)
    if idle is None and known.now - heard < NEW:
        return None
    return words.alarms.of_cron(idle)


def _outbox(known: Facts) -> Said | None:
    outbox = (known.ping or {}).get("outbox") or {}
    return words.alarms.of_outbox(outbox.get("refused") or 0)


def _durable(known: Facts) -> Said | None:
    return words.legs.of_store(known.durable)


def _memory(known: Facts) -> Said | None:
    return words.alarms.of_memory(*known.memory) if known.memory else None


def _heard(known: Facts) -> float | None:
    """When the package last called (UNIX time); None where there is none."""
    if known.ping is None or known.ping.get("pulled"):
        return None
    return datetime.fromisoformat(known.ping["received_at"]).timestamp()


# Each alarm by its name, which is the dashboard's and the metric's too
_ALARMS: dict[str, Callable[[Facts], Said | None]] = {
    "roistat_refuses": _roistat,
    "crm_refuses": _crm_login,
    "stuck": _stuck,
    "parked": _parked,
    "leads": _leads,
    "crm_silent": _silent,
    "crm_cron": _cron,
    "crm_outbox": _outbox,
    "store_forgets": _durable,
    "store_full": _memory,
}


# --- from one look to the next ---


@dataclass(frozen=True, slots=True)
class Incident:
    """Something wrong: in words, since when, whether people were told, and since when
    it is gone (UNIX times).
    """

    message: str
    began: float
    told: bool = False
    gone: float | None = None

    def is_to_be_told(self, now: float) -> bool:
        """Whether it was seen twice and nobody knows."""
        return not self.told and self.gone is None and now - self.began >= SETTLES

    def is_over(self, now: float) -> bool:
        """Whether it was missed twice."""
        return self.gone is not None and now - self.gone >= SETTLES


def after(
    before: Mapping[str, Incident], found: Mapping[str, str], now: float
) -> dict[str, Incident]:
    """The incidents after another look. What nobody was told of is dropped as soon as
    it is gone. Pure.
    """
    incidents = {}
    for alarm, one in before.items():
        if alarm in found:
            incidents[alarm] = replace(one, message=found[alarm], gone=None)
        elif one.told:
            incidents[alarm] = replace(one, gone=one.gone or now)
    for alarm in found.keys() - before.keys():
        incidents[alarm] = Incident(found[alarm], began=now)
    return incidents


class Alerts:
    """Looks, and tells whoever ALERT_URLS names."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._incidents = services.store.incidents

    def look(self) -> None:
        """Look once; where somebody else does just now, do nothing."""
        with self._incidents.telling() as is_ours:
            if is_ours:
                self._look(facts(self._services))

    def _look(self, known: Facts) -> None:
        held = {alarm: Incident(**one) for alarm, one in self._incidents.all().items()}
        now = after(held, incidents(known), known.now)
        # written down after each is told: killed in between, we tell once more
        self._keep(now)
        for alarm, one in list(now.items()):
            if one.is_to_be_told(known.now) and self._tell(alarm, *_begun(alarm, one)):
                now[alarm] = replace(one, told=True)
                self._keep(now)
            elif one.is_over(known.now) and self._tell_end(alarm, one):
                del now[alarm]
                self._keep(now)

    def _keep(self, incidents: Mapping[str, Incident]) -> None:
        self._incidents.keep({alarm: asdict(one) for alarm, one in incidents.items()})

    def _tell_end(self, alarm: str, one: Incident) -> bool:
        is_for_nobody = not self._services.config.alert_urls
        return is_for_nobody or self._tell(alarm, *_over(alarm, one))

    def _tell(self, alarm: str, title: str, body: str) -> bool:
        """Whether anybody took it: nobody is told again because another was not."""
        urls = self._services.config.alert_urls
        failed = notify.tell(urls, title, body)
        if failed:
            log.warning("not_told", alarm=alarm, addresses=failed)
        is_told = len(failed) < len(urls)
        if is_told:
            log.info("told", alarm=alarm, title=title)
        return is_told


def _begun(alarm: str, one: Incident) -> Said:
    since = datetime.fromtimestamp(one.began, UTC).strftime("%H:%M UTC")
    return words.alarms.begins(alarm), f"{one.message}\n\nSince {since}."


def _over(alarm: str, one: Incident) -> Said:
    minutes = ((one.gone or one.began) - one.began) / 60
    return words.alarms.ends(alarm), f"It lasted {minutes:.0f} minutes. {one.message}"
