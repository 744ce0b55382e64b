"""`GET /roistat-visit.js`: the script that brings the visit into a website's forms."""

from pathlib import Path

from flask import Blueprint, Response, request

AN_HOUR = 3600
SCRIPT = Path(__file__).parents[1].joinpath("static", "roistat-visit.js").read_bytes()

blueprint = Blueprint("visit_script", __name__)


@blueprint.get("/roistat-visit.js")
def script() -> Response:
    """The script, to be kept for an hour and then asked for by its ETag."""
    answer = Response(SCRIPT, content_type="text/javascript; charset=utf-8")
    answer.cache_control.public = True
    answer.cache_control.max_age = AN_HOUR
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # a page that isolates itself takes nothing from elsewhere without this
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
