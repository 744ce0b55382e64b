"""A polite ceiling: all workers together ask the CRM no more often than this."""

import time

import redis
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from receiver.errors import StoreUnavailable, UpstreamError

LONGEST = 60.0  # seconds: whoever waits longer would never get his turn
LOOK_AGAIN = 0.02


class Pace:
    """Turns to ask, so many a second, in a window that slides over Redis."""

    def __init__(self, client: redis.Redis, per_second: int) -> None:
        prefix = "roistat:pace"
        storage = RedisStorage("redis://", client.connection_pool, key_prefix=prefix)
        self._limiter = MovingWindowRateLimiter(storage)
        self._second = RateLimitItemPerSecond(per_second)

    def wait(self) -> None:
        """Return when it is our turn, which is counted.

        Raises `UpstreamError` where others take every turn for a minute.
        """
        deadline = time.monotonic() + LONGEST
        try:
            while not self._limiter.hit(self._second, "crm"):
                if time.monotonic() > deadline:
                    message = "the CRM is kept busy by other workers of ours"
                    raise UpstreamError(message)
                time.sleep(LOOK_AGAIN)
        except redis.RedisError as error:
            raise StoreUnavailable("the store does not answer") from error
