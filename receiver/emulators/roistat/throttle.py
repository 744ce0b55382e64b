"""Quotas: no more than so many calls of a project within so many seconds.

The windows slide; that is the strictest reading of "10 per second".
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from receiver.emulators.roistat.errors import ApiError


@dataclass(frozen=True)
class Quotas:
    """The quotas of a project, shared by everyone who uses it."""

    per_second: int = 10
    per_hour: int = 5000

    def windows(self) -> "list[Window]":
        return [Window("s", self.per_second, 1), Window("h", self.per_hour, 3600)]


@dataclass(frozen=True)
class Window:
    """At most `limit` calls in any `seconds`."""

    name: str
    limit: int
    seconds: float


class Throttle:
    """Remembers when each project called, no longer than its windows ask for."""

    def __init__(self) -> None:
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._most: dict[str, tuple[int, int]] = {}
        self._refused = 0
        self._lock = threading.Lock()

    def admit(
        self, project: str, windows: Sequence[Window], refused_calls_count: bool = False
    ) -> None:
        """Let a call through all windows, or refuse it."""
        now = time.monotonic()
        with self._lock:
            full = [w for w in windows if self._is_full(project, w, now)]
            self._refused += bool(full)
            if not full or refused_calls_count:
                for window in windows:
                    self._count(project, window, now)
        if full:
            limit = f"{full[0].limit} requests in {full[0].seconds:.0f} s"
            raise ApiError("request_limit_error", f"more than {limit}")

    def forget(self) -> None:
        """Start all windows empty."""
        with self._lock:
            self._calls.clear()
            self._most.clear()
            self._refused = 0

    def counted(self) -> dict[str, Any]:
        """How many calls were refused, and the most that any window ever held."""
        with self._lock:
            most = dict(self._most)
            refused = self._refused
        windows = {
            name: {"limit": limit, "most": calls}
            for name, (limit, calls) in most.items()
        }
        return {"refused": refused, "windows": windows}

    def _count(self, project: str, window: Window, now: float) -> None:
        calls = self._calls[project, window.name]
        calls.append(now)
        most = self._most.get(window.name, (0, 0))[1]
        self._most[window.name] = (window.limit, max(most, len(calls)))

    def _is_full(self, project: str, window: Window, now: float) -> bool:
        calls = self._calls[project, window.name]
        while calls and calls[0] <= now - window.seconds:
            calls.popleft()
        return len(calls) >= window.limit
