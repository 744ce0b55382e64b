"""A CRM that saves at random, and what Roistat must hold of it in the end."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]
Event = dict[str, Any]
State = dict[str, Any]

STAGES = ("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost")
AT_A_TIME = 40  # deals that are worked on
URL = "https://crm.example"

# What is compared, and its names in the CRM and in Roistat
DEAL_KEYS = {
    "name": "name",
    "stage": "sales_stage",
    "price": "amount_usdollar",
    "visit": "roistat_c",
}
ORDER_KEYS = {"name": "name", "stage": "status", "price": "price", "visit": "roistat"}
CONTACT_KEYS = {"name": "last_name", "phone": "phone_mobile"}
CLIENT_KEYS = {"name": "name", "phone": "phone"}


@dataclass(frozen=True, slots=True)
class Save:
    """One save: what it changes in the CRM's records, and the event that tells of it.

    The change is what `POST /_emulator/records` of SugarCRM's emulator takes.
    """

    event: Event
    change: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """How Roistat differs from the CRM, member by member. `duplicated` are orders and
    clients that the CRM never had.
    """

    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.stale or self.duplicated)

    def __len__(self) -> int:
        return len(self.lost) + len(self.stale) + len(self.duplicated)


class Crm:
    """Deals and contacts, each save with a fence of its own that only grows.

    The truth is simple because events are made here in the order of their fences: the
    newest state of everything is the one that was made last, whatever the order in
    which events arrive.

    At any moment only some neighbouring deals are worked on, and then never again: an
    edit that is lost stays lost, instead of being healed by the next one.
    """

    def __init__(
        self, seed: int = 0, deals: int = 100, clients: int = 20, url: str = URL
    ) -> None:
        self.seed = seed
        self._random = random.Random(seed)
        self._url = url
        self._now = datetime.now(UTC) - timedelta(hours=1)
        self._made = 0
        self.ids = [f"deal-{seed}-{n:03}" for n in range(deals)]
        self._clients = [f"client-{seed}-{n:02}" for n in range(clients)]
        # every other deal has a client, which it shares with its neighbours
        self._client_of = {
            id_: self._clients[n * clients // deals]
            for n, id_ in enumerate(self.ids)
            if n % 2
        }
        self._before: dict[str, Record] = {}
        self._last: dict[str, Record] = {}
        # what Roistat must hold in the end, as the emulator's state shows it
        self.state: State = {"Opportunities": {}, "Contacts": {}, "links": {}}

    # --- saves ---

    def each(self, ids: Sequence[str]) -> Iterator[Save]:
        """Each of these deals is saved, or saved once more."""
        for deal_id in ids:
            is_deleted = self.state["Opportunities"].get(deal_id, {}).get("deleted")
            yield self.save(deal_id, kind="restored" if is_deleted else "saved")

    def saves(self, count: int, ids: Sequence[str] = ()) -> Iterator[Save]:
        """So many saves of these deals, or of all: edits, undone edits, deletions,
        restored deals, other contacts.
        """
        ids = ids or self.ids
        for n in range(count):
            first = n * max(1, len(ids) - AT_A_TIME + 1) // count
            deal_id = self._random.choice(ids[first : first + AT_A_TIME])
            dice = self._random.random()
            if self.state["Opportunities"].get(deal_id, {}).get("deleted"):
                yield self.save(deal_id, self._last[deal_id], kind="restored")
            elif dice < 0.06:
                yield self.delete(deal_id)
            elif dice < 0.12 and deal_id in self._client_of:
                yield self.save_client(self._client_of[deal_id])
            elif dice < 0.16 and deal_id in self._last:
                self._client_of[deal_id] = self._random.choice(self._clients)
                yield self.save(deal_id, self._last[deal_id])
            elif dice < 0.22 and deal_id in self._before:
                yield self.save(deal_id, self._before[deal_id])
            elif dice < 0.27 and deal_id in self._last:
                yield self.save(deal_id, self._last[deal_id])
            else:
                yield self.save(deal_id)

    def save(
        self, deal_id: str, content: Record | None = None, kind: str = "saved"
    ) -> Save:
        """Save a deal: with new content, or with some that it had before."""
        content = content or self.content(deal_id)
        if deal_id in self._last:
            self._before[deal_id] = self._last[deal_id]
        self._last[deal_id] = content
        record = {**content, "date_modified": self._modified(), "deleted": False}
        change: dict[str, Any] = {"Opportunities": [record]}
        client = None
        if client_id := self._client_of.get(deal_id):
            contact = self._contact(client_id)
            client = _client(contact)
            change |= {"Contacts": [contact]} | self._relinked(deal_id, client_id)
        self.state["Opportunities"][deal_id] = record
        stage = {content["sales_stage"]: content["sales_stage"].title()}
        change["lists"] = {"sales_stage": stage}
        data = self._data(record, client)
        return Save(self._event(f"opportunity.{kind}", data), change)

    def delete(self, deal_id: str) -> Save:
        """Delete a deal, known before or not."""
        content = self._last.setdefault(deal_id, self.content(deal_id))
        record = {**content, "date_modified": self._modified(), "deleted": True}
        self.state["Opportunities"][deal_id] = record
        event = self._event("opportunity.deleted", {"id": deal_id})
        return Save(event, {"Opportunities": [record]})

    def save_client(self, client_id: str) -> Save:
        """Save a client alone, with new content."""
        self.state["Contacts"].pop(client_id, None)
        contact = self._contact(client_id)
        event = self._event("client.saved", _client(contact))
        return Save(event, {"Contacts": [contact]})

    def _event(self, kind: str, data: dict[str, Any]) -> Event:
        self._now += timedelta(milliseconds=self._random.randint(1, 2000))
        fence = self._now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"type": kind, "timestamp": fence, "data": data}

    def _modified(self) -> str:
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def content(self, deal_id: str) -> Record:
        """New content for a deal."""
        self._made += 1
        # every now and then the first deal in a stage that Roistat has never seen
        stages = (*STAGES, *(f"Stage {n}" for n in range(self._made // 150)))
        return {
            "id": deal_id,
            "name": f"{deal_id}, edit {self._made}",
            "sales_stage": self._random.choice(stages),
            "amount_usdollar": f"{self._made}.50",
            "roistat_c": self._random.choice([None, str(100_000 + self._made)]),
            "date_entered": "2026-01-15T09:00:00Z",
        }

    def _contact(self, client_id: str) -> Record:
        contacts = self.state["Contacts"]
        if client_id not in contacts or self._random.random() < 0.2:
            self._made += 1
            contacts[client_id] = {
                "id": client_id,
                "last_name": f"{client_id}, edit {self._made}",
                "phone_mobile": f"7{self._made:010}",
            }
        contact: Record = contacts[client_id]
        return contact

    def _relinked(self, deal_id: str, client_id: str) -> dict[str, Any]:
        links = self.state["links"]
        old = [one for one in links.get(deal_id, {}) if one != client_id]
        links[deal_id] = {client_id: ""}
        return {
            "links": [{"deal": deal_id, "contact": client_id}],
            "unlinks": [{"deal": deal_id, "contact": one} for one in old],
        }

    def _data(self, record: Record, client: Record | None) -> dict[str, Any]:
        """The event's data, as the package sends a record."""
        stage = record["sales_stage"]
        return {
            "id": record["id"],
            "name": record["name"],
            "url": f"{self._url}/#Opportunities/{record['id']}",
            "sales_stage": stage,
            "sales_stage_label": stage.title(),
            "amount_base": record["amount_usdollar"],
            "roistat": record["roistat_c"],
            "date_entered": record["date_entered"],
            "date_modified": record["date_modified"],
            "client": client,
        }

    # --- the comparison ---

    def compare(self, roistat: dict[str, Any]) -> Difference:
        """How Roistat differs from what was saved here."""
        return compare(self.state, roistat)


