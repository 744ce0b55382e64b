"""A stand-in for SugarCRM's REST API, v11, made from the vendor's documents.

What they leave open is a switch in `Assumptions`. It knows what a client that pulls
deals and sends leads asks for, and nothing more.
"""

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from receiver.emulators.sugarcrm.api import Gate, api
from receiver.emulators.sugarcrm.assumptions import Assumptions
from receiver.emulators.sugarcrm.control import control
from receiver.emulators.sugarcrm.faults import FaultPlan
from receiver.emulators.sugarcrm.sessions import Sessions
from receiver.emulators.sugarcrm.state import State

__all__ = ["Assumptions", "create_emulator"]


def create_emulator(
    *,
    username: str | None = None,
    password: str | None = None,
    assumptions: Assumptions | None = None,
) -> Flask:
    """An empty SugarCRM. Any name and password will do unless told which."""
    state = State(assumptions or Assumptions())
    sessions = Sessions(username, password)
    faults = FaultPlan()
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    gate = Gate(state, sessions, faults)
    app.register_blueprint(api(gate), url_prefix="/rest/v11")
    own = control(state, sessions, faults)
    app.register_blueprint(own, url_prefix="/_emulator")
    app.register_error_handler(HTTPException, _plain)
    return app


def _plain(error: HTTPException) -> tuple[Response, int]:
    """Flask's own refusals, without the HTML."""
    return jsonify(error="no_method", error_message=error.name), error.code or 500
