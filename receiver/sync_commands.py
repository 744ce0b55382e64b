"""`sugar-roistat backfill`, `sync` and `reconcile`: reading the CRM.

The commands go on with what the background worker would do, and show how far it is.
Whoever stops one leaves it to the worker.
"""

import csv
import math
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
from receiver.config import Config
from receiver.console import console, no_formula
from receiver.errors import InvalidSettings, UpstreamError
from receiver.reconcile import REPAIR, REPORT, Comparison, Reconcile, as_json

SLICE = 1.0  # seconds between two looks at how far it is
BACKGROUND_SHARE = 2 / 3  # of the budget: the rest is for live changes
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
    console.print(f"All deals were read: {_told(found) or 'nothing was new'}.")
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
    told = _told(found)
    console.print(f"Found what no webhook had told of: {told or 'nothing'}.")


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
        raise InvalidSettings(
            "The CRM cannot be read: set SUGAR_API, SUGAR_URL and what belongs to them."
        )
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
        TextColumn("{task.fields[said]}"),
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
            rate = progress.done / max(1.0, time.time() - progress.began)
            left = max(0, (progress.total or 0) - progress.done)
            said = f"{rate:.0f}/s"
            if progress.total:
                clock = _clock(_seconds_left(services, left, rate))
                said += f", until {clock} at the latest"
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


def _seconds_left(services: Services, deals: int, rate: float) -> float:
    """As fast as until now, but not faster than the budget allows if all are sent."""
    by_rate = deals / rate if rate else 0.0
    return max(by_rate, _seconds_of_calls(services, _calls(services, deals)))


def _calls(services: Services, deals: int) -> int:
    """Orders and clients, a batch a call."""
    return 2 * math.ceil(deals / services.config.roistat_batch_size)


def _seconds_of_calls(services: Services, calls: int) -> float:
    hourly = services.config.roistat_requests_per_hour
    for_live = hourly * (1 - BACKGROUND_SHARE)
    free = max(0.0, services.budget.state().left - for_live)
    per_second = services.config.roistat_requests_per_second * BACKGROUND_SHARE
    late = max(0.0, calls - free) / (hourly * BACKGROUND_SHARE) * 3600
    return max(late, calls / per_second)


def _show_estimate(
    services: Services, ours: CatchUp, since: str | None, until: str | None
) -> None:
    crm = ours.crm
    deals = crm.count(since=since, until=until)
    table = Table("A backfill", "", show_header=False)
    table.add_row("Deals", "the CRM does not say" if deals is None else str(deals))
    if deals is not None:
        calls = _calls(services, deals)
        hours = _seconds_of_calls(services, calls) / 3600
        table.add_row("Calls to Roistat", f"{calls} at most")
        table.add_row("Hours", f"{hours:.1f} at most, by our share of its limits")
    mapping = services.mapping.current()
    fields = ", ".join(f"{label} ({name})" for label, name in mapping.fields.items())
    table.add_row("Price, cost", f"{mapping.price}, {mapping.cost or 'cost'}")
    table.add_row("Fields", fields or "none")
    table.add_row("Filter", "as the mapping says" if mapping.filter else "none: all")
    console.print(table)
    console.print(words.PAID_TODAY)
    console.print("Nothing was changed.")


# --- the report ---


def _report(reconcile: Reconcile, comparison: Comparison, form: str | None) -> None:
    found = reconcile.differences()
    if form == "json":
        click.echo(as_json(comparison, found))
        return
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("deal", "name", "differs"))
        for one in found:
            writer.writerow((one.deal, no_formula(one.name), "; ".join(one.kinds)))
        return
    table = Table("Deal", "Name", "Differs")
    for one in found:
        told = ", ".join(map(_said, one.kinds))
        table.add_row(one.deal, one.name, told)
    if comparison.differing:
        console.print(table)
    console.print(_summary(comparison))


def _said(kind: str) -> str:
    return words.DIFFERENCES.get(kind, kind)


def _summary(comparison: Comparison) -> str:
    said = f"{comparison.deals} deals, {comparison.orders} orders in Roistat: "
    said += f"{comparison.differing} differ" if comparison.differing else "they agree"
    if comparison.repaired:
        said += f", {comparison.repaired} sent again"
    if comparison.on_their_way:
        said += f", {comparison.on_their_way} are on their way"
    return f"{said}."


def _told(found: dict[str, int]) -> str:
    return ", ".join(f"{count} {cause}" for cause, count in found.items() if count)


def _clock(seconds: float) -> str:
    moment = datetime.fromtimestamp(time.time() + seconds, UTC)
    is_today = moment.date() == datetime.now(UTC).date()
    return moment.strftime("%H:%M UTC" if is_today else "%Y-%m-%d %H:%M UTC")