def _client(contact: Record) -> Record:
    return {
        "id": contact["id"],
        "name": contact["last_name"],
        "phone": contact["phone_mobile"],
    }


def compare(crm: State, roistat: dict[str, Any]) -> Difference:
    """What of the CRM Roistat lacks, what it holds in another state than the newest,
    and what the CRM never had. A deal that is deleted in the CRM and held in Roistat is
    stale as well.
    """
    wanted, held = _wanted(crm), _held(roistat)
    return Difference(
        lost=[name for name, state in wanted.items() if state and name not in held],
        stale=[
            f"{name}: {held[name]}, not {state}"
            for name, state in wanted.items()
            if name in held and held[name] != state
        ],
        duplicated=[name for name in held if name not in wanted],
    )


def _wanted(crm: State) -> dict[str, State | None]:
    deals = {
        deal_id: None
        if record["deleted"]
        else _state(record, DEAL_KEYS)
        | {"client_id": next(iter(crm["links"].get(deal_id, {})), None)}
        for deal_id, record in crm["Opportunities"].items()
    }
    contacts = crm["Contacts"].items()
    return deals | {id_: _state(one, CONTACT_KEYS) for id_, one in contacts}


def _held(roistat: dict[str, Any]) -> dict[str, State]:
    stages = {status["id"] for status in roistat["statuses"]}
    held = {id_: _state(c, CLIENT_KEYS) for id_, c in roistat["clients"].items()}
    for id_, order in roistat["orders"].items():
        held[id_] = _state(order, ORDER_KEYS) | {"client_id": order["client_id"]}
        if order["status"] not in stages:
            held[id_]["stage"] = None  # a stage that Roistat does not know
    return held


def _state(data: Record, keys: dict[str, str]) -> State:
    return {ours: data[theirs] for ours, theirs in keys.items()}
