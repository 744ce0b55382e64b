"""The drawing of how fresh Roistat is, hour by hour. Pure: numbers in, places out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from receiver.overview import Hour
from receiver.views.dashboard.shown import duration

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 66, 26, 12, 32
# Where the axis can end and has a line: seconds that people can picture
STEPS = (0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 14400)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what stands beside it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Two lines over the hours: half of all deals, and 95 of 100. A line is several
    where there were hours in which nothing arrived.
    """

    p50: tuple[str, ...]
    p95: tuple[str, ...]
    dots: tuple[tuple[float, float, float, str], ...]  # both lines', and in words
    hours: tuple[Tick, ...]
    seconds: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(hours: Sequence[Hour]) -> Chart | None:
    """The drawing; None where nothing arrived in any hour."""
    slowest = max((one.p95 for one in hours if one.p95 is not None), default=None)
    if slowest is None:
        return None
    top = next((step for step in STEPS if step >= slowest), STEPS[-1])
    low = min(STEPS[0], top / 10)
    span = math.log(top / low)
    inner, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(number: int) -> float:
        return round(LEFT + inner * (number + 0.5) / len(hours), 1)

    def y(seconds: float) -> float:
        share = math.log(min(max(seconds, low), top) / low) / span
        return round(TOP + tall * (1 - share), 1)

    places = [(x(number), one) for number, one in enumerate(hours)]
    every = max(1, len(hours) // 6)
    return Chart(
        p50=_lines([(at, one.p50) for at, one in places], y),
        p95=_lines([(at, one.p95) for at, one in places], y),
        dots=tuple(
            (at, y(one.p50 or 0), y(one.p95), _told(one))
            for at, one in places
            if one.p95 is not None
        ),
        hours=tuple(
            Tick(at, _clock(one))
            for number, (at, one) in enumerate(places)
            if (len(hours) - 1 - number) % every == 0
        ),
        seconds=tuple(Tick(y(s), _label(s)) for s in STEPS if low <= s <= top),
    )


def _lines(
    points: Sequence[tuple[float, float | None]], y: Callable[[float], float]
) -> tuple[str, ...]:
    """The points of each unbroken line."""
    lines: list[list[str]] = [[]]
    for at, seconds in points:
        if seconds is None:
            lines.append([])
        else:
            lines[-1].append(f"{at},{y(seconds)}")
    return tuple(" ".join(line) for line in lines if line)


def _told(hour: Hour) -> str:
    return (
        f"{_clock(hour)}: {hour.count} deals, half within {duration(hour.p50 or 0)}, "
        f"95 % within {duration(hour.p95 or 0)}"
    )


def _clock(hour: Hour) -> str:
    return datetime.fromtimestamp(hour.began, UTC).strftime("%H:%M")


def _label(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"
