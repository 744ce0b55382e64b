"""The leads: what websites sent, until it is in the CRM and for a while after.

    roistat:lead:<id>         hash: body, state, arrived (ms), resent, tries, reason,
                              due (ms), deal, url, progress:<name>
    roistat:leads             all of them, by arrival (ms)
    roistat:leads:<state>     those in that state, by arrival: waiting, sent (a deal of
                              the CRM), noted (on a deal that was open), kept (never to
                              be sent), parked (refused for good)
    roistat:leads:due         those that wait, by when they are due
    roistat:leads:ended       those that do not wait, by when that was
    roistat:leads:lease       who sends
    roistat:leads:woken       a wake-up is on its way

Every step that must be atomic is one Lua script, lead_….lua beside this file; the
scripts know these keys. One at a time sends, under a short lease that each step renews.
Whoever lost it can no longer write anything down; what he asked of the CRM meanwhile
does no harm, for all ids there are chosen by us.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, NamedTuple, Self, TypeAlias

import redis

from receiver.deal import Lead
from receiver.errors import LeaseLost
from receiver.store.edge import script, translated
from receiver.store.people import Person

LEASE = 30_000  # ms; between two steps there is at most one call with its time-outs
KEPT = timedelta(days=90)  # how long what does not wait any more is held

WAITING, SENT, NOTED, KEPT_ONLY, PARKED = "waiting", "sent", "noted", "kept", "parked"
STATES = (WAITING, SENT, NOTED, KEPT_ONLY, PARKED)

_LEAD, _LEADS = "roistat:lead:", "roistat:leads"
_PROGRESS = "progress:"

_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class HeldLead:
    """A lead with what is known of it: its state, how often it failed, why it waits or
    is parked, when it is due again (UNIX time), the deal that it became or was noted
    on, and what whoever sent it wrote down on the way.
    """

    lead: Lead
    state: str = WAITING
    arrived: float = 0.0
    tries: int = 0
    reason: str = ""
    due: float | None = None
    deal_id: str | None = None
    url: str | None = None
    progress: Mapping[str, str] = field(default_factory=dict)


class Taken(NamedTuple):
    """What whoever sends has got: `state` is busy, idle, wait (seconds) or due."""

    state: str
    wait: float = 0.0
    held: HeldLead | None = None


@dataclass(frozen=True, slots=True)
class LeadOutcome:
    """What became of a lead."""

    state: str
    deal_id: str = ""
    url: str = ""
    reason: str = ""
    delay: float = 0.0

    @classmethod
    def sent(cls, deal_id: str, url: str, *, note_on: bool = False) -> Self:
        """It is a deal in the CRM, or a note on the deal that was open there."""
        return cls(NOTED if note_on else SENT, deal_id, url)

    @classmethod
    def kept(cls) -> Self:
        """It is never to be sent."""
        return cls(KEPT_ONLY)

    @classmethod
    def refused(cls, reason: str) -> Self:
        """The CRM refuses it for good."""
        return cls(PARKED, reason=reason)

    @classmethod
    def later(cls, delay: float, reason: str) -> Self:
        """It is to be tried again after so many seconds."""
        return cls(WAITING, reason=reason, delay=delay)


# `list` is a method below
Leads: TypeAlias = list[HeldLead]
Ids: TypeAlias = list[str]
Known: TypeAlias = list[bool]


class LeadStore:
    """All leads that are held. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis: Any = client  # its own annotations mix bytes, text and awaitables
        self._put = client.register_script(script("lead_put"))
        self._take = client.register_script(script("lead_take"))
        self._step = client.register_script(script("lead_step"))
        self._settle = client.register_script(script("lead_settle"))
        self._lease = client.register_script(script("lease"))
        self._resend = client.register_script(script("lead_resend"))
        self._forget = client.register_script(script("lead_forget"))

    # --- what comes in ---

    def put(self, lead: Lead) -> bool:
        """Keep a lead; give whether to wake a worker."""
        state = KEPT_ONLY if lead.is_kept_only else WAITING
        age = int(KEPT.total_seconds())
        with translated():
            values: list[Any] = [lead.id, state, age, _as_json(asdict(lead))]
            return bool(self._put([], values))

    # --- sending ---

    def take(self, token: str, hold: float = 0.0) -> Taken:
        """Hold the lease and take what is due first, or will be within `hold` seconds
        (see lead_take.lua).
        """
        age = int(KEPT.total_seconds() * 1000)
        with translated():
            values: list[Any] = [token, LEASE, int(hold * 1000), age]
            state, *rest = self._take([], values)
        if state == b"wait":
            return Taken("wait", wait=rest[0] / 1000)
        if state != b"due":
            return Taken(state.decode())
        _, *pairs = rest
        return Taken("due", held=_held(dict(zip(pairs[::2], pairs[1::2], strict=True))))

    def step(self, token: str, lead_id: str, **progress: str) -> None:
        """Keep the lease for one more call, and note what is known so far.

        Raises `LeaseLost`, also where the lead does not wait any more.
        """
        values: list[Any] = [token, LEASE, lead_id]
        for name, value in progress.items():
            values += (name, value)
        with translated():
            if not self._step([], values):
                raise LeaseLost

    def settle(self, token: str, lead_id: str, outcome: LeadOutcome) -> None:
        """Write down what became of a lead.

        Raises `LeaseLost`, also where the lead does not wait any more.
        """
        values: list[Any] = [token, LEASE, lead_id, outcome.state]
        values += (int(outcome.delay * 1000), outcome.reason, outcome.deal_id)
        values += (outcome.url, int(KEPT.total_seconds()))
        with translated():
            if not self._settle([], values):
                raise LeaseLost

    def release(self, token: str) -> None:
        """Let the lease go, where it is still ours."""
        with translated():
            self._lease([f"{_LEADS}:lease"], [token, 0])

    def next_due(self) -> float | None:
        """When the first of those that wait is due (UNIX time)."""
        with translated():
            first = self._redis.zrange(f"{_LEADS}:due", 0, 0, withscores=True)
        return first[0][1] / 1000 if first else None

    # --- what people ask ---

    def find(self, lead_id: str) -> HeldLead | None:
        """One lead."""
        with translated():
            return _held(self._redis.hgetall(_LEAD + lead_id))

    def list(
        self, state: str | None = None, limit: int = 100, before: str | None = None
    ) -> Leads:
        """The newest leads, all or those in a state; those before a lead, by its id."""
        key = f"{_LEADS}:{state}" if state else _LEADS
        with translated():
            start = 0
            if before is not None:
                rank = self._redis.zrevrank(key, before)
                if rank is None:
                    return []
                start = rank + 1
            return self._all(self._redis.zrevrange(key, start, start + limit - 1))

    def _all(self, ids: Sequence[bytes]) -> Leads:
        with self._redis.pipeline(transaction=False) as pipe:
            for lead_id in ids:
                pipe.hgetall(_LEAD + lead_id.decode())
            found = map(_held, pipe.execute())
        return [held for held in found if held]

    def resend(self, ids: Sequence[str]) -> tuple[bool, Known]:
        """Make leads wait again; give whether to wake, and which were known."""
        with translated():
            wake, *known = self._resend([], list(ids))
        return bool(wake), [bool(one) for one in known]

    def counts(self) -> dict[str, Any]:
        """How many there are in each state, and for how many seconds the oldest of
        those that wait has waited.
        """
        with translated(), self._redis.pipeline(transaction=False) as pipe:
            for state in STATES:
                pipe.zcard(f"{_LEADS}:{state}")
            pipe.zrange(f"{_LEADS}:{WAITING}", 0, 0, withscores=True)
            *counted, first = pipe.execute()
        oldest = max(0.0, time.time() - first[0][1] / 1000) if first else 0.0
        return {**dict(zip(STATES, counted, strict=True)), "oldest": oldest}

    def forget(self, person: Person) -> Ids:
        """Forget all leads of a person, whatever their state; give their ids."""
        ids = [one.lead.id for one in self.everything() if _is_of(person, one.lead)]
        with translated():
            if ids:
                self._forget([], ids)
        return ids

    def everything(self, state: str | None = None) -> Iterator[HeldLead]:
        """Every lead, all or those in a state, oldest first. One that comes or goes
        meanwhile may be missed.
        """
        key = f"{_LEADS}:{state}" if state else _LEADS
        with translated():
            ids = self._redis.zrange(key, 0, -1)
        for start in range(0, len(ids), 500):
            with translated():
                page = self._all(ids[start : start + 500])
            yield from page


def _is_of(person: Person, lead: Lead) -> bool:
    return person.is_in([lead.email, lead.phone, *lead.fields.values()])


def _held(values: Mapping[bytes, bytes]) -> HeldLead | None:
    told = {name.decode(): value.decode() for name, value in values.items()}
    if "body" not in told:
        return None
    lead = Lead(**json.loads(told["body"]))
    return HeldLead(
        lead=replace(lead, is_kept_only=False) if "resent" in told else lead,
        state=told["state"],
        arrived=int(told["arrived"]) / 1000,
        tries=int(told.get("tries", 0)),
        reason=told.get("reason", ""),
        due=int(told["due"]) / 1000 if "due" in told else None,
        deal_id=told.get("deal") or None,
        url=told.get("url") or None,
        progress={
            name.removeprefix(_PROGRESS): value
            for name, value in told.items()
            if name.startswith(_PROGRESS)
        },
    )
