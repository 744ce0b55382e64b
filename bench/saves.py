"""Saves as the CRM sends them: a recorded one of SuiteCRM's, varied and signed, as the
bytes of one HTTP request.
"""

import json
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from receiver.deal import Client, Deal
from receiver.sugarcrm.events import load
from receiver.sugarcrm.signature import sign

Event = dict[str, Any]

STAGES = ("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost")

_FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
_RECORDED = json.loads(
    (_FIXTURES / "suitecrm_7_14_opportunity_saved.json").read_text(encoding="utf-8")
)
_numbers = count(1)


class Crm:
    """Deals that are saved again and again, each save newer than the one before."""

    def __init__(self, name: str, deals: int, clients: int = 0) -> None:
        self.deals = [_id(f"{name} deal {n}") for n in range(deals)]
        self._clients = [_id(f"{name} client {n}") for n in range(clients)]
        self.prices: dict[str, str] = {}

    def save(self, number: int) -> Event:
        """Change the deal of that number; its newest price is kept in `prices`."""
        deal_id, save = self.deals[number], next(_numbers)
        self.prices[deal_id] = price = f"{save}.50"
        return _event(deal_id, save, price, self._client_of(number))

    def save_any(self, chance: random.Random) -> Event:
        """Change a deal picked at random."""
        return self.save(chance.randrange(len(self.deals)))

    def states(self, numbers: Iterable[int]) -> Iterator[Client | Deal]:
        """What the receiver makes of a save of each, in order; a client once only."""
        for number in numbers:
            *client, deal = things_of(self.save(number))
            if not number or self._client_at(number) != self._client_at(number - 1):
                yield from client
            yield deal

    def _client_at(self, number: int) -> int:
        """Neighbours share a client."""
        return number * len(self._clients) // len(self.deals)

    def _client_of(self, number: int) -> dict[str, Any] | None:
        if not self._clients:
            return None
        client = self._client_at(number)
        return {
            **_RECORDED["data"]["client"],
            "id": self._clients[client],
            "name": f"Client {client}",
            "phone": f"+7495{client:07}",
            "email": f"client{client}@example.com",
        }


def things_of(event: Event) -> Iterator[Client | Deal]:
    """What `load` makes of a save of `Crm`'s, at a tenth of its price: only the first
    one is looked through, and of the others what differs is put in its place.
    """
    data, client_id = event["data"], None
    deal, client = _first()
    if data["client"]:
        changed = {name: data["client"][name] for name in _CLIENT_VARIES}
        yield replace(client, **changed)
        client_id = data["client"]["id"]
    changed = {name: data[name] for name in _DEAL_VARIES}
    own = {name: data["fields"][name] for name in _FIELDS_VARY}
    yield replace(deal, **changed, client_id=client_id, fields=deal.fields | own)


_CLIENT_VARIES = ("id", "name", "phone", "email")
_FIELDS_VARY = ("id", "name", "amount", "sales_stage", "date_modified")
_DEAL_VARIES = (*_FIELDS_VARY, "url", "roistat", "sales_stage_label", "amount_base")


@cache
def _first() -> tuple[Deal, Client]:
    (event,) = load(Crm("first", 1, 1).save(0))
    return event.deal, event.client


def request(path: str, events: Sequence[Event], secret: str) -> bytes:
    """One signed webhook as it goes over the wire: one event, or a batch of several."""
    body = json.dumps(events[0] if len(events) == 1 else _batch(events)).encode()
    headers = {
        "Host": "receiver",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **sign(body, f"msg_{uuid.uuid4().hex}", secret),
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _batch(events: Sequence[Event]) -> Event:
    return {"type": "batch", "timestamp": _now(), "data": {"events": list(events)}}


def _event(deal_id: str, save: int, price: str, client: dict[str, Any] | None) -> Event:
    stage = STAGES[save % len(STAGES)]
    own = {
        "id": deal_id,
        "name": f"Warehouse scanners, order {save}",
        "amount": price,
        "sales_stage": stage,
        "date_modified": _now(),
    }
    deal = {
        **_RECORDED["data"],
        **own,
        "url": f"https://crm.example/index.php?module=Opportunities&record={deal_id}",
        "roistat": str(100_000 + save),
        "sales_stage_label": stage,
        "amount_base": price,
        "fields": {**_RECORDED["data"]["fields"], **own},
        "client": client,
    }
    return {"type": "opportunity.saved", "timestamp": _now(save), "data": deal}


def _now(microseconds: int = 0) -> str:
    """Now; with its own microseconds added no two saves share a moment."""
    moment = datetime.now(UTC) + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
