"""What the budget allows to the background, played through moment by moment."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

STEP = 0.01  # seconds


@dataclass(frozen=True, slots=True)
class Windows:
    """The budget, as the product's own code has it: so many calls in an hour that lasts
    `hour` seconds, a third of them in a sixth of it, and so many within a second of
    the answer before, `latency` seconds after the call.
    """

    per_second: int
    per_hour: int
    hour: float
    latency: float

    def parts(self) -> list[tuple[float, int]]:
        """Each window, and how many calls of any kind it holds before the background
        has to stop: the last third is for live changes.
        """
        limits = {
            self.hour: self.per_hour,
            self.hour / 6: self.per_hour // 3,
            self.latency + 1.05: self.per_second,
        }
        return [(s, limit - math.ceil(limit / 3)) for s, limit in limits.items()]


def allowed(windows: Windows, live: Sequence[float], seconds: float) -> int:
    """How many calls somebody could make within so many seconds who never sleeps, while
    these live ones (seconds since the beginning) are made.
    """
    calls, ours = sorted(live), 0
    for step in range(round(seconds / STEP)):
        now = step * STEP
        made = bisect_left(calls, now)
        while all(
            made - bisect_left(calls, now - size) < most
            for size, most in windows.parts()
        ):
            calls.insert(made, now)
            made, ours = made + 1, ours + 1
    return ours
