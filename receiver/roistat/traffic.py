"""Calls that are on their way to Roistat, of all workers, and pauses it asked for."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import redis

from receiver.errors import RoistatError
from receiver.http_client import CONNECT_SECONDS, READ_SECONDS

# Seconds; whatever hangs longer is cut off by http_client.
LONGEST_CALL = CONNECT_SECONDS + READ_SECONDS
# How long a call counts after its answer: Roistat's second, and a clock's small steps.
COUNTS = 1.05


class Backing(NamedTuple):
    """How long all calls wait, in seconds: at first, doubled each time, at most."""

    first: float
    longest: float


# Somebody else uses the project's requests; or somebody has to pay for the project.
_THROTTLED, _UNPAID = Backing(2, 60), Backing(120, 1800)

# `option_not_enabled` is not here: a feature that is switched off refuses the methods
# that need it (reading clients, say), and the others go on.
PAUSES = {
    "request_limit_error": _THROTTLED,
    "http_429": _THROTTLED,
    "insufficient_funds": _UNPAID,
    "option_not_paid": _UNPAID,
    "project_frozen": _UNPAID,
    "http_402": _UNPAID,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was let through, and the rank of the pause that it probes."""

    id: str
    rank: int


@dataclass(frozen=True, slots=True)
class Refused:
    """No call now, but in `wait` seconds; `code` where Roistat asked us to wait."""

    wait: float
    code: str = ""


class Traffic:
    """Who may call now. Raises `redis.RedisError` where the store fails."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self._keys = [f"{prefix}:pause", f"{prefix}:flying"]
        self._redis = client
        self._admit = _script(client, "admit")
        self._answered = _script(client, "answered")

    def admit(self, limit: int) -> Call | Refused:
        """Let a call through where fewer than `limit` are on their way or have arrived
        within the last second; see admit.lua.
        """
        call = uuid.uuid4().hex
        values = [call, limit, _ms(LONGEST_CALL), _ms(COUNTS)]
        state, number, *code = self._admit(self._keys, values)
        if state == b"free":
            return Call(call, number)
        return Refused(number / 1000, code[0].decode() if code else "")

    def answered(self, call: Call, error: BaseException | None) -> None:
        """Say that a call has come back, and how; see answered.lua."""
        code = error.code if isinstance(error, RoistatError) else ""
        backing = PAUSES.get(code)
        verdict = "" if error else "fine"
        if backing:
            verdict = "wait"
        first, longest = backing or (0, 0)
        values = [call.id, _ms(COUNTS), call.rank, verdict, code]
        self._answered(self._keys, [*values, _ms(first), _ms(longest)])

    def withdraw(self, call: Call) -> None:
        """Take back a call that was let through and never made."""
        self._redis.zrem(self._keys[1], call.id)

    def resume(self) -> None:
        """Forget a pause."""
        self._redis.delete(self._keys[0])

    def pause(self) -> tuple[float, str] | None:
        """Until when all calls wait (UNIX time), and Roistat's word for why."""
        held: Any = self._redis.hmget(self._keys[0], "until", "code")
        until, code = held
        return (int(until) / 1000, code.decode()) if until else None


def _script(client: redis.Redis, name: str) -> Callable[..., Any]:
    text = files(__package__).joinpath(f"{name}.lua").read_text()
    return client.register_script(text)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
