"""`GET /healthz` and `GET /readyz`, for the host's probes."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from receiver import health, words
from receiver.bootstrap import Services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Alive: the process answers."""
    return {"state": words.OK}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """503 only when events cannot be accepted; the rest is told, from what is known."""
    services: Services = current_app.extensions["receiver"]
    store = health.of_store(services)
    legs = {
        "store": store,
        "roistat": health.of_roistat(services),
        "queue": health.of_queue(services),
    }
    states = {leg["state"] for leg in legs.values()}
    accepting = store["state"] != words.FAILED
    overall = words.OK if states <= {words.OK, words.UNKNOWN} else words.DEGRADED
    body = {"state": overall if accepting else words.FAILED, **legs}
    return body, 200 if accepting else 503
