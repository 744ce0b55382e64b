"""The command line: exit status 0 only when it did what it says."""

import sys
from collections.abc import Callable

import click
from rich.table import Table

from receiver import __version__, jobs, logs, words
from receiver.bootstrap import Services, bootstrap
from receiver.check import check as everything
from receiver.commands.console import console
from receiver.commands.leads import forget, leads
from receiver.commands.mapping import mapping
from receiver.commands.statuses import statuses
from receiver.commands.sync import backfill, reconcile, sync
from receiver.config import Config
from receiver.dev import dev as run_dev
from receiver.emulators.roistat import create_emulator as create_roistat
from receiver.emulators.server import serve_emulator
from receiver.emulators.sugarcrm import create_emulator as create_sugarcrm
from receiver.errors import ReceiverError
from receiver.serve import serve as run_serve


class Commands(click.Group):
    """Commands whose known errors end as one clear message and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ReceiverError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Roistat for SugarCRM: every deal in Roistat seconds after it was saved."""


@main.command()
def serve() -> None:
    """Run web, workers and clock under one command, until told to stop.

    Where REDIS_URL is not set, an embedded Valkey keeps its data in DATA_DIR.
    """
    config = Config.from_environment()
    logs.configure(config.log_format)
    run_serve(config)


@main.command()
def dev() -> None:
    """Show the whole way on this machine: sample deals, an emulator for Roistat."""
    logs.configure("text")
    run_dev(console)


@main.command()
@click.option("--release", is_flag=True, help="Look at our own settings only.")
def check(release: bool) -> None:
    """Say everything that is wrong, at once: settings, store, CRM, Roistat, mapping.

    Exit status 1 where something is failed or degraded; a warning is none of these.
    """
    config = Config.from_environment()  # raises, naming every wrong setting
    services = bootstrap(config)
    if release:
        console.print("The settings are complete.")
        return
    findings = list(everything(services))
    table = Table("About", "State", "What it says")
    for one in findings:
        table.add_row(one.about, one.state, one.message)
    console.print(table)
    if any(one.state in (words.FAILED, words.DEGRADED) for one in findings):
        sys.exit(1)


@main.command()
@click.argument("deal_ids", nargs=-1, metavar="[DEAL_ID]...")
@click.option("--parked", is_flag=True, help="Everything that is parked.")
@click.option("--list", "list_", is_flag=True, help="Only show what is parked.")
def redeliver(deal_ids: tuple[str, ...], parked: bool, list_: bool) -> None:
    """Send deals again, whatever became of them; newest state, as always."""
    services = bootstrap(Config.from_environment())
    if list_:
        _show_parked(services)
        return
    if not deal_ids and not parked:
        raise click.UsageError("Name deals, or say --parked or --list.")
    members = [f"deal:{deal_id}" for deal_id in deal_ids]
    if parked:
        members += [member for member, _ in services.store.parked()]
    unknown = _redeliver(services, members)
    for member in unknown:
        console.print(f"Not held: {member.partition(':')[2]}")
    if unknown:
        sys.exit(1)


def _redeliver(services: Services, members: list[str]) -> list[str]:
    """Make members pending again; give those that the store does not hold."""
    unknown: list[str] = []
    page = 500
    for start in range(0, len(members), page):
        some = members[start : start + page]
        wake, known = services.store.redeliver(some)
        if wake:
            jobs.wake(services.live)
        unknown += [member for member, is_ in zip(some, known, strict=True) if not is_]
    console.print(f"{len(members) - len(unknown)} on their way again.")
    return unknown


def _show_parked(services: Services) -> None:
    table = Table("Parked", "Why")
    for member, reason in services.store.parked():
        table.add_row(member, reason)
    console.print(table)


main.add_command(mapping)
main.add_command(statuses)
main.add_command(backfill)
main.add_command(sync)
main.add_command(reconcile)
main.add_command(leads)
main.add_command(forget)


EMULATORS: dict[str, tuple[Callable[[], object], int]] = {
    "roistat": (create_roistat, 8081),
    "sugarcrm": (create_sugarcrm, 8082),
}


@main.command()
@click.argument("name", type=click.Choice(sorted(EMULATORS)))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, help="[default: 8081, or 8082 for SugarCRM]")
def emulator(name: str, host: str, port: int | None) -> None:
    """Stand in for Roistat or SugarCRM over HTTP, to try the product without either."""
    create, usual = EMULATORS[name]
    serve_emulator(create(), host, port or usual)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
