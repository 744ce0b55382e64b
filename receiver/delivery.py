"""What is pending becomes calls to Roistat, each written down before and after.

One drainer at a time, under a lease. What to send and what an answer means is decided
in `plan`; here is the order of steps that makes it safe to be killed between any two.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog

from receiver import words
from receiver.errors import LeaseLost, RoistatError, StoreUnavailable, UpstreamError
from receiver.mapping import Mapping
from receiver.plan import DELIVERED, Item, Plan, Verdict, judge, judge_counters, plan
from receiver.roistat.client import RoistatClient
from receiver.roistat.schemas import status_of
from receiver.roistat.statuses import Status, merge, missing
from receiver.store import Outcome, Store

DRAIN_SECONDS = 5.0  # then the worker gets to hear that it should stop

log = structlog.get_logger()


class Delivery:
    """Sends what is pending in the store to Roistat."""

    def __init__(
        self, store: Store, roistat: RoistatClient, mapping: Mapping, batch_size: int
    ) -> None:
        self._store = store
        self._roistat = roistat
        self._mapping = mapping
        self._batch_size = batch_size

    def drain(self, seconds: float = DRAIN_SECONDS) -> bool:
        """Send what is due until nothing is, `seconds` have passed, or Roistat fails.

        True where somebody should go on at once. A spare call finds nothing due or
        another drainer at work, and returns. After a failure the timer goes on: it
        would hit whatever is sent next just the same.
        """
        token = uuid.uuid4().hex
        try:
            return self._drain(token, time.monotonic() + seconds)
        except LeaseLost:
            log.warning("lease_lost")
        except UpstreamError as error:
            log.warning("paused", why=_why(error))
        finally:
            with contextlib.suppress(StoreUnavailable):
                self._store.release(token)
        return False

    def _drain(self, token: str, deadline: float) -> bool:
        while time.monotonic() < deadline:
            look = self._store.look(token, 2 * self._batch_size)
            if look.state in ("busy", "idle"):
                return False
            if look.state == "wait":
                time.sleep(look.wait / 1000)
            else:
                self._deliver(token, plan(look.due, self._mapping))
        return True

    def _deliver(self, token: str, planned: Plan) -> None:
        self._settle_unsent(planned.unchanged, DELIVERED)
        for clients in self._batches(planned.clients):
            self._attempt(token, "clients/import", clients, self._import_clients)
        for orders in self._batches(self._with_known_status(token, planned.orders)):
            self._attempt(token, "add-orders", orders, self._add_orders)
        for deletion in planned.deletions:
            self._attempt(token, "delete", [deletion], self._delete)

    def _batches(self, items: list[Item]) -> Iterator[list[Item]]:
        for start in range(0, len(items), self._batch_size):
            yield items[start : start + self._batch_size]

    # --- one attempt: open, call, settle ---

    def _attempt(
        self,
        token: str,
        method: str,
        items: Sequence[Item],
        call: Callable[[Sequence[Item]], Verdict],
    ) -> None:
        """Send `items` by one call, but for those that have changed meanwhile: their
        newer state is due anyway.
        """
        attempt = uuid.uuid4().hex[:16]
        entry = {"method": method, "opened": _now()}
        opened_entry = json.dumps(entry)
        opening = [(one.pending, one.digest, opened_entry) for one in items]
        revisions = self._store.open(token, attempt, opening)
        both = zip(items, revisions, strict=True)
        opened = [(item, rev) for item, rev in both if rev >= 0]
        if not opened:
            return
        began = time.monotonic()
        refusal: UpstreamError | None = None
        try:
            verdict = call([item for item, _ in opened])
        except UpstreamError as error:
            refusal, verdict = error, judge(error)
        milliseconds = round((time.monotonic() - began) * 1000)
        entry |= {"closed": _now(), "outcome": verdict.name, "reason": verdict.reason}
        closed_entry = json.dumps(entry)
        outcomes = [_outcome(*one, verdict, closed_entry) for one in opened]
        self._store.settle(attempt, outcomes)
        self._store.keep_verdict(*_verdict_on_roistat(refusal))
        fine = verdict.name in ("delivered", "gone")
        (log.info if fine else log.warning)(
            verdict.name,
            delivery_id=attempt,
            method=method,
            count=len(opened),
            ms=milliseconds,
        )
        if refusal and not refusal.permanent:
            raise refusal

    def _import_clients(self, items: Sequence[Item]) -> Verdict:
        self._roistat.import_clients([item.body for item in items])
        return DELIVERED

    def _add_orders(self, items: Sequence[Item]) -> Verdict:
        counters = self._roistat.add_orders([item.body for item in items])
        verdict = judge_counters(counters, items, self._store.statuses() or [])
        if verdict is not DELIVERED:
            self._store.keep_statuses(None)  # perhaps somebody changed the dictionary
        return verdict

    def _delete(self, items: Sequence[Item]) -> Verdict:
        try:
            self._roistat.delete_order(items[0].body)
        except RoistatError as error:
            if error.code != "resource_not_found":  # already gone is gone
                raise
        return Verdict("gone")

    # --- stages ---

    def _with_known_status(self, token: str, orders: list[Item]) -> list[Item]:
        """The orders whose status Roistat knows, new stages having been added first."""
        wanted = dict(status_of(item.pending.thing) for item in orders)  # type: ignore[arg-type]
        unknown = missing(self._store.statuses() or [], wanted.items())
        if not unknown:
            return orders
        try:
            self._add_statuses(token, wanted)
        except UpstreamError as error:
            self._store.keep_verdict(*words.of_roistat(error))
            waiting = [item for item in orders if item.body["status"] in unknown]
            self._settle_unsent(waiting, judge(error))
            log.warning("stages_not_added", why=_why(error))
            return [item for item in orders if item.body["status"] not in unknown]
        return orders

    def _add_statuses(self, token: str, wanted: dict[str, str]) -> None:
        """Add stages to the dictionary as it stands now, not as it was remembered."""
        self._store.renew(token)
        known: list[Status] = self._roistat.statuses()
        new = missing(known, wanted.items())
        if new:
            known = merge(known, new, self._mapping)
            self._store.renew(token)
            self._roistat.set_statuses(known)
            log.info("stages_added", count=len(new))
        self._store.keep_statuses(known)

    def _settle_unsent(self, items: list[Item], verdict: Verdict) -> None:
        """Settle what no call was made for."""
        if items:
            outcomes = [_outcome(one, one.pending.rev, verdict, "") for one in items]
            self._store.settle("", outcomes)


def _outcome(item: Item, rev: int, verdict: Verdict, entry: str) -> Outcome:
    pending = item.pending
    return Outcome(
        member=pending.member,
        rev=rev,
        verdict=verdict.name,
        digest=item.digest,
        delay=verdict.delay(pending.tries),
        reason=verdict.reason,
        entry=entry,
    )


def _why(error: UpstreamError) -> str:
    """For the log: Roistat's code, without a description that may name people."""
    return error.code if isinstance(error, RoistatError) else str(error)


def _verdict_on_roistat(refusal: UpstreamError | None) -> tuple[str, str]:
    return words.of_roistat(refusal) if refusal else words.ROISTAT_ANSWERS


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
