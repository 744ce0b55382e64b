"""`/_emulator`: what a test, or whoever tries the product, may look at and ask for.

`GET state`, `POST faults` and `POST visits` are the contract; `GET calls` counts what
was refused and how full each window ever was, `POST assumptions` changes switches by
name (`GET` shows them all), `POST skips` says which deals are refused by a counter
alone: `{"skipped_by_internal_error": ["d1"]}`. No quota and no fault applies here.
"""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request

from receiver.emulators.roistat import values
from receiver.emulators.roistat.api import PATHS
from receiver.emulators.roistat.call import parse_json
from receiver.emulators.roistat.errors import ApiError
from receiver.emulators.roistat.faults import BadFaults, FaultPlan, parse_faults
from receiver.emulators.roistat.state import State
from receiver.emulators.roistat.throttle import Throttle


def control(state: State, throttle: Throttle, faults: FaultPlan) -> Blueprint:
    """The emulator's own addresses."""
    blueprint = Blueprint("control", __name__)

    @blueprint.get("/state")
    def show() -> Response:
        return jsonify(_snapshot(state))

    @blueprint.post("/faults")
    def replace_faults() -> Response:
        wanted = parse_faults(parse_json(request.get_data()), PATHS)
        # Old calls would haunt a new quota for an hour; the same one keeps count.
        if wanted.quotas != faults.current.quotas:
            throttle.forget()
        faults.replace(wanted)
        return jsonify(status="success")

    @blueprint.post("/visits")
    def seed_visits() -> Response:
        visits = _visits(parse_json(request.get_data()))
        with state.lock:
            state.visits = visits | (state.visits or set())
        return jsonify(status="success")

    _for_trying(blueprint, state, throttle)

    @blueprint.errorhandler(BadFaults)
    @blueprint.errorhandler(ApiError)
    def refuse(error: Exception) -> tuple[Response, int]:
        return jsonify(status="error", description=str(error)), 400

    return blueprint


def _for_trying(blueprint: Blueprint, state: State, throttle: Throttle) -> None:
    @blueprint.get("/calls")
    def show_calls() -> Response:
        return jsonify(throttle.counted())

    @blueprint.get("/assumptions")
    def show_assumptions() -> Response:
        return jsonify(asdict(state.assumptions))

    @blueprint.post("/assumptions")
    def change_assumptions() -> Response:
        given = parse_json(request.get_data())
        if not isinstance(given, dict):
            raise ApiError("incorrect_request", "the body must be a JSON object")
        with state.lock:
            state.assumptions = state.assumptions.changed(given)
        return show_assumptions()

    @blueprint.post("/skips")
    def replace_skips() -> Response:
        skips = _skips(parse_json(request.get_data()))
        with state.lock:
            state.skips = skips
        return jsonify(status="success")


def _snapshot(state: State) -> dict[str, Any]:
    """Everything stored; only references are copied while the lock is held."""
    with state.lock:
        orders = dict(state.orders)
        clients = dict(state.clients)
        statuses = list(state.statuses.values())
        requests = dict(state.requests)
    return {
        "orders": {order_id: order.body for order_id, order in orders.items()},
        "clients": {client_id: client.body for client_id, client in clients.items()},
        "statuses": statuses,
        "requests": requests,
        "arrived": {order_id: order.arrived for order_id, order in orders.items()},
    }


def _skips(body: Any) -> dict[str, str]:
    """Ids of deals by the counter that they are skipped with, turned around."""
    good = isinstance(body, dict) and all(
        isinstance(ids, list) and all(map(values.is_id, ids)) for ids in body.values()
    )
    if not good:
        message = "skips: must be arrays of deal ids under names of counters"
        raise ApiError("incorrect_request", message)
    return {str(one): counter for counter, ids in body.items() for one in ids}


def _visits(body: Any) -> set[str]:
    """Visit numbers in an array, bare or under `visits`; once known, always known."""
    visits = body.get("visits") if isinstance(body, dict) else body
    if not isinstance(visits, list) or not all(map(values.is_id, visits)):
        raise ApiError("incorrect_request", "visits: must be an array of visit numbers")
    return {str(visit) for visit in visits}
