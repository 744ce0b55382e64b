"""`sugar-roistat mapping`: which mapping counts, and what another would change."""

import json
from typing import BinaryIO

import click
from rich.table import Table

from receiver import words
from receiver.bootstrap import Services, bootstrap
from receiver.commands.console import console
from receiver.config import Config
from receiver.errors import InvalidMapping
from receiver.mapping import Mapping
from receiver.preview import Difference, Preview, held_deals, preview


@click.group()
def mapping() -> None:
    """What of a deal Roistat gets: price, cost, fields, stages, filter."""


@mapping.command()
@click.option("--json", "only_json", is_flag=True, help="Only the JSON, to edit.")
def show(only_json: bool) -> None:
    """Say which mapping counts, and which fields the CRM offers."""
    services = bootstrap(Config.from_environment())
    current = services.mapping.current()
    if only_json:
        click.echo(_as_text(current))
        return
    console.print(words.mapping.ORIGINS[services.mapping.origin()])
    click.echo(_as_text(current))
    console.print(_settings(current))
    _show_offered(services, current)
    _show_problems(services, current)


@mapping.command("set")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
def set_(file: BinaryIO, dry_run: bool) -> None:
    """Store a mapping from FILE, or - for standard input; {} is the default one.

    What it would change of the deals that are held is shown first. They are mapped
    again in the background.
    """
    services = bootstrap(Config.from_environment())
    services.mapping.require_unset()
    new = Mapping.load(_read(file))
    _show_problems(services, new)
    _show_preview(services, new)
    if dry_run:
        console.print("Nothing was changed.")
        return
    services.mapping.keep(new)
    console.print("Stored. What is held is mapped again, beginning in a minute.")


def _read(file: BinaryIO) -> str:
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidMapping(["mapping: not UTF-8"]) from None


def _as_text(current: Mapping) -> str:
    return json.dumps(current.as_json(), ensure_ascii=False, indent=2)


# --- what counts ---


def _settings(current: Mapping) -> Table:
    table = Table("What", "From")
    table.add_row("Price", current.price)
    table.add_row("Cost", current.cost or "cost")
    for label, name in current.fields.items():
        table.add_row(f"Field {label}", name)
    for stage, group in current.statuses.items():
        table.add_row(f"Stage {stage}", group)
    table.add_row("Other stages", "progress, where Roistat has no group for them")
    for name, conditions in current.filter.items():
        for operator, wanted in conditions.items():
            shown = json.dumps(wanted, ensure_ascii=False)
            table.add_row(f"Only if {name}", f"{operator} {shown}")
    table.add_row("Deals that leave the filter", current.left_filter)
    table.add_row("Deleted deals", current.deleted)
    table.add_row("Phones without country", current.phone_region or "as they are")
    return table


def _show_offered(services: Services, current: Mapping) -> None:
    offered = (services.store.notes.ping() or {}).get("fields")
    if not offered:
        console.print(words.mapping.FIELDS_UNTOLD)
        return
    table = Table("Field of the CRM", "Label", "Type", "Used as")
    for one in offered:
        name = one["name"]
        used = ", ".join(_uses(current, name))
        table.add_row(name, one.get("label") or "", one.get("type") or "", used)
    console.print(table)


def _uses(current: Mapping, name: str) -> list[str]:
    uses = [label for label, used in current.fields.items() if used == name]
    if name == current.price:
        uses.append("price")
    if name == (current.cost or "cost"):
        uses.append("cost")
    if name in current.filter:
        uses.append("filter")
    return uses


def _show_problems(services: Services, current: Mapping) -> None:
    for problem in services.mapping.problems(current):
        console.print(f"Problem: {problem}", soft_wrap=True)


# --- what would change ---


def _show_preview(services: Services, new: Mapping) -> None:
    try:
        old = services.mapping.current()
    except InvalidMapping as error:
        # which is what storing another one mends
        console.print(f"Nothing to compare with: {error}")
        return
    found = preview(held_deals(services.store), old, new)
    console.print(_differences(found))
    if old.phone_region != new.phone_region:
        console.print("The phone numbers of all clients are read again.")


def _differences(found: Preview) -> Table:
    table = Table(f"Of {found.deals} deals", "How many", "For example")
    for respect, said in words.mapping.RESPECTS.items():
        difference: Difference = getattr(found, respect)
        table.add_row(said, str(difference.count), "\n".join(difference.examples))
    return table
