"""What is handed on as a whole: how both sides differ, and the leads; the same on the
command line and the dashboard.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from receiver import words
from receiver.plain import plain
from receiver.reconcile import Comparison, Difference
from receiver.store.leads import HeldLead

LEAD_COLUMNS = (
    *("id", "received", "state", "title", "name", "email", "phone", "company"),
    *("visit", "deal", "address", "failures", "next", "why"),
)


def summary(comparison: Comparison) -> str:
    """What a comparison came to, in one sentence."""
    said = f"{comparison.deals} deals, {comparison.orders} orders in Roistat: "
    said += f"{comparison.differing} differ" if comparison.differing else "they agree"
    if comparison.repaired:
        said += f", {comparison.repaired} sent again"
    if comparison.on_their_way:
        said += f", {comparison.on_their_way} are on their way"
    return f"{said}."


def kind(name: str) -> str:
    """A kind of difference as people read it."""
    return words.reading.DIFFERENCES.get(name, name)


def told(found: Mapping[str, int]) -> str:
    """What a walk found, by cause; nothing where it found nothing."""
    return ", ".join(f"{count} {cause}" for cause, count in found.items() if count)


def differences_csv(found: Iterable[Difference]) -> Iterator[str]:
    """How deals differ, line by line."""
    rows = ((one.deal, one.name, "; ".join(one.kinds)) for one in found)
    return _lines(("deal", "name", "differs"), rows)


def leads_csv(found: Iterable[HeldLead]) -> Iterator[str]:
    """Leads, line by line."""
    return _lines(LEAD_COLUMNS, map(_lead, found))


def _lead(held: HeldLead) -> tuple[str, ...]:
    lead = held.lead
    return (
        *(lead.id, lead.received, held.state, lead.title, lead.name, lead.email),
        *(lead.phone, lead.company, lead.visit or "", held.deal_id or ""),
        *(held.url or "", str(held.tries), instant(held.due), held.reason),
    )


def instant(moment: float | None) -> str:
    """A moment to the second, in UTC; nothing for none."""
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(columns)
    yield page.getvalue()
    for row in rows:
        page.seek(0)
        page.truncate()
        writer.writerow(map(no_formula, row))
        yield page.getvalue()


def no_formula(text: str) -> str:
    """Text that neither a spreadsheet takes for a formula nor a terminal obeys."""
    begins = ("=", "+", "-", "@", "\t", "\r", "\n", *"＝＋－＠")  # noqa: RUF001
    return plain(f"'{text}" if text.startswith(begins) else text)
