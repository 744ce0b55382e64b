"""What Roistat is sent: deals become orders here, and nowhere else.

https://help-en.roistat.com/API/methods/orders and .../clients
"""

import json
from datetime import datetime
from typing import Any

from receiver.deal import Client, Deal
from receiver.mapping import NO_STAGE, Mapping
from receiver.roistat.contacts import day_of, email_of, phone_of

# "maximum 1000 symbols for a field"; the name has no published limit and gets the same
TEXT_LIMIT = 1000

# A status for deals that have no stage at all, so that they are seen, not dropped.
NO_STAGE_LABEL = "No stage"


def order_of(deal: Deal, mapping: Mapping) -> dict[str, Any]:
    """The body of one order. Always whole: what a left-out key does is not documented.

    `date_create` is sent as UNIX seconds, for a date without a zone would be read as
    UTC by convention only; money as decimal text, as the vendor's example has it.
    """
    fields = mapping.fields_of(deal)
    return {
        "id": deal.id,
        "name": deal.name[:TEXT_LIMIT] or deal.id,
        "date_create": _seconds(deal.date_entered or deal.date_modified),
        "status": status_of(deal)[0],
        "roistat": deal.roistat,
        "price": mapping.price_of(deal),
        "cost": mapping.cost_of(deal),
        "client_id": deal.client_id,
        "fields": {label: value[:TEXT_LIMIT] for label, value in fields.items()},
    }


def is_cut(deal: Deal, mapping: Mapping) -> bool:
    """Whether an extra field is longer than Roistat takes."""
    return any(len(value) > TEXT_LIMIT for value in mapping.fields_of(deal).values())


def status_of(deal: Deal) -> tuple[str, str]:
    """The deal's status id in Roistat, which is its stage's key, and its name."""
    if not deal.stage:
        return NO_STAGE, NO_STAGE_LABEL
    return deal.stage, deal.stage_label or deal.stage


def client_of(client: Client, region: str | None = None) -> dict[str, Any]:
    """The body of one client, known to Roistat by its id in the CRM.

    `region` is the country (ISO 3166, `RU`) that phone numbers without a country's code
    belong to.
    """
    return {
        "id": client.id,
        "name": client.name[:TEXT_LIMIT] or client.id,
        "phone": phone_of(client.phone, region),
        "email": email_of(client.email),
        "company": client.company and client.company[:TEXT_LIMIT],
        "birth_date": day_of(client.birth_date),
    }


def as_bytes(body: Any) -> bytes:
    """The very bytes that are sent, the same for the same body."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _seconds(instant: str | None) -> str | None:
    return str(int(datetime.fromisoformat(instant).timestamp())) if instant else None
