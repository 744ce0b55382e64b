"""What alarms say, when they begin and when they end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from receiver.words.states import FAILED, OK, UNKNOWN, WARNING

SILENT = 1500.0  # seconds: the CRM's cron sends a ping every ten minutes
NEARLY_FULL = 0.8  # of the store's memory limit

_TITLES = {
    "roistat_refuses": "Roistat refuses us",
    "crm_refuses": "the CRM refuses to be read",
    "stuck": "nothing reaches Roistat",
    "parked": "deals are parked",
    "leads": "leads do not get into the CRM",
    "crm_silent": "the CRM is silent",
    "crm_cron": "the CRM's cron does not run",
    "crm_outbox": "the CRM's outbox holds refused deals",
    "store_forgets": "the store may forget",
    "store_full": "the store is nearly full",
}


def names() -> tuple[str, ...]:
    """The name of every alarm."""
    return tuple(_TITLES)


def begins(alarm: str) -> str:
    """The title of the message that tells of it."""
    return f"Roistat for SugarCRM: {_TITLES[alarm]}"


def ends(alarm: str) -> str:
    """The title of the message that tells of its end."""
    return f"Roistat for SugarCRM, over: {_TITLES[alarm]}"


def of_stuck(pending: int, seconds: float, longest: float) -> tuple[str, str]:
    """Whether something waits and nothing was delivered for so long."""
    if seconds <= longest:
        return OK, f"{pending} wait."
    return FAILED, (
        f"{pending} wait, and nothing was delivered for {seconds / 60:.0f} minutes. Do "
        "the live workers run? `sugar-roistat check` says what else it can be."
    )


def of_cron(idle: float | None) -> tuple[str, str]:
    """Whether the CRM's cron ran shortly before the CRM called; None: never yet."""
    if idle is not None and idle <= SILENT:
        return OK, "The CRM's cron runs."
    when = "never ran"
    if idle is not None:
        when = f"stood still for {idle / 60:.0f} minutes"
    return WARNING, (
        f"The CRM's cron {when}, as the CRM said when it last called: what could not "
        "be sent at once stays in its outbox. Is cron.php in the crontab, and our "
        "scheduler active?"
    )


def idle_cron(ping: Mapping[str, Any]) -> float | None:
    """For how many seconds the CRM's cron had not swept when it called; None where it
    never did.
    """
    swept = (ping.get("outbox") or {}).get("last_sweep")
    try:
        moment = datetime.fromisoformat(swept) if swept else None
        heard = datetime.fromisoformat(ping["received_at"])
        return (heard - moment).total_seconds() if moment else None
    except (TypeError, ValueError):
        return None


def of_outbox(refused: int, waiting: int = 0) -> tuple[str, str]:
    """What waits in the CRM, as it last told, and whether we refused some of it."""
    if not refused:
        return OK, f"{waiting or 'None'} wait in the CRM's outbox, none was refused."
    return WARNING, (
        f"{refused} deals lie in the CRM's outbox because the receiver refused them. "
        "The CRM's Roistat page says why, and sends them again."
    )


def of_memory(used: int | None, limit: int | None) -> tuple[str, str]:
    """How full the store is."""
    if used is None:
        return UNKNOWN, "The store does not say how much memory it uses."
    if limit is None:
        return OK, f"The store uses {used / 1e6:.0f} MB and tells of no limit."
    share = used / limit
    told = f"The store uses {share:.0%} of its {limit / 1e6:.0f} MB"
    if share <= NEARLY_FULL:
        return OK, f"{told}."
    return WARNING, f"{told}: full, it takes nothing more. Give it more memory."


def of_parked(causes: Mapping[str, int]) -> tuple[str, str]:
    """How many are parked, and the commonest cause."""
    count = sum(causes.values())
    if not count:
        return OK, "Nothing is parked."
    cause = max(causes, key=lambda one: (causes[one], one))
    return WARNING, (
        f"{count} parked: Roistat refuses them for good, most of them for: {cause}. "
        "`sugar-roistat redeliver --list` says which and why; correct them in the CRM, "
        "or the mapping, then `sugar-roistat redeliver --parked`."
    )
