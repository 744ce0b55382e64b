"""Deals as they lie in the store once they are delivered, many of them and soon: by the
product's own steps and scripts, a thousand in each, without HTTP and without Roistat.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice

from receiver.deal import Client, Deal
from receiver.mapping import Mapping
from receiver.plan import IMPORT_CLIENTS, Item, plan
from receiver.store import Outcome, Pending, Record, Store, found_by, record_of
from receiver.verdict import Verdict

PIECE = 1000
ADD_ORDERS = "add-orders"

Thing = Deal | Client
Judge = Callable[[Item], Verdict]
Calls = list[tuple[str, Sequence[Item]]]


def taken(item: Item) -> Verdict:
    """What is said of what Roistat has taken."""
    return Verdict(item.success, note=item.note)


def deliver(store: Store, things: Iterable[Thing], judge: Judge = taken) -> None:
    """Put things that are new to the store, and settle each as `judge` says.

    While the store has one piece in hand the next one is made.
    """
    token, rest = uuid.uuid4().hex, iter(things)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(_hold, store, token)
        while piece := list(islice(rest, PIECE)):
            records, calls = _prepared(piece)
            under_way.result()
            under_way = pool.submit(_deliver, store, token, records, calls, judge)
        under_way.result()
    store.release(token)


def _prepared(piece: Sequence[Thing]) -> tuple[list[Record], Calls]:
    """What the webhook stores of them, and what a drainer would send for it."""
    fence = int(time.time() * 1e6)
    records = [record_of(thing, fence) for thing in piece]
    both = zip(records, piece, strict=True)
    planned = plan(
        (Pending(record.member, 1, 0, thing, "") for record, thing in both), Mapping()
    )
    return records, [(IMPORT_CLIENTS, planned.clients), (ADD_ORDERS, planned.orders)]


def _hold(store: Store, token: str) -> None:
    """Take the lease, so that nobody else drains what is put."""
    while store.look(token, limit=1).state == "busy":
        time.sleep(0.1)


def _deliver(
    store: Store, token: str, records: list[Record], calls: Calls, judge: Judge
) -> None:
    store.put(records)
    _hold(store, token)
    for method, items in calls:
        attempt, entry = uuid.uuid4().hex[:16], {"method": method, "opened": now()}
        opening = [(item.pending, item.digest, json.dumps(entry)) for item in items]
        store.open(token, attempt, opening)
        entry["closed"] = now()
        store.settle(attempt, list(outcomes(items, judge, entry)))


def outcomes(
    items: Sequence[Item], judge: Judge, entry: dict[str, str]
) -> Iterator[Outcome]:
    """What to settle, each item as `judge` says."""
    for item in items:
        verdict, pending = judge(item), item.pending
        told = {"outcome": verdict.name, "reason": verdict.reason}
        yield Outcome(
            pending.member,
            pending.rev,
            verdict.name,
            item.digest,
            delay=verdict.delay(pending.tries),
            reason=verdict.reason,
            entry=json.dumps(entry | told),
            note=verdict.note,
            found=found_by(pending.thing),
        )


def now() -> str:
    """The moment, as the log of deliveries has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
