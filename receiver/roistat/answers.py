"""What Roistat answers, with the keys that it documents. Any may be missing.

https://help-en.roistat.com/API/methods/orders and .../clients
"""

from typing import Any, TypedDict

# What add-orders counts, in its own words; the last is spelt in two ways.
COUNTERS = (
    "uploaded",
    "processed",
    "saved",
    "skipped_by_status",
    "skipped_by_waiting_visit_info",
    "skipped_by_internal_error",
    "skipped_because_not_changed",
    "skipped_fields_by_invalid_format",
)
OLD_COUNTERS = {"skipped_by_invalid_format": "skipped_fields_by_invalid_format"}


class OrderStatus(TypedDict, total=False):
    """An order's status; one that fell out of the dictionary has no name."""

    id: str
    name: str
    type: str


class Order(TypedDict, total=False):
    """A row of `order/list`. `revenue` is the price, perhaps only of paid orders."""

    id: str
    url: str
    source_type: str
    creation_date: str
    update_date: str | None
    revenue: float | None
    cost: float | None
    client_id: str | None
    visit_id: str | None
    custom_fields: dict[str, Any]
    status: OrderStatus
    visit: dict[str, Any] | None


class FullOrder(TypedDict, total=False):
    """One order, whole. `status` is the group, `status_original` the status' id."""

    id: str
    title: str
    url: str
    source: dict[str, str]
    creation_date: str
    update_date: str | None
    paid_date: str | None
    status: str
    status_name: str
    status_original: str
    price: float
    cost: float
    visit_id: str | None
    visit: dict[str, Any] | None
    fields_data: dict[str, Any]
    is_multichannel: int
    visits_count: int
    client_phones: list[str]
    client_emails: list[str]
    client_name: str | None
    client_id: str | None
    client_external_id: str | None
    is_first: bool
    is_first_sale: bool


class OrderInfo(TypedDict):
    """One order with the visits that led to it and what was sold."""

    order: FullOrder
    visits: list[dict[str, Any]]
    products: list[dict[str, Any]]


class ClientRow(TypedDict, total=False):
    """A client; `id` is Roistat's own number, `external_id` the id in the CRM."""

    id: str
    external_id: str
    name: str
    phone: str
    email: str
    company: str
    birth_date: str | None
    comment: str | None
    client_url: str
    first_visit_date: str | None
    first_order_date: str | None
    last_order_date: str | None
    order_count: int
    revenue: float
    profit: float
    first_visit_marker: str | None
    first_visit_marker_alias: str
    first_visit_marker_alias_level_1: str
    first_visit_marker_icon: str


class _FeedEntry(TypedDict):
    type: str


class FeedEntry(_FeedEntry, total=False):
    """Something that happened; which other keys there are depends on its `type`:
    visit, order, event, call, orderStatusChange, orderCostChange, orderPriceChange,
    lead_hunter_appearance or lead_hunter_caught.
    """

    id: str
    visitId: str
    order_id: str
    creationDate: str
    date: str
    status: str
    statusType: str
    statusTitle: str
    price: float
    cost: float
    revenue: float


class CampaignContact(TypedDict, total=False):
    """An e-mail address, and how many mails it has in each status asked for."""

    contact: str
    metrics: dict[str, int]


class Project(TypedDict, total=False):
    """A project that the key opens."""

    id: str
    name: str
    currency: str
    creation_date: str
