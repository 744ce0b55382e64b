"""The RQ entry points. A job carries no data: it wakes, the store knows the rest."""

from functools import cache

import redis
import structlog
from rq import Queue

from receiver import words
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config
from receiver.errors import UpstreamError

log = structlog.get_logger()


@cache
def services() -> Services:
    """This worker's services, connected once and kept."""
    return bootstrap(Config.from_environment())


def wake(queue: Queue) -> None:
    """Wake a worker. One that is lost is made good by the clock's timer."""
    try:
        queue.enqueue(drain, result_ttl=0, failure_ttl=3600, job_timeout=120)
    except redis.RedisError as error:
        log.warning("wake_up_lost", error=type(error).__name__)


def drain() -> None:
    """Deliver what is due."""
    if services().delivery.drain():
        wake(services().live)


def check_roistat() -> None:
    """Ask Roistat how it is where no delivery has told us lately."""
    if services().store.verdict() is None:
        ask_roistat(services())


def ask_roistat(services: Services) -> tuple[str, str]:
    """Call Roistat once; give its state and message, and remember them."""
    try:
        services.store.keep_statuses(services.roistat.statuses())
        verdict = words.ROISTAT_ANSWERS
    except UpstreamError as error:
        verdict = words.of_roistat(error)
    services.store.keep_verdict(*verdict)
    return verdict
