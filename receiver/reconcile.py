"""Whether both sides agree, deal by deal and by content; and repairing what does not.

Roistat's list of orders is read into the store, so that memory stays flat; then the
CRM's deals are walked, each is mapped, and the order it makes is compared with the one
in the list; what the list does not show is compared with what we last delivered. In the
end, what Roistat has and the CRM's walk did not meet is asked for one by one.

A difference is believed only after Roistat was asked again, and what is on its way is
none. Repairing makes pending, behind live changes, what differs: from there on it goes
the ordinary way.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

import structlog

from receiver.compare import Row, differences, row_of, was_created_since
from receiver.deal import Client, Deal
from receiver.errors import BudgetExhausted, UpstreamError
from receiver.mapping import UNUSED, Mapping
from receiver.plan import GONE, IMPORT_CLIENTS
from receiver.roistat.client import RoistatClient
from receiver.roistat.schemas import as_bytes, client_of, order_of
from receiver.roistat.statuses import NOT_REGISTERED
from receiver.room import Room
from receiver.store import DONE, START, Held, Pulling, Store, digest_of, reading_of
from receiver.sugarcrm.pulling import Bookmark, Crm, Pulled
from receiver.sync import Wake, has_room, whole

RECONCILE = "reconcile"
ROWS, OVERLAP = 1000, 10  # of Roistat's list
PAGE = 100  # deals
# Pages are compared together, for Roistat's list may be asked every three seconds only,
# and asking again where something differs would otherwise take a turn for each page. A
# repair may make pending all that it reads at a time: hence no more (see room).
TOGETHER, TOGETHER_IN_REPAIR, TOGETHER_SECONDS = 500, 200, 3.0
REST = 30.0  # seconds after Roistat failed
NIGHT = range(1, 5)  # hours, UTC
A_DAY = 20 * 3600.0  # seconds, a little less than a day

# Who asked: for a report, for a repair, or the clock, which repairs all but what the
# CRM does not know, for that may be what our user there must not see.
REPORT, REPAIR, NIGHTLY = "report", "repair", "nightly"

# The phases
ORDERS, DEALS, OTHERS = "orders", "deals", "others"

# What is no difference, and what is one that repairing leaves alone
ON_ITS_WAY, PARKED, STRANGER, UNKNOWN = "on its way", "parked", "stranger", "unknown"
LEFT_ALONE = frozenset({PARKED, STRANGER})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a comparison has come, as the store keeps it. `kinds` counts the
    differences of each kind, `differing` the deals that have any.
    """

    began: float
    purpose: str = REPORT
    since: str | None = None
    phase: str = ORDERS
    offset: int = 0
    after: tuple[str, str] | None = None
    cursor: str = START
    orders: int = 0
    deals: int = 0
    differing: int = 0
    repaired: int = 0
    on_their_way: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    not_before: float = 0
    ended: float | None = None

    @classmethod
    def read(cls, walk: dict[str, Any]) -> Self:
        """What the store keeps, read back."""
        return cls(**walk | {"after": walk["after"] and tuple(walk["after"])})


@dataclass(frozen=True, slots=True)
class Difference:
    """One deal that is not in Roistat as it should be, and in which respects."""

    deal: str
    name: str
    kinds: list[str]


