"""The errors of the receiver. Upstream errors say whether trying again can help."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime


class ReceiverError(Exception):
    """Anything that went wrong in a way we know."""


class InvalidSettings(ReceiverError):
    """The environment is wrong; the message lists every mistake, one a line."""


class InvalidSignature(ReceiverError):
    """A webhook that is not proved to come from the CRM."""


class InvalidPayload(ReceiverError):
    """A signed body that breaks the contract; `errors` maps a field's path to why."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{path}: {why[0]}" for path, why in errors.items()))
        self.errors = errors


class UnreadableBody(ReceiverError):
    """A body that is not what its content type says it is."""


class UnknownForm(ReceiverError):
    """A body in a form, or in a charset, that we do not take."""


class InvalidMapping(ReceiverError):
    """A mapping that cannot count; `mistakes` has a line for each, by its path."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class StoreUnavailable(ReceiverError):
    """Redis cannot take or give anything now; whoever called should come again."""


class LeaseLost(ReceiverError):
    """Another drainer took over; whatever this one was about to do is not its own."""


class UpstreamError(ReceiverError):
    """A call to another system failed.

    `permanent`: the same request will be refused again.
    `sent`: the request may have been carried out all the same, now or later
    (a time-out, a cut connection); False only where it surely was not.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, sent: bool = False
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.sent = sent


class ContentRefused(UpstreamError):
    """The CRM refuses what a record says, and will do so again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class RoistatError(UpstreamError):
    """Roistat refused; `code` is its own word for why, such as `incorrect_request`."""

    def __init__(
        self, code: str, message: str = "", *, permanent: bool, sent: bool = False
    ) -> None:
        text = f"{code}: {message}" if message else code
        super().__init__(text, permanent=permanent, sent=sent)
        self.code = code


class BudgetExhausted(UpstreamError):
    """No call may be made for `wait` more seconds, that is until `until` (UNIX time).

    `code` is Roistat's word where it asked us to wait, such as `project_frozen`; it is
    empty where our own share of its request limit is used up.
    """

    def __init__(self, wait: float, code: str = "") -> None:
        self.wait = wait
        self.code = code
        self.until = time.time() + wait
        self.clock = datetime.fromtimestamp(self.until, UTC).strftime("%H:%M:%S UTC")
        why = f"Roistat answered {code}" if code else "our share of requests is used up"
        super().__init__(f"{why}: waiting until {self.clock}")
