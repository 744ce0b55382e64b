"""Our share of Roistat's request limits, drawn on by all workers together.

Roistat allows 10 requests a second and 5,000 an hour for the whole project, whoever
makes them. Three windows that slide over Redis keep us below our own share: a second,
an hour, and ten minutes that may use no more than a third of the hour, so that a burst
leaves room for the rest of it.
"""

import time

import redis
from limits import (
    RateLimitItem,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
    RateLimitItemPerSecond,
)
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from receiver.errors import BudgetExhausted, StoreUnavailable

PATIENCE = 1.5  # seconds: longer than the window of a second, shorter than a lease


class Budget:
    """Permission for calls, one at a time."""

    def __init__(self, client: redis.Redis, per_second: int, per_hour: int) -> None:
        pool = client.connection_pool
        storage = RedisStorage("redis://", pool, key_prefix="roistat:budget")
        self._limiter = MovingWindowRateLimiter(storage)
        self._windows: list[RateLimitItem] = [
            RateLimitItemPerHour(per_hour),
            RateLimitItemPerMinute(max(1, per_hour // 3), 10),
            RateLimitItemPerSecond(per_second),
        ]

    def spend(self) -> None:
        """Take one call out of the budget, waiting a moment where that helps.

        Raises `BudgetExhausted` where the wait would be longer.
        """
        deadline = time.monotonic() + PATIENCE
        while (wait := self._refused()) > 0:
            if time.monotonic() + wait > deadline:
                raise BudgetExhausted(wait)
            time.sleep(wait)

    def _refused(self) -> float:
        """0 where the call may be made, else the seconds until it may."""
        try:
            for take in (self._limiter.test, self._limiter.hit):
                for window in self._windows:
                    if not take(window, "calls"):
                        return self._until_free(window)
        except redis.RedisError as error:
            raise StoreUnavailable("the store does not answer") from error
        return 0

    def _until_free(self, window: RateLimitItem) -> float:
        reset = self._limiter.get_window_stats(window, "calls").reset_time
        return max(0.01, reset - time.time())
