"""How often websites may send leads: a ceiling for each address, and one for all.

An address is counted in the store, for all web processes together, and known there for
the minute that it is counted in. The ceiling for all only keeps a flood out of the
store: each process counts its own share, for every count in the store is a write that
has to be on the disk before the next one.
"""

import time
from ipaddress import ip_address, ip_network

import redis
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from receiver.errors import StoreUnavailable

OF_ALL = 15_000  # a minute and process; far more than any website has visitors who ask


class Flood:
    """Counts what comes. Raises `StoreUnavailable` where Redis fails."""

    def __init__(self, client: redis.Redis, per_minute: int) -> None:
        prefix = "roistat:flood"
        storage = RedisStorage("redis://", client.connection_pool, key_prefix=prefix)
        self._ceilings = (
            (FixedWindowRateLimiter(MemoryStorage()), RateLimitItemPerMinute(OF_ALL)),
            (FixedWindowRateLimiter(storage), RateLimitItemPerMinute(per_minute)),
        )

    def wait(self, address: str) -> float:
        """Count one more from an address; 0, or for how many seconds it is too many."""
        try:
            both = zip(self._ceilings, ("all", _whose(address)), strict=True)
            for (limiter, ceiling), whose in both:
                if not limiter.hit(ceiling, whose):
                    until, _ = limiter.get_window_stats(ceiling, whose)
                    return max(1.0, until - time.time())
        except redis.RedisError as error:
            message = f"the store does not answer ({type(error).__name__})"
            raise StoreUnavailable(message) from error
        return 0.0


def _whose(address: str) -> str:
    """An address; of IPv6 the network, for one household has 2^64 of them."""
    try:
        version = ip_address(address).version
    except ValueError:
        return "unknown"
    return address if version == 4 else str(ip_network((address, 64), strict=False))
