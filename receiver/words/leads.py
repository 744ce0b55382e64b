"""How one lead stands, and what is said of all of them."""

from receiver.words.states import DEGRADED, FAILED, OK, UNKNOWN

NOT_FORGOTTEN = (
    "Not touched: what Roistat and the CRM hold of this person, and deals whose own "
    "name or fields tell of somebody. Delete the contact in the CRM first: as long as "
    "it is there, a sync or the next change of it brings the client back. In Roistat, "
    "delete the client there, or ask its support to."
)

_STATES = {
    "waiting": (UNKNOWN, "Waiting"),
    "sent": (OK, "In the CRM"),
    "noted": (OK, "Noted on a deal"),
    "kept": (OK, "Kept here only"),
    "parked": (FAILED, "Parked"),
}

OFF = (
    "No leads are taken: LEADS_KEY is not set. Set it to a text of at least 16 "
    "characters that your websites send along, and LEADS_ORIGINS to the sites whose "
    "pages send from the visitor's browser; then start the receiver again."
)


def standing(state: str, tries: int = 0) -> tuple[str, str]:
    """How a lead stands, in two words."""
    if state == "waiting" and tries:
        return DEGRADED, "Trying again"
    return _STATES.get(state, (UNKNOWN, state))
