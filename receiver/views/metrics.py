"""`GET /metrics`, in Prometheus' own format, read from the store when it is asked for.

Whichever gunicorn worker answers, the numbers are those of all of them.
"""

import hmac

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from receiver import metrics
from receiver.bootstrap import Services

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> Response:
    """Every number, for whoever brings METRICS_TOKEN where that is set."""
    services: Services = current_app.extensions["receiver"]
    token = services.config.metrics_token
    if token and not _is_brought(token):
        abort(401, "METRICS_TOKEN is needed as a bearer token.")
    text = generate_latest(metrics.Numbers(services))
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _is_brought(token: str) -> bool:
    scheme, _, brought = request.headers.get("Authorization", "").partition(" ")
    ours, theirs = token.encode(), brought.strip().encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(ours, theirs)
