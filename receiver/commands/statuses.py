"""`sugar-roistat statuses`: the CRM's stages in Roistat's groups."""

import click
from rich.table import Table

from receiver import words
from receiver.bootstrap import Services, bootstrap
from receiver.commands.console import console
from receiver.config import Config
from receiver.preview import held_deals
from receiver.roistat.schemas import status_of
from receiver.roistat.statuses import Change, Status


@click.group()
def statuses() -> None:
    """Which group of Roistat's each stage belongs to, and so what counts as revenue."""


@statuses.command()
def show() -> None:
    """Show Roistat's dictionary beside the CRM's stages, and what a push would change.

    Nothing is changed.
    """
    services = bootstrap(Config.from_environment())
    known, changes = services.stages.push(
        _used(services), dry_run=True, allow_removal=False
    )
    _show_known(services, known)
    _show_changes(changes)


@statuses.command()
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
@click.option(
    "--allow-removal",
    is_flag=True,
    help="Drop statuses that neither the CRM nor a deal has.",
)
def push(dry_run: bool, allow_removal: bool) -> None:
    """Upload the CRM's stages under their names, in the groups that the mapping names.

    A status that Roistat has stays, in the group that Roistat shows, unless the mapping
    names it. What changes is shown.
    """
    services = bootstrap(Config.from_environment())
    if allow_removal and not services.stages.of_crm():
        raise click.ClickException(words.legs.CRM_NEVER[1])
    _, changes = services.stages.push(
        _used(services), dry_run=dry_run, allow_removal=allow_removal
    )
    _show_changes(changes)
    if changes:
        console.print("Nothing was changed." if dry_run else "Uploaded.")


def _used(services: Services) -> dict[str, str]:
    """The stages of all deals that are held, id to name."""
    return dict(
        status_of(deal) for deal in held_deals(services.store) if not deal.deleted
    )


def _show_known(services: Services, known: list[Status]) -> None:
    stages = services.stages.of_crm()
    mapping = services.mapping.current()
    table = Table("Status", "Name in Roistat", "Group in Roistat", "Mapping", "CRM")
    for status in known:
        id_ = status["id"]
        table.add_row(
            id_,
            status["name"],
            words.mapping.GROUPS.get(status["type"], status["type"]),
            words.mapping.GROUPS.get(mapping.statuses.get(id_, ""), ""),
            stages.get(id_, ""),
        )
    console.print(table)


def _show_changes(changes: list[Change]) -> None:
    if not changes:
        console.print("A push would change nothing.")
        return
    table = Table("Status", "Would be", "Before", "After")
    for change in changes:
        table.add_row(change.id, change.what, _said(change.before), _said(change.after))
    console.print(table)


def _said(value: str) -> str:
    return words.mapping.GROUPS.get(value, value)
