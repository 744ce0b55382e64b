"""Rows of a CRM's API as the records that the package's webhook would have made.

The package reads the database (sugar_module's DealSnapshot, ClientSnapshot and
StoredValue); an API shows the same columns in other clothes. What comes out of here
passes through the webhook's own schemas.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from receiver.deal import Deal
from receiver.sugarcrm.events import load_deal
from receiver.sugarcrm.pulling import Pulled

Row = dict[str, Any]

BASE_CURRENCY = "-99"
# Stored encrypted for a reason.
PRIVATE = frozenset({"encrypt", "password"})
MOMENTS = frozenset({"datetime", "datetimecombo"})
# The number that most surely reaches the person comes first.
PHONES = (
    *("phone_mobile", "phone_work", "phone_home", "phone_other"),
    *("phone_office", "phone_alternate"),
)

_MONEY = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ENTITY = re.compile(
    r"&(amp|lt|gt|quot|#0*(34|38|39|60|62)|#[xX]0*(22|26|27|3[cCeE]));", re.ASCII
)
_BLANK = " \t\n\r\0\x0b"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a deal's row says only by a key, in the words that it stands for.

    `kinds`: the type of each stored field. `labels`: of the dropdown lists' keys, by
    field. `currencies`: ISO codes by id. `users`: full names by id.
    """

    kinds: Mapping[str, str]
    pipeline: str = "sales_stage"
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    base_currency: str | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)


def pulled(row: Row, around: Surroundings, url: str, client: Row | None) -> Pulled:
    """A live deal. Raises `InvalidPayload`."""
    modified = moment(row.get("date_modified")) or ""
    deal, loaded = load_deal(payload(row, around, url, client))
    return Pulled(deal, loaded, modified)


def gone(deal_id: str, modified: str) -> Pulled:
    """A deleted deal."""
    return Pulled(Deal(id=deal_id, deleted=True), None, modified)


def payload(
    row: Row, around: Surroundings, url: str, client: Row | None
) -> dict[str, Any]:
    """The `data` of the webhook's event for the same row."""
    return {
        "id": row["id"],
        "name": text(row.get("name")) or "",
        "url": url,
        "roistat": text(row.get("roistat_c")),
        "sales_stage": text(row.get("sales_stage")),
        "sales_stage_label": _label(row, "sales_stage", around),
        "sales_status": text(row.get("sales_status")),
        "sales_status_label": _label(row, "sales_status", around),
        "pipeline": around.pipeline,
        "amount": money(row.get("amount")),
        "currency": _currency(row, around),
        "amount_base": money(row.get("amount_usdollar")),
        "cost": None,
        "date_entered": moment(row.get("date_entered")),
        "date_modified": moment(row.get("date_modified")),
        "date_closed": day(row.get("date_closed")),
        "deleted": False,
        "lead_source": text(row.get("lead_source")),
        "assigned_user_name": _seller(row, around),
        "fields": _fields(row, around.kinds),
        "client": None if client is None else client_of(client),
    }


def client_of(row: Row) -> dict[str, Any]:
    """A contact, which has parts of a name, or an account, as the contract's client.

    Its `email` and `company` are whatever the API calls them, put there by the caller.
    """
    name = row.get("name")
    if "last_name" in row:
        name = f"{row.get('first_name') or ''} {row['last_name'] or ''}"
    phones = (text(row.get(column)) for column in PHONES)
    return {
        "id": row["id"],
        "name": text(name) or "",
        "phone": next(filter(None, phones), None),
        "email": text(row.get("email")),
        "company": text(row.get("company")),
        "birth_date": day(row.get("birthdate")),
    }


def stored_kinds(fields: Mapping[str, Any]) -> dict[str, str]:
    """The types of the fields that have a column, from a description of all of them;
    the others are made up when a record is read.
    """
    return {
        name: str(one.get("type", ""))
        for name, one in fields.items()
        if isinstance(one, dict)
        and one.get("source", "db") in ("db", "custom_fields")
        and one.get("type") != "link"
    }


def text(value: Any) -> str | None:
    """A scalar as the text of its column, without the entities that the CRM stores, as
    the package sends it, and trimmed; None where there is none.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):  # the keys of a dropdown list with several choices
        value = ",".join(f"^{one}^" for one in value)
    if value is None or isinstance(value, dict):
        return None
    decoded = _ENTITY.sub(lambda found: html.unescape(found[0]), str(value))
    return decoded.strip(_BLANK) or None


def money(value: Any) -> str | None:
    """An amount as plain decimal text; None where there is none, or more digits than
    money has. A column of doubles says things like 0.30000000000000004 and 1.0E+15.
    """
    amount = text(value) or ""
    if _NUMBER.fullmatch(amount) and not _MONEY.fullmatch(amount):
        amount = f"{float(amount):.6f}"
    return amount if _MONEY.fullmatch(amount) else None


def moment(value: Any) -> str | None:
    """A stored date and time as UTC to the second: bare ones are UTC already."""
    stored = text(value)
    if stored is None:
        return None
    try:
        when = datetime.fromisoformat(stored)
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{when.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def day(value: Any) -> str | None:
    """A stored day as YYYY-MM-DD."""
    return (text(value) or "")[:10] or None


def full_name(row: Row) -> str:
    """A user's name in the order that the package sends it, whatever the locale's."""
    return f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip()


def _label(row: Row, name: str, around: Surroundings) -> str | None:
    key = text(row.get(name))
    return None if key is None else text(around.labels.get(name, {}).get(key, key))


def _currency(row: Row, around: Surroundings) -> str | None:
    currency = text(row.get("currency_id")) or BASE_CURRENCY
    if currency == BASE_CURRENCY:
        return around.base_currency
    return around.currencies.get(currency, around.base_currency)


def _seller(row: Row, around: Surroundings) -> str | None:
    """Without a list of users, the name as the API writes it."""
    user = text(row.get("assigned_user_id"))
    known = around.users.get(user) if user else ""
    return text(row.get("assigned_user_name") if known is None else known)


def _fields(row: Row, kinds: Mapping[str, str]) -> dict[str, str | None]:
    return {
        name: (moment if kind in MOMENTS else text)(row[name])
        for name, kind in kinds.items()
        if name in row and kind not in PRIVATE and not isinstance(row[name], dict)
    }
