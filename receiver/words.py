"""How each leg of the way is doing, in the same words wherever we are asked."""

import time

from receiver.errors import BudgetExhausted, RoistatError, UpstreamError

OK, DEGRADED, FAILED, UNKNOWN = "ok", "degraded", "failed", "unknown"
WARNING = "warning"  # works, and somebody should know; never in a ping's answer

# Roistat's groups as its console calls them, by their names in its API
GROUPS = {
    "unused": "Not registered",
    "progress": "Processing",
    "paid": "Paid",
    "canceled": "Rejected",
}

ROISTAT_ANSWERS = (OK, "Roistat accepts what we send.")
ROISTAT_UNASKED = (UNKNOWN, "Roistat has not been called yet.")

_BY_CODE = {
    "authentication_failed": (
        "Roistat refuses the key: check ROISTAT_API_KEY and ROISTAT_PROJECT."
    ),
    "authorization_failed": "Roistat cannot log in to the system connected to it.",
    "access_denied": "The key's owner has no access to project ROISTAT_PROJECT.",
    "insufficient_funds": "The Roistat project is out of funds.",
    "option_not_available": "The Roistat project lacks a feature that is needed.",
    "option_not_paid": "The Roistat project has not paid for a feature that is needed.",
    "option_not_enabled": "The Roistat project has a needed feature switched off.",
    "project_frozen": "The Roistat project is frozen.",
    "http_402": "Roistat wants to be paid: look into the project's account.",
    "resource_not_found": (
        "Roistat does not know the address: check ROISTAT_URL and ROISTAT_PROJECT."
    ),
}


def of_roistat(error: UpstreamError) -> tuple[str, str]:
    """State and message after a failed call. A refusal of one deal is no illness."""
    if isinstance(error, RoistatError):
        if error.code in _BY_CODE:
            return FAILED, _BY_CODE[error.code]
        if error.permanent:
            return ROISTAT_ANSWERS
        return DEGRADED, f"Roistat cannot take deals just now ({error.code})."
    if isinstance(error, BudgetExhausted):
        return _of_budget(error)
    return DEGRADED, f"{error}."


def _of_budget(error: BudgetExhausted) -> tuple[str, str]:
    if error.code in _BY_CODE:
        return FAILED, f"{_BY_CODE[error.code]} The next try is at {error.clock}."
    if error.code:
        return DEGRADED, f"Roistat has too many requests: all wait until {error.clock}."
    return (
        DEGRADED,
        f"Our share of Roistat's request limit is used up until {error.clock}.",
    )


STORE_DURABLE = (OK, "The store keeps what it acknowledges.")
STORE_UNKNOWN = (
    UNKNOWN,
    "The store does not say whether it keeps what it acknowledges: "
    "STORE_DURABLE=yes asserts it.",
)
STORE_FORGETS = (
    DEGRADED,
    "The store may forget what it acknowledged: it needs appendonly yes, appendfsync "
    "always and maxmemory-policy noeviction.",
)
STORE_AWAY = (FAILED, "The store cannot be reached or takes nothing: check REDIS_URL.")


def of_store(durable: bool | None) -> tuple[str, str]:
    """State and message of a store that answers."""
    return {True: STORE_DURABLE, False: STORE_FORGETS, None: STORE_UNKNOWN}[durable]


def of_queue(pending: int, parked: int, overdue: float) -> tuple[str, str]:
    """State and message of what waits; `overdue` is the oldest one's, in seconds."""
    if overdue > LATE:
        return (
            DEGRADED,
            f"{pending} wait, the first for {overdue:.0f} s longer than due.",
        )
    if parked:
        return DEGRADED, f"{parked} parked: see `sugar-roistat redeliver --list`."
    return OK, f"{pending} wait."


LATE = 60.0  # seconds past its time before something is called late


# --- of the whole, for check ---

CRM_NEVER = (
    WARNING,
    "The CRM has not called yet: press Test connection on its Roistat page.",
)
PROJECT_UNKNOWN = (FAILED, "The key does not open project ROISTAT_PROJECT.")
MAPPING_FITS = (OK, "The mapping fits what the CRM says of itself.")
DELETING_OFFERED = (OK, "Deals that the CRM deletes can be deleted in Roistat.")
DELETING_REFUSED = (
    WARNING,
    "Roistat deletes deals only in projects that are integrated by API. Deleted deals "
    'are moved into the group "Not registered" instead.',
)


def of_crm(silent: float, longest: float) -> tuple[str, str]:
    """State and message of a CRM that called so many seconds ago."""
    if silent > longest:
        return WARNING, (
            f"The CRM has been silent for {silent / 60:.0f} minutes. Does its cron "
            "run? Its Roistat page says."
        )
    return OK, f"The CRM called {silent / 60:.0f} minutes ago."


def project_is_ours(name: str) -> tuple[str, str]:
    """The key and the project fit."""
    return OK, f"The key opens the project: {name}."


def other_currency(ours: str, theirs: str) -> tuple[str, str]:
    """The CRM and the project count in different money."""
    return WARNING, (
        f"The CRM's base currency is {ours}, the project's is {theirs}: Roistat takes "
        f"amounts as {theirs}, whatever they are. Change one of them, or name a field "
        "as price that holds the project's currency."
    )


