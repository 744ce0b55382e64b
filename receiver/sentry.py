"""Errors of our own, reported to Sentry where SENTRY_DSN is set.

What is reported is the kind of an error and the lines of our code that it came through.
No message (it may quote what was wrong), no value, no request, no trail of what came
before: of what Sentry collects, only what is listed here is let through.
"""

from collections.abc import Mapping
from typing import Any

from receiver.errors import InvalidSettings

_KEPT = ("event_id", "timestamp", "level", "platform", "release", "sdk", "transaction")
_OF_A_FRAME = ("filename", "function", "lineno", "module", "in_app")


def start(dsn: str | None, release: str) -> None:
    """Report from now on. Raises `InvalidSettings` where the extra is not installed."""
    if not dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.flask import FlaskIntegration
        from sentry_sdk.integrations.rq import RqIntegration
    except ImportError:
        raise InvalidSettings(
            "SENTRY_DSN: needs `pip install sugar-roistat[sentry]`."
        ) from None
    sentry_sdk.init(
        dsn,
        release=release,
        before_send=_bare,  # type: ignore[arg-type]
        auto_enabling_integrations=False,
        integrations=[FlaskIntegration(), RqIntegration()],
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        send_default_pii=False,
        server_name="receiver",
    )


def _bare(event: Mapping[str, Any], hint: object) -> dict[str, Any] | None:
    """What may leave of an event; None of what is no error of ours."""
    errors = (event.get("exception") or {}).get("values")
    if not errors:
        return None
    kept = {key: event[key] for key in _KEPT if key in event}
    return kept | {"exception": {"values": [_error(one) for one in errors]}}


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    trace = error.get("stacktrace") or {}
    frames = [
        {key: frame[key] for key in _OF_A_FRAME if key in frame}
        for frame in trace.get("frames") or []
    ]
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        "stacktrace": {"frames": frames},
    }
