"""Backfill, sync and reconcile: begun here, gone on with by the background worker."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from receiver import jobs, reports, words
from receiver.bootstrap import Services
from receiver.catchup import CatchUp
from receiver.errors import UpstreamError
from receiver.estimate import estimate, rate, seconds_left
from receiver.reconcile import REPAIR, REPORT, as_json
from receiver.views.dashboard import frame

SHOWN = 50  # differences on the page; the downloads have all

blueprint = Blueprint("sync", __name__)


class NoDate(Exception):
    """What was given as a day is none: the field, and what it said."""

    def __init__(self, name: str, given: str) -> None:
        super().__init__(name)
        self.name, self.given = name, given


@blueprint.get("/sync")
def show() -> ResponseReturnValue:
    """How far each is, and what it found."""
    return _page()


@blueprint.post("/sync/backfill")
def backfill() -> ResponseReturnValue:
    """Say what a backfill takes, or begin it."""
    services, ours = _both()
    since, until = _day("since"), _day("until")
    if request.form.get("action") == "estimate":
        found = estimate(services, ours.crm, since, until)
        mapping = services.mapping.current()
        return _page(estimate=found, mapping=mapping, given=request.form)
    ours.learn()
    begun = ours.backfill.start(since, until)
    jobs.go_on(services.background)
    flash("The backfill has begun." if begun else "It goes on where it stood.")
    return redirect(url_for("dashboard.sync.show"), 303)


@blueprint.post("/sync/now")
def now() -> ResponseReturnValue:
    """Read at once what changed in the CRM."""
    services, ours = _both()
    ours.learn()
    ours.sync.start()
    jobs.go_on(services.background)
    flash("What changed is being read.")
    return redirect(url_for("dashboard.sync.show"), 303)


@blueprint.post("/sync/reconcile")
def reconcile() -> ResponseReturnValue:
    """Compare both sides; repair what differs only where somebody says so."""
    services, ours = _both()
    since = _day("compared_since")
    is_repair = request.form.get("action") == REPAIR
    ours.learn()
    ours.reconcile.start(REPAIR if is_repair else REPORT, since)
    jobs.go_on(services.background)
    flash("The comparison has begun" + (", and repairs." if is_repair else "."))
    return redirect(url_for("dashboard.sync.show"), 303)


@blueprint.get("/sync/differences.<form>")
def differences(form: str) -> ResponseReturnValue:
    """All that the last comparison found, to be kept."""
    _, ours = _both()
    comparison = ours.reconcile.comparison()
    if comparison is None or form not in ("json", "csv"):
        abort(404)
    found = ours.reconcile.differences()
    if form == "json":
        return download([as_json(comparison, found)], "differences.json")
    return download(reports.differences_csv(found), "differences.csv")


def download(parts: Iterable[str], name: str) -> Response:
    """A file, sent as it is made."""
    kinds = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
    answer = Response(
        stream_with_context(iter(parts)), content_type=kinds[name.rpartition(".")[2]]
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.errorhandler(UpstreamError)
def _failed(error: UpstreamError) -> ResponseReturnValue:
    _, message = words.reading.of_reading(error)
    return _page(why=f"Nothing was begun: {message}", given=request.form), 502


@blueprint.errorhandler(NoDate)
def _no_date(error: NoDate) -> ResponseReturnValue:
    mistakes = {error.name: ["This is no day such as 2026-01-31."]}
    return _page(mistakes=mistakes, given=request.form), 422


def _both() -> tuple[Services, CatchUp]:
    services = frame.services()
    if services.catch_up is None:
        abort(404)
    return services, services.catch_up


def _day(name: str) -> str | None:
    """The beginning of a day that was chosen, in UTC. Raises `NoDate`."""
    given = request.form.get(name, "").strip()
    if not given:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII):
            raise ValueError(given)
        day = datetime.fromisoformat(given).replace(tzinfo=UTC)
    except ValueError:
        raise NoDate(name, given) from None
    return day.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- the page ---


def _page(**more: Any) -> str:
    services = frame.services()
    if services.catch_up is None:
        return render_template(
            "dashboard/no_sync.html", why=words.reading.CRM_UNREADABLE
        )
    return render_template(
        "dashboard/sync.html",
        crm=services.store.notes.crm_verdict(),
        roistat=services.store.notes.verdict(),
        now=time.time(),
        waiting=services.store.counts()["pending"],
        interval=services.config.sync_interval,
        paid_today=words.reading.PAID_TODAY,
        told=reports.told,
        **_of_backfill(services, services.catch_up),
        **_of_sync(services.catch_up),
        **_of_reconcile(services.catch_up),
        **{"mistakes": {}, "given": {}} | more,
    )


def _of_backfill(services: Services, ours: CatchUp) -> dict[str, Any]:
    progress = ours.backfill.progress()
    if progress is None:
        return {"backfill": None}
    left = None if progress.ended else seconds_left(services, progress)
    return {
        "backfill": progress,
        "backfill_found": ours.backfill.found(),
        "rate": rate(progress),
        "until": None if left is None else time.time() + left,
    }


def _of_sync(ours: CatchUp) -> dict[str, Any]:
    return {"syncing": ours.sync.is_unfinished(), "synced": ours.sync.last()}


def _of_reconcile(ours: CatchUp) -> dict[str, Any]:
    comparison = ours.reconcile.comparison()
    if comparison is None:
        return {"comparison": None}
    return {
        "comparison": comparison,
        "summary": reports.summary(comparison),
        "differing": list(islice(ours.reconcile.differences(), SHOWN)),
        "kind": reports.kind,
    }
