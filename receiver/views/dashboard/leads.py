"""Leads: what websites sent, and what became of each in the CRM."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from receiver import jobs, reports, words
from receiver.store.leads import STATES
from receiver.views.dashboard import frame
from receiver.views.dashboard.sync import download

COUNT = 50  # leads on a page

blueprint = Blueprint("leads", __name__)


# not /leads: there websites send them
@blueprint.get("/website-leads")
def show() -> ResponseReturnValue:
    """Leads, all or those in a state, the newest first."""
    services = frame.services()
    state = _state()
    before = request.args.get("before") or None
    found = services.lead_store.list(state, COUNT + 1, before)
    counts = services.lead_store.counts()
    return render_template(
        "dashboard/leads.html",
        leads=found[:COUNT],
        following=found[COUNT - 1].lead.id if len(found) > COUNT else None,
        before=before,
        state=state,
        counts=[(one, words.leads.standing(one)[1], counts[one]) for one in STATES],
        total=sum(counts[one] for one in STATES),
        off="" if services.config.leads.key else words.leads.OFF,
        nowhere="" if services.leads else words.legs.LEADS_STAY[1],
        standing=words.leads.standing,
    )


@blueprint.get("/website-leads/<lead_id>")
def one(lead_id: str) -> ResponseReturnValue:
    """One lead, with all that was sent."""
    held = frame.services().lead_store.find(lead_id)
    if held is None:
        abort(404)
    return render_template(
        "dashboard/lead.html",
        held=held,
        lead=held.lead,
        standing=words.leads.standing(held.state, held.tries),
        address=web_address(held.url),
    )


@blueprint.post("/website-leads/again")
def again() -> ResponseReturnValue:
    """Send one lead to the CRM again; one that is a deal there is not doubled."""
    services = frame.services()
    lead_id = request.form.get("id", "")
    wake, (is_known,) = services.lead_store.resend([lead_id])
    if not is_known:
        abort(404)
    if wake:
        jobs.wake_leads(services.background)
    flash("The lead is on its way to the CRM again.")
    return redirect(url_for("dashboard.leads.one", lead_id=lead_id), 303)


@blueprint.get("/website-leads.csv")
def table() -> ResponseReturnValue:
    """All of them, or those in a state, to be kept."""
    found = frame.services().lead_store.everything(_state())
    return download(reports.leads_csv(found), "leads.csv")


def web_address(url: str | None) -> str | None:
    """An address that a browser may be sent to."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _state() -> str | None:
    state = request.args.get("state") or None
    if state is not None and state not in STATES:
        abort(404)
    return state
