"""`POST /webhooks/sugarcrm`: verify the bytes, load the schema, store, answer.

Roistat is never called from here. The answers and their order are the contract's
(docs/webhook.md): 413, 401, 415, 400, 422, 503, then 202 or 200.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

import structlog
from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from receiver import __version__, health, jobs, logs
from receiver.bootstrap import Services
from receiver.errors import StoreUnavailable
from receiver.stages import told_by
from receiver.store import record_of
from receiver.sugarcrm.events import Event, Ping, load
from receiver.sugarcrm.signature import HEADERS, verify

MAX_BODY = 1024 * 1024
MAX_DIGITS = 30

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@blueprint.post("/webhooks/sugarcrm")
def receive() -> ResponseReturnValue:
    """Take one webhook from the CRM."""
    services: Services = current_app.extensions["receiver"]
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:
        abort(413)
    proof = {name: request.headers.get(name, "") for name in HEADERS}
    verify(body, proof, services.config.webhook_secrets)
    if request.mimetype != "application/json":
        abort(415, "The body must be application/json.")
    content = load(parse(body))
    webhook_id = logs.known_id(proof["webhook-id"])
    if isinstance(content, Ping):
        log.info("pinged", webhook_id=webhook_id)
        return answer_ping(services, content), 200
    counted = accept(services, content)
    # from here on a deal is known by its id: ten saves make one order
    log.info("accepted", webhook_id=webhook_id, of=_members(content), **counted)
    return counted, 202


def _members(events: Sequence[Event]) -> list[str]:
    """The deals and the clients that events are about."""
    things = [event.deal or event.client for event in events]
    return [thing.id for thing in things if thing]


def parse(body: bytes) -> Any:
    """The JSON in a body. Aborts with 400 where it is not JSON, or absurd."""
    try:
        return _decode(body.decode())
    except UnicodeDecodeError:
        abort(400, "The body is not UTF-8.")
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON, or is nested or numbered beyond reason.")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _sane(number: Any) -> Any:
    def read(text: str) -> Any:
        value = number(text) if len(text) <= MAX_DIGITS else None
        if value is None or value in (float("inf"), float("-inf")):
            raise ValueError(text)
        return value

    return read


_decode = json.JSONDecoder(
    parse_constant=_refuse, parse_float=_sane(float), parse_int=_sane(int)
).decode


def accept(services: Services, events: Sequence[Event]) -> dict[str, int]:
    """Store the events in one step, and wake a worker if none is on its way."""
    records, owners = [], []
    for number, event in enumerate(events):
        for thing in (event.client, event.deal):
            if thing is not None:
                records.append(record_of(thing, event.fence))
                owners.append(number)
    wake, taken = services.store.put(records)
    if wake:
        jobs.wake(services.live)
    accepted = len({owner for owner, took in zip(owners, taken, strict=True) if took})
    return {"accepted": accepted, "ignored": len(events) - accepted}


def answer_ping(services: Services, ping: Ping) -> dict[str, Any]:
    """Say how each leg is doing, even where the store is away."""
    try:
        services.store.notes.keep_ping(ping.about)
        if services.stages.unknown(told_by(ping.about)):
            jobs.learn_stages(services.background)
    except StoreUnavailable:
        log.warning("ping_not_kept")
    return {
        "version": __version__,
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "store": health.of_store(services),
        "roistat": health.of_roistat(services),
    }
