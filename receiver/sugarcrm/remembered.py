"""What a CRM says of itself, asked again every ten minutes."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

SECONDS = 600.0

Found = TypeVar("Found")


class Remembered(Generic[Found]):
    """What `read` gives for a name, at most ten minutes old."""

    def __init__(self, read: Callable[[str], Found]) -> None:
        self._read = read
        self._known: dict[str, tuple[float, Found]] = {}

    def of(self, name: str) -> Found:
        """What was read for that name."""
        at, found = self._known.get(name, (0.0, None))
        if found is None or time.monotonic() - at > SECONDS:
            found = self._read(name)
            self._known[name] = time.monotonic(), found
        return found
