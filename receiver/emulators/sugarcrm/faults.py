"""Failures to order: what `POST /_emulator/faults` asks for.

    {"latency_ms": 0, "error_rate": 0, "per_second": 0,
     "next": [{"path": "/Opportunities/filter", "status": 500, "times": 2,
               "latency_ms": 0, "retry_after": 1, "page": false, "expire": false,
               "after_commit": false}]}

`per_second` (0: without) answers 429 beyond it. `page`: an HTML page under HTTP 200.
`expire`: all access tokens end as that request arrives. `after_commit`: the call is
carried out before it is slow or fails.
"""

import random
import threading
import time
from collections import deque
from dataclasses import dataclass, fields
from typing import Any

from receiver.emulators.sugarcrm.errors import ApiError, code_for


@dataclass(frozen=True)
class Fault:
    """One call that goes wrong, so many times."""

    path: str
    status: int = 0
    times: int = 1
    latency_ms: float = 0
    retry_after: int = 0
    page: bool = False
    expire: bool = False
    after_commit: bool = False


class Refusal(ApiError):
    """A failure that says when to come again."""

    def __init__(self, status: int, retry_after: int = 0) -> None:
        super().__init__(code_for(status), "a fault that was asked for", status)
        self.retry_after = retry_after


class FaultPlan:
    """The faults in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self.most = 0  # calls in any second
        self.replace({})

    def replace(self, body: Any) -> None:
        """Take other faults. Raises `ApiError`."""
        known = {"latency_ms", "error_rate", "per_second", "next"}
        if not isinstance(body, dict) or not known >= set(body):
            raise ApiError("invalid_parameter", f"may only have {sorted(known)}", 400)
        upcoming = [_fault(one) for one in body.get("next", [])]
        with self._lock:
            self.latency = float(body.get("latency_ms", 0)) / 1000
            self._rate = float(body.get("error_rate", 0))
            self._per_second = int(body.get("per_second", 0))
            self._upcoming = [one for one in upcoming for _ in range(one.times)]

    def admit(self) -> None:
        """Count a call, and refuse it if it is one too many."""
        now = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now - 1:
                self._calls.popleft()
            full = self._per_second and len(self._calls) >= self._per_second
            if not full:
                self._calls.append(now)
                self.most = max(self.most, len(self._calls))
        if full:
            raise Refusal(429, 1)

    def take(self, path: str) -> Fault | None:
        """The fault that meets this call, if one does."""
        with self._lock:
            for i, fault in enumerate(self._upcoming):
                if fault.path == path:
                    return self._upcoming.pop(i)
        # No secret hangs on this dice.
        if random.random() < self._rate:  # noqa: S311
            return Fault(path, 500)
        return None


def _fault(entry: Any) -> Fault:
    known = {one.name: type(one.default) for one in fields(Fault)}
    if not isinstance(entry, dict) or "path" not in entry or set(entry) - set(known):
        message = f"next: must be objects with a path and any of {', '.join(known)}"
        raise ApiError("invalid_parameter", message, 400)
    return Fault(**entry)
