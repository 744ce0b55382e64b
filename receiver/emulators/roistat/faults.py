"""Failures to order: what `POST /_emulator/faults` asks for."""

import random
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from receiver.emulators.roistat import values
from receiver.emulators.roistat.errors import HTTP_STATUS, ApiError, code_for
from receiver.emulators.roistat.throttle import Quotas

_KEYS = ("latency_ms", "error_rate", "next", "quotas")
_NEXT_KEYS = ("path", "status", "error", "after_commit", "latency_ms")


class BadFaults(Exception):
    """A body that asks for no faults we know; the message names the field."""


@dataclass(frozen=True)
class Fault:
    """One call that goes wrong: late, refused, or both, before or after it counts."""

    path: str = ""
    error: str | None = "internal_error"
    status: int | None = None
    after_commit: bool = False
    latency_ms: float = 0

    def strike(self) -> None:
        """Keep the caller waiting, then refuse, if that is what was asked."""
        time.sleep(self.latency_ms / 1000)
        if self.error:
            raise ApiError(self.error, "a fault that was asked for", self.status)


@dataclass(frozen=True)
class Faults:
    """All that is to go wrong; `upcoming` is consumed in order, path by path."""

    latency_ms: float = 0
    error_rate: float = 0
    upcoming: tuple[Fault, ...] = ()
    quotas: Quotas = field(default_factory=Quotas)


class FaultPlan:
    """The faults in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.replace(Faults())

    def replace(self, faults: Faults) -> None:
        with self._lock:
            self.current = faults
            self._upcoming = list(faults.upcoming)

    def take(self, path: str) -> Fault | None:
        """The fault that meets this call, if one does."""
        with self._lock:
            for i, fault in enumerate(self._upcoming):
                if fault.path == path:
                    return self._upcoming.pop(i)
        # No secret hangs on this dice.
        if random.random() < self.current.error_rate:  # noqa: S311
            return Fault()
        return None


def parse_faults(body: object, paths: Collection[str]) -> Faults:
    """Read a faults body; whatever it leaves out is as in a healthy Roistat."""
    given = _object(body, "", _KEYS)
    rate = given.get("error_rate", 0)
    if not values.is_real(rate) or not 0 <= rate <= 1:
        raise BadFaults("error_rate: must be a number from 0 to 1")
    entries = given.get("next", [])
    if not isinstance(entries, list):
        raise BadFaults("next: must be an array")
    upcoming = tuple(_fault(e, f"next.{i}", paths) for i, e in enumerate(entries))
    return Faults(_latency(given, ""), rate, upcoming, _quotas(given.get("quotas", {})))


def _fault(entry: object, where: str, paths: Collection[str]) -> Fault:
    given = _object(entry, where, _NEXT_KEYS)
    path = given.get("path")
    if not isinstance(path, str) or path not in paths:
        raise BadFaults(f"{where}.path: must be one of {', '.join(sorted(paths))}")
    late = given.get("after_commit", False)
    if not isinstance(late, bool):
        raise BadFaults(f"{where}.after_commit: must be true or false")
    status = given.get("status")
    if status is not None and (not values.is_whole(status) or not 400 <= status <= 599):
        raise BadFaults(f"{where}.status: must be an HTTP status from 400 to 599")
    error = _error(given, where)
    return Fault(path, error, status, late, _latency(given, f"{where}."))


def _error(given: dict[str, Any], where: str) -> str | None:
    """The code asked for, the status's own, or none where only lateness is asked."""
    error, status = given.get("error"), given.get("status")
    if error is not None and error not in list(HTTP_STATUS):
        raise BadFaults(f"{where}.error: must be one of {', '.join(HTTP_STATUS)}")
    if error is None and status is not None:
        return code_for(status)
    return error or (None if "latency_ms" in given else "internal_error")


def _quotas(body: object) -> Quotas:
    given = _object(body, "quotas", ("per_second", "per_hour"))
    for key, value in given.items():
        if not values.is_whole(value) or value < 1:
            raise BadFaults(f"quotas.{key}: must be a whole number from 1")
    return Quotas(**given)


def _latency(given: dict[str, Any], where: str) -> float:
    latency = given.get("latency_ms", 0)
    if not values.is_real(latency) or not 0 <= latency <= 600_000:
        raise BadFaults(f"{where}latency_ms: must be a number from 0 to 600000")
    return float(latency)


def _object(body: object, where: str, keys: Collection[str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise BadFaults(f"{where or 'the body'}: must be a JSON object")
    unknown = [key for key in body if key not in keys]
    if unknown:
        raise BadFaults(f"{where or 'the body'}: may only have {', '.join(keys)}")
    return body
