"""`sugar-roistat backfill`, `sync` and `reconcile`: reading the CRM.

The commands go on with what the background worker would do, and show how far it is.
Whoever stops one leaves it to the worker.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from receiver import jobs, logs, words
from receiver.bootstrap import Services, bootstrap
from receiver.catchup import CatchUp
from receiver.commands.console import console
from receiver.config import Config
from receiver.errors import InvalidSettings, UpstreamError
from receiver.estimate import estimate, rate, seconds_left
from receiver.plain import plain_json
from receiver.reconcile import REPAIR, REPORT, Comparison, Reconcile, as_json
from receiver.reports import differences_csv, kind, summary, told

SLICE = 1.0  # seconds between two looks at how far it is
STOPPED = 130  # the exit status of what Ctrl-C stopped


def _moment(ctx: object, param: object, value: datetime | None) -> str | None:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def _day(name: str, help_: str) -> Callable[[Any], Any]:
    kind = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
    return click.option(name, type=kind, callback=_moment, help=help_, metavar="DATE")


@click.command()
@_day("--since", "Only deals changed on that day (UTC) or later.")
@_day("--until", "Only deals changed before that day (UTC).")
@click.option("--dry-run", is_flag=True, help="Say what it would take, read nothing.")
def backfill(since: str | None, until: str | None, dry_run: bool) -> None:
    """Bring all deals of the CRM to Roistat, with their original dates.

    It goes on where it stood, whatever was killed, and never holds up a live change.
    What Roistat has already is not sent. Ctrl-C leaves it to the background worker.
    """
    services = _services()
    ours = _catch_up(services)
    if dry_run:
        _show_estimate(services, ours, since, until)
        return
    ours.learn()
    begun = ours.backfill.start(since, until)
    console.print("Begun." if begun else "It goes on where it stood.")
    _watched(lambda: _follow_backfill(services, ours))
    found = ours.backfill.found()
    console.print(f"All deals were read: {told(found) or 'nothing was new'}.")
    waiting = services.store.counts()["pending"]
    if waiting:
        console.print(f"{waiting} are on their way to Roistat.")


@click.command()
def sync() -> None:
    """Read what changed in the CRM since the last time, at once."""
    services = _services()
    ours = _catch_up(services)
    ours.learn()
    ours.sync.start()
    _watched(lambda: _follow_sync(services, ours))
    _, found = ours.sync.last() or (0, {})
    missed = told(found) or "nothing"
    console.print(f"Found what no webhook had told of: {missed}.")


@click.command()
@click.option("--repair", is_flag=True, help="Send again what differs.")
@_day("--since", "Only deals changed, and orders created, on that day or later.")
@click.option("--json", "form", flag_value="json", help="The report as JSON.")
@click.option("--csv", "form", flag_value="csv", help="The report as CSV.")
def reconcile(repair: bool, since: str | None, form: str | None) -> None:
    """Compare both sides by content, and name every deal that differs.

    Nothing is changed without --repair. Exit status 1 where something differs that was
    not repaired.
    """
    services = _services()
    ours = _catch_up(services)
    ours.learn()
    ours.reconcile.start(REPAIR if repair else REPORT, since)
    _watched(lambda: _follow_reconcile(services, ours))
    comparison = ours.reconcile.comparison()
    if comparison is None or comparison.ended is None:
        raise click.ClickException("Somebody else began another comparison meanwhile.")
    _report(ours.reconcile, comparison, form)
    if comparison.differing > comparison.repaired:
        sys.exit(1)


def _services() -> Services:
    logs.for_commands()
    return bootstrap(Config.from_environment())


def _catch_up(services: Services) -> CatchUp:
    if services.catch_up is None:
        raise InvalidSettings(words.reading.CRM_UNREADABLE)
    return services.catch_up


# --- going on, and showing it ---


def _watched(follow: Callable[[], None]) -> None:
    try:
        follow()
    except KeyboardInterrupt:
        _left_to_the_worker()


def _left_to_the_worker() -> NoReturn:
    click.echo("It goes on in the background.", err=True)
    sys.exit(STOPPED)


def _step(services: Services, ours: CatchUp, run: Callable[..., bool]) -> str:
    """One slice; gives why there is nothing to do just now, if so."""
    try:
        is_more = run(SLICE, lambda: jobs.wake(services.live))
    except UpstreamError as error:
        ours.failed(error)
        if error.permanent:
            raise
        time.sleep(SLICE)
        return f"{error}; trying again"
    if is_more:
        return ""
    time.sleep(SLICE / 4)
    verdict = services.store.notes.verdict()
    return verdict["message"] if verdict and verdict["state"] != words.OK else ""


def _bar(about: str) -> Progress:
    return Progress(
        TextColumn(about),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        console=Console(stderr=True),
    )


def _follow_backfill(services: Services, ours: CatchUp) -> None:
    with _bar("Deals") as bar:
        task = bar.add_task("", total=None, said="")
        while ours.backfill.is_unfinished():
            why = _step(services, ours, ours.backfill.run)
            progress = ours.backfill.progress()
            if progress is None:
                return
            said = f"{rate(progress):.0f}/s"
            left = seconds_left(services, progress)
            if left is not None:
                said += f", until {_clock(left)} at the latest"
            said = f"{said}  {why}"
            bar.update(task, completed=progress.done, total=progress.total, said=said)


def _follow_sync(services: Services, ours: CatchUp) -> None:
    while ours.sync.is_unfinished():
        if why := _step(services, ours, ours.sync.run):
            console.print(why)


def _follow_reconcile(services: Services, ours: CatchUp) -> None:
    with _bar("Compared") as bar:
        task = bar.add_task("", total=None, said="")
        while (c := ours.reconcile.comparison()) and c.ended is None:
            why = _step(services, ours, ours.reconcile.run)
            wait = c.not_before - time.time()
            if wait > 0 and not why:
                why = f"waiting {wait:.0f} s for Roistat's quota"
            said = f"{c.orders or c.offset} orders, {c.differing} deals differ  {why}"
            bar.update(task, completed=c.deals, total=c.orders or None, said=said)


# --- what a backfill takes ---


def _show_estimate(
    services: Services, ours: CatchUp, since: str | None, until: str | None
) -> None:
    found = estimate(services, ours.crm, since, until)
    is_known = found.deals is not None
    table = Table("A backfill", "", show_header=False)
    table.add_row("Deals", str(found.deals) if is_known else "the CRM does not say")
    if is_known:
        hours = found.seconds / 3600
        table.add_row("Calls to Roistat", f"{found.calls} at most")
        table.add_row("Hours", f"{hours:.1f} at most, by our share of its limits")
    mapping = services.mapping.current()
    fields = ", ".join(f"{label} ({name})" for label, name in mapping.fields.items())
    table.add_row("Price, cost", f"{mapping.price}, {mapping.cost or 'cost'}")
    table.add_row("Fields", fields or "none")
    table.add_row("Filter", "as the mapping says" if mapping.filter else "none: all")
    console.print(table)
    console.print(words.reading.PAID_TODAY)
    console.print("Nothing was changed.")


# --- the report ---


def _report(reconcile: Reconcile, comparison: Comparison, form: str | None) -> None:
    found = reconcile.differences()
    if form == "json":
        click.echo(plain_json(as_json(comparison, found)))
        return
    if form == "csv":
        sys.stdout.writelines(differences_csv(found))
        return
    table = Table("Deal", "Name", "Differs")
    for one in found:
        table.add_row(one.deal, one.name, ", ".join(map(kind, one.kinds)))
    if comparison.differing:
        console.print(table)
    console.print(summary(comparison))


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(time.time() + seconds, UTC)
    is_today = moment.date() == datetime.now(UTC).date()
    return moment.strftime("%H:%M UTC" if is_today else "%Y-%m-%d %H:%M UTC")
