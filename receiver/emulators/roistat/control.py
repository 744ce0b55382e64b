"""`/_emulator`: what a test may look at and ask for; no quota, no fault applies."""

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
    """The emulator's own three addresses."""
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

    @blueprint.errorhandler(BadFaults)
    @blueprint.errorhandler(ApiError)
    def refuse(error: Exception) -> tuple[Response, int]:
        return jsonify(status="error", description=str(error)), 400

    return blueprint


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


def _visits(body: Any) -> set[str]:
    """Visit numbers in an array, bare or under `visits`; once known, always known."""
    visits = body.get("visits") if isinstance(body, dict) else body
    if not isinstance(visits, list) or not all(map(values.is_id, visits)):
        raise ApiError("incorrect_request", "visits: must be an array of visit numbers")
    return {str(visit) for visit in visits}
