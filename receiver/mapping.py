"""What of a deal Roistat gets. Pure: a deal and a mapping in, values out."""

from dataclasses import dataclass, field, fields
from typing import Any

from receiver.deal import Deal

# Roistat's groups, in its own words (help-en.roistat.com/API/methods/orders)
UNUSED, PROGRESS, PAID, CANCELED = "unused", "progress", "paid", "canceled"

_OWN = {one.name for one in fields(Deal)} - {"fields"}


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which field of a deal is its price, its cost, an extra field under a label; and
    which group a stage belongs to, where it is not simply in progress.
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


def _value(deal: Deal, name: str) -> Any:
    return getattr(deal, name) if name in _OWN else deal.fields.get(name)


def _money(deal: Deal, name: str) -> str | None:
    value = _value(deal, name)
    return None if value is None or value == "" else str(value)


def _text(deal: Deal, name: str) -> str:
    value = _value(deal, name)
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
