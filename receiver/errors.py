"""The errors of the receiver. Upstream errors say whether trying again can help."""


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


class RoistatError(UpstreamError):
    """Roistat refused; `code` is its own word for why, such as `incorrect_request`."""

    def __init__(
        self, code: str, message: str = "", *, permanent: bool, sent: bool = False
    ) -> None:
        text = f"{code}: {message}" if message else code
        super().__init__(text, permanent=permanent, sent=sent)
        self.code = code


class BudgetExhausted(UpstreamError):
    """Our share of Roistat's request budget is used up for `wait` more seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"request budget used up for {wait:.0f} more seconds")
        self.wait = wait
