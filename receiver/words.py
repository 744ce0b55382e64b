"""How each leg of the way is doing, in the same words wherever we are asked."""

import re
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

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
        return DEGRADED, (
            f"{parked} parked: the dashboard says why, and so does "
            "`sugar-roistat redeliver --list`."
        )
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


# --- of all together ---


def of_all(states: Collection[str]) -> tuple[str, str]:
    """The worst of all states, and the whole in one sentence."""
    failed, degraded, warned = (
        sum(one == state for one in states) for state in (FAILED, DEGRADED, WARNING)
    )
    if failed:
        return FAILED, "Deals do not get through."
    if degraded:
        return DEGRADED, "Deals get through, but not all is well."
    if warned:
        things = "one thing" if warned == 1 else f"{warned} things"
        return WARNING, f"Deals get through. Somebody should look at {things}."
    if UNKNOWN in states:
        return UNKNOWN, "Nothing is wrong as far as we know; not all is known yet."
    return OK, "Everything works."


# --- of alarms ---

SILENT = 1500.0  # seconds: the CRM's cron sends a ping every ten minutes
NEARLY_FULL = 0.8  # of the store's memory limit

_TITLES = {
    "roistat_refuses": "Roistat refuses us",
    "crm_refuses": "the CRM refuses to be read",
    "stuck": "nothing reaches Roistat",
    "parked": "deals are parked",
    "crm_silent": "the CRM is silent",
    "crm_cron": "the CRM's cron does not run",
    "crm_outbox": "the CRM's outbox holds refused deals",
    "store_forgets": "the store may forget",
    "store_full": "the store is nearly full",
}


def alarms() -> tuple[str, ...]:
    """The name of every alarm."""
    return tuple(_TITLES)


def alarm_begins(alarm: str) -> str:
    """The title of the message that tells of it."""
    return f"Roistat for SugarCRM: {_TITLES[alarm]}"


def alarm_ends(alarm: str) -> str:
    """The title of the message that tells of its end."""
    return f"Roistat for SugarCRM, over: {_TITLES[alarm]}"


def of_stuck(pending: int, seconds: float, longest: float) -> tuple[str, str]:
    """Whether something waits and nothing was delivered for so long."""
    if seconds <= longest:
        return OK, f"{pending} wait."
    return FAILED, (
        f"{pending} wait, and nothing was delivered for {seconds / 60:.0f} minutes. Do "
        "the live workers run? `sugar-roistat check` says what else it can be."
    )


def of_cron(idle: float | None) -> tuple[str, str]:
    """Whether the CRM's cron ran shortly before the CRM called; None: never yet."""
    if idle is not None and idle <= SILENT:
        return OK, "The CRM's cron runs."
    when = "never ran"
    if idle is not None:
        when = f"stood still for {idle / 60:.0f} minutes"
    return WARNING, (
        f"The CRM's cron {when}, as the CRM said when it last called: what could not "
        "be sent at once stays in its outbox. Is cron.php in the crontab, and our "
        "scheduler active?"
    )


def idle_cron(ping: Mapping[str, Any]) -> float | None:
    """For how many seconds the CRM's cron had not swept when it called; None where it
    never did.
    """
    swept = (ping.get("outbox") or {}).get("last_sweep")
    try:
        moment = datetime.fromisoformat(swept) if swept else None
        heard = datetime.fromisoformat(ping["received_at"])
        return (heard - moment).total_seconds() if moment else None
    except (TypeError, ValueError):
        return None


def of_outbox(refused: int, waiting: int = 0) -> tuple[str, str]:
    """What waits in the CRM, as it last told, and whether we refused some of it."""
    if not refused:
        return OK, f"{waiting or 'None'} wait in the CRM's outbox, none was refused."
    return WARNING, (
        f"{refused} deals lie in the CRM's outbox because the receiver refused them. "
        "The CRM's Roistat page says why, and sends them again."
    )


