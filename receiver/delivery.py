"""What is pending becomes calls to Roistat, each written down before and after.

One drainer at a time, under a lease. What to send is decided in `plan`, what an answer
means in `verdict`; here is the order of steps that makes it safe to be killed between
any two.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog

from receiver import words
from receiver.errors import (
    BudgetExhausted,
    LeaseLost,
    RoistatError,
    StoreUnavailable,
    UpstreamError,
)
from receiver.mapping import Mapping
from receiver.plan import DELETE, IMPORT_CLIENTS, UPDATE_STATUS, Item, Plan, plan
from receiver.roistat.client import RoistatClient
from receiver.roistat.schemas import status_of
from receiver.roistat.statuses import NOT_REGISTERED, NOT_REGISTERED_NAME
from receiver.stages import Stages
from receiver.store import METHODS, Outcome, Store, found_by
from receiver.verdict import DIVIDE, Verdict, judge, judge_counters

DRAIN_SECONDS = 5.0  # then the worker gets to hear that it should stop
NAP = 0.25  # seconds; what is saved while a drainer waits need wait no longer

# Refusals of a method to this project: it need not be called again for a while.
CLOSED = frozenset(
    {
        "integration_error",
        "option_not_available",
        "option_not_enabled",
        "option_not_paid",
    }
)

log = structlog.get_logger()

Call = Callable[[RoistatClient, Sequence[Item]], list[Verdict]]


class Delivery:
    """Sends what is pending in the store to Roistat."""

    def __init__(
        self,
        store: Store,
        roistat: RoistatClient,
        mapping: Callable[[], Mapping],
        stages: Stages,
        batch_size: int,
    ) -> None:
        self._store = store
        self._roistat = roistat
        self._background = roistat.drawing("background")
        self._mapping = mapping
        self._stages = stages
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
                # what is saved meanwhile may be due sooner
                time.sleep(min(look.wait / 1000, NAP))
            else:
                # the mapping is asked after the look: see remap
                closed = self._store.notes.closed()
                self._deliver(token, plan(look.due, self._mapping(), closed))
        return True

    def _deliver(self, token: str, planned: Plan) -> None:
        self._settle_unsent(planned.unchanged)
        for item in planned.impossible:
            self._settle_unsent([item], Verdict("refused", item.problem))
        went = [
            self._send(token, IMPORT_CLIENTS, clients, self._import_clients)
            for clients in self._batches(planned.clients)
        ]
        orders = self._with_known_status(token, planned.orders)
        # What waits for its visit goes by itself: it may be counted, and divided.
        for waiting in (False, True):
            some = [item for item in orders if bool(item.pending.waits) is waiting]
            for batch in self._batches(some):
                if all(went) or not _is_behind(batch):
                    self._send(token, "add-orders", batch, self._add_orders)
        moves = self._with_known_status(token, planned.moves)
        self._each(token, UPDATE_STATUS, moves, self._update_status)
        self._each(token, DELETE, planned.deletions, self._delete)

    def _each(self, token: str, method: str, items: list[Item], call: Call) -> None:
        """One call each, until Roistat says that it does not offer the method: what is
        left is due still, and will be planned without it.
        """
        for item in items:
            roistat = self._client_for([item])
            if self._is_put_off(roistat, [item]):
                continue
            if self._attempt(token, method, [item], call, roistat) == METHOD_CLOSED:
                return

    def _client_for(self, items: Sequence[Item]) -> RoistatClient:
        """A call of which all goes behind live changes leaves them their part of the
        budget.
        """
        return self._background if _is_behind(items) else self._roistat

    def _is_put_off(self, roistat: RoistatClient, items: list[Item]) -> bool:
        """Whether a call behind live changes has no budget now: it is not even opened,
        and live changes go on.
        """
        wait = None if roistat is self._roistat else roistat.wait()
        if wait is None:
            return False
        self._settle_unsent(items, Verdict("later", words.deals.BEHIND, wait))
        return True

    def _batches(self, items: list[Item]) -> Iterator[list[Item]]:
        for start in range(0, len(items), self._batch_size):
            yield items[start : start + self._batch_size]

    def _send(self, token: str, method: str, items: list[Item], call: Call) -> bool:
        """One call, or as many smaller ones as it takes; False where it was put off."""
        roistat = self._client_for(items)
        if self._is_put_off(roistat, items):
            return False
        return self._divide(token, method, items, call, roistat)

    def _divide(
        self,
        token: str,
        method: str,
        items: list[Item],
        call: Call,
        roistat: RoistatClient,
    ) -> bool:
        """One call; and where Roistat refused some of it without saying which, smaller
        ones, halving, until each refusal has its item.

        Two single refusals and nothing taken: all are refused for the same reason.
        """
        parts, taken, refused = [items], False, 0
        while parts:
            part = parts.pop()
            try:
                verdicts = self._attempt(token, method, part, call, roistat)
            except BudgetExhausted as error:
                if roistat is self._roistat:
                    raise
                # what is not live may use only so much of it; the rest is free
                self._put_off(parts, error.wait)
                return False
            if DIVIDE in verdicts:
                roistat = self._roistat.drawing("splitting")
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
            elif verdicts and verdicts[0].name == "refused":
                refused += 1
                if refused > 1 and not taken:
                    for rest in parts:
                        self._settle_unsent(rest, verdicts[0])
                    return True
            else:
                taken = taken or bool(verdicts)
        return True

    def _put_off(self, parts: list[list[Item]], wait: float) -> None:
        for part in parts:
            self._settle_unsent(part, Verdict("later", words.deals.NOT_DIVIDED, wait))

    # --- one attempt: open, call, settle ---

    def _attempt(
        self,
        token: str,
        method: str,
        items: Sequence[Item],
        call: Call,
        roistat: RoistatClient,
    ) -> list[Verdict]:
        """Send `items` by one call, but for those that have changed meanwhile: their
        newer state is due anyway. Gives the verdicts on those that went.

        Raises the `UpstreamError` that would meet the next call just the same.
        """
        attempt = uuid.uuid4().hex[:16]
        entry = {"method": method, "opened": _now()}
        opened_entry = json.dumps(entry)
        opening = [(one.pending, one.digest, opened_entry) for one in items]
        revisions = self._store.open(token, attempt, opening)
        both = zip(items, revisions, strict=True)
        opened = [(item, rev) for item, rev in both if rev >= 0]
        if not opened:
            return []
        going = [item for item, _ in opened]
        began = time.monotonic()
        refusal: UpstreamError | None = None
        is_closed = False
        try:
            verdicts = call(roistat, going)
        except UpstreamError as error:
            refusal, is_closed = error, self._closes(method, error)
            verdicts = METHOD_CLOSED * len(going) if is_closed else judge(error, going)
        milliseconds = round((time.monotonic() - began) * 1000)
        entry["closed"] = _now()
        self._store.settle(attempt, list(_outcomes(opened, verdicts, entry)))
        if roistat is self._roistat or not _is_our_share(refusal):
            self._store.notes.keep_verdict(*_verdict_on_roistat(refusal))
        for name in sorted({verdict.name for verdict in verdicts}):
            count = sum(verdict.name == name for verdict in verdicts)
            (log.info if name in FINE else log.warning)(
                name, delivery_id=attempt, method=method, count=count, ms=milliseconds
            )
        if refusal and not refusal.permanent and not is_closed:
            raise refusal
        return verdicts

    def _closes(self, method: str, error: UpstreamError) -> bool:
        """Whether Roistat does not offer the method to this project. It is remembered,
        and what the method was to do is planned anew without it.
        """
        refused = isinstance(error, RoistatError) and error.code in CLOSED
        if not refused or method not in METHODS:
            return False
        self._store.notes.keep_closed(method)
        log.warning("method_refused", method=method, why=_why(error))
        return True

    def _import_clients(
        self, roistat: RoistatClient, items: Sequence[Item]
    ) -> list[Verdict]:
        roistat.import_clients([item.body for item in items])
        return [Verdict(item.success) for item in items]

    def _add_orders(
        self, roistat: RoistatClient, items: Sequence[Item]
    ) -> list[Verdict]:
        counters = roistat.add_orders([item.body for item in items])
        verdicts = judge_counters(counters, items, self._store.notes.statuses() or [])
        if any(verdict.name not in FINE or verdict == DIVIDE for verdict in verdicts):
            self._store.notes.keep_statuses(
                None
            )  # perhaps somebody changed the dictionary
        return verdicts

    def _update_status(
        self, roistat: RoistatClient, items: Sequence[Item]
    ) -> list[Verdict]:
        body = items[0].body
        with _gone_is_fine():
            roistat.update_status(body["id"], body["status"])
        return [Verdict(items[0].success, note=items[0].note)]

    def _delete(self, roistat: RoistatClient, items: Sequence[Item]) -> list[Verdict]:
        with _gone_is_fine():
            roistat.delete_order(items[0].body)
        return [Verdict(items[0].success)]

    # --- stages ---

    def _with_known_status(self, token: str, items: list[Item]) -> list[Item]:
        """The items whose status Roistat knows, new stages having been added first."""
        wanted = dict(_status_of(item) for item in items)
        unknown = self._stages.unknown(wanted)
        if not unknown:
            return items
        try:
            self._store.renew(token)
            self._stages.add(wanted)
            self._store.renew(token)
        except UpstreamError as error:
            self._store.notes.keep_verdict(*words.legs.of_roistat(error))
            waiting = [item for item in items if item.body["status"] in unknown]
            self._settle_unsent(waiting, judge(error, waiting[:1])[0])
            log.warning("stages_not_added", why=_why(error))
            return [item for item in items if item.body["status"] not in unknown]
        return items

    def _settle_unsent(self, items: list[Item], verdict: Verdict | None = None) -> None:
        """Settle what no call was made for; as done, unless told otherwise."""
        if items:
            own = [verdict or Verdict(one.success, note=one.note) for one in items]
            opened = [(one, one.pending.rev) for one in items]
            self._store.settle("", list(_outcomes(opened, own, None)))


METHOD_CLOSED = [Verdict("later", words.deals.METHOD_REFUSED, wait=0)]
FINE = ("delivered", "gone", "waiting", "later")


def _is_behind(items: Sequence[Item]) -> bool:
    return all(item.pending.behind for item in items)


def _is_our_share(refusal: UpstreamError | None) -> bool:
    """Whether a call was not made for want of budget: no illness of Roistat's."""
    return isinstance(refusal, BudgetExhausted) and not refusal.code


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except RoistatError as error:
        if error.code != "resource_not_found":  # already gone is gone
            raise


