"""Deals and their statuses: what is written.

https://help-en.roistat.com/API/methods/orders
"""

from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.call import Call, Json
from receiver.emulators.roistat.errors import ApiError
from receiver.emulators.roistat.state import Body, State

GROUPS = ("unused", "progress", "paid", "canceled")
LONGEST_FIELD = 1000

# The documented keys, and two that Roistat's users send: client_id and products.
_ORDER: values.Rules = {
    "id": values.is_id,
    "name": values.is_text,
    "date_create": values.is_date,
    "status": values.is_label,
    "roistat": values.or_null(values.is_label),
    "price": values.or_null(values.is_number),
    "cost": values.or_null(values.is_number),
    "client_id": values.or_null(values.is_label),
    "fields": values.is_object,
    "products": values.is_list,
}
_STATUS: values.Rules = {
    "id": values.is_id,
    "name": values.is_text,
    "type": lambda group: group in GROUPS,
}
_COUNTERS = (
    "uploaded",
    "processed",
    "skipped_by_status",
    "skipped_by_waiting_visit_info",
    "skipped_by_internal_error",
    "skipped_because_not_changed",
    "skipped_fields_by_invalid_format",
    "saved",
)


def add_orders(state: State, call: Call) -> Json:
    """Create or update deals by id, and tell what became of them by counters alone.

    Each deal that is processed is either uploaded or in one of the skips; saved are
    those whose stored copy changed.
    """
    bodies = values.checked(call.json(), _ORDER, required=["id"])
    tally = dict.fromkeys(_COUNTERS, 0)
    with state.lock:
        for body in bodies:
            _add(state, body, tally)
    if state.assumptions.old_counter_names:
        tally["skipped_by_invalid_format"] = tally.pop(_COUNTERS[-2])
    return {**tally, "comment": ""}


def _add(state: State, sent: Body, tally: dict[str, int]) -> None:
    old = state.orders.get(str(sent["id"]))
    tally["processed"] += 1
    if ordered := state.skips.get(str(sent["id"])):
        tally[ordered] = tally.get(ordered, 0) + 1
        return
    body, dropped = _without_bad_fields(sent)
    if old and state.assumptions.omitted_fields_are_kept:
        body = old.body | body
    skip = _skip(state, body)
    changed = old is None or old.body != body
    if changed and _is_stored(state, skip):
        state.put_order(body)
        tally["saved"] += 1
    if not changed and skip is None:
        skip = "skipped_because_not_changed"
    tally["skipped_fields_by_invalid_format"] += dropped
    tally[skip or "uploaded"] += 1


def _skip(state: State, body: Body) -> str | None:
    status = state.status_of(body)
    unused = status is not None and status["type"] == "unused"
    if status is None or (unused and state.assumptions.unused_status_is_skipped):
        return "skipped_by_status"
    return "skipped_by_waiting_visit_info" if state.is_waiting(body) else None


def _is_stored(state: State, skip: str | None) -> bool:
    if skip == "skipped_by_status":
        return state.assumptions.unknown_status_is_stored
    if skip == "skipped_by_waiting_visit_info":
        return state.assumptions.waiting_visit_is_stored
    return True


def _without_bad_fields(body: Body) -> tuple[Body, int]:
    fields = body.get("fields", {})
    kept = {label: value for label, value in fields.items() if _fits(value)}
    dropped = len(fields) - len(kept)
    return (body | {"fields": kept} if dropped else body), dropped


def _fits(value: Any) -> bool:
    return not isinstance(value, dict | list) and len(str(value)) <= LONGEST_FIELD


def update_status(state: State, call: Call) -> Json:
    """Give one deal another status."""
    _require_integration(state, "api", "goals")
    status_id = call.object().get("status_id")
    if status_id is None:
        raise ApiError("incorrect_request", "status_id: required")
    if not values.is_id(status_id):
        raise ApiError("request_data_validation_error", "status_id: wrong value")
    with state.lock:
        known = str(status_id) in state.statuses
        if not known and not state.assumptions.unknown_status_is_stored:
            raise ApiError("request_data_validation_error", "status_id: not known")
        state.put_order(_found(state, call) | {"status": str(status_id)})
    return {}


def delete(state: State, call: Call) -> Json:
    """Forget one deal."""
    _require_integration(state, "api")
    with state.lock:
        _found(state, call)
        del state.orders[call.order_id]
    return {}


def _found(state: State, call: Call) -> Body:
    if call.order_id not in state.orders:
        raise ApiError("resource_not_found", "there is no such order")
    return state.orders[call.order_id].body


def _require_integration(state: State, *kinds: str) -> None:
    if state.assumptions.integration not in kinds:
        raise ApiError("integration_error", f"only for: {', '.join(kinds)}")


def list_statuses(state: State, call: Call) -> Json:
    """The whole dictionary; `total` is a number in the example, text in the table."""
    with state.lock:
        statuses = list(state.statuses.values())
    return {"data": statuses, "total": len(statuses)}


def set_statuses(state: State, call: Call) -> Json:
    """Replace the dictionary; deals keep the ids that fall out of it."""
    items = values.checked(call.json(), _STATUS, required=["id"])
    with state.lock:
        kept = (
            {} if state.assumptions.omitted_statuses_are_forgotten else state.statuses
        )
        state.statuses = kept | {str(i["id"]): _status(state, i) for i in items}
    return {}


def _status(state: State, item: Body) -> Body:
    status_id = str(item["id"])
    known = state.statuses.get(status_id)
    # A status that nobody has sorted yet starts in "Not registered".
    status = {"name": status_id, "type": "unused"} | (known or {}) | item
    if known and not state.assumptions.set_statuses_regroups:
        status["type"] = known["type"]
    return status | {"id": status_id}
