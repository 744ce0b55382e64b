"""The RQ entry points. A job carries no data: it wakes, the store knows the rest."""

from collections.abc import Callable
from functools import cache

import redis
import structlog
from rq import Queue

from receiver import words
from receiver.alerts import Alerts
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config
from receiver.errors import InvalidMapping, UpstreamError

log = structlog.get_logger()


@cache
def services() -> Services:
    """This worker's services, connected once and kept."""
    return bootstrap(Config.from_environment())


def wake(queue: Queue) -> None:
    """Wake a worker. One that is lost is made good by the clock's timer."""
    _enqueue(queue, drain, "wake_up_lost")


def _enqueue(
    queue: Queue, job: Callable[[], None], lost: str, timeout: int = 120
) -> None:
    try:
        queue.enqueue(job, result_ttl=0, failure_ttl=3600, job_timeout=timeout)
    except redis.RedisError as error:
        log.warning(lost, error=type(error).__name__)


def drain() -> None:
    """Deliver what is due."""
    try:
        if services().delivery.drain():
            wake(services().live)
    except InvalidMapping as error:
        log.error("nothing_sent", why=str(error))


def map_again(queue: Queue) -> None:
    """Have the next slice of what is held mapped again. One that is lost is made good
    by the clock.
    """
    _enqueue(queue, remap, "remap_lost")


def remap() -> None:
    """Map again what is held, as far as one slice goes."""
    if services().remap.run():
        wake(services().live)


def go_on(queue: Queue) -> None:
    """Have the next slice of backfill, sync or reconcile done. One that is lost is made
    good by the clock.
    """
    _enqueue(queue, catch_up, "slice_lost", timeout=600)


def catch_up() -> None:
    """Go on with backfill, sync and reconcile, as far as one slice of each goes."""
    ours = services()
    try:
        if ours.catch_up and ours.catch_up.run(lambda: wake(ours.live)):
            go_on(ours.background)
    except InvalidMapping as error:
        log.error("nothing_compared", why=str(error))


def wake_leads(queue: Queue) -> None:
    """Have leads sent to the CRM. A wake-up that is lost is made good by the clock."""
    _enqueue(queue, send_leads, "lead_wake_up_lost", timeout=600)


def send_leads() -> None:
    """Send the leads that are due, as far as one slice goes."""
    ours = services()
    if ours.leads and ours.leads.drain():
        wake_leads(ours.background)


def learn_stages(queue: Queue) -> None:
    """Have the stages that the CRM just told of added to Roistat's dictionary. A call
    that is lost is made good by the next ping.
    """
    _enqueue(queue, add_stages, "stages_not_learnt")


def add_stages() -> None:
    """Add to Roistat's dictionary what the CRM last told of and Roistat lacks."""
    try:
        services().stages.add(services().stages.of_crm())
    except UpstreamError as error:
        services().store.notes.keep_verdict(*words.legs.of_roistat(error))


def watch() -> None:
    """Look whether anything is wrong, and tell people."""
    Alerts(services()).look()


def check_roistat() -> None:
    """Ask Roistat how it is where no delivery has told us lately, or the last one that
    it was not well: perhaps nothing is left that would go and tell us.
    """
    verdict = services().store.notes.verdict()
    if verdict is None or verdict["state"] == words.FAILED:
        ask_roistat(services())


def ask_roistat(services: Services) -> tuple[str, str]:
    """Call Roistat once; give its state and message, and remember them."""
    try:
        services.store.notes.keep_statuses(services.roistat.statuses())
        verdict = words.legs.ROISTAT_ANSWERS
    except UpstreamError as error:
        verdict = words.legs.of_roistat(error)
    services.store.notes.keep_verdict(*verdict)
    return verdict
