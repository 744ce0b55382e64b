"""Webhook bodies as the CRM sends them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def instant(seconds: float = 0) -> str:
    """A moment, `seconds` from now, as the contract writes it."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def opportunity(deal_id: str = "d1", **changes: Any) -> dict[str, Any]:
    """The data of a saved deal, whole."""
    return {
        "id": deal_id,
        "name": "Annual support",
        "url": f"https://crm.example/index.php?module=Opportunities&record={deal_id}",
        "roistat": "4521890",
        "sales_stage": "Prospecting",
        "sales_stage_label": "Prospecting",
        "sales_status": None,
        "sales_status_label": None,
        "pipeline": "sales_stage",
        "amount": "1234.56",
        "currency": "EUR",
        "amount_base": "1350.00",
        "cost": None,
        "date_entered": "2026-01-31T10:00:00Z",
        "date_modified": "2026-02-01T10:00:00Z",
        "date_closed": "2026-12-31",
        "deleted": False,
        "lead_source": "Web Site",
        "assigned_user_name": "Max Jensen",
        "fields": {"branch_c": "North"},
        "client": None,
    } | changes


def client(client_id: str = "c1", **changes: Any) -> dict[str, Any]:
    """The data of a client, whole."""
    return {
        "id": client_id,
        "name": "Ada Example",
        "phone": "79111234567",
        "email": "ada@example.com",
        "company": "Example Ltd",
        "birth_date": None,
    } | changes


def event(
    data: dict[str, Any], kind: str = "opportunity.saved", at: float | str = 0
) -> dict[str, Any]:
    """One event, stamped `at` seconds from now or at a moment."""
    moment = at if isinstance(at, str) else instant(at)
    return {"type": kind, "timestamp": moment, "data": data}


def saved(deal_id: str = "d1", at: float | str = 0, **changes: Any) -> dict[str, Any]:
    """A saved deal's event."""
    return event(opportunity(deal_id, **changes), at=at)


def batch(*events: Any) -> dict[str, Any]:
    """Several events in one body."""
    return event({"events": list(events)}, "batch")


def as_body(content: Any) -> bytes:
    return json.dumps(content).encode()
