"""How one deal stands, and what came of each attempt to deliver it."""

from receiver.errors import RoistatError, UpstreamError
from receiver.words.legs import of_roistat
from receiver.words.states import DEGRADED, FAILED, OK, UNKNOWN, WARNING

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


def standing(standing: str, note: str, tries: int, is_deleted: bool) -> tuple[str, str]:
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


NO_SUCH_ORDER = "Roistat has no such deal."


def of_asking(error: UpstreamError) -> str:
    """Why Roistat did not show a deal that somebody asked it for."""
    if isinstance(error, RoistatError) and error.code == "resource_not_found":
        return NO_SUCH_ORDER
    state, message = of_roistat(error)
    return f"{error}." if state == OK else message