class Reconcile:
    """Compares both sides, a slice at a time, each going on where one stopped."""

    def __init__(
        self,
        store: Store,
        crm: Crm,
        roistat: RoistatClient,
        mapping: Callable[[], Mapping],
        room: Room,
    ) -> None:
        self._store = store
        self._crm = crm
        self._roistat = roistat.drawing("background")
        self._mapping = mapping
        self._room = room

    def comparison(self) -> Comparison | None:
        """The one under way, or else the last one; None before the first."""
        walk = self._store.walks.pulling(RECONCILE).walk
        return Comparison.read(walk) if walk else None

    def differences(self) -> Iterator[Difference]:
        """What the comparison has found until now."""
        for deal_id, found in self._store.listing.findings():
            yield Difference(deal_id, found["name"], found["kinds"])

    def start(self, purpose: str, since: str | None = None) -> None:
        """Begin anew, wherever the last one stood."""
        self._store.listing.forget_orders()
        comparison = Comparison(began=time.time(), purpose=purpose, since=since)
        self._store.walks.begin_pulling(RECONCILE, asdict(comparison))
        log.info("reconcile_began", purpose=purpose)

    def is_due(self) -> bool:
        """Whether there is one to go on with now."""
        comparison = self.comparison()
        if comparison is None or comparison.ended:
            return False
        return time.time() >= comparison.not_before

    def is_night(self) -> bool:
        """Whether the clock should begin one."""
        if datetime.now(UTC).hour not in NIGHT:
            return False
        comparison = self.comparison()
        return comparison is None or time.time() > comparison.began + A_DAY

    def run(self, seconds: float, wake: Wake) -> bool:
        """Go on for so long; True where somebody should go on at once.

        Raises `UpstreamError` where the CRM cannot be read.
        """
        deadline = time.monotonic() + seconds
        with self._store.walks.walking(RECONCILE) as renew:
            while renew and time.monotonic() < deadline:
                standing = self._store.walks.pulling(RECONCILE)
                if not standing.walk or standing.walk["ended"]:
                    return False
                comparison = Comparison.read(standing.walk)
                if time.time() < comparison.not_before:
                    return False
                if self._repairs(comparison) and not has_room(self._room, deadline):
                    return not self._room.is_shut()
                renew()
                self._step(_Page(self, standing, comparison, wake, renew))
        return renew is not None

    def _repairs(self, comparison: Comparison) -> bool:
        return comparison.purpose != REPORT and comparison.phase != ORDERS

    def _step(self, page: "_Page") -> None:
        steps = {ORDERS: page.orders, DEALS: page.deals, OTHERS: page.others}
        try:
            steps[page.comparison.phase]()
        except _RoistatFailed as failed:
            comparison = replace(page.comparison, not_before=time.time() + failed.wait)
            self._store.walks.pull([], 0, page.standing, asdict(comparison))


class _RoistatFailed(Exception):
    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


@contextmanager
def _asking_roistat() -> Iterator[None]:
    """Roistat's failures are its own, not the CRM's: the comparison rests a while."""
    try:
        yield
    except BudgetExhausted as error:
        raise _RoistatFailed(error.wait) from error
    except UpstreamError as error:
        log.warning("orders_not_read", error=type(error).__name__)
        raise _RoistatFailed(REST) from error


