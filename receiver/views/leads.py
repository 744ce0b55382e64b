"""`POST /leads`: what a website sends is kept, and answered, before the CRM is asked.

The answers are those of Roistat's own proxy, with a status that says the same
(docs/leads.md): 404, 413, 403, 429, 415, 400, 403, 422, 503, then 200. No lead is
kept that is answered by anything but 200.
"""

import hmac
import math
import threading
import time
import uuid
from typing import Any

import structlog
from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from receiver import jobs, website
from receiver.bootstrap import Services
from receiver.deal import Lead
from receiver.errors import (
    InvalidPayload,
    StoreUnavailable,
    UnknownForm,
    UnreadableBody,
)

MAX_BODY = 64 * 1024
RETRY_AFTER = 10  # seconds
AWAITED = 4.0  # seconds at most, where a website asks for its deal at once
LOOK_AGAIN = 0.1
HONEYPOT = "website"  # no person sees this field, so no person fills it in

blueprint = Blueprint("leads", __name__)
log = structlog.get_logger()

# Whoever waits for a deal keeps a thread: one at a time in each process, so that the
# others go on accepting
_waiting = threading.Semaphore(1)


class Refused(Exception):
    """No lead is taken: a status, Roistat's kind of word for why, and a sentence."""

    def __init__(self, status: int, code: str, why: str, wait: float = 0) -> None:
        super().__init__(why)
        self.status, self.code, self.why, self.wait = status, code, why, wait


@blueprint.route("/leads", methods=["POST", "GET"], provide_automatic_options=False)
def receive() -> ResponseReturnValue:
    """Take one lead."""
    services = _open()
    _require_site(services)
    values = _values(services)
    if not _knows_key(services, values):
        raise Refused(403, "access_denied", "The key is wrong or missing.")
    if str(values.get(HONEYPOT) or "").strip():
        log.info("lead_dropped", why="honeypot")
        return _success(str(uuid.uuid4()))
    submission = website.load(values)
    lead = submission.lead
    _keep(services, lead)
    found = _awaited(services, lead) if submission.is_awaited else None
    return _success(found or lead.id)


@blueprint.route("/leads", methods=["OPTIONS"])
def preflight() -> ResponseReturnValue:
    """Tell a browser what a page may send: only pages of the sites that are listed."""
    services = _open()
    _require_site(services)
    return "", 204


def _open() -> Services:
    services: Services = current_app.extensions["receiver"]
    if services.config.leads.key is None:
        raise Refused(404, "resource_not_found", "No leads are taken here.")
    return services


def _require_site(services: Services) -> None:
    """A browser says which site its page is of; where sites are listed it must be one
    of them. What a server sends says nothing.
    """
    origins = services.config.leads.origins
    origin = request.headers.get("Origin")
    if origins and origin and origin.lower() not in origins:
        why = "This site is not one of those that may send leads (LEADS_ORIGINS)."
        raise Refused(403, "access_denied", why)


def _values(services: Services) -> website.Values:
    """What was sent, by name."""
    if request.method != "POST":
        if request.method != "GET" or not services.config.leads.allow_get:
            abort(405, "Send leads by POST: an address ends up in logs.")
        _require_turn(services)
        return website.read_query(request.query_string)
    request.max_content_length = MAX_BODY + 1
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:
        abort(413)
    if len(body) < (request.content_length or 0):
        abort(400, "The body was cut off on its way.")  # a number's last digits, say
    _require_turn(services)
    return website.read(body, request.mimetype, request.mimetype_params)


def _require_turn(services: Services) -> None:
    wait = services.flood.wait(request.remote_addr or "")
    if wait:
        why = "Too many leads at once: come again later."
        raise Refused(429, "request_limit_error", why, wait)


def _knows_key(services: Services, values: website.Values) -> bool:
    key, given = str(services.config.leads.key), values.get("key")
    if not isinstance(given, str):
        return False
    return hmac.compare_digest(key.encode(), given.strip().encode("utf-8", "replace"))


def _keep(services: Services, lead: Lead) -> None:
    """Keep it for good. A lead exists nowhere else: a store known to forget is none."""
    durable = services.config.store_durable or services.store.host.is_durable()
    if durable is False:
        raise StoreUnavailable("the store may forget what it takes")
    if services.lead_store.put(lead):
        jobs.wake_leads(services.background)
    log.info("lead_accepted", lead=lead.id)


def _awaited(services: Services, lead: Lead) -> str | None:
    """The deal's id, if the lead gets there within a few seconds."""
    if lead.is_kept_only or not _waiting.acquire(blocking=False):
        return None
    try:
        deadline = time.monotonic() + AWAITED
        while time.monotonic() < deadline:
            held = services.lead_store.find(lead.id)
            if held is None or held.state != "waiting" or held.tries:
                return held.deal_id if held else None
            time.sleep(LOOK_AGAIN)
    except StoreUnavailable:
        log.warning("lead_not_awaited")
    finally:
        _waiting.release()
    return None


# --- answers ---


def _success(data: str) -> ResponseReturnValue:
    return {"status": "success", "data": data}


def _error(
    status: int, code: str, why: str, wait: float = 0, **more: Any
) -> ResponseReturnValue:
    log.warning("lead_refused", status=status, error=code)
    headers = {"Retry-After": str(math.ceil(wait))} if wait else {}
    body = {"status": "error", "error": code, "description": why, **more}
    return body, status, headers


@blueprint.errorhandler(Refused)
def _refused(error: Refused) -> ResponseReturnValue:
    return _error(error.status, error.code, error.why, error.wait)


@blueprint.errorhandler(UnreadableBody)
def _unreadable(error: UnreadableBody) -> ResponseReturnValue:
    return _error(400, "incorrect_request", str(error))


@blueprint.errorhandler(UnknownForm)
def _unknown(error: UnknownForm) -> ResponseReturnValue:
    return _error(415, "incorrect_request", str(error))


@blueprint.errorhandler(InvalidPayload)
def _invalid(error: InvalidPayload) -> ResponseReturnValue:
    return _error(422, "validation_error", str(error), errors=error.errors)


@blueprint.errorhandler(StoreUnavailable)
def _away(error: StoreUnavailable) -> ResponseReturnValue:
    why = f"The lead was not kept, come again: {error}."
    return _error(503, "internal_error", why, RETRY_AFTER)


@blueprint.errorhandler(HTTPException)
def _other(error: HTTPException) -> ResponseReturnValue:
    why = f"At most {MAX_BODY // 1024} KiB." if error.code == 413 else error.description
    return _error(error.code or 500, "incorrect_request", why or "")


@blueprint.after_request
def _for_the_browser(answer: Response) -> Response:
    """Let pages of the sites that are listed read the answer, and keep it nowhere."""
    services: Services = current_app.extensions["receiver"]
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Origin"
    origin = request.headers.get("Origin", "")
    if origin.lower() in services.config.leads.origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = "POST"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
        answer.headers["Access-Control-Max-Age"] = "600"
    return answer
