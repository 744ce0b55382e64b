"""Clients: https://help-en.roistat.com/API/methods/clients."""

from collections import defaultdict
from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.call import Call, Json
from receiver.emulators.roistat.filters import CLIENT_KINDS, listed
from receiver.emulators.roistat.state import Body, Client, Order, State

_CLIENT: values.Rules = {
    "id": values.is_id,
    "name": values.is_text,
    "phone": values.or_null(values.is_text),
    "email": values.or_null(values.is_text),
    "company": values.or_null(values.is_text),
    "birth_date": values.or_null(values.is_day),
    "fields": values.is_object,
}


def import_clients(state: State, call: Call) -> Json:
    """Create or update clients by the CRM's id."""
    bodies = values.checked(call.json(), _CLIENT, required=["id", "name"])
    with state.lock:
        for body in bodies:
            _put(state, body)
    return {}


def _put(state: State, body: Body) -> None:
    client_id = str(body["id"])
    old = state.clients.get(client_id)
    if old and state.assumptions.omitted_fields_are_kept:
        body = old.body | body
    number = old.number if old else len(state.clients) + 1
    state.clients[client_id] = Client(body, number)


def list_clients(state: State, call: Call) -> Json:
    """Clients with what they have bought, the newest first."""
    with state.lock:
        clients = list(state.clients.values())
        paid = [order for order in state.orders.values() if _is_paid(state, order)]
        orders: defaultdict[str, int] = defaultdict(int)
        for order in state.orders.values():
            orders[_client_of(order)] += 1
    sums = _sums(paid)
    rows = [_row(c, orders[str(c.body["id"])], sums) for c in reversed(clients)]
    page, total = listed(rows, call.object(), CLIENT_KINDS, state.assumptions)
    return {"clients": page, "total": total}


def _is_paid(state: State, order: Order) -> bool:
    status = state.status_of(order.body)
    return status is not None and status["type"] == "paid"


def _client_of(order: Order) -> str:
    return str(order.body.get("client_id") or "")


def _sums(paid: list[Order]) -> dict[str, tuple[float, float]]:
    sums: defaultdict[str, tuple[float, float]] = defaultdict(lambda: (0, 0))
    for order in paid:
        price = values.number(order.body.get("price"))
        cost = values.number(order.body.get("cost"))
        revenue, profit = sums[_client_of(order)]
        sums[_client_of(order)] = (revenue + price, profit + price - cost)
    return sums


def _row(client: Client, orders: int, sums: dict[str, tuple[float, float]]) -> Body:
    body = client.body
    revenue, profit = sums.get(str(body["id"]), (0, 0))
    text: dict[str, Any] = {
        key: body.get(key) or "" for key in ("name", "phone", "email", "company")
    }
    return text | {
        "id": client.number,
        "external_id": str(body["id"]),
        "birth_date": body.get("birth_date"),
        "order_count": orders,
        "revenue": revenue,
        "profit": profit,
    }
