"""`sugar-roistat leads` and `forget`: what websites sent, and how to be rid of it."""

import sys
from collections.abc import Iterable

import click
from rich.table import Table

from receiver import jobs, words
from receiver.bootstrap import Services, bootstrap
from receiver.commands.console import console
from receiver.config import Config
from receiver.reports import instant, leads_csv
from receiver.store.leads import PARKED, STATES, HeldLead
from receiver.store.people import Person

PAGE = 500


@click.command()
@click.argument("lead_ids", nargs=-1, metavar="[LEAD_ID]...")
@click.option("--state", type=click.Choice(STATES), help="Only those in that state.")
@click.option("--parked", is_flag=True, help="Only those that the CRM refused.")
@click.option("--resend", is_flag=True, help="Send those named, or --parked, again.")
@click.option("--csv", "as_csv", is_flag=True, help="All of them, as CSV.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
def leads(
    lead_ids: tuple[str, ...],
    state: str | None,
    parked: bool,
    resend: bool,
    as_csv: bool,
    limit: int,
) -> None:
    """List what websites sent, the newest first; or send it to the CRM again.

    A lead that is a deal in the CRM already does not become a second one.
    """
    services = bootstrap(Config.from_environment())
    state = PARKED if parked else state
    if resend:
        _resend(services, lead_ids, parked)
        return
    found: Iterable[HeldLead]
    unknown: list[str] = []
    if lead_ids:
        found, unknown = _named(services, lead_ids)
    elif as_csv:
        found = services.lead_store.everything(state)
    else:
        found = services.lead_store.list(state, limit)
    _show(found, as_csv)
    _say_unknown(unknown)


def _named(
    services: Services, lead_ids: Iterable[str]
) -> tuple[list[HeldLead], list[str]]:
    found, unknown = [], []
    for lead_id in lead_ids:
        if held := services.lead_store.find(lead_id):
            found.append(held)
        else:
            unknown.append(lead_id)
    return found, unknown


def _resend(services: Services, lead_ids: Iterable[str], parked: bool) -> None:
    ids = list(dict.fromkeys(lead_ids))
    if parked:
        ids += [one.lead.id for one in services.lead_store.everything(PARKED)]
    if not ids and not parked:
        raise click.UsageError("Name leads, or say --parked.")
    unknown: list[str] = []
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        wake, known = services.lead_store.resend(some)
        if wake:
            jobs.wake_leads(services.background)
        unknown += [one for one, is_ in zip(some, known, strict=True) if not is_]
    console.print(f"{len(ids) - len(unknown)} on their way again.")
    _say_unknown(unknown)


def _say_unknown(unknown: Iterable[str]) -> None:
    """Name what is not held, and end with exit status 1 if there is any."""
    for lead_id in unknown:
        click.echo(f"Not held: {lead_id}", err=True)
    if unknown:
        sys.exit(1)


# --- the list ---


def _show(found: Iterable[HeldLead], as_csv: bool) -> None:
    if as_csv:
        sys.stdout.writelines(leads_csv(found))
        return
    table = Table("Lead", "Received", "State", "Title", "Visit", "Deal", "Why")
    for held in found:
        lead = held.lead
        deal = "\n".join(filter(None, (held.deal_id, held.url)))
        why = "\n".join(filter(None, (held.reason, _next(held))))
        row = (lead.id, lead.received, held.state, lead.title, lead.visit or "")
        table.add_row(*row, deal, why)
    console.print(table)


def _next(held: HeldLead) -> str:
    return f"Again at {instant(held.due)}." if held.due else ""


# --- forgetting ---


@click.command()
@click.option("--email", default="", help="Everybody with that e-mail address.")
@click.option("--phone", default="", help="Everybody with that phone number.")
def forget(email: str, phone: str) -> None:
    """Forget a person: all leads and clients with that address or number.

    Only what the receiver itself holds. A phone number may be written in any way.
    """
    person = Person(email, phone)
    if person.is_nobody:
        raise click.UsageError(
            "Name a whole --email address, a whole --phone, or both."
        )
    services = bootstrap(Config.from_environment())
    leads_ = services.lead_store.forget(person)
    clients = services.store.forget_clients(person)
    console.print(f"Forgotten: {len(leads_)} leads, {len(clients)} clients.")
    for kind, ids in (("Lead", leads_), ("Client", clients)):
        for one in ids:
            console.print(f"{kind} {one}")
    console.print(words.leads.NOT_FORGOTTEN)
