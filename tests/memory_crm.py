"""A CRM in memory that can be read: rows, a clock, and somebody who edits meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from receiver.deal import Deal
from receiver.errors import UpstreamError
from receiver.sugarcrm.events import load
from receiver.sugarcrm.pulling import Bookmark, Page, Pulled
from tests.events import event, opportunity

SECOND = 1_000_000
BEGINNING = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())


def moment(seconds: float) -> str:
    """So many seconds after the beginning, as a CRM dates its rows."""
    return datetime.fromtimestamp(BEGINNING + int(seconds), UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


class MemoryCrm:
    """Answers as the protocol says. `now` is its clock, seconds after the beginning;
    `between` is called after each page, with how many there were.
    """

    def __init__(self) -> None:
        self.now = 100_000.0
        self.rows: dict[str, tuple[str, dict[str, Any], bool]] = {}
        self.pages = 0
        self.asked: list[str] = []
        self.failures: list[UpstreamError] = []
        self.between: Callable[[int], None] = lambda number: None
        self.counts = True

    def save(self, deal_id: str, at: float | None = None, **changes: Any) -> None:
        """Save a deal; by SQL, its date untouched, where `at` is -1."""
        old = self.rows.get(deal_id)
        modified = moment(self.now if at is None else at)
        data = old[1] if old else opportunity(deal_id)
        if at == -1:
            assert old
            modified = old[0]
        self.rows[deal_id] = (
            modified,
            data | {"date_modified": modified} | changes,
            False,
        )

    def delete(self, deal_id: str, at: float | None = None) -> None:
        modified = moment(self.now if at is None else at)
        self.rows[deal_id] = (modified, self.rows[deal_id][1], True)

    def purge(self, deal_id: str) -> None:
        del self.rows[deal_id]

    def told(self, deal_id: str, at: float = 0) -> dict[str, Any]:
        """The webhook of a deal as it is now."""
        _, data, is_deleted = self.rows[deal_id]
        kind = "opportunity.deleted" if is_deleted else "opportunity.saved"
        return event(data, kind, at=moment(self.now + at).replace("Z", ".500000Z"))

    # --- the protocol ---

    def page(
        self,
        after: Bookmark | None,
        *,
        since: str | None = None,
        until: str | None = None,
        size: int = 100,
    ) -> Page:
        if self.failures:
            raise self.failures.pop(0)
        fence = self._fence()
        found = sorted(
            (modified, deal_id)
            for deal_id, (modified, *_) in self.rows.items()
            if (since is None or modified >= since)
            and (until is None or modified < until)
            and (after is None or (modified, deal_id) > (after.modified, after.id))
        )
        deals = [self._pulled(deal_id) for _, deal_id in found[:size]]
        is_last = len(found) <= size
        self.pages += 1
        self.between(self.pages)
        following = None if is_last else Bookmark(*found[size - 1])
        return Page(deals, fence, following)

    def deal(self, deal_id: str) -> tuple[Pulled | None, int]:
        self.asked.append(deal_id)
        return (self._pulled(deal_id) if deal_id in self.rows else None), self._fence()

    def about(self) -> dict[str, Any]:
        return {"version": "0", "stages": [], "fields": [], "pipeline": "sales_stage"}

    def count(
        self, *, since: str | None = None, until: str | None = None
    ) -> int | None:
        return len(self.rows) if self.counts else None

    def _fence(self) -> int:
        return (BEGINNING + int(self.now)) * SECOND

    def _pulled(self, deal_id: str) -> Pulled:
        modified, data, is_deleted = self.rows[deal_id]
        if is_deleted:
            return Pulled(Deal(deal_id, deleted=True), None, modified)
        (one,) = load(event(data))  # type: ignore[misc]
        return Pulled(one.deal, one.client, modified)
