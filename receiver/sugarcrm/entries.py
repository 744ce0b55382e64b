"""What a lead becomes in the CRM: values of records, by their fields' names.

What has no field of its own there is written into the deal's description: whoever sells
should read all that the visitor sent, and no form that names a field wrongly may keep a
lead out of the CRM.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from receiver.deal import Lead
from receiver.sugarcrm import rows

VISIT = "roistat_c"
METHOD = "order_creation_method_c"
FIRST_STAGE = "Prospecting"  # where the CRM's list of stages is not known
CLOSED = frozenset({"Closed Won", "Closed Lost"})
CLOSES_AFTER = timedelta(days=30)
PHONES = ("phone_mobile", "phone_work", "phone_home", "phone_other")
SHORTEST_PHONE, LONGEST_PHONE = 7, 10  # digits; country codes come in many ways

# The record's own, and what is said in another way.
_NOT_TO_BE_SET = frozenset(
    {
        *("id", "deleted", "date_entered", "date_modified", "created_by"),
        *("modified_user_id", "name", "description"),
    }
)
_NUMBERS = frozenset({"currency", "decimal", "float", "double", "int", "tinyint"})
_BETWEEN_NUMBERS = re.compile(r"[^\d()+\-./\s]+", re.ASCII)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the CRM's: its type, and the most characters that it takes."""

    kind: str
    length: int | None = None


Fields = Mapping[str, Field]


def fields_of(described: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that have a column, from an API's description of all of them."""
    found = {}
    for name, kind in rows.stored_kinds(described).items():
        length = str(described[name].get("len", ""))
        found[name] = Field(kind, int(length) if length.isdigit() else None)
    return found


def account_of(lead: Lead, fields: Fields) -> Values:
    """The account of the lead's company."""
    return _cut({"name": plain(lead.company)} | _assigned(lead, fields), fields)


def contact_of(lead: Lead, account_id: str | None, fields: Fields) -> Values:
    """The contact, all but its e-mail address, which each API takes in its own way.

    The first word is the first name, the others are the last one, which no contact may
    lack.
    """
    first, _, last = plain(lead.name).partition(" ")
    if not last:
        first, last = "", first
    values = {
        "first_name": first,
        "last_name": last or lead.email or lead.phone or plain(lead.title),
        "phone_mobile": plain(lead.phone),
        "lead_source": plain(lead.source or ""),
        "account_id": account_id or "",
    }
    return _cut(_given(values) | _assigned(lead, fields), fields)


def deal_of(
    lead: Lead, stage: str, is_new: bool, fields: Fields, today: date
) -> Values:
    """The deal, all but its links. A lead has no amount and no closing date, which the
    CRM's own page demands: they are 0 and a month on. `is_new`: the contact says what
    is known of the person.
    """
    own, others = _sorted(lead, fields)
    values = {
        "name": plain(lead.title),
        "sales_stage": stage,
        "amount": "0",
        "date_closed": (today + CLOSES_AFTER).isoformat(),
        "lead_source": plain(lead.source or ""),
    }
    values = _cut(_given(values) | own, fields)
    told = [plain(lead.comment)]
    if values["name"] != plain(lead.title):
        told.insert(0, plain(lead.title))
    lines = others if is_new else [*_person_in_words(lead), *others]
    told.append(_as_lines(lines))
    return values | {"description": "\n\n".join(filter(None, told))}


def note_of(lead: Lead, deal_id: str, fields: Fields) -> Values:
    """The note on a deal that was open already."""
    said: list[tuple[str, str | None]] = [
        *_person_in_words(lead),
        ("Roistat visit", lead.visit),
        *lead.fields.items(),
    ]
    values = {
        "name": f"Asked again: {plain(lead.title)}",
        "parent_type": "Opportunities",
        "parent_id": deal_id,
        "description": "\n\n".join(
            filter(None, [plain(lead.title), plain(lead.comment), _as_lines(said)])
        ),
    }
    return _cut(values | _assigned(lead, fields), fields)


def stage_of(wanted: str | None, stages: Mapping[str, str]) -> str:
    """The key of a stage that is named by its key or label, else of the first one."""
    by_label = {label.casefold(): key for key, label in stages.items() if key}
    first = next(filter(None, stages), None)
    if first is None:
        return wanted or FIRST_STAGE
    if wanted in stages:
        return wanted or first
    return by_label.get((wanted or "").casefold(), first)


def plain(text: str) -> str:
    """Text that is read the same whether or not somebody takes it for HTML.

    SuiteCRM decodes entities and takes tags out, with what is between some of them:
    of "Ann <ann@x.example>" it would keep "Ann". A tag that is none stays: "< b>".
    """
    for _ in range(5):
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    return _TAG.sub("< ", text)


def digits_of(phone: str) -> str | None:
    """What two writings of a number have in common; None where it is no number. Of
    several in one text it is the first.
    """
    return next(_numbers(phone), None)


def has_phone(row: rows.Row, digits: str) -> bool:
    """Whether a contact has that number."""
    return any(digits in _numbers(str(row.get(column) or "")) for column in PHONES)


def _numbers(text: str) -> Iterator[str]:
    """The numbers in a text, each by its last digits, without their extensions."""
    for piece in _BETWEEN_NUMBERS.split(text):
        digits = re.sub(r"\D", "", piece, flags=re.ASCII)[-LONGEST_PHONE:]
        if len(digits) >= SHORTEST_PHONE:
            yield digits


def _sorted(lead: Lead, fields: Fields) -> tuple[Values, list[tuple[str, str | None]]]:
    """The lead's own fields that the CRM has and can take, and all the others."""
    given: dict[str, str | None] = {VISIT: lead.visit, METHOD: lead.method}
    own: Values = {}
    others: list[tuple[str, str | None]] = []
    for name, value in (given | lead.fields).items():
        text = plain(value or "").strip()
        if text and name in fields and _may_be_set(name, fields[name], text):
            own[name] = text
        elif text:
            others.append((_WORDS.get(name, name), text))
    return own, others


_WORDS = {VISIT: "Roistat visit", METHOD: "Order creation method"}


def _may_be_set(name: str, field: Field, text: str) -> bool:
    if name in _NOT_TO_BE_SET or field.kind in rows.PRIVATE:
        return False
    if field.kind in _NUMBERS:
        return rows.money(text) is not None
    if field.kind == "date" or field.kind in rows.MOMENTS:
        return rows.moment(text) is not None
    return True


def _person_in_words(lead: Lead) -> list[tuple[str, str | None]]:
    return [
        ("Name", lead.name),
        ("Phone", lead.phone),
        ("E-mail", lead.email),
        ("Company", lead.company),
    ]


def _assigned(lead: Lead, fields: Fields) -> Values:
    """Whoever is to have the deal has what belongs to it."""
    user = lead.fields.get("assigned_user_id")
    return {"assigned_user_id": user} if user and "assigned_user_id" in fields else {}


def _as_lines(said: Iterable[tuple[str, str | None]]) -> str:
    return "\n".join(f"{plain(name)}: {plain(value)}" for name, value in said if value)


def _given(values: Values) -> Values:
    return {name: value for name, value in values.items() if value}


def _cut(values: Values, fields: Fields) -> Values:
    """No value longer than its field: what the database cuts, or refuses, depends on
    how it is set up.
    """
    return {name: _short(value, fields.get(name)) for name, value in values.items()}


def _short(value: str, field: Field | None) -> str:
    if not field or not field.length or len(value) <= field.length:
        return value
    return f"{value[: field.length - 1]}…"
