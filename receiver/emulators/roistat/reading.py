"""Deals and projects: what is read.

https://help-en.roistat.com/API/methods/orders
"""

from dataclasses import dataclass

from receiver.emulators.roistat import values
from receiver.emulators.roistat.call import Call, Json
from receiver.emulators.roistat.errors import ApiError
from receiver.emulators.roistat.filters import ORDER_KINDS, listed, whole
from receiver.emulators.roistat.state import Body, Client, Order, State
from receiver.emulators.roistat.throttle import Throttle, Window

_ORPHAN = {"type": "unused", "name": ""}


@dataclass(frozen=True)
class OrderList:
    """`order/list`, which has quotas of its own."""

    throttle: Throttle

    def __call__(self, state: State, call: Call) -> Json:
        """Deals with the newest first; an offset counts rows, so pages may shift."""
        body = call.object()
        with_visits = body.get("extend") == ["visit"]
        if state.assumptions.list_quotas_apply:
            limit = whole(body, "limit", state.assumptions.list_limit_when_omitted)
            self.throttle.admit(
                call.project,
                [_quota(with_visits, limit)],
                state.assumptions.refused_calls_use_quota,
            )
        with state.lock:
            latest = reversed(state.orders.values())
            orders = sorted(latest, key=_created, reverse=True)
            rows = [_row(state, order, with_visits) for order in orders]
        page, total = listed(rows, body, ORDER_KINDS, state.assumptions)
        return {"data": page, "total": total}


def _created(order: Order) -> float:
    return order.created


def _quota(with_visits: bool, limit: int) -> Window:
    if not with_visits:
        return Window("list", 20, 60)
    if limit > 1000:
        return Window("list: visits of over 1000", 1, 60)
    if limit > 100:
        return Window("list: visits of over 100", 5, 60)
    return Window("list: visits", 10, 60)


def _row(state: State, order: Order, with_visits: bool) -> Body:
    body = order.body
    status = _status(state, body)
    counts = status["type"] == "paid" or not state.assumptions.revenue_only_when_paid
    visit_id = state.visit_of(body)
    return {
        "id": str(body["id"]),
        "url": _url(state, str(body["id"])),
        "source_type": "standard",
        "creation_date": values.written(order.created),
        "update_date": values.written(order.updated),
        "revenue": values.number(body.get("price")) if counts else 0,
        "cost": values.number(body.get("cost")),
        "client_id": _text(body.get("client_id")),
        "visit_id": visit_id,
        "custom_fields": _fields(body, status),
        "status": status,
        "visit": {"id": visit_id} if with_visits and visit_id else None,
    }


def _status(state: State, body: Body) -> Body:
    """A deal's status; one that fell out of the dictionary keeps only its id."""
    orphan = _ORPHAN | {"id": str(body.get("status", ""))}
    return state.status_of(body) or orphan


def _fields(body: Body, status: Body) -> Body:
    own = {"roistat": body.get("roistat"), "status_name": status["name"]}
    return {**body.get("fields", {}), **own}


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def order_info(state: State, call: Call) -> Json:
    """One deal: of the documented answer, what the emulator knows."""
    with state.lock:
        order = state.orders.get(call.order_id)
        if order is None:
            raise ApiError("resource_not_found", "there is no such order")
        row = _row(state, order, with_visits=True)
        client = state.clients.get(row["client_id"] or "")
    status, visit = row["status"], row["visit"]
    info = {
        "id": row["id"],
        "title": order.body.get("name", row["id"]),
        "url": row["url"],
        "source": {"type": "standard", "icon_url": "", "title": "Standard"},
        "creation_date": row["creation_date"],
        "update_date": row["update_date"],
        "paid_date": values.written(
            order.paid if state.assumptions.paid_date_is_stamped else None
        ),
        "status": status["type"],
        "status_name": status["name"],
        "status_original": status["id"],
        "price": values.number(order.body.get("price")),
        "cost": row["cost"],
        "visit_id": row["visit_id"],
        "visit": visit,
        "fields_data": row["custom_fields"],
        "is_multichannel": 0,
        "visits_count": 1 if visit else 0,
        "client_id": str(client.number) if client else None,
        "client_external_id": row["client_id"],
        "client_name": client.body["name"] if client else None,
        "client_phones": _some(client, "phone"),
        "client_emails": _some(client, "email"),
    }
    return {
        "order": info,
        "visits": [visit] if visit else [],
        "products": order.body.get("products", []),
    }


def _some(client: Client | None, key: str) -> list[str]:
    value = client.body.get(key) if client else None
    return [value] if value else []


def _url(state: State, order_id: str) -> str:
    return state.assumptions.order_url.replace("{id}", order_id)


def external_url(state: State, call: Call) -> Json:
    """Where the deal is found in the CRM; add-orders has no key that would say so."""
    with state.lock:
        if call.order_id not in state.orders:
            raise ApiError("resource_not_found", "there is no such order")
    return {"externalUrl": _url(state, call.order_id)}


def order_custom_fields(state: State, call: Call) -> Json:
    """The labels of all extra fields, as they first came."""
    with state.lock:
        orders = list(state.orders.values())
    labels = [label for order in orders for label in order.body.get("fields", {})]
    return {"fields": list(dict.fromkeys(labels))}


def user_projects(state: State, call: Call) -> Json:
    """The one project there is; the key alone is enough to ask."""
    project = {
        "id": call.project or "12345",
        "name": "Emulated project",
        "currency": "RUB",
        "creation_date": values.written(0),
    }
    return {"projects": [project]}
