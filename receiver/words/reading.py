"""How reading the CRM is going: sync, reconcile, backfill."""

from receiver.errors import UpstreamError
from receiver.words.states import DEGRADED, FAILED, OK, WARNING

CRM_READ = (OK, "The CRM can be read.")
CRM_NOT_ASKED = (
    OK,
    "The CRM is not read, it only calls: SUGAR_URL and what belongs to it are not set.",
)
CRM_UNREADABLE = (
    "The CRM cannot be read: set SUGAR_API, SUGAR_URL and what belongs to them."
)
SYNC_NEVER = (WARNING, "The CRM's changes have not been read yet. Does the clock run?")
SYNC_OFF = (OK, "SYNC_INTERVAL is 0: the CRM's changes are not read by the clock.")
CRM_POLLED = (OK, "No package calls: the CRM's changes are read by the clock.")
RECONCILE_RUNS = (OK, "Both sides are being compared.")
RECONCILE_NEVER = (
    WARNING,
    "Both sides have never been compared. That happens at night, or at once by "
    "`sugar-roistat reconcile`.",
)


def of_reading(error: UpstreamError) -> tuple[str, str]:
    """State and message after the CRM could not be read."""
    return (FAILED if error.permanent else DEGRADED), f"{error}."


def of_sync(
    minutes_ago: float, longest: float, found: dict[str, int], has_package: bool
) -> tuple[str, str]:
    """When what changed was last read from the CRM, and what webhooks had missed."""
    told = ", ".join(f"{count} {cause}" for cause, count in found.items() if count)
    when = f"The CRM's changes were read {minutes_ago:.0f} minutes ago"
    if minutes_ago > longest:
        return WARNING, f"{when}: later than they should. Do clock and workers run?"
    if not told or not has_package:
        return OK, f"{when}: {told or 'nothing that was not known'}."
    return WARNING, (
        f"{when}: {told} that no webhook had told of. Is the package enabled, and does "
        "the CRM's cron run? Its Roistat page says. Changes by SQL look the same."
    )


def of_reconcile(
    hours_ago: float, differing: int, kinds: dict[str, int], repaired: int
) -> tuple[str, str]:
    """When both sides were last compared, and what differed."""
    when = f"Both sides were compared {hours_ago:.0f} hours ago"
    if not differing:
        return OK, f"{when}: they agree."
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    left = differing - repaired
    state = WARNING if left else OK
    return state, (
        f"{when}: {differing} deals differed ({told}), {repaired} were sent again. "
        "`sugar-roistat reconcile` names each that still differs."
    )


PAID_TODAY = (
    "Roistat may date old paid deals today: it stamps the day it first sees a deal as "
    "paid. Reports by the day of creation are right; those by the day of payment may "
    "show all old payments on the day of the backfill."
)

# How a deal can differ, as people read it
DIFFERENCES = {
    "missing": "missing in Roistat",
    "unknown": "unknown to the CRM",
    "deleted": "deleted in the CRM",
    "restored": "restored in the CRM",
    "stranger": "not from us: left alone",
    "parked": "refused for good: see redeliver --list",
    "content": "not what we last delivered (name, client or date)",
}
