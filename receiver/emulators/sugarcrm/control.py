"""`/_emulator`: what a test, or whoever tries the product, may look at and ask for.

`POST records` stores records and links:

    {"Opportunities": [{"id": …}], "Contacts": […], "Accounts": […], "Users": […],
     "links": [{"deal": …, "contact": …, "role": "…"}],
     "unlinks": [{"deal": …, "contact": …}],
     "currencies": {"id": "EUR"}, "fields": {"branch_c": "varchar"},
     "lists": {"sales_stage": {"key": "label"}}}

A record is changed by what is given of it, and `"deleted": true` deletes it.
`GET state` shows what is stored and how often each path was asked for. `POST faults`
and `POST assumptions` are as their files say; `POST expire` ends all access tokens, and
with `{"refresh": true}` the refresh tokens too. No fault applies here.
"""

import json
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from receiver.emulators.sugarcrm.errors import ApiError
from receiver.emulators.sugarcrm.faults import FaultPlan
from receiver.emulators.sugarcrm.sessions import Sessions
from receiver.emulators.sugarcrm.state import MODULES, State

_DICTS = ("currencies", "fields", "lists")


def control(state: State, sessions: Sessions, faults: FaultPlan) -> Blueprint:
    """The emulator's own addresses."""
    blueprint = Blueprint("control", __name__)

    @blueprint.get("/state")
    def show() -> Response:
        with state.lock:
            return jsonify(
                {module: dict(state.records[module]) for module in MODULES}
                | {"links": {id_: dict(to) for id_, to in state.contacts.items()}}
                | {"requests": dict(state.requests), "grants": dict(sessions.grants)}
                | {"most_in_a_second": faults.most}
            )

    @blueprint.post("/records")
    def seed() -> Response:
        with state.lock:
            _seed(state, _given())
        return jsonify(status="success")

    @blueprint.post("/faults")
    def replace_faults() -> Response:
        faults.replace(_given())
        return jsonify(status="success")

    @blueprint.get("/assumptions")
    def show_assumptions() -> Response:
        return jsonify(asdict(state.assumptions))

    @blueprint.post("/assumptions")
    def change_assumptions() -> Response:
        with state.lock:
            state.assumptions = state.assumptions.changed(_given())
        return show_assumptions()

    @blueprint.post("/expire")
    def expire() -> Response:
        sessions.expire(refresh_too=bool(_given().get("refresh")))
        return jsonify(status="success")

    @blueprint.errorhandler(ApiError)
    def refuse(error: ApiError) -> tuple[Response, int]:
        return jsonify(status="error", description=error.message), 400

    return blueprint


def _given() -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError) as error:
        raise ApiError("invalid_parameter", "the body must be JSON") from error
    if not isinstance(body, dict):
        raise ApiError("invalid_parameter", "the body must be a JSON object")
    return body


def _seed(state: State, body: dict[str, Any]) -> None:
    unknown = set(body) - {*MODULES, *_DICTS, "links", "unlinks"}
    if unknown:
        raise ApiError("invalid_parameter", f"unknown: {', '.join(sorted(unknown))}")
    for module in MODULES:
        for record in body.get(module, []):
            state.put(module, record)
    for name in _DICTS:
        getattr(state, name).update(body.get(name, {}))
    for link in body.get("links", []):
        state.link(link["deal"], link["contact"], link.get("role", ""))
    for link in body.get("unlinks", []):
        state.unlink(link["deal"], link["contact"])
