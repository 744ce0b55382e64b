"""Leads, one after the other, into the CRM: contact, account, deal.

All ids are chosen here, before anything is asked for: the deal's is the lead's own, the
others follow from it. So whatever was cut off, killed or answered too late is asked for
again and never made twice. What a lead has come to is written down step by step.

A CRM that is away is left alone for a while after two failures in a row; each lead that
failed waits for itself too, ever longer. Only what the CRM refuses for what it says is
given up, and kept with the reason until somebody sends it again.
"""

import time
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from receiver.deal import Lead
from receiver.errors import ContentRefused, LeaseLost, UpstreamError
from receiver.store.leads import HeldLead, LeadOutcome, LeadStore
from receiver.sugarcrm.writing import CrmWriter, Person

SLICE_SECONDS = 5.0  # then others that work in the background have their turn
FIRST_DELAY, LONGEST_DELAY = 10.0, 1800.0  # seconds until a lead is tried again
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds for which the CRM is left alone
PATIENCE = 2  # failures in a row before it is

log = structlog.get_logger()


class Leads:
    """What sends leads to one CRM."""

    def __init__(
        self,
        store: LeadStore,
        crm: CrmWriter,
        *,
        repeat_minutes: int,
        stage: str | None = None,
        source: str | None = None,
    ) -> None:
        """A lead without a stage or source of its own gets these."""
        self._store, self._crm = store, crm
        self._repeat = timedelta(minutes=repeat_minutes)
        self._stage, self._source = stage, source
        self._token = str(uuid.uuid4())
        self._failures = 0  # in a row
        self._rests_until = 0.0

    def drain(self, seconds: float = SLICE_SECONDS) -> bool:
        """Send what is due, for so long; True where somebody should go on at once."""
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                if time.monotonic() < self._rests_until:
                    return False
                held = self._store.take(self._token).held
                if held is None:
                    return False
                self._settle(held)
        finally:
            self._store.release(self._token)
        return time.monotonic() >= self._rests_until

    def _settle(self, held: HeldLead) -> None:
        try:
            outcome = self._outcome(held)
            self._store.settle(self._token, held.lead.id, outcome)
        except LeaseLost:  # forgotten meanwhile, or somebody else has it
            log.info("lead_let_go", lead=held.lead.id)
            return
        log.info("lead_settled", lead=held.lead.id, state=outcome.state)

    def _outcome(self, held: HeldLead) -> LeadOutcome:
        try:
            outcome = self._send(held)
        except ContentRefused as error:
            outcome = LeadOutcome.refused(_sentence(error))
        except UpstreamError as error:
            return self._later(held, _sentence(error))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            # no lead may stand in the way of all others
            log.error("lead_failed", lead=held.lead.id, error=type(error).__name__)
            return self._later(held, "The CRM answers something unreadable.")
        self._failures = 0
        return outcome

    def _later(self, held: HeldLead, reason: str) -> LeadOutcome:
        self._failures += 1
        if self._failures >= PATIENCE:
            pause = SHORTEST_PAUSE * 2.0 ** min(self._failures - PATIENCE, 10)
            self._rests_until = time.monotonic() + min(pause, LONGEST_PAUSE)
        log.warning("lead_waits", lead=held.lead.id, why=reason)
        delay = FIRST_DELAY * 2.0 ** min(held.tries, 10)
        return LeadOutcome.later(min(delay, LONGEST_DELAY), reason)

    def _send(self, held: HeldLead) -> LeadOutcome:
        lead = self._completed(held.lead)
        if lead.is_kept_only:
            return LeadOutcome.kept()
        person = self._person(lead, held)
        was_asked_for = "asked" in held.progress or held.deal_id == lead.id
        if not was_asked_for and not person.is_new:
            deal_id = self._repeated(lead, person)
            if deal_id:
                self._keep_at(lead)
                self._crm.note(_id(lead, "note"), deal_id, lead)
                url = self._crm.deal_url(deal_id)
                return LeadOutcome.sent(deal_id, url, note_on=True)
        self._store.step(self._token, lead.id, asked="yes")
        self._crm.create_deal(lead.id, lead, person)
        return LeadOutcome.sent(lead.id, self._crm.deal_url(lead.id))

    def _keep_at(self, lead: Lead) -> None:
        """Keep the lease for one more call. Raises `LeaseLost`."""
        self._store.step(self._token, lead.id)

    def _completed(self, lead: Lead) -> Lead:
        stage, source = lead.stage or self._stage, lead.source or self._source
        return replace(lead, stage=stage, source=source)

    def _person(self, lead: Lead, held: HeldLead) -> Person:
        """Who sent it, with the account of the company that it names, else his own."""
        known = held.progress
        if "contact" in known:
            is_new = bool(known["new"])
            return Person(known["contact"], known["account"] or None, is_new)
        found = self._found(lead)
        account_id = self._account(lead) or (found.account_id if found else None)
        if found:
            person = replace(found, account_id=account_id)
        else:
            self._keep_at(lead)
            person = Person(_id(lead, "contact"), account_id, is_new=True)
            self._crm.create_contact(person.contact_id, lead, account_id)
        self._store.step(
            self._token,
            lead.id,
            contact=person.contact_id,
            account=person.account_id or "",
            new="yes" if person.is_new else "",
        )
        return person

    def _found(self, lead: Lead) -> Person | None:
        known_by = {
            "contact_id": lead.contact_id,
            "email": lead.email,
            "phone": lead.phone,
        }
        for name, value in known_by.items():
            if value:
                self._keep_at(lead)
                found = self._crm.person(**{name: value})
                if found:
                    return found
        return None

    def _account(self, lead: Lead) -> str | None:
        if not lead.company:
            return None
        self._keep_at(lead)
        account_id = self._crm.account(lead.company)
        if account_id is None:
            self._keep_at(lead)
            account_id = _id(lead, "account")
            self._crm.create_account(account_id, lead)
        return account_id

    def _repeated(self, lead: Lead, person: Person) -> str | None:
        """The open deal on which the lead is only noted, if it repeats another one.

        What counts is when both came: a deal may have been made long after its lead.
        """
        if not self._repeat:
            return None
        self._keep_at(lead)
        received = datetime.fromisoformat(lead.received)
        since = (received - self._repeat).strftime("%Y-%m-%dT%H:%M:%SZ")
        deal_id = self._crm.open_deal(person.contact_id, since)
        if not deal_id or deal_id == lead.id:
            return None
        other = self._store.find(deal_id)
        if other:
            between = received - datetime.fromisoformat(other.lead.received)
            return deal_id if abs(between) <= self._repeat else None
        return deal_id


def _id(lead: Lead, kind: str) -> str:
    return str(uuid.uuid5(uuid.UUID(lead.id), kind))


def _sentence(error: UpstreamError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
