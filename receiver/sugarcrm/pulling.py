"""What can be pulled from a CRM, in one shape for all of them.

SugarCRM and SuiteCRM speak two languages (rest_v11.py and suitecrm_v8.py). Whoever asks
for deals knows only what stands here.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from receiver.deal import Client, Deal


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a walk by (date_modified, id) stands.

    `modified` is UTC to the second, `2026-11-21T07:42:10Z`, as the CRM stores it. One
    that a page gave is handed back as it is; whoever makes one himself leaves `id`
    empty, and so stands before that moment.
    """

    modified: str
    id: str


@dataclass(frozen=True, slots=True)
class Pulled:
    """One deal as the CRM stores it now, and its client.

    A deleted deal knows nothing but its id. `modified` is its date, as in `Bookmark`;
    where the CRM does not show a deleted deal's, a moment that is no later.
    """

    deal: Deal
    client: Client | None
    modified: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some deals, in order.

    `fence`: UTC microseconds, the CRM's clock when the read began, rounded down to the
    second. `following`: where the next page begins; None where this was the last.
    """

    deals: list[Pulled]
    fence: int
    following: Bookmark | None


class Crm(Protocol):
    """A CRM that can be asked.

    Every method raises `UpstreamError` where it cannot answer.
    """

    def page(
        self,
        after: Bookmark | None,
        *,
        since: str | None = None,
        until: str | None = None,
        size: int = 100,
    ) -> Page:
        """The deals that follow `after`, ascending by (date_modified, id), deleted ones
        included. `since` (inclusive) and `until` (exclusive) are of date_modified.
        """

    def deal(self, deal_id: str) -> tuple[Pulled | None, int]:
        """One deal, and the fence of the read; None where the CRM has no such row."""

    def about(self) -> dict[str, Any]:
        """What the CRM says of itself, in the words of a ping (see `PingSchema`)."""

    def count(
        self, *, since: str | None = None, until: str | None = None
    ) -> int | None:
        """How many deals there are, roughly; None where the CRM does not say."""