def of_memory(used: int | None, limit: int | None) -> tuple[str, str]:
    """How full the store is."""
    if used is None:
        return UNKNOWN, "The store does not say how much memory it uses."
    if limit is None:
        return OK, f"The store uses {used / 1e6:.0f} MB and tells of no limit."
    share = used / limit
    told = f"The store uses {share:.0%} of its {limit / 1e6:.0f} MB"
    if share <= NEARLY_FULL:
        return OK, f"{told}."
    return WARNING, f"{told}: full, it takes nothing more. Give it more memory."


NOT_LOOKED_AT = "not_looked_at"


def cause_of(reason: str) -> str:
    """Why something is parked, in one word: Roistat's, or ours. What Roistat describes
    may name people, and is left out.
    """
    if code := re.match(r"([a-z][a-z0-9_]{2,39})(?::|$)", reason):
        return code[1]
    for cause, part in _OUR_CAUSES.items():
        if part in reason:
            return cause
    return "other"


_OUR_CAUSES = {"status": "does not count deals in the status", "no_number": "no number"}


def of_parked(causes: Mapping[str, int]) -> tuple[str, str]:
    """How many are parked, and the commonest cause."""
    count = sum(causes.values())
    if not count:
        return OK, "Nothing is parked."
    cause = max(causes, key=lambda one: (causes[one], one))
    return WARNING, (
        f"{count} parked: Roistat refuses them for good, most of them for: {cause}. "
        "`sugar-roistat redeliver --list` says which and why; correct them in the CRM, "
        "or the mapping, then `sugar-roistat redeliver --parked`."
    )


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


_NOTE_NAMES = {
    "direct": "No visit",
    "visit_unknown": "Visit unknown",
    "not_counted": "Not counted",
    "fields_dropped": "Fields dropped",
    "cut": "Fields cut",
    "moved": "Moved aside",
    "left_out": "Left out",
}


def name_of_note(note: str) -> str:
    """The same in two words."""
    return _NOTE_NAMES.get(note, note)


def of_standing(
    standing: str, note: str, tries: int, is_deleted: bool
) -> tuple[str, str]:
    """How a deal stands on its way, in two words."""
    if standing == "parked":
        return FAILED, "Parked"
    if standing == "pending":
        return (DEGRADED, "Trying again") if tries else (UNKNOWN, "Waiting")
    if is_deleted:
        return OK, "Deleted"
    if note == "left_out":
        return UNKNOWN, "Left out"
    return (WARNING, "In Roistat") if note == "visit_unknown" else (OK, "In Roistat")


# What came of an attempt, by the names that the delivery log has
_OUTCOMES = {
    "delivered": (OK, "Delivered"),
    "gone": (OK, "Deleted"),
    "waiting": (UNKNOWN, "Waits for its visit"),
    "later": (UNKNOWN, "Put off"),
    "retry": (DEGRADED, "Failed, goes again"),
    "unknown": (DEGRADED, "No answer, goes again"),
    "refused": (FAILED, "Refused"),
}
OPEN_ATTEMPT = (UNKNOWN, "No end noted: under way, or broken off and repeated")


def of_outcome(outcome: str | None) -> tuple[str, str]:
    """What came of an attempt, as people read it."""
    return _OUTCOMES.get(outcome or "", OPEN_ATTEMPT)


def of_note(note: str) -> str:
    """What there is to say of a deal that Roistat has; empty for nothing."""
    return _NOTES.get(note, "")


def notes() -> tuple[str, ...]:
    """Every note that a delivered deal can have."""
    return tuple(_NOTES)


# --- of what is parked ---

_CURES = {
    "incorrect_request": (
        "Roistat found a value in it that it cannot take. Look at the deal's dates, "
        "amount and fields in the CRM, and at the mapping; correct them there."
    ),
    "request_data_validation_error": (
        "Roistat found a value in it that it cannot take. Look at the deal's dates, "
        "amount and fields in the CRM, and at the mapping; correct them there."
    ),
    "integration_error": (
        "Roistat does not offer this to the project as it is integrated. Ask Roistat's "
        "support to switch the project to the integration by API, then send again."
    ),
    "resource_already_exists": (
        "Roistat has something else under this id. Is another connector still writing "
        "to the project? Disconnect it, then send again."
    ),
    "http_413": "It is too large for Roistat: take extra fields out of the mapping.",
}
_OTHER_CURE = (
    "Correct the deal in the CRM: saving it sends it again. Or, if what refused it was "
    "mended elsewhere, send it again."
)
ON_ITS_WAY = "On its way."
NO_SUCH_ORDER = "Roistat has no such deal."


