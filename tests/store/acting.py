"""Roistat and the drainers in our hands: each drainer stops before its every step and
goes on when it is told to, and how a call ends is told with it.
"""

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from receiver.errors import (
    BudgetExhausted,
    ReceiverError,
    RoistatError,
    StoreUnavailable,
    UpstreamError,
)
from receiver.roistat.answers import COUNTERS
from receiver.roistat.statuses import NOT_REGISTERED
from receiver.store import Look, Store
from tests.store.reference import REFUSED

STATUSES = ("Open", "Draft", NOT_REGISTERED)

# How a call can end. What comes late has not come yet when the caller gives up.
ENDS = (
    *("answers", "fails", "fails after", "lost", "too late", "late", "garbage"),
    *("partly", "no budget", "killed", "killed after", "killed, late"),
)
# How a step in the store can end: not done, done but nobody hears of it, or done.
STORE_ENDS = ("done", "away", "unheard")


class Killed(BaseException):
    """The process is gone: nothing catches this."""


_current = threading.local()


def _pause(step: str) -> str:
    """Stop here if a drainer is at work; gives how the step is to end."""
    drainer = getattr(_current, "drainer", None)
    return drainer.pause(step) if drainer else ""


class Drainer:
    """A worker that drains, one step each time it is told to go on."""

    def __init__(self, name: str, drain: Callable[[], Any]) -> None:
        self.name = name
        self.step: str | None = "begin"  # None: it has come to its end
        self.opened: frozenset[str] = frozenset()  # what it has an attempt open on
        self.is_replaced = False  # somebody else has opened one on the same since
        self.has_sent = False  # after that, and has not settled it
        self._end, self._is_killed = "", False
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(drain,), daemon=True)
        self._thread.start()

    def _run(self, drain: Callable[[], Any]) -> None:
        _current.drainer = self
        self._go.acquire()
        try:
            if not self._is_killed:
                drain()
        except (Killed, ReceiverError):
            pass
        except BaseException as error:  # a mistake, for whoever looks
            self.mistake = error
        self.step = None
        self._stopped.release()

    def pause(self, step: str) -> str:
        """Called within the thread: wait until told to go on."""
        if self._is_killed:
            raise Killed
        self.step = step
        self._stopped.release()
        self._go.acquire()
        if self._is_killed or self._end == "killed":
            self._is_killed = True
            raise Killed
        return self._end

    def kill_here(self) -> None:
        """Called within the thread."""
        self._is_killed = True
        raise Killed

    mistake: BaseException | None = None

    def go(self, end: str = "") -> None:
        """Let it make one step; `end` says how."""
        self._end = end
        self._go.release()
        self._stopped.acquire()
        if self.mistake:
            raise self.mistake

    def kill(self) -> None:
        """Let it be gone, where it stands."""
        self._is_killed = True
        if self.step is not None:
            self.go()
        self._thread.join()


class ActedStore(Store):
    """The store, each step of which a drainer makes when it is told to."""

    drainers: Sequence[Drainer] = ()

    def look(self, token: str, limit: int, hold: int = 2000) -> Look:
        end = _pause("look")
        return self._told(end, lambda: super(ActedStore, self).look(token, limit, 0))

    def open(self, token: str, attempt: str, sending: Any) -> list[int]:
        end = _pause("open")
        drainer = getattr(_current, "drainer", None)

        def step() -> list[int]:
            revisions = super(ActedStore, self).open(token, attempt, sending)
            both = zip(sending, revisions, strict=True)
            ours = frozenset(one.member for (one, _, _), rev in both if rev >= 0)
            for other in self.drainers:
                if other is not drainer and other.opened & ours:
                    other.is_replaced = True
            if drainer:
                drainer.opened = ours
            return revisions

        return self._told(end, step)

    def settle(self, attempt: str, outcomes: Any) -> None:
        end = _pause("settle")
        self._told(end, lambda: super(ActedStore, self).settle(attempt, outcomes))
        drainer = getattr(_current, "drainer", None)
        if drainer and attempt:
            drainer.opened = frozenset()
            drainer.is_replaced = drainer.has_sent = False

    def release(self, token: str) -> None:
        _pause("release")
        super().release(token)

    def _told(self, end: str, step: Callable[[], Any]) -> Any:
        if end == "away":
            raise StoreUnavailable("away")
        done = step()
        if end == "unheard":
            raise StoreUnavailable("away")
        return done


