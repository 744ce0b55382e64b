"""What runs how often: `python -m receiver.schedule`, the clock process."""

import sys
import time

import structlog
from rq import Queue
from rq.cron import CronJob, CronScheduler

from receiver import __version__, alerts, jobs, logs, sentry
from receiver.bootstrap import BACKGROUND, Services, bootstrap
from receiver.config import Config
from receiver.errors import InvalidMapping, InvalidSettings

TICK = 2.0  # seconds between two looks of the timer
CHECK_ROISTAT_EVERY = 600  # seconds
WAITING_JOBS = 2  # in the background: then a wake-up for leads is among them, or soon

log = structlog.get_logger()


class Clock(CronScheduler):
    """RQ's cron, and the timer that makes every lost wake-up harmless."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.redis, logging_level="WARNING")
        self._services = services

    def enqueue_jobs(self) -> list[CronJob]:
        """Enqueue what the cron says, and a wake-up if anything is due."""
        self.wake_if_due()
        self.remap_if_needed()
        self.catch_up_if_needed()
        self.send_leads_if_due()
        enqueued: list[CronJob] = super().enqueue_jobs()
        return enqueued

    def wake_if_due(self) -> None:
        """Wake whatever the wake-up flag says: who set it may have died. One wake-up
        that no worker has taken yet is enough.
        """
        live: Queue = self._services.live
        if self._services.store.is_due() and live.count == 0:
            jobs.wake(live)

    def remap_if_needed(self) -> None:
        """Go on mapping what is held, where another mapping is in force than the one
        that it was last mapped by.
        """
        background: Queue = self._services.background
        try:
            if self._services.remap.is_needed() and background.count == 0:
                jobs.map_again(background)
        except InvalidMapping as error:
            log.error("nothing_sent", why=str(error))

    def catch_up_if_needed(self) -> None:
        """Go on with backfill, sync and reconcile, where one of them has to."""
        background: Queue = self._services.background
        ours = self._services.catch_up
        if ours and background.count == 0 and ours.is_needed():
            jobs.go_on(background)

    def send_leads_if_due(self) -> None:
        """Wake whatever the wake-up flag says, and beside a slice that waits: leads
        must not starve behind it.
        """
        background: Queue = self._services.background
        due = self._services.lead_store.next_due()
        is_due = due is not None and due <= time.time()
        if self._services.leads and is_due and background.count < WAITING_JOBS:
            jobs.wake_leads(background)

    def calculate_sleep_interval(self) -> float:
        """Never sleep past the timer's next look."""
        return min(TICK, super().calculate_sleep_interval())


def main() -> None:
    """Tick until told to stop."""
    try:
        config = Config.from_environment()
        logs.configure(config.log_format)
        sentry.start(config.sentry_dsn, __version__)
        clock = Clock(bootstrap(config))
    except InvalidSettings as error:
        sys.exit(str(error))
    clock.register(
        jobs.check_roistat,
        BACKGROUND,
        interval=CHECK_ROISTAT_EVERY,
        result_ttl=0,
        ttl=CHECK_ROISTAT_EVERY,
    )
    clock.register(
        jobs.watch, BACKGROUND, interval=alerts.EVERY, result_ttl=0, ttl=alerts.EVERY
    )
    clock.start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