def _status_of(item: Item) -> tuple[str, str]:
    if item.body["status"] == NOT_REGISTERED:
        return NOT_REGISTERED, NOT_REGISTERED_NAME
    return status_of(item.pending.thing)  # type: ignore[arg-type]


def _outcomes(
    opened: Sequence[tuple[Item, int]],
    verdicts: Sequence[Verdict],
    entry: dict[str, str] | None,
) -> Iterator[Outcome]:
    """What to settle; the log entry is written once for all that share a verdict."""
    written: dict[Verdict, str] = {}
    for (item, rev), verdict in zip(opened, verdicts, strict=True):
        if entry is not None and verdict not in written:
            told = {"outcome": verdict.name, "reason": verdict.reason}
            written[verdict] = json.dumps(entry | told)
        pending = item.pending
        yield Outcome(
            member=pending.member,
            rev=rev,
            verdict=verdict.name,
            digest=item.digest,
            delay=verdict.delay(pending.tries),
            reason=verdict.reason,
            entry=written.get(verdict, ""),
            note=verdict.note,
            found=found_by(pending.thing),
        )


def _why(error: UpstreamError) -> str:
    """For the log: Roistat's code, without a description that may name people."""
    return error.code if isinstance(error, RoistatError) else str(error)


def _verdict_on_roistat(refusal: UpstreamError | None) -> tuple[str, str]:
    return words.legs.of_roistat(refusal) if refusal else words.legs.ROISTAT_ANSWERS


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
