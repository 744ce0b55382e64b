"""Deals: all that are held, newest first, and what became of each."""

from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from receiver import jobs, words
from receiver.bootstrap import Services
from receiver.errors import UpstreamError
from receiver.store import Page, Row
from receiver.views.dashboard import frame

COUNT = 50  # deals on a page
FURTHEST = 10_000_000  # where a page may begin
LONGEST = 100  # characters that can be searched for

LEADS = {
    "": "Every deal that something became of, the newest first.",
    "waiting": "What is on its way, or waits for something; the next first.",
    "parked": "What Roistat refused for good, the newest first.",
    "found": "By id, visit number or the beginning of the name.",
}

blueprint = Blueprint("deals", __name__)


@blueprint.get("/deals")
def show() -> ResponseReturnValue:
    """Deals, all or some of them; what is searched for lies in the session, so that no
    name of anybody stands in an address.
    """
    services = frame.services()
    only = request.args.get("only", "")
    start = min(request.args.get("from", 0, type=int), FURTHEST)
    wanted = str(session.get("search", "")) if only == "found" else ""
    return render_template(
        "dashboard/deals.html",
        page=_page(services, only, wanted, max(0, start)),
        start=start,
        only=only,
        wanted=wanted,
        choices=_choices(services),
        lead=LEADS.get(only) or words.deals.of_note(only),
        standing=_standing,
    )


@blueprint.post("/deals")
def search() -> ResponseReturnValue:
    """Look for deals by id, visit or the beginning of the name."""
    wanted = request.form.get("search", "").strip()[:LONGEST]
    if not wanted:
        return redirect(url_for("dashboard.deals.show"), 303)
    session["search"] = wanted
    return redirect(url_for("dashboard.deals.show", only="found"), 303)


@blueprint.get("/deals/<path:deal_id>")
def one(deal_id: str) -> ResponseReturnValue:
    """One deal: what is held, and every attempt."""
    return _one(deal_id)


@blueprint.post("/deals/again")
def again() -> ResponseReturnValue:
    """Send one deal again, whatever became of it."""
    deal_id = request.form.get("id", "")
    _, known = send_again([f"deal:{deal_id}"])
    if not known:
        abort(404)
    flash("The deal is on its way to Roistat again.")
    return redirect(url_for("dashboard.deals.one", deal_id=deal_id), 303)


@blueprint.post("/deals/roistat")
def ask() -> ResponseReturnValue:
    """Ask Roistat what it holds of one deal: one call within the budget, which changes
    nothing.
    """
    deal_id = request.form.get("id", "")
    if frame.services().store.index.row(deal_id) is None:
        abort(404)
    try:
        found = frame.services().roistat.order_info(deal_id)
    except UpstreamError as error:
        return _one(deal_id, refusal=words.deals.of_asking(error))
    return _one(deal_id, found=found)


def send_again(members: list[str]) -> tuple[int, int]:
    """Have members sent again; how many were named, and how many of them are held."""
    services = frame.services()
    wake, known = services.store.redeliver(members)
    if wake:
        jobs.wake(services.live)
    return len(known), sum(known)


def _one(deal_id: str, **answer: Any) -> ResponseReturnValue:
    services = frame.services()
    row = services.store.index.row(deal_id)
    if row is None:
        abort(404)
    return render_template(
        "dashboard/deal.html",
        row=row,
        deal=row.deal,
        standing=_standing(row),
        attempts=services.store.index.history(deal_id),
        outcome=words.deals.of_outcome,
        note=words.deals.of_note(row.note),
        address=_address(row.deal.url),
        **answer,
    )


def _page(services: Services, only: str, wanted: str, start: int) -> Page:
    index = services.store.index
    if only == "found":
        return index.search(wanted, start, COUNT)
    if only == "waiting":
        return index.waiting(start, COUNT)
    if only == "parked":
        return index.parked(start, COUNT)
    if only in words.deals.notes():
        return index.noted(only, start, COUNT)
    if only:
        abort(404)
    return index.newest(start, COUNT)


def _choices(services: Services) -> list[tuple[str, str, int | None]]:
    """What can be chosen: its name in the address, its words, how many there are."""
    counts = services.store.counts()
    always = [
        ("", "All", None),
        ("waiting", "Waiting", counts["pending"]),
        ("parked", "Parked", counts["parked"]),
    ]
    noted = [(note, services.store.noted(note)) for note in words.deals.notes()]
    return always + [
        (note, words.deals.name_of_note(note), count)
        for note, count in noted
        if count or note == "direct"
    ]


def _standing(row: Row) -> tuple[str, str]:
    return words.deals.standing(row.standing, row.note, row.tries, row.deal.deleted)


def _address(url: str | None) -> str | None:
    """The deal's page in the CRM, where that is a web address."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None