@dataclass
class Flight:
    """A request that is still on its way when its caller has given up."""

    effect: Callable[["Roistat"], Any]
    age: float = 0.0


class Roistat:
    """What Roistat holds, and the client that speaks to it."""

    def __init__(self) -> None:
        self.orders: dict[str, Any] = {}
        self.clients: dict[str, Any] = {}
        self.dictionary = [{"id": o, "name": o, "type": "progress"} for o in STATUSES]
        self.flights: list[Flight] = []
        self.background_wait: float | None = None

    def land(self, flight: Flight) -> None:
        """A request arrives that nobody waits for any more."""
        self.flights.remove(flight)
        flight.effect(self)

    def after(self, flight: Flight) -> "Roistat":
        """What Roistat would be once a request has landed."""
        other = Roistat()
        other.orders, other.clients = dict(self.orders), dict(self.clients)
        flight.effect(other)
        return other

    # --- the client ---

    def drawing(self, kind: str) -> "Roistat":
        return self

    def wait(self) -> float | None:
        return self.background_wait

    def statuses(self) -> list[dict[str, str]]:
        return copy.deepcopy(self.dictionary)

    def set_statuses(self, statuses: list[dict[str, str]]) -> None:
        self.dictionary = copy.deepcopy(statuses)

    def add_orders(self, orders: Sequence[dict[str, Any]]) -> dict[str, int]:
        if any(order["name"] == REFUSED for order in orders):
            return self._call(_refuse, "refuses")
        end = _pause("call")
        skipped = 1 if end == "partly" else 0

        def effect(roistat: "Roistat") -> dict[str, int]:
            roistat.orders |= {one["id"]: one for one in orders[skipped:]}
            return dict.fromkeys(COUNTERS, 0) | {"skipped_by_internal_error": skipped}

        return self._call(effect, end)

    def import_clients(self, clients: Sequence[dict[str, Any]]) -> None:
        def effect(roistat: "Roistat") -> None:
            roistat.clients |= {one["id"]: one for one in clients}

        self._call(effect, _pause("call"))

    def update_status(self, order_id: str, status: str) -> None:
        def effect(roistat: "Roistat") -> bool:
            is_known = order_id in roistat.orders
            if is_known:
                roistat.orders[order_id] = roistat.orders[order_id] | {"status": status}
            return is_known

        self._of_one(effect)

    def delete_order(self, order_id: str) -> None:
        def effect(roistat: "Roistat") -> bool:
            return roistat.orders.pop(order_id, None) is not None

        self._of_one(effect)

    def _of_one(self, effect: Callable[["Roistat"], bool]) -> None:
        if not self._call(effect, _pause("call")):
            raise RoistatError("resource_not_found", permanent=False)

    def _call(self, effect: Callable[["Roistat"], Any], end: str) -> Any:
        drainer = getattr(_current, "drainer", None)
        if drainer and drainer.is_replaced:
            drainer.has_sent = True
        if end in ("late", "killed, late"):
            self.flights.append(Flight(effect))
        is_done = end in ("fails after", "too late", "garbage", "killed after")
        answer = effect(self) if is_done or end in _ANSWERED else None
        if drainer and end.startswith("killed"):
            drainer.kill_here()
        if failure := _RAISED.get(end):
            raise failure()
        return answer


_ANSWERED = ("", "answers", "partly", "refuses", "done", "away", "unheard")
_RAISED: dict[str, Callable[[], UpstreamError]] = {
    "fails": lambda: RoistatError("internal_error", permanent=False),
    "fails after": lambda: RoistatError("internal_error", permanent=False),
    "lost": lambda: UpstreamError("no answer", sent=True),
    "too late": lambda: UpstreamError("no answer", sent=True),
    "late": lambda: UpstreamError("no answer", sent=True),
    "garbage": lambda: RoistatError("unreadable_answer", permanent=False, sent=True),
    "no budget": lambda: BudgetExhausted(60),
}


def _refuse(roistat: Roistat) -> None:
    raise RoistatError("request_data_validation_error", permanent=True)
