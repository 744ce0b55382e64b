"""A CRM that saves at random, and knows what Roistat must hold in the end."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Data = dict[str, Any]
Event = dict[str, Any]
State = dict[str, Any]

STAGES = ("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost")
AT_A_TIME = 12  # deals that are worked on

# What is compared, and its names in the CRM and in Roistat
DEAL_KEYS = {
    "name": "name",
    "stage": "sales_stage",
    "price": "amount_base",
    "visit": "roistat",
}
ORDER_KEYS = {"name": "name", "stage": "status", "price": "price", "visit": "roistat"}
CLIENT_KEYS = {"name": "name", "phone": "phone"}


@dataclass(frozen=True, slots=True)
class Difference:
    """How Roistat differs from the CRM, member by member."""

    lost: list[str]
    stale: list[str]

    def __bool__(self) -> bool:
        return bool(self.lost or self.stale)


class Crm:
    """Deals and clients, each save with a fence of its own that only grows.

    The truth is simple because events are made here in the order of their fences: the
    newest state of everything is the one that was made last, whatever the order in
    which events arrive.

    At any moment only a few neighbouring deals are worked on, and then never again: an
    edit that is lost stays lost, instead of being healed by the next one.
    """

    def __init__(self, seed: int = 0, deals: int = 100, clients: int = 20) -> None:
        self._random = random.Random(seed)
        self._now = datetime.now(UTC) - timedelta(hours=1)
        self._made = 0
        self._ids = [f"deal-{n:03}" for n in range(deals)]
        # every other deal has a client, which it shares with its neighbours
        self._client_of = {
            id_: f"client-{n * clients // deals:02}"
            for n, id_ in enumerate(self._ids)
            if n % 2
        }
        self._before: dict[str, Data] = {}
        self._last: dict[str, Data] = {}
        # what Roistat must hold in the end; None is a deletion
        self.deals: dict[str, Data | None] = {}
        self.clients: dict[str, Data] = {}

    # --- saves ---

    def saves(self, count: int) -> Iterator[Event]:
        """So many random saves: edits, undone edits, deletions, restored deals."""
        for n in range(count):
            first = n * (len(self._ids) - AT_A_TIME + 1) // count
            deal_id = self._random.choice(self._ids[first : first + AT_A_TIME])
            dice = self._random.random()
            if self.deals.get(deal_id, {}) is None:
                yield self.save(deal_id, self._last[deal_id], kind="restored")
            elif dice < 0.06:
                yield self.delete(deal_id)
            elif dice < 0.12 and deal_id in self._client_of:
                yield self.save_client(self._client_of[deal_id])
            elif dice < 0.22 and deal_id in self._before:
                yield self.save(deal_id, self._before[deal_id])
            elif dice < 0.27 and deal_id in self._last:
                yield self.save(deal_id, self._last[deal_id])
            else:
                yield self.save(deal_id)

    def save(
        self, deal_id: str, content: Data | None = None, kind: str = "saved"
    ) -> Event:
        """Save a deal: with new content, or with some that it had before."""
        data = content or self._content(deal_id)
        if deal_id in self._last:
            self._before[deal_id] = self._last[deal_id]
        self._last[deal_id] = data
        self.deals[deal_id] = data
        client_id = self._client_of.get(deal_id)
        client = self._client(client_id) if client_id else None
        return self._event(f"opportunity.{kind}", data | {"client": client})

    def delete(self, deal_id: str) -> Event:
        """Delete a deal, known before or not."""
        self._last.setdefault(deal_id, self._content(deal_id))
        self.deals[deal_id] = None
        return self._event("opportunity.deleted", {"id": deal_id})

    def save_client(self, client_id: str) -> Event:
        """Save a client alone, with new content."""
        self.clients.pop(client_id, None)
        return self._event("client.saved", self._client(client_id))

    def _event(self, kind: str, data: Data) -> Event:
        self._now += timedelta(milliseconds=self._random.randint(1, 2000))
        return {"type": kind, "timestamp": _text(self._now), "data": data}

    def _content(self, deal_id: str) -> Data:
        self._made += 1
        # every now and then the first deal in a stage that Roistat has never seen
        stages = (*STAGES, *(f"Stage {n}" for n in range(self._made // 150)))
        stage = self._random.choice(stages)
        return {
            "id": deal_id,
            "name": f"{deal_id}, edit {self._made}",
            "sales_stage": stage,
            "sales_stage_label": stage.title(),
            "amount_base": f"{self._made}.50",
            "roistat": self._random.choice([None, str(100_000 + self._made)]),
            "date_entered": "2026-01-15T09:00:00Z",
            "date_modified": _text(self._now),
        }

    def _client(self, client_id: str) -> Data:
        if client_id not in self.clients or self._random.random() < 0.2:
            self._made += 1
            self.clients[client_id] = {
                "id": client_id,
                "name": f"{client_id}, edit {self._made}",
                "phone": f"7{self._made:010}",
            }
        return self.clients[client_id]

    # --- the comparison ---

    def compare(self, roistat: dict[str, Any]) -> Difference:
        """What of this CRM Roistat lacks, and what it holds in another state than the
        newest; a deal that was deleted here and is held there is stale as well.
        """
        wanted, held = self._wanted(), _held(roistat)
        return Difference(
            lost=[name for name, state in wanted.items() if state and name not in held],
            stale=[
                f"{name}: {held[name]}, not {state}"
                for name, state in wanted.items()
                if name in held and held[name] != state
            ],
        )

    def _wanted(self) -> dict[str, State | None]:
        deals = {
            deal_id: data and _state(data, DEAL_KEYS) | self._named_client(deal_id)
            for deal_id, data in self.deals.items()
        }
        clients = {id_: _state(data, CLIENT_KEYS) for id_, data in self.clients.items()}
        return deals | clients

    def _named_client(self, deal_id: str) -> State:
        return {"client_id": self._client_of.get(deal_id)}


def _held(roistat: dict[str, Any]) -> dict[str, State]:
    stages = {status["id"] for status in roistat["statuses"]}
    held = {id_: _state(c, CLIENT_KEYS) for id_, c in roistat["clients"].items()}
    for id_, order in roistat["orders"].items():
        held[id_] = _state(order, ORDER_KEYS) | {"client_id": order["client_id"]}
        if order["status"] not in stages:
            held[id_]["stage"] = None  # a stage that Roistat does not know
    return held


def _state(data: Data, keys: dict[str, str]) -> State:
    return {ours: data[theirs] for ours, theirs in keys.items()}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
