"""A stand-in for Roistat's API, honest about its oddities.

Errors come under HTTP 200, skipped deals only as counters, quotas are shared: see
https://help-en.roistat.com/API/methods/about. What no document settles is a switch in
`Assumptions`.
"""

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from receiver.emulators.roistat.api import Gate, api
from receiver.emulators.roistat.assumptions import Assumptions
from receiver.emulators.roistat.control import control
from receiver.emulators.roistat.faults import FaultPlan
from receiver.emulators.roistat.state import State
from receiver.emulators.roistat.throttle import Throttle

__all__ = ["Assumptions", "create_emulator"]


class Anything(BaseConverter):
    """A CRM's id, which may hold slashes, even at its start or two in a row."""

    regex = ".+?"
    part_isolating = False


def create_emulator(
    *,
    api_key: str | None = None,
    project: str | None = None,
    integration: str | None = None,
    assumptions: Assumptions | None = None,
) -> Flask:
    """An empty Roistat project.

    Any key and project will do unless told which. `integration`, `api`, `goals` or
    `crm`, is short for the assumption of that name.
    """
    assumed = assumptions or Assumptions()
    if integration:
        assumed = assumed.changed({"integration": integration})
    state = State(assumed)
    throttle = Throttle()
    faults = FaultPlan()
    app = Flask(__name__, static_folder=None)
    app.url_map.converters["anything"] = Anything
    app.json.sort_keys = False  # type: ignore[attr-defined]
    gate = Gate(state, throttle, faults, api_key, project)
    app.register_blueprint(api(gate), url_prefix="/api/v1")
    app.register_blueprint(control(state, throttle, faults), url_prefix="/_emulator")
    app.register_error_handler(HTTPException, _plain)
    return app


def _plain(error: HTTPException) -> tuple[Response, int]:
    """Flask's own refusals, without the HTML."""
    return jsonify(status="error", description=error.name), error.code or 500
