"""Our share of Roistat's request limits, drawn on by all workers together.

Roistat allows 10 requests a second and 5,000 an hour for the whole project, whoever
makes them, and has smaller quotas for the list of orders:
https://help-en.roistat.com/API/methods/orders

What we allow ourselves are windows that slide over Redis: an hour, and ten minutes that
may use no more than a third of the hour, so that a burst leaves room for the rest of
it. A second needs more care, for a call that is held up on its way arrives together
with later ones: see `Traffic`.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import redis
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from receiver.errors import BudgetExhausted, StoreUnavailable
from receiver.roistat.traffic import LONGEST_CALL, Call, Refused, Traffic

PATIENCE = 1.5  # seconds: longer than the window of a second, shorter than a lease
LOOK_AGAIN = 0.05  # seconds: a call that is on its way may come back any moment
A_MOMENT = 2.0  # seconds: whoever goes away comes back no sooner (see the clock)
BUSY_SECONDS = 1.0  # when to come again where too many are on their way

HOUR = 3600  # seconds

# A minute and the longest that a call can be on its way.
LIST_SECONDS = 60 + math.ceil(LONGEST_CALL) + 1

# Live changes; what can wait, such as a backfill; and the splitting of refused batches.
Kind = Literal["live", "background", "splitting"]
_SPLITTING_SHARE = 0.1  # of the hour


@dataclass(frozen=True, slots=True)
class ListQuota:
    """Which of Roistat's quotas a page of `order/list` falls under. They are counted as
    if the wider ones held for every page, which nobody says, but is safe.
    """

    visits: bool
    limit: int

    def windows(self) -> list[RateLimitItem]:
        """The windows that one page is counted in."""
        calls = [20]
        if self.visits:
            calls += [10] + [5] * (self.limit > 100) + [1] * (self.limit > 1000)
        return [RateLimitItemPerSecond(n, LIST_SECONDS) for n in calls]


@dataclass(frozen=True, slots=True)
class BudgetState:
    """How the budget stands: calls within the last hour, and what is left of it.

    `until` (UNIX time) is there where no live call may be made at this moment, and
    `code` is Roistat's word for why; without one our own share is used up.
    """

    used: int
    left: int
    until: float | None = None
    code: str = ""


class Budget:
    """Permission for calls, one at a time.

    Live calls may use every window up. All other kinds leave its last third alone, so
    that no backfill, however long, holds up a change that somebody has just made; that
    is a rule which needs no queue and no knowledge of who else is there. It holds to
    within the number of processes that ask at the same instant. Splitting has, besides,
    no more than a tenth of the hour.
    """

    def __init__(
        self, client: redis.Redis, per_second: int, per_hour: int, hour: int = HOUR
    ) -> None:
        """`hour` is how many seconds an hour has: less where somebody measures."""
        prefix = "roistat:budget"
        storage = RedisStorage("redis://", client.connection_pool, key_prefix=prefix)
        self._limiter = MovingWindowRateLimiter(storage)
        self._traffic = Traffic(client, prefix)
        self._per_second = per_second
        self._hour = RateLimitItemPerSecond(per_hour, hour)
        self._windows: list[RateLimitItem] = [
            self._hour,
            RateLimitItemPerSecond(max(1, per_hour // 3), hour // 6),
        ]
        splitting = max(1, int(per_hour * _SPLITTING_SHARE))
        self._splitting = RateLimitItemPerSecond(splitting, hour)

    @contextmanager
    def calling(
        self, kind: Kind = "live", quota: ListQuota | None = None
    ) -> Iterator[None]:
        """Around one call: take it out of the budget, and learn from how it ends.

        Waits a moment where that helps. Raises `BudgetExhausted` where the wait would
        be longer. After Roistat has said that it is throttled (429) or that the project
        does not pay (402), all workers wait, longer each time, until a call succeeds.
        """
        call = self._take(kind, quota)
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            # what cannot be noted must not hide what came of the call
            with suppress(redis.RedisError):
                self._traffic.answered(call, error)

    def spend(self, kind: Kind = "live") -> None:
        """Take one call out of the budget for something that is over at once."""
        with self.calling(kind):
            pass

    def may_spend(self, kind: Kind = "live") -> bool:
        """Whether a call of this kind would be allowed now, or after a moment."""
        with _translated():
            if self._paused():
                return False
            return (self._full(self._shares(kind, None), kind) or 0) <= A_MOMENT

    def wait(self, kind: Kind = "live") -> float | None:
        """Seconds until the windows and Roistat would allow a call of this kind; None
        where they do now.
        """
        with _translated():
            if paused := self._paused():
                return paused[0] - time.time()
            return self._full(self._shares(kind, None), kind)

    def state(self) -> BudgetState:
        """How the budget stands now."""
        with _translated():
            left = self._limiter.get_window_stats(self._hour, "calls").remaining
            used = self._hour.amount - left
            if paused := self._paused():
                return BudgetState(used, left, *paused)
            full = self._full(self._shares("live", None), "live")
        return BudgetState(used, left, None if full is None else time.time() + full)

    def resume(self) -> None:
        """End a pause at once: somebody says that what was refused is mended."""
        with _translated():
            self._traffic.resume()

    def _paused(self) -> tuple[float, str] | None:
        pause = self._traffic.pause()
        return pause if pause and pause[0] > time.time() else None

    def _take(self, kind: Kind, quota: ListQuota | None) -> Call:
        deadline = time.monotonic() + PATIENCE
        while isinstance(answer := self._try(kind, quota), Refused):
            late = time.monotonic() + LOOK_AGAIN > deadline
            if answer.code or answer.wait > PATIENCE or late:
                raise BudgetExhausted(answer.wait, answer.code)
            time.sleep(min(answer.wait, LOOK_AGAIN))
        return answer

    def _try(self, kind: Kind, quota: ListQuota | None) -> Call | Refused:
        """Look at all windows before any is charged: what is refused costs nothing."""
        shares = self._shares(kind, quota)
        with _translated():
            full = self._full(shares, kind)
            if full is not None:
                return Refused(full)
            call = self._traffic.admit(self._per_second - _left(self._per_second, kind))
            if isinstance(call, Refused):
                return call if call.code else Refused(min(call.wait, BUSY_SECONDS))
            for window, name in reversed(shares):
                if not self._limiter.hit(window, name):
                    self._traffic.withdraw(call)
                    return Refused(self._until_free(window, name))
        return call

    def _shares(
        self, kind: Kind, quota: ListQuota | None
    ) -> Sequence[tuple[RateLimitItem, str]]:
        """Every window that a call is counted in, and the name it is counted under."""
        shares = [(window, "calls") for window in self._windows]
        if kind == "splitting":
            shares.append((self._splitting, "splitting"))
        lists = quota.windows() if quota else []
        return shares + [(window, "list") for window in lists]

    def _full(
        self, shares: Sequence[tuple[RateLimitItem, str]], kind: Kind
    ) -> float | None:
        """None where there is room in all windows, else the seconds until there is."""
        for window, name in shares:
            left = 0 if name == "splitting" else _left(window.amount, kind)
            if not self._limiter.test(window, name, cost=1 + left):
                return self._until_free(window, name)
        return None

    def _until_free(self, window: RateLimitItem, name: str) -> float:
        reset = self._limiter.get_window_stats(window, name).reset_time
        return max(0.01, reset - time.time())


def _left(amount: int, kind: Kind) -> int:
    """How much of a window this kind must leave to live calls."""
    return 0 if kind == "live" else min(math.ceil(amount / 3), amount - 1)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise StoreUnavailable("the store does not answer") from error
