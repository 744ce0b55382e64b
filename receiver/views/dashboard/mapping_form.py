"""A mapping as a form: a row for each extra field, stage and condition. Pure.

What a form cannot say of a value, whether it is text, a number or true, is taken from
the field's type in the CRM, or from the mapping that the form was filled with.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from typing import Any

from receiver.mapping import Mapping
from receiver.mapping.kinds import NUMBER, OWN, kind_of

SPARE = 2  # empty rows, to be filled in
MOST = 300  # rows of one kind

# The deal's own fields that are of use, where the CRM does not name them itself
OWN_LABELS = {
    "amount_base": "Amount, base currency",
    "amount": "Amount",
    "currency": "Currency",
    "cost": "Cost",
    "name": "Name",
    "lead_source": "Lead source",
    "assigned_user_name": "Manager",
    "sales_stage": "Sales stage",
    "sales_stage_label": "Sales stage, as people read it",
    "sales_status": "Sales status",
    "sales_status_label": "Sales status, as people read it",
    "date_entered": "Created",
    "date_modified": "Changed",
    "date_closed": "Expected to close",
    "roistat": "Visit",
    "url": "Address in the CRM",
    "id": "Id",
    "client_id": "Client's id",
}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MANY = ("in", "not_in")
EMPTY, FILLED = "empty", "filled"
_SINGLE = ("price", "cost", "left_filter", "deleted", "phone_region")

Mistakes = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Extra:
    """A row of the extra fields."""

    label: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A row of the filter; several values stand on a line each."""

    name: str = ""
    operator: str = "in"
    value: str = ""

    @property
    def is_unused(self) -> bool:
        """Whether it is one of the spare rows."""
        return not self.name and not self.value.strip()


