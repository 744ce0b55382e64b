"""What reads the CRM beside live changes: backfill, sync and reconcile, by turns."""

import time
from datetime import UTC, datetime

import structlog

from receiver import words
from receiver.errors import UpstreamError
from receiver.reconcile import NIGHTLY, Reconcile
from receiver.store import Store
from receiver.sugarcrm.pulling import Crm
from receiver.sync import Backfill, Sync, Wake

SLICE_SECONDS = 5.0  # each, then the worker gets to hear that it should stop
PAUSE, LONG_PAUSE = 15.0, 300.0  # seconds after the CRM failed, or refused us
ABOUT_AGE = 600.0  # seconds: as often as the package tells

log = structlog.get_logger()


class CatchUp:
    """A slice of each that has something to do. The clock asks whether any has."""

    def __init__(
        self,
        store: Store,
        crm: Crm,
        backfill: Backfill,
        sync: Sync,
        reconcile: Reconcile,
    ) -> None:
        self._store = store
        self.crm = crm
        self.backfill = backfill
        self.sync = sync
        self.reconcile = reconcile

    def is_needed(self) -> bool:
        """Whether there is anything to go on with, and the CRM may be asked."""
        verdict = self._store.notes.crm_verdict()
        if verdict and verdict["until"] > time.time():
            return False
        return (
            self.sync.is_due()
            or self.backfill.is_unfinished()
            or self.reconcile.is_due()
            or self._is_night()
        )

    def run(self, wake: Wake, seconds: float = SLICE_SECONDS) -> bool:
        """Go on; True where somebody should at once."""
        try:
            is_more = self._run(wake, seconds)
        except UpstreamError as error:
            self.failed(error)
            return False
        self._store.notes.keep_crm_verdict(*words.reading.CRM_READ)
        return is_more

    def _run(self, wake: Wake, seconds: float) -> bool:
        is_more = False
        self.learn()
        if self._is_night():
            self.reconcile.start(NIGHTLY)
        if self.sync.is_due():
            self.sync.start()
            is_more = self.sync.run(seconds, wake)
        if self.backfill.is_unfinished():
            is_more = self.backfill.run(seconds, wake) or is_more
        if self.reconcile.is_due():
            is_more = self.reconcile.run(seconds, wake) or is_more
        return is_more

    def _is_night(self) -> bool:
        """Whether to begin the nightly comparison; not while deals are still missing
        because they have never been read.
        """
        if not self.sync.is_on or not self.reconcile.is_night():
            return False
        return not self.backfill.is_unfinished()

    def failed(self, error: UpstreamError) -> None:
        """Remember that the CRM could not be read, and let it alone for a while."""
        pause = LONG_PAUSE if error.permanent else PAUSE
        self._store.notes.keep_crm_verdict(
            *words.reading.of_reading(error), time.time() + pause
        )
        log.warning("crm_not_read", why=str(error))

    def learn(self) -> None:
        """Ask the CRM what it says of itself, where no package tells us."""
        ping = self._store.notes.ping()
        if ping is None or (ping.get("pulled") and _is_old(ping["received_at"])):
            self._store.notes.keep_ping(self.crm.about() | {"pulled": True})


def _is_old(told: str) -> bool:
    age = datetime.now(UTC) - datetime.fromisoformat(told)
    return age.total_seconds() > ABOUT_AGE
