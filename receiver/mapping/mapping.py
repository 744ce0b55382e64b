"""What of a deal Roistat gets. Pure: a deal and a mapping in, values out."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, fields
from typing import Any, Self

from receiver.deal import Deal
from receiver.mapping.conditions import holds, spelled
from receiver.mapping.kinds import NUMBER, OWN, kind_of, types_of
from receiver.mapping.schema import (
    CANCELED,
    DELETE,
    MOVE,
    PAID,
    PROGRESS,
    read,
    unfit_for,
)

# The status of deals that have no stage at all: ours, so no CRM lists it.
NO_STAGE = "no_stage"

Described = Sequence[Dictionary[str, Any]]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which field of a deal is its price, its cost, an extra field under a label; which
    group a stage belongs to, where it is not simply in progress; and which deals
    Roistat gets at all.

    `left_filter` and `deleted` say what becomes of an order whose deal no longer passes
    the filter, or is deleted: it is moved to a status of the "Not registered" group, or
    deleted. Numbers without a country code are read as of the country `phone_region`.
    """

    price: str = "amount_base"
    cost: str | None = None
    fields: dict[str, str] = field(
        default_factory=lambda: {
            "Lead source": "lead_source",
            "Manager": "assigned_user_name",
            "URL": "url",
        }
    )
    statuses: dict[str, str] = field(
        default_factory=lambda: {"Closed Won": PAID, "Closed Lost": CANCELED}
    )
    filter: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_filter: str = MOVE
    deleted: str = DELETE
    phone_region: str | None = None

    @classmethod
    def load(cls, content: Dictionary[str, Any] | str) -> Self:
        """A mapping from an object, or from its JSON; what is left out is the default.

        Raises `InvalidMapping` that names every mistake by its path.
        """
        return cls(**read(content))

    def as_json(self) -> dict[str, Any]:
        """The object that `load` reads."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def lets_in(self, deal: Deal) -> bool:
        """Whether Roistat gets this deal: whether every condition of the filter holds.

        Not to be asked of a deleted deal, of which nothing but its id is known.
        """
        return all(
            holds(operator, value_of(deal, name), wanted)
            for name, conditions in self.filter.items()
            for operator, wanted in conditions.items()
        )

    def price_of(self, deal: Deal) -> str | None:
        """The deal's worth as decimal text; zero stays zero."""
        return _money(deal, self.price)

    def cost_of(self, deal: Deal) -> str | None:
        """The deal's first cost as decimal text."""
        return _money(deal, self.cost or "cost")

    def fields_of(self, deal: Deal) -> dict[str, str]:
        """Extra fields by label. An empty one is sent empty: nobody says whether
        Roistat keeps what is left out.
        """
        return {label: _text(deal, name) for label, name in self.fields.items()}

    def group_of(self, stage: str) -> str:
        """The group that a stage new to Roistat is put into."""
        return self.statuses.get(stage, PROGRESS)

    def problems(
        self,
        known: Described | None,
        stages: Described | None,
        pipeline: str = "sales_stage",
    ) -> list[str]:
        """What is wrong with it in this CRM, a sentence each.

        `known` are the fields that the CRM says it has (`name`, `label`, `type`),
        `stages` those of the `pipeline` in use (`key`, `label`), as a ping brings them;
        of None or nothing, nothing is said.
        """
        found: list[str] = []
        if known:
            found += _field_problems(self, types_of(known))
        if stages:
            keys = {str(stage["key"]) for stage in stages} | {NO_STAGE}
            found += _stage_problems(self, keys, pipeline)
        return found


def value_of(deal: Deal, name: str) -> Any:
    """A field of the deal: one of ours, or one of the CRM's by its name there."""
    return getattr(deal, name) if name in OWN else deal.fields.get(name)


def _money(deal: Deal, name: str) -> str | None:
    value = value_of(deal, name)
    return None if value is None or value == "" else str(value)


def _text(deal: Deal, name: str) -> str:
    value = value_of(deal, name)
    return "" if value is None else spelled(value)


def _field_problems(mapping: Mapping, types: dict[str, str]) -> Iterator[str]:
    wanted = {"price": mapping.price, "cost": mapping.cost or "cost"}
    wanted |= {f"fields.{label}": name for label, name in mapping.fields.items()}
    wanted |= {f"filter.{name}": name for name in mapping.filter}
    for path, name in wanted.items():
        kind = kind_of(name, types)
        if kind is None:
            yield f'{path}: the CRM has no field "{name}".'
        elif path in ("price", "cost") and kind != NUMBER:
            what = types.get(name) or kind
            yield f'{path}: the field "{name}" is no number, but {what}.'
    for name, operator, value in _wanted(mapping):
        if operator != "empty" and (why := unfit_for(kind_of(name, types), value)):
            yield f"filter.{name}.{operator}: {why}."


def _stage_problems(mapping: Mapping, keys: set[str], pipeline: str) -> Iterator[str]:
    for stage in mapping.statuses:
        if stage not in keys:
            yield f'statuses: the CRM has no stage "{stage}".'
    for name, operator, value in _wanted(mapping):
        if name == pipeline and operator != "empty" and spelled(value) not in keys:
            yield f'filter.{name}.{operator}: the CRM has no stage "{value}".'


def _wanted(mapping: Mapping) -> Iterator[tuple[str, str, Any]]:
    """Each value that the filter names, with its field and operator."""
    for name, conditions in mapping.filter.items():
        for operator, wanted in conditions.items():
            for value in wanted if isinstance(wanted, list) else [wanted]:
                yield name, operator, value
