"""Clients: https://help-en.roistat.com/API/methods/clients."""

from collections import defaultdict
from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.call import Call, Json
from receiver.emulators.roistat.errors import ApiError
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
_METRICS = ["sent", "delivered", "opened", "click", "unsubscribe", "spam"]
_is_id = values.is_whole


def import_clients(state: State, call: Call) -> Json:
    """Create or update clients by the CRM's id."""
    if state.assumptions.import_needs_client_management:
        _require_management(state)
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


def _require_management(state: State) -> None:
    if not state.assumptions.client_management:
        option = "client_management"
        raise ApiError("option_not_enabled", f"{option} is off", option=option)


def list_clients(state: State, call: Call) -> Json:
    """Clients with what they have bought, the newest first."""
    _require_management(state)
    with state.lock:
        clients = list(state.clients.values())
        paid = [one for one in state.orders.values() if state.is_paid(one.body)]
        orders: defaultdict[str, int] = defaultdict(int)
        for order in state.orders.values():
            orders[_client_of(order)] += 1
    sums = _sums(paid)
    rows = [_row(c, orders[str(c.body["id"])], sums) for c in reversed(clients)]
    page, total = listed(rows, call.object(), CLIENT_KINDS, state.assumptions)
    return {"clients": page, "total": total}


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


def campaign_contacts(state: State, call: Call) -> Json:
    """The one campaign there is, number 1, was sent and delivered once to every client
    with an e-mail address; nobody did anything about it.
    """
    body = call.object()
    for key, rule in (("metric_ids", _METRICS.__contains__), ("campaign_ids", _is_id)):
        if not isinstance(body.get(key), list) or not body[key]:
            raise ApiError("incorrect_request", f"{key}: required")
        if not all(map(rule, body[key])):
            raise ApiError("request_data_validation_error", f"{key}: wrong value")
    metrics = {one: 1 for one in body["metric_ids"] if one in ("sent", "delivered")}
    with state.lock:
        mails = [client.body.get("email") for client in state.clients.values()]
    reached = mails if metrics and 1 in body["campaign_ids"] else []
    data = [{"contact": mail, "metrics": metrics} for mail in reached if mail]
    return {"data": data, "count": len(data), "total_count": len(data)}
