"""What the product is about: deals and their clients, as plain frozen records."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Client:
    """The person or company a deal is made with."""

    id: str
    name: str
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    birth_date: str | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal as the CRM stored it.

    Times are ISO 8601 in UTC, money is decimal text (`amount` in `currency`,
    `amount_base` in the CRM's base currency), text is free of HTML entities.
    A deleted deal may know nothing but its id.
    """

    id: str
    name: str = ""
    url: str | None = None
    roistat: str | None = None
    sales_stage: str | None = None
    sales_stage_label: str | None = None
    sales_status: str | None = None
    sales_status_label: str | None = None
    pipeline: str = "sales_stage"
    amount: str | None = None
    currency: str | None = None
    amount_base: str | None = None
    cost: str | None = None
    date_entered: str | None = None
    date_modified: str | None = None
    date_closed: str | None = None
    deleted: bool = False
    lead_source: str | None = None
    assigned_user_name: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    client_id: str | None = None

    @property
    def stage(self) -> str | None:
        """The stage's key in the pipeline that the CRM uses."""
        return (
            self.sales_status if self.pipeline == "sales_status" else self.sales_stage
        )

    @property
    def stage_label(self) -> str | None:
        """The stage as people read it, in the CRM's default language."""
        if self.pipeline == "sales_status":
            return self.sales_status_label
        return self.sales_stage_label


@dataclass(frozen=True, slots=True)
class Lead:
    """What a visitor of a website sent: it becomes a deal in the CRM.

    `id` is ours, and the deal's id there. `visit` is Roistat's; `contact_id` the CRM's
    id of the person, where the website knows it. Without a stage the CRM's first one
    counts. `fields` are more of the deal's own, as text, by field name.
    """

    id: str
    received: str  # UTC, 2026-11-21T07:42:10Z
    title: str
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    comment: str = ""
    visit: str | None = None
    contact_id: str | None = None
    stage: str | None = None
    source: str | None = None
    method: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    is_kept_only: bool = False  # stored and listed, never sent to the CRM
