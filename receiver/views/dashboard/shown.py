"""How numbers and moments are shown. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from markupsafe import Markup

MINUTE, HOUR, DAY = 60, 3600, 86400
STATES = {
    "ok": "Works",
    "warning": "Look here",
    "degraded": "Troubled",
    "failed": "Failed",
    "unknown": "Not known",
}


def number(value: float) -> str:
    """A whole number, its thousands apart by a thin space."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def count(value: int, one: str, many: str) -> str:
    """So many of something: 1 deal, 2 deals."""
    return f"{number(value)} {one if value == 1 else many}"


def duration(seconds: float) -> str:
    """A span of time as people say it: 0.4 s, 12 s, 5 min, 3 h, 2 days."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"


def moment(when: float | str | None, *, now: float | None = None) -> Markup:
    """A moment (UNIX time, or ISO 8601) as so long ago or ahead; in UTC for whoever
    points at it or has it read out. What is no moment is shown as it stands.
    """
    if when is None or when == "":
        return Markup('<span class="none">never</span>')
    try:
        at = _instant(when)
    except (TypeError, ValueError, OverflowError, OSError):
        return Markup("{}").format(when)
    present = datetime.now(UTC).timestamp() if now is None else now
    age = present - at.timestamp()
    told = f"{duration(age)} ago" if age >= 0 else f"in {duration(-age)}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), clock(at), "now" if abs(age) < 1 else told
    )


def exactly(when: float | str | None) -> Markup:
    """A moment to the second, in UTC."""
    if when is None or when == "":
        return Markup('<span class="none">not known</span>')
    try:
        at = _instant(when)
    except (TypeError, ValueError, OverflowError, OSError):
        return Markup("{}").format(when)
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="milliseconds"), clock(at)
    )


def _instant(when: float | str) -> datetime:
    if not isinstance(when, str):
        return datetime.fromtimestamp(when, UTC)
    at = datetime.fromisoformat(when)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def clock(at: datetime) -> str:
    """A moment in UTC, as it is written everywhere here."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def said(message: str) -> Markup:
    """A message, its commands (between backquotes) in the letters of commands."""
    parts = message.split("`")
    if len(parts) % 2 == 0:
        return Markup("{}").format(message)
    plain, command = Markup("{}"), Markup("<code>{}</code>")
    return Markup("").join(
        (command if number % 2 else plain).format(part)
        for number, part in enumerate(parts)
    )


def money(amount: str) -> str:
    """Decimal text with its thousands apart and two digits, or more where it has."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        return amount
    exponent = value.as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def took(attempt: Mapping[str, str]) -> str:
    """How long an attempt took, where its end was noted."""
    if "closed" not in attempt:
        return ""
    seconds = _instant(attempt["closed"]) - _instant(attempt["opened"])
    return f"{seconds.total_seconds() * 1000:.0f} ms"


def state(name: str) -> str:
    """A leg's state as one or two words."""
    return STATES.get(name, name)


FILTERS = {
    "number": number,
    "count": count,
    "duration": duration,
    "moment": moment,
    "exactly": exactly,
    "money": money,
    "said": said,
    "took": took,
    "state": state,
}