def of_asking(error: UpstreamError) -> str:
    """Why Roistat did not show a deal that somebody asked it for."""
    if isinstance(error, RoistatError) and error.code == "resource_not_found":
        return NO_SUCH_ORDER
    state, message = of_roistat(error)
    return f"{error}." if state == OK else message


def cause(reason: str) -> str:
    """What several deals with the same trouble have in common: Roistat's code where the
    reason begins with one, else the reason itself.
    """
    code, _, _ = reason.partition(":")
    if re.fullmatch("[a-z0-9]+(_[a-z0-9]+)+", code):
        return code
    return reason or ON_ITS_WAY


_CAUSES = {
    "incorrect_request": "Roistat cannot take a value",
    "request_data_validation_error": "Roistat cannot take a value",
    "integration_error": "Roistat does not offer this to the project",
    "resource_already_exists": "Roistat has another one under this id",
    "http_413": "It is too large for Roistat",
    "internal_error": "Roistat failed on it",
    "request_limit_error": "Roistat has too many requests",
}


def of_cause(cause: str) -> str:
    """What a cause means, with Roistat's code for it."""
    told = _CAUSES.get(cause)
    return f"{told} (`{cause}`)" if told else cause


def heading(cause: str) -> str:
    """A cause in few words: of what we say ourselves the beginning will do."""
    if cause in _CAUSES:
        return of_cause(cause)
    return re.split(r"[:.] ", cause, maxsplit=1)[0].rstrip(".")


def cure(cause: str) -> str:
    """What there is to do about deals that are parked for that cause. What we say
    ourselves says so already.
    """
    if cause in _CURES:
        return _CURES[cause]
    if re.fullmatch("[a-z0-9_]+", cause):
        return _OTHER_CURE
    rest = cause.removeprefix(heading(cause)).lstrip(":. ")
    return rest[:1].upper() + rest[1:] if rest else _OTHER_CURE


# --- of the mapping ---

MAPPING_ORIGINS = {
    "MAPPING": "The mapping in the setting MAPPING counts.",
    "stored": "The stored mapping counts.",
    "default": "The default mapping counts: neither MAPPING is set nor one stored.",
}
FIELDS_UNTOLD = "The CRM has not said which fields it has: press Test there."

# What another mapping would change of a deal
RESPECTS = {
    "price": "get another price",
    "cost": "get another cost",
    "fields": "get other fields",
    "group": "are in a stage of another group",
    "enters": "would enter the filter",
    "leaves": "would leave the filter",
}

# How a field is compared, as a person chooses it
CONDITIONS = {
    "in": "is one of",
    "not_in": "is none of",
    "eq": "is",
    "ne": "is not",
    "gte": "is at least",
    "gt": "is more than",
    "lte": "is at most",
    "lt": "is less than",
    "empty": "is empty",
    "filled": "is not empty",
}


# --- of leads ---

_LEAD_STATES = {
    "waiting": (UNKNOWN, "Waiting"),
    "sent": (OK, "In the CRM"),
    "noted": (OK, "Noted on a deal"),
    "kept": (OK, "Kept here only"),
    "parked": (FAILED, "Parked"),
}
LEADS_OFF = (
    "No leads are taken: LEADS_KEY is not set. Set it to a text of at least 16 "
    "characters that your websites send along, and LEADS_ORIGINS to the sites whose "
    "pages send from the visitor's browser; then start the receiver again."
)


def of_lead(state: str, tries: int = 0) -> tuple[str, str]:
    """How a lead stands, in two words."""
    if state == "waiting" and tries:
        return DEGRADED, "Trying again"
    return _LEAD_STATES.get(state, (UNKNOWN, state))
