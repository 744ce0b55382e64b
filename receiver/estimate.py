"""What a backfill takes, before it begins and while it runs."""

import math
import time
from dataclasses import dataclass

from receiver.bootstrap import Services
from receiver.sugarcrm.pulling import Crm
from receiver.sync import Progress

BACKGROUND_SHARE = 2 / 3  # of the budget: the rest is for live changes


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a backfill of some stretch of time would take at most; of a CRM that does
    not say how many deals it has, nothing is known.
    """

    deals: int | None
    calls: int = 0
    seconds: float = 0.0


def estimate(
    services: Services, crm: Crm, since: str | None, until: str | None
) -> Estimate:
    """Ask the CRM how many deals there are, and no more. Raises `UpstreamError`."""
    deals = crm.count(since=since, until=until)
    if deals is None:
        return Estimate(None)
    calls = _calls(services, deals)
    return Estimate(deals, calls, _seconds_of_calls(services, calls))


def rate(progress: Progress) -> float:
    """How many deals were read a second until now."""
    until = progress.ended or time.time()
    return progress.done / max(1.0, until - progress.began)


def seconds_left(services: Services, progress: Progress) -> float | None:
    """As fast as until now, but not faster than the budget allows if all are sent; None
    where nobody knows how many there are.
    """
    if not progress.total:
        return None
    deals = max(0, progress.total - progress.done)
    speed = rate(progress)
    by_rate = deals / speed if speed else 0.0
    return max(by_rate, _seconds_of_calls(services, _calls(services, deals)))


def _calls(services: Services, deals: int) -> int:
    """Orders and clients, a batch a call."""
    return 2 * math.ceil(deals / services.config.roistat_batch_size)


def _seconds_of_calls(services: Services, calls: int) -> float:
    hourly = services.config.roistat_requests_per_hour
    for_live = hourly * (1 - BACKGROUND_SHARE)
    free = max(0.0, services.budget.state().left - for_live)
    per_second = services.config.roistat_requests_per_second * BACKGROUND_SHARE
    late = max(0.0, calls - free) / (hourly * BACKGROUND_SHARE) * 3600
    return max(late, calls / per_second)
