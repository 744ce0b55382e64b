"""What kind of value a field holds, and what the CRM says of its fields. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from receiver.deal import Deal

NUMBER, MOMENT, TEXT = "number", "moment", "text"

# A deal's own, which need not be named like the CRM's fields
OWN = {one.name: TEXT for one in fields(Deal) if one.name != "fields"} | {
    "amount": NUMBER,
    "amount_base": NUMBER,
    "cost": NUMBER,
    "date_entered": MOMENT,
    "date_modified": MOMENT,
    "date_closed": MOMENT,
}

_BY_TYPE = {
    "currency": NUMBER,
    "decimal": NUMBER,
    "double": NUMBER,
    "float": NUMBER,
    "int": NUMBER,
    "long": NUMBER,
    "short": NUMBER,
    "tinyint": NUMBER,
    "uint": NUMBER,
    "ulong": NUMBER,
    "ushort": NUMBER,
    "date": MOMENT,
    "datetime": MOMENT,
    "datetimecombo": MOMENT,
}


def types_of(known: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The CRM's fields with their types, from a list as a ping brings it."""
    return {str(one["name"]): str(one.get("type") or "") for one in known}


def kind_of(name: str, types: Mapping[str, str]) -> str | None:
    """The kind of a field; None where neither the deal nor the CRM has it."""
    if name in OWN:
        return OWN[name]
    return _BY_TYPE.get(types[name], TEXT) if name in types else None