@dataclass(frozen=True, slots=True)
class Form:
    """All that a person can choose. `groups` holds the chosen group by stage; an empty
    one leaves it to Roistat.
    """

    price: str = ""
    cost: str = ""
    extras: tuple[Extra, ...] = ()
    groups: dict[str, str] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    left_filter: str = ""
    deleted: str = ""
    phone_region: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that can be chosen."""

    name: str
    text: str


# --- to and from a mapping ---


def filled(mapping: Mapping) -> Form:
    """The form as it shows a mapping."""
    return Form(
        price=mapping.price,
        cost=mapping.cost or "",
        extras=tuple(Extra(label, name) for label, name in mapping.fields.items()),
        groups=dict(mapping.statuses),
        conditions=tuple(
            _condition(name, operator, wanted)
            for name, conditions in mapping.filter.items()
            for operator, wanted in conditions.items()
        ),
        left_filter=mapping.left_filter,
        deleted=mapping.deleted,
        phone_region=mapping.phone_region or "",
    )


def posted(form: Dictionary[str, str]) -> Form:
    """The form as a browser sent it: rows are numbered, `label.0` and `field.0`."""
    given = {name: form.get(name, "").strip() for name in _SINGLE}
    extras = (
        Extra(*(form.get(f"{one}.{row}", "").strip() for one in ("label", "field")))
        for row in _rows(form, "label")
    )
    conditions = (
        Condition(
            form.get(f"where.{row}", "").strip(),
            form.get(f"operator.{row}", ""),
            form.get(f"value.{row}", "").replace("\r\n", "\n"),
        )
        for row in _rows(form, "where")
    )
    return Form(
        extras=tuple(one for one in extras if one != Extra()),
        groups={
            form[f"stage.{row}"]: form.get(f"group.{row}", "")
            for row in _rows(form, "stage")
        },
        conditions=tuple(one for one in conditions if not one.is_unused),
        **given,
    )


def with_spare_rows(form: Form, count: int = SPARE) -> Form:
    """The same with some rows to be filled in."""
    return replace(
        form,
        extras=(*form.extras, *[Extra()] * count),
        conditions=(*form.conditions, *[Condition()] * count),
    )


def content(
    form: Form, was: Mapping, types: Dictionary[str, str]
) -> tuple[dict[str, Any], Mistakes]:
    """What the form says, as the mapping is written; and the mistakes that only the
    form can have, by row. `was` is the mapping that it was filled with, `types` are the
    CRM's fields with their types.
    """
    mistakes: Mistakes = {}
    extras: dict[str, str] = {}
    for row, extra in enumerate(form.extras):
        if extra.label in extras:
            mistakes[f"extra.{row}"] = ["This label is there twice."]
        extras[extra.label] = extra.name
    filter_: dict[str, dict[str, Any]] = {}
    for row, one in enumerate(form.conditions):
        operator = EMPTY if one.operator == FILLED else one.operator
        if operator in filter_.get(one.name, {}):
            mistakes[f"condition.{row}"] = ["This field has this condition twice."]
        before = was.filter.get(one.name, {}).get(operator)
        filter_.setdefault(one.name, {})[operator] = _wanted(one, before, types)
    said = {
        "price": form.price,
        "cost": form.cost or None,
        "fields": extras,
        "statuses": {stage: group for stage, group in form.groups.items() if group},
        "filter": filter_,
        "left_filter": form.left_filter,
        "deleted": form.deleted,
        "phone_region": form.phone_region or None,
    }
    return said, mistakes


def placed(form: Form, lines: Iterable[str]) -> Mistakes:
    """Each mistake beside what it is about: `fields.Branch: must be …` in that row.
    What belongs to no row is under the part's name, or under none.
    """
    places = {name: name for name in _SINGLE}
    places |= {"statuses": "groups", "fields": "extras", "filter": "conditions"}
    places |= {f"statuses.{stage}": f"group.{stage}" for stage in form.groups}
    for row, extra in enumerate(form.extras):
        path = f"fields.{extra.label}" if extra.label else "fields"
        if places.get(path, "extras") == "extras":
            places[path] = f"extra.{row}"
    for row, one in enumerate(form.conditions):
        operator = EMPTY if one.operator == FILLED else one.operator
        path = f"filter.{one.name}" if one.name else "filter"
        if places.get(path, "conditions") == "conditions":
            places[path] = f"condition.{row}"
        places.setdefault(f"{path}.{operator}", f"condition.{row}")
    found: Mistakes = {}
    for line in lines:
        fitting = (one for one in places if line.startswith((f"{one}: ", f"{one}.")))
        path = max(fitting, key=len, default="")
        told = line.removeprefix(f"{path}: ") if path else line
        found.setdefault(places.get(path, ""), []).append(told[:1].upper() + told[1:])
    return found


def merged(*several: Mistakes) -> Mistakes:
    """All mistakes together."""
    found: Mistakes = {}
    for mistakes in several:
        for place, told in mistakes.items():
            found.setdefault(place, []).extend(told)
    return found


def _rows(form: Dictionary[str, str], name: str) -> Iterator[int]:
    return (row for row in range(MOST) if f"{name}.{row}" in form)


def _condition(name: str, operator: str, wanted: Any) -> Condition:
    if operator == EMPTY:
        return Condition(name, EMPTY if wanted else FILLED)
    several = wanted if isinstance(wanted, list) else [wanted]
    return Condition(name, operator, "\n".join(map(_shown, several)))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _wanted(one: Condition, before: Any, types: Dictionary[str, str]) -> Any:
    """What a condition names; as it was before where it still reads the same."""
    if one.operator in (EMPTY, FILLED):
        return one.operator == EMPTY
    known = before if isinstance(before, list) else [before]
    same = {_shown(value).strip(): value for value in known if value is not None}
    is_flag = types.get(one.name) == "bool"

    def read(text: str) -> Any:
        if text in same:
            return same[text]
        return _FLAGS.get(text.lower(), text) if is_flag else text

    if one.operator in _MANY:
        lines = (line.strip() for line in one.value.split("\n"))
        return [read(line) for line in lines if line]
    return read(one.value.strip())


# --- what can be chosen ---


def amounts(types: Dictionary[str, str], labels: Dictionary[str, str]) -> list[Choice]:
    """The fields that hold a number."""
    return [
        one for one in everything(types, labels) if kind_of(one.name, types) == NUMBER
    ]


def everything(
    types: Dictionary[str, str], labels: Dictionary[str, str]
) -> list[Choice]:
    """All fields: the deal's own first, then the CRM's."""
    own = [name for name in OWN_LABELS if name in OWN]
    theirs = sorted(
        (name for name in types if name not in OWN),
        key=lambda name: (labels.get(name) or name).casefold(),
    )
    return [Choice(name, _text(name, labels)) for name in [*own, *theirs]]


def including(choices: Sequence[Choice], name: str, is_told: bool) -> list[Choice]:
    """The same with what is chosen now, though the CRM may not have it."""
    if not name or any(one.name == name for one in choices):
        return list(choices)
    said = f"{name} (not in the CRM)" if is_told else name
    return [*choices, Choice(name, said)]


def _text(name: str, labels: Dictionary[str, str]) -> str:
    label = OWN_LABELS.get(name) or (labels.get(name) or "").rstrip(": ")
    return f"{label} ({name})" if label and label != name else name


def told(was: Mapping, new: Mapping) -> Iterator[tuple[str, str, str]]:
    """What another mapping says otherwise: what, as it was, as it would be."""
    names = {"price": "Price", "cost": "Cost", "left_filter": "Left the filter"}
    names |= {"deleted": "Deleted deals", "phone_region": "Country of phone numbers"}
    for name, words in names.items():
        before, after = getattr(was, name), getattr(new, name)
        if before != after:
            yield words, before or "", after or ""
    for about, old, now in (
        ("Field", was.fields, new.fields),
        ("Group of", was.statuses, new.statuses),
        ("Only if", _conditions(was), _conditions(new)),
    ):
        for key in dict.fromkeys([*old, *now]):
            if old.get(key) != now.get(key):
                yield f"{about} {key}", old.get(key, ""), now.get(key, "")


def _conditions(mapping: Mapping) -> dict[str, str]:
    return {
        name: json.dumps(conditions, ensure_ascii=False)
        for name, conditions in mapping.filter.items()
    }


_PARTS = {"price": "Price", "cost": "Cost", "fields": "Field", "filter": "Only if"}


def named(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each problem with what it is about, as people call it: `filter.amount.gt: …`."""
    for line in lines:
        path, _, problem = line.partition(": ")
        part, _, name = path.partition(".")
        if part == "filter":
            name = name.rpartition(".")[0] or name
        about = f"{_PARTS.get(part, 'Groups of stages')} {name}".strip()
        yield about, problem[:1].upper() + problem[1:]
