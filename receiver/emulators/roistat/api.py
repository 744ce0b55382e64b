"""`/api/v1`: who may call, how often, and Roistat's envelope around each answer."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from receiver.emulators.roistat import clients, feed, orders, reading
from receiver.emulators.roistat.call import Call, Json
from receiver.emulators.roistat.errors import ApiError
from receiver.emulators.roistat.faults import FaultPlan
from receiver.emulators.roistat.state import State
from receiver.emulators.roistat.throttle import Throttle

Handler = Callable[[State, Call], Json]

_PROJECTS = "/user/projects"
_READS: dict[str, Handler] = {
    _PROJECTS: reading.user_projects,
    "/project/orders/{orderId}/info": reading.order_info,
    "/project/orders/{orderId}/external-url": reading.external_url,
    "/project/clients/detail/feed": feed.client_feed,
}
_WRITES: dict[str, Handler] = {
    "/project/add-orders": orders.add_orders,
    "/project/set-statuses": orders.set_statuses,
    "/project/integration/status/list": orders.list_statuses,
    "/project/analytics/order-custom-fields": reading.order_custom_fields,
    "/project/integration/order/{orderId}/status/update": orders.update_status,
    "/project/integration/order/{orderId}/delete": orders.delete,
    "/project/clients": clients.list_clients,
    "/project/clients/import": clients.import_clients,
    "/project/clients/campaign/contact/list": clients.campaign_contacts,
}
_ORDER_LIST = "/project/integration/order/list"
_ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]

# As the documents write them; faults and the count of requests go by these.
PATHS = frozenset([*_READS, *_WRITES, _ORDER_LIST])


@dataclass(frozen=True)
class Gate:
    """What every call passes before its handler sees it."""

    state: State
    throttle: Throttle
    faults: FaultPlan
    api_key: str | None
    project: str | None

    def answer(self, path: str, handler: Handler, order_id: str = "") -> Response:
        """Count the call, delay it, admit it, and let it fail where that was asked."""
        # Read even what will be refused: on a kept-alive connection the next call
        # stands right behind this body.
        raw = request.get_data()
        with self.state.lock:
            self.state.requests[path] += 1
        # Before anything else, so that what is stored arrived after the wait.
        time.sleep(self.faults.current.latency_ms / 1000)
        project = self._authenticate(needs_project=path != _PROJECTS)
        assumptions = self.state.assumptions
        self.throttle.admit(
            project,
            self.faults.current.quotas.windows(),
            assumptions.refused_calls_use_quota,
        )
        if path != _PROJECTS and assumptions.project_is_refused_with:
            raise ApiError(
                assumptions.project_is_refused_with, "so it was assumed", option="api"
            )
        fault = self.faults.take(path)
        if fault and not fault.after_commit:
            fault.strike()
        client = request.args.get("client", "")
        result = handler(self.state, Call(project, raw, order_id, client))
        if fault and fault.after_commit:
            fault.strike()
        return jsonify({**result, "status": "success"})

    def _authenticate(self, needs_project: bool) -> str:
        key = request.headers.get("Api-key") or request.args.get("key")
        project = request.args.get("project", "")
        if not key or (self.api_key is not None and key != self.api_key):
            raise ApiError("authentication_failed", "the key is missing or wrong")
        if not needs_project:
            return self.project or project
        if not project:
            raise ApiError("incorrect_request", "project: required")
        if self.project is not None and project != self.project:
            code = self.state.assumptions.foreign_project_error
            raise ApiError(code, "the key does not open this project")
        return project


def api(gate: Gate) -> Blueprint:
    """All that Roistat documents and we emulate; everything else is not found."""
    blueprint = Blueprint("api", __name__)
    posts: dict[str, Handler] = {
        **_WRITES,
        _ORDER_LIST: reading.OrderList(gate.throttle),
    }
    _add(blueprint, gate, _READS, ["GET"])
    _add(blueprint, gate, posts, ["POST"])
    for rule in ("/", "/<anything:rest>"):
        blueprint.add_url_rule(rule, "unknown", _unknown, methods=_ANY_METHOD)
    blueprint.register_error_handler(ApiError, _refusal)
    return blueprint


def _add(
    blueprint: Blueprint, gate: Gate, routes: Mapping[str, Handler], methods: list[str]
) -> None:
    for path, handler in routes.items():
        rule = path.replace("{orderId}", "<anything:order_id>")
        view = _view(gate, path, handler)
        blueprint.add_url_rule(rule, path, view, methods=methods)


def _view(gate: Gate, path: str, handler: Handler) -> Callable[..., Response]:
    def view(order_id: str = "") -> Response:
        return gate.answer(path, handler, order_id)

    return view


def _unknown(**_: Any) -> Response:
    raise ApiError("resource_not_found", "there is no such method")


def _refusal(error: ApiError) -> tuple[Response, int]:
    """A failure is HTTP 200 unless the caller asked to have it otherwise."""
    body: Json = {
        "status": "error",
        "error": error.code,
        "description": error.description,
    }
    if error.option and error.code.startswith("option_"):
        body["details"] = {"option": error.option}
    honest = request.headers.get("Use-Http-Code") == "1"
    return jsonify(body), error.status if honest else 200
