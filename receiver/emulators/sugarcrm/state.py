"""What the emulated SugarCRM knows: in memory, behind one lock."""

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from receiver.emulators.sugarcrm.assumptions import Assumptions
from receiver.emulators.sugarcrm.errors import ApiError

Record = dict[str, Any]

MODULES = ("Opportunities", "Contacts", "Accounts", "Users", "Notes")
BEGINNING = "1970-01-01T00:00:00Z"

STAGES = {
    "Prospecting": "Prospecting",
    "Qualification": "Qualification",
    "Needs Analysis": "Needs Analysis",
    "Id. Decision Makers": "Identifying Decision Makers",
    "Negotiation/Review": "Negotiation/Review",
    "Closed Won": "Closed Won",
    "Closed Lost": "Closed Lost",
}
SALES_STATUSES = {
    "New": "New",
    "In Progress": "In Progress",
    "Closed Won": "Closed Won",
    "Closed Lost": "Closed Lost",
}
FIELDS = {
    "id": "id",
    "name": "name",
    "date_entered": "datetime",
    "date_modified": "datetime",
    "description": "text",
    "deleted": "bool",
    "amount": "currency",
    "amount_usdollar": "currency",
    "currency_id": "currency_id",
    "date_closed": "date",
    "lead_source": "enum",
    "sales_stage": "enum",
    "sales_status": "enum",
    "probability": "int",
    "assigned_user_id": "id",
    "roistat_c": "varchar",
}
# Of the other modules what a client that writes may set, all of it stored.
OTHER_FIELDS = {
    "Contacts": {
        "id": "id",
        "first_name": "varchar",
        "last_name": "varchar",
        "phone_mobile": "phone",
        "phone_work": "phone",
        "phone_home": "phone",
        "phone_other": "phone",
        "lead_source": "enum",
        "assigned_user_id": "id",
    },
    "Accounts": {"id": "id", "name": "name", "assigned_user_id": "id"},
    "Notes": {
        "id": "id",
        "name": "name",
        "description": "text",
        "parent_type": "parent_type",
        "parent_id": "id",
        "assigned_user_id": "id",
    },
}
REQUIRED = {"Contacts": "last_name"}  # of all others the name
MADE_UP = {"account_id": "id", "account_name": "relate", "assigned_user_name": "relate"}


@dataclass
class State:
    """Records by module, links between deals and contacts, lists and labels.

    Hold `lock` around every use. Moments are UTC, `2026-11-21T07:42:10Z`.
    """

    assumptions: Assumptions = field(default_factory=Assumptions)
    records: dict[str, dict[str, Record]] = field(
        default_factory=lambda: {module: {} for module in MODULES}
    )
    contacts: dict[str, dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    currencies: dict[str, str] = field(default_factory=lambda: {"-99": "USD"})
    fields: dict[str, str] = field(default_factory=lambda: dict(FIELDS))
    lists: dict[str, dict[str, str]] = field(
        default_factory=lambda: {
            "sales_stage": dict(STAGES),
            "sales_status": dict(SALES_STATUSES),
        }
    )
    requests: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _order: list[tuple[str, str]] | None = None

    def put(self, module: str, given: Record) -> None:
        """Store a record, or change one: what is not given stays."""
        if module not in self.records or not isinstance(given.get("id"), str):
            raise ApiError("invalid_parameter", "no such module, or no id")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fresh = {"date_entered": now, "date_modified": now, "deleted": False}
        old = self.records[module].get(given["id"], fresh)
        self.records[module][given["id"]] = {**old, "date_modified": now, **given}
        self._order = None

    def link(self, deal_id: str, contact_id: str, role: str) -> None:
        """Link a contact to a deal, in a role."""
        self.contacts[deal_id][contact_id] = role

    def unlink(self, deal_id: str, contact_id: str) -> None:
        """Take a link away."""
        self.contacts[deal_id].pop(contact_id, None)

    def linked(self, deal_id: str) -> Iterator[Record]:
        """The live contacts of a deal, each with its role."""
        for contact_id, role in self.contacts.get(deal_id, {}).items():
            contact = self.records["Contacts"].get(contact_id)
            if contact and not contact["deleted"]:
                yield contact | {"opportunity_role": role}

    def related(self, module: str, record: Record) -> Record:
        """The fields of related records that filters know, each a list of values."""
        if module == "Opportunities":
            return {"contacts.id": list(self.contacts.get(record["id"], ()))}
        addresses = record.get("email")
        if not isinstance(addresses, list):
            return {}
        shown = [one["email_address"] for one in addresses]
        return {"email_addresses.email_address": shown}

    def deals_from(self, modified: str) -> Iterable[Record]:
        """Deals by (date_modified, id), from a moment on."""
        deals = self.records["Opportunities"]
        if self._order is None:
            self._order = sorted(
                (one["date_modified"], key) for key, one in deals.items()
            )
        start = bisect_left(self._order, (modified, ""))
        for position in range(start, len(self._order)):
            yield deals[self._order[position][1]]
