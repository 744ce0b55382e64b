"""How often somebody has tried to log in: who guesses is made to wait."""

import time

import redis
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from receiver.store.edge import translated

# From one address: plenty for whoever mistypes, no more than 2,880 a day for a guesser
TRIES = RateLimitItemPerMinute(10, 5)


class Logins:
    """Tries by address. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: redis.Redis) -> None:
        storage = RedisStorage(
            "redis://", client.connection_pool, key_prefix="roistat:login"
        )
        self._limiter = MovingWindowRateLimiter(storage)

    def wait(self, address: str) -> float | None:
        """Count a try; None where it may be made, else the seconds until the next."""
        with translated():
            if self._limiter.hit(TRIES, address):
                return None
            reset = self._limiter.get_window_stats(TRIES, address).reset_time
        return max(1.0, reset - time.time())

    def forget(self, address: str) -> None:
        """Somebody there knows the password: the tries before do not count."""
        with translated():
            self._limiter.clear(TRIES, address)
