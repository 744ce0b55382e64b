"""Every setting as the receiver sees it, and the addresses to give to others. What is a
secret says only whether it is set.
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from receiver import __version__, words
from receiver.config import Config, LeadsConfig, SugarConfig
from receiver.mapping import Mapping
from receiver.views.dashboard import frame

# Rooms of settings, by how their names begin
_GROUPS = {
    "ROISTAT_": "Roistat",
    "SUGAR_": "The CRM",
    "SYNC_": "The CRM",
    "WEBHOOK_": "The CRM",
    "MAPPING": "The CRM",
    "LEADS_": "Websites",
    "REDIS_": "Store",
    "STORE_": "Store",
    "DATA_": "Store",
}
_OTHERS = "The receiver"

blueprint = Blueprint("settings", __name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, and its value as it may be shown; empty for none."""

    name: str
    value: str
    is_secret: bool = False


@blueprint.get("/settings")
def show() -> ResponseReturnValue:
    """All settings."""
    services = frame.services()
    ping = services.store.notes.ping() or {}
    return render_template(
        "dashboard/settings.html",
        groups=grouped(settings_of(services.config)),
        version=__version__,
        ping=ping,
        origin=words.mapping.ORIGINS[services.mapping.origin()],
        base=_base(),
        takes_leads=bool(services.config.leads.key),
    )


def settings_of(config: Config) -> Iterator[Setting]:
    """Every setting by its name. What the settings themselves do not show (their
    `repr`) is a secret.
    """
    for one in fields(Config):
        value = getattr(config, one.name)
        if one.name == "sugar":
            yield from _several("SUGAR_", SugarConfig, value)
        elif one.name == "leads":
            yield from _several("LEADS_", LeadsConfig, value)
        else:
            yield _setting("", one, value)


def _several(prefix: str, kind: type[Any], values: Any) -> Iterator[Setting]:
    for one in fields(kind):
        value = None if values is None else getattr(values, one.name)
        yield _setting(prefix, one, value)


def _setting(prefix: str, one: Field[Any], value: Any) -> Setting:
    name = prefix + one.name.upper()
    if one.repr:
        return Setting(name, _shown(value))
    if not value:
        return Setting(name, "", is_secret=True)
    count = f"{len(value)} set" if isinstance(value, tuple) else "set"
    return Setting(name, count, is_secret=True)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return "set: see the page Mapping"
    if isinstance(value, str) and "://" in value:
        return _without_login(value)
    return "" if value is None else str(value)


def _without_login(address: str) -> str:
    """An address without a name and password that may stand in it."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "set"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def grouped(settings: Iterator[Setting]) -> dict[str, list[Setting]]:
    """The settings by what they are about."""
    groups: dict[str, list[Setting]] = {}
    for one in settings:
        starts = (start for start in _GROUPS if one.name.startswith(start))
        about = _GROUPS.get(next(starts, ""), _OTHERS)
        groups.setdefault(about, []).append(one)
    return groups


def _base() -> str:
    """Where this page was asked for, as whoever asked wrote it."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower()
    scheme = "https" if forwarded.startswith("https") else request.scheme
    return f"{scheme}://{request.host}"
