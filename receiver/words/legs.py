"""How each leg of the way is doing: Roistat, the store, the queue, the CRM, leads."""

import time
from collections.abc import Collection

from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.words.states import DEGRADED, FAILED, OK, UNKNOWN, WARNING

LATE = 60.0  # seconds past its time before something is called late
LATE_LEAD = 600.0  # seconds that a lead may wait before somebody should know

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
