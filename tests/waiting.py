"""Time that passes at once."""

from receiver.bootstrap import Services
from receiver.store.keys import DUE


def hurry(services: Services, seconds: float | None = None) -> None:
    """Make everything that waits due now, as if time had passed; or only what is due
    within so many seconds.
    """
    services.redis.delete("roistat:budget:pause")
    for member, score in services.redis.zrange(DUE, 0, -1, withscores=True):
        if seconds is None or score / 1000 < services.redis.time()[0] + seconds:
            services.redis.zadd(DUE, {member: 1})