def of_budget(used: int, left: int, until: float | None, code: str) -> tuple[str, str]:
    """How our share of Roistat's request limit stands, this hour."""
    if until is not None:
        return _of_budget(BudgetExhausted(until - time.time(), code))
    return OK, f"{used} calls to Roistat within the last hour, {left} left."


def of_stages(unknown: list[str]) -> tuple[str, str]:
    """Whether Roistat has all stages of the CRM."""
    if not unknown:
        return OK, "Roistat has every stage that the CRM told of."
    return WARNING, (
        f"Roistat lacks stages: {', '.join(unknown)}. They are added with the first "
        "deal that has them, or by `sugar-roistat statuses push`."
    )


def of_strangers(strangers: int, looked_at: int) -> tuple[str, str]:
    """Whether Roistat holds orders that we never sent."""
    if not strangers:
        return OK, f"We sent all of the newest {looked_at} orders in Roistat."
    return WARNING, (
        f"Of the newest {looked_at} orders in Roistat, {strangers} are not from us. Is "
        "Roistat's own connector still connected? Both would write the same deals."
    )


LEADS_STAY = (
    DEGRADED,
    "Leads are kept, but nobody can send them to the CRM: SUGAR_URL and what belongs "
    "to it are not set.",
)
LEADS_BY_GET = (
    WARNING,
    "LEADS_ALLOW_GET is on: leads that come by GET leave names, phone numbers and the "
    "key in the logs of every router and proxy on their way. Send them by POST.",
)
LATE_LEAD = 600.0  # seconds that a lead may wait before somebody should know
NOT_FORGOTTEN = (
    "Not touched: what Roistat and the CRM hold of this person, and deals whose own "
    "name or fields tell of somebody. Delete the contact in the CRM first: as long as "
    "it is there, a sync or the next change of it brings the client back. In Roistat, "
    "delete the client there, or ask its support to."
)


def of_leads(is_on: bool, waiting: int, parked: int, oldest: float) -> tuple[str, str]:
    """State and message of what websites sent; `oldest` is how many seconds the first
    of those that wait has waited.
    """
    if waiting and oldest > LATE_LEAD:
        return DEGRADED, (
            f"{waiting} wait, the first for {oldest / 60:.0f} minutes: see "
            "`sugar-roistat leads --state waiting`."
        )
    if parked:
        return DEGRADED, f"{parked} parked: see `sugar-roistat leads --parked`."
    if not is_on and not waiting:
        return OK, "No leads are taken: LEADS_KEY is not set."
    return OK, f"{waiting} wait."


CRM_READ = (OK, "The CRM can be read.")
CRM_NOT_ASKED = (
    OK,
    "The CRM is not read, it only calls: SUGAR_URL and what belongs to it are not set.",
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


# --- of one deal ---

NOT_DIVIDED = (
    "Roistat refused some of the deals of a call without saying which. They are sent "
    "again; finding out which waits, so that it does not use up the hour's budget."
)
BEHIND = (
    "It waits behind live changes: the rest of our share of Roistat's request limit is "
    "kept for them."
)
METHOD_REFUSED = "Roistat does not offer this method to the project; another is used."
INTERNAL_ERROR = "Roistat failed on this deal (internal error). It is sent again."
VISITS_AWAITED = (
    "Roistat does not know yet the visit of this deal, or of others sent with it. They "
    "are sent again; the deal is in Roistat meanwhile."
)
VISIT_AWAITED = (
    "Roistat does not know the deal's visit yet. It is sent again, for five days; "
    "the deal is in Roistat meanwhile. Is the number in the field roistat right?"
)


def no_number(what: str, field: str) -> str:
    """Why a deal with such a price or cost is not sent."""
    return (
        f"The {what} is no number: the deal's field {field} holds something else. "
        "Correct it in the CRM, or name another field in the mapping."
    )


def status_skipped(status: str) -> str:
    """Why Roistat skipped a deal whose status it should count."""
    return (
        f"Roistat does not count deals in the status {status}. See `sugar-roistat "
        "statuses show`; in Roistat, look whether the integration's settings have it."
    )


_NOTES = {
    "direct": "No visit: in Roistat it counts as direct traffic. Whoever knows the "
    "visit or promo code can still type it into the field roistat.",
    "visit_unknown": "Roistat never learned of its visit: it counts as direct traffic. "
    "Check the field roistat; saving another number sends it again.",
    "not_counted": 'Its stage is in the group "Not registered": Roistat has it and '
    "does not count it. The mapping, or Roistat's settings, say which group.",
    "fields_dropped": "Roistat dropped extra fields of it as malformed. Take fields "
    "out of the mapping, or correct them in the CRM.",
    "cut": "Extra fields were cut at 1,000 characters, Roistat's limit.",
    "moved": "Deleted in the CRM, or outside the mapping's filter: moved into the "
    'group "Not registered".',
    "left_out": "Outside the mapping's filter: never sent to Roistat.",
}


def of_note(note: str) -> str:
    """What there is to say of a deal that Roistat has; empty for nothing."""
    return _NOTES.get(note, "")


def notes() -> tuple[str, ...]:
    """Every note that a delivered deal can have."""
    return tuple(_NOTES)
