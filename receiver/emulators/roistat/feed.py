"""What happened to one client: https://help-en.roistat.com/API/methods/clients."""

from collections.abc import Iterator
from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.call import Call, Json
from receiver.emulators.roistat.errors import ApiError
from receiver.emulators.roistat.state import Body, Order, State

_TYPES = {
    "status": "orderStatusChange",
    "cost": "orderCostChange",
    "price": "orderPriceChange",
}


def client_feed(state: State, call: Call) -> Json:
    """The visits and orders of a client, known by Roistat's number, and what became of
    the orders; calls, events and the Lead Hunter are not emulated.
    """
    if not call.client:
        raise ApiError("incorrect_request", "client: required")
    with state.lock:
        clients = {str(client.number): client for client in state.clients.values()}
        if call.client not in clients:
            raise ApiError("resource_not_found", "there is no such client")
        client_id = str(clients[call.client].body["id"])
        orders = [
            order
            for order in state.orders.values()
            if str(order.body.get("client_id") or "") == client_id
        ]
        return {"feed": [entry for order in orders for entry in _entries(state, order)]}


def _entries(state: State, order: Order) -> Iterator[Body]:
    created = values.written(order.created)
    if visit := state.visit_of(order.body):
        yield {"type": "visit", "visitId": visit, "creationDate": created}
    body = order.body
    order_id, title = str(body["id"]), body.get("name", str(body["id"]))
    yield {
        "type": "order",
        "id": order_id,
        "name": title,
        **_status(state, body.get("status")),
        **_money("revenue", body.get("price")),
        **_money("cost", body.get("cost")),
        "fields": body.get("fields", {}),
        "creationDate": created,
        "updateDate": values.written(order.updated),
    }
    for moment, key, value in order.changes:
        yield {
            "order_id": order_id,
            "order_title": title,
            "type": _TYPES[key],
            **(_status(state, value) if key == "status" else _money(key, value)),
            "date": values.written(moment),
        }


def _status(state: State, status_id: Any) -> Body:
    known = state.statuses.get(str(status_id)) or {}
    return {
        "status": str(status_id),
        "statusType": known.get("type", "unused"),
        "statusTitle": known.get("name", ""),
    }


def _money(key: str, value: Any) -> Body:
    amount = values.number(value)
    return {key: amount, f"formatted{key.capitalize()}": f"{amount} ₽"}
