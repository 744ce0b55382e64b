"""How each leg of the way is doing, in the same words wherever we are asked."""

from receiver.errors import BudgetExhausted, RoistatError, UpstreamError

OK, DEGRADED, FAILED, UNKNOWN = "ok", "degraded", "failed", "unknown"

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
        return DEGRADED, "Our share of Roistat's request limit is used up for now."
    return DEGRADED, f"{error}."


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
