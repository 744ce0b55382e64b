"""Why deals are parked, by cause, and what to do about it."""

import re

NOT_LOOKED_AT = "not_looked_at"
ON_ITS_WAY = "On its way."

_CODE = re.compile("[a-z0-9]+(_[a-z0-9]+)+")  # Roistat's word for a trouble
_OURS = {"status": "does not count deals in the status", "no_number": "no number"}


def label(reason: str) -> str:
    """Why something is parked, in one word: Roistat's, or ours. What Roistat describes
    may name people, and is left out.
    """
    if _CODE.fullmatch(common := cause(reason)):
        return common
    return next((word for word, part in _OURS.items() if part in reason), "other")


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


def cause(reason: str) -> str:
    """What several deals with the same trouble have in common: Roistat's code where the
    reason begins with one, else the reason itself.
    """
    code, _, _ = reason.partition(":")
    if _CODE.fullmatch(code):
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


def named(cause: str) -> str:
    """What a cause means, with Roistat's code for it."""
    told = _CAUSES.get(cause)
    return f"{told} (`{cause}`)" if told else cause


def heading(cause: str) -> str:
    """A cause in few words: of what we say ourselves the beginning will do."""
    if cause in _CAUSES:
        return named(cause)
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