class _Page:
    """One step of a comparison."""

    def __init__(
        self,
        reconcile: Reconcile,
        standing: Pulling,
        comparison: Comparison,
        wake: Wake,
        renew: Callable[[], None],
    ) -> None:
        self.standing = standing
        self.comparison = comparison
        self._store = reconcile._store
        self._crm = reconcile._crm
        self._roistat = reconcile._roistat
        self._mapping = reconcile._mapping()
        self._wake = wake
        self._renew = renew
        self._turn = self._store.walks.turn()
        self._closed = self._store.notes.closed()

    # --- Roistat's list ---

    def orders(self) -> None:
        """Read one page of it. Rows move while we page, up where an order is deleted:
        hence each page begins with the last rows of the one before.
        """
        offset = self.comparison.offset
        with _asking_roistat():
            rows = self._roistat.list_orders(limit=ROWS, offset=offset)
        if offset and not (rows and self._store.listing.orders([rows[0]["id"]])[0]):
            self._move(replace(self.comparison, offset=max(0, offset - ROWS)))
            return
        self._store.listing.keep_orders({row["id"]: row_of(row) for row in rows})
        if len(rows) < ROWS:
            orders = self._store.listing.order_count()
            self._move(replace(self.comparison, phase=DEALS, orders=orders))
        else:
            self._move(replace(self.comparison, offset=offset + ROWS - OVERLAP))

    # --- the CRM's deals ---

    def deals(self) -> None:
        """Compare some pages of them."""
        comparison = self.comparison
        deals, fences, following = self._read()
        ids = [one.deal.id for one in deals]
        found = self._compare(deals, self._store.listing.orders(ids))
        self._store.listing.meet(ids)
        then = replace(
            comparison,
            deals=comparison.deals + len(ids),
            after=(following.modified, following.id) if following else None,
            phase=DEALS if following else OTHERS,
        )
        self._settle(deals, fences, found, then)

    def _read(self) -> tuple[list[Pulled], list[int], Bookmark | None]:
        """The deals of some pages, each as it was last met, with their fences, and
        where the next page begins.
        """
        comparison = self.comparison
        following = Bookmark(*comparison.after) if comparison.after else None
        is_report = comparison.purpose == REPORT
        most = TOGETHER if is_report else TOGETHER_IN_REPAIR
        met: dict[str, tuple[Pulled, int]] = {}
        deadline = time.monotonic() + TOGETHER_SECONDS
        while True:
            page = self._crm.page(following, since=comparison.since, size=PAGE)
            met |= {one.deal.id: (one, page.fence) for one in page.deals}
            following = page.following
            is_enough = len(met) + PAGE > most or time.monotonic() > deadline
            if following is None or is_enough:
                break
            self._renew()
        deals, fences = [one for one, _ in met.values()], [at for _, at in met.values()]
        return deals, fences, following

    # --- what the CRM's walk did not meet ---

    def others(self) -> None:
        """Look at some of what Roistat has and the walk did not meet."""
        cursor, unmet = self._unmet()
        since = self.comparison.since
        ids = [i for i, r in unmet.items() if not since or was_created_since(r, since)]
        sent = self._store.sent([f"deal:{id_}" for id_ in ids])
        ours = [id_ for id_, is_ours in zip(ids, sent, strict=True) if is_ours]
        found = {
            id_: (id_, [STRANGER])
            for id_, is_ours in zip(ids, sent, strict=True)
            if not is_ours
        }
        deals, fences = [], []
        for id_ in ours:
            pulled, fence = self._crm.deal(id_)
            deals.append(pulled or Pulled(Deal(id_, deleted=True), None, ""))
            fences.append(fence)
        rows: list[Row | None] = [unmet[id_] for id_ in ours]
        gone = {one.deal.id for one in deals if not one.modified}
        for id_, (name, kinds) in self._compare(deals, rows).items():
            is_unknown = id_ in gone and kinds != [ON_ITS_WAY]
            found[id_] = (name, [UNKNOWN] if is_unknown else kinds)
        following = replace(self.comparison, cursor=cursor)
        if cursor == DONE:
            following = replace(following, ended=time.time())
        self._settle(deals, fences, found, following)
        if cursor == DONE:
            self._store.listing.forget_orders(and_findings=False)

    def _unmet(self) -> tuple[str, dict[str, Row]]:
        """Some of it, found by many looks, for most find nothing."""
        cursor = self.comparison.cursor
        found: dict[str, Row] = {}
        deadline = time.monotonic() + TOGETHER_SECONDS
        while True:
            cursor, more = self._store.listing.unmet(cursor)
            found |= more
            is_enough = len(found) >= PAGE or time.monotonic() > deadline
            if cursor == DONE or is_enough:
                return cursor, found
            self._renew()

    # --- comparing ---

    def _compare(
        self, deals: Sequence[Pulled], rows: Sequence[Row | None]
    ) -> "dict[str, tuple[str, list[str]]]":
        """Name and differences of each deal that has any, Roistat having been asked
        again.
        """
        members = [f"deal:{one.deal.id}" for one in deals]
        members += {f"client:{one.client.id}" for one in deals if one.client}
        held = self._store.known(members)
        first = {
            one.deal.id: kinds
            for one, row in zip(deals, rows, strict=True)
            if (kinds := self._kinds(one, row, held))
        }
        asked = [id_ for id_, kinds in first.items() if kinds != [ON_ITS_WAY]]
        again = self._rows_of(asked)
        moved = self._store.walks.moved_since(
            self._turn, [f"deal:{id_}" for id_ in asked]
        )
        found = {}
        for one in deals:
            id_ = one.deal.id
            if f"deal:{id_}" in moved:
                first[id_] = [ON_ITS_WAY]
            elif id_ in again:
                first[id_] = self._kinds(one, again[id_], held)
            if first.get(id_):
                found[id_] = (one.deal.name or id_, first[id_])
        return found

    def _rows_of(self, ids: Sequence[str]) -> dict[str, Row | None]:
        if not ids:
            return {}
        with _asking_roistat():
            rows = self._roistat.list_orders([("id", "in", list(ids))], limit=len(ids))
        known = {row["id"]: row_of(row) for row in rows}
        return {id_: known.get(id_) for id_ in ids}

    def _kinds(self, one: Pulled, row: Row | None, held: dict[str, Held]) -> list[str]:
        """In what respects one deal differs."""
        deal, ours = one.deal, held.get(f"deal:{one.deal.id}")
        if ours and ours.standing == "pending":
            return [ON_ITS_WAY]
        if deal.deleted or not self._mapping.lets_in(deal):
            if row is None or row["status"] == NOT_REGISTERED:
                return []
            return ["deleted" if deal.deleted else "outside the filter"]
        kinds = self._kinds_of_order(deal, row, ours)
        if one.client and self._is_other_client(one.client, held):
            kinds.append("client")
        return kinds

    def _kinds_of_order(
        self, deal: Deal, row: Row | None, ours: Held | None
    ) -> list[str]:
        order = order_of(deal, self._mapping)
        delivered = ours.pending.delivered if ours else ""
        is_same = delivered == digest_of(as_bytes(order))
        if ours and ours.standing == "parked":
            return [PARKED] if is_same else ["content"]
        if row is None:
            if is_same and self._is_unused(order["status"]):
                return []  # perhaps Roistat does not list what it does not count
            was_deleted = delivered == GONE or (
                ours is not None and getattr(ours.pending.thing, "deleted", False)
            )
            return ["restored" if was_deleted else "missing"]
        kinds = differences(order, row)
        if not kinds and not is_same:
            kinds = ["content"]
        return kinds

    def _is_unused(self, status: str) -> bool:
        known = self._store.notes.statuses() or []
        return any(one["id"] == status and one["type"] == UNUSED for one in known)

    def _is_other_client(self, client: Client, held: dict[str, Held]) -> bool:
        """By what we last delivered: not every project lets us read its clients."""
        if IMPORT_CLIENTS in self._closed:
            return False
        ours = held.get(f"client:{client.id}")
        if ours and ours.standing != "settled":
            return False
        body = client_of(client, self._mapping.phone_region)
        return not ours or ours.pending.delivered != digest_of(as_bytes(body))

    # --- what comes of it ---

    def _settle(
        self,
        deals: Sequence[Pulled],
        fences: Sequence[int],
        found: "dict[str, tuple[str, list[str]]]",
        following: Comparison,
    ) -> None:
        """Write down what was found, repair it where asked to, and move on."""
        different = {i: f for i, f in found.items() if f[1] != [ON_ITS_WAY]}
        is_repair = following.purpose != REPORT
        again = self._to_repair(different) if is_repair else set()
        self._store.listing.keep_findings(
            {
                id_: {"name": name, "kinds": kinds, "repaired": id_ in again}
                for id_, (name, kinds) in different.items()
            }
        )
        counted = Counter(following.kinds)
        for _, kinds in different.values():
            counted.update(kinds)
        following = replace(
            following,
            kinds=dict(counted),
            differing=following.differing + len(different),
            on_their_way=following.on_their_way + len(found) - len(different),
            repaired=following.repaired + len(again),
        )
        readings = []
        if is_repair:
            readings = list(_readings(deals, fences, different, again))
        answer = self._store.walks.pull(
            readings, self._turn, self.standing, asdict(following)
        )
        if answer and answer[0]:
            self._wake()
        if following.ended:
            log.info("reconcile_ended", differing=following.differing, **counted)

    def _to_repair(self, different: "dict[str, tuple[str, list[str]]]") -> set[str]:
        """What is sent again. By night not what the comparison before sent again in
        vain: else it would be so every night.
        """
        is_asked = self.comparison.purpose == REPAIR
        wanted = {
            id_
            for id_, (_, kinds) in different.items()
            if not LEFT_ALONE.intersection(kinds) and (is_asked or UNKNOWN not in kinds)
        }
        if is_asked:
            return wanted
        before = self._store.listing.found_before(list(wanted))
        return {
            id_
            for id_ in wanted
            if before.get(id_) != {"kinds": different[id_][1], "repaired": True}
        }

    def _move(self, following: Comparison) -> None:
        self._store.walks.pull([], self._turn, self.standing, asdict(following))


def _readings(
    deals: Sequence[Pulled],
    fences: Sequence[int],
    found: "dict[str, tuple[str, list[str]]]",
    again: set[str],
) -> Iterator[Any]:
    """All that was read, so that we hold it as it is; what differs goes again."""
    for one, fence in zip(deals, fences, strict=True):
        id_ = one.deal.id
        is_again = id_ in again
        if found.get(id_, ("", []))[1] == [UNKNOWN] and not is_again:
            continue
        if one.client:
            kinds = found[id_][1] if is_again else []
            yield reading_of(one.client, fence, again="client" in kinds)
        yield reading_of(whole(one.deal), fence, again=is_again)


def as_json(comparison: Comparison, found: Iterable[Difference]) -> str:
    """The report for machines."""
    told = {
        "began": _instant(comparison.began),
        "ended": _instant(comparison.ended),
        "purpose": comparison.purpose,
        "since": comparison.since,
        "orders": comparison.orders,
        "deals": comparison.deals,
        "on_their_way": comparison.on_their_way,
        "repaired": comparison.repaired,
        "kinds": comparison.kinds,
        "differences": [asdict(one) for one in found],
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _instant(moment: float | None) -> str | None:
    if moment is None:
        return None
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
