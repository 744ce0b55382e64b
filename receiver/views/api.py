"""`GET /openapi.json`, the API document, and `GET /docs`, the same to be read."""

import base64
import hashlib
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from receiver.views.document import document

blueprint = Blueprint("api", __name__)

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;"
    "padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid #8886;overflow-wrap:anywhere}"
    "code{font-size:.9em;overflow-wrap:anywhere}"
)
# No script, no picture, nothing from elsewhere: the one style by its hash
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """The document, for machines."""
    return _document()


@blueprint.get("/docs")
def docs() -> ResponseReturnValue:
    """The document, for people."""
    page = render_template("api.html", api=_document(), style=STYLE)
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _document() -> dict[str, Any]:
    return _of(frozenset(rule.rule for rule in current_app.url_map.iter_rules()))


@cache
def _of(served: frozenset[str]) -> dict[str, Any]:
    return document(served)
