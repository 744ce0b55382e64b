"""What all pages of the dashboard share: who may come in, what is proved of a form,
what a browser may do with a page, and the words around its contents.
"""

import hmac
import time
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from receiver import words
from receiver.bootstrap import Services
from receiver.config import Config
from receiver.errors import StoreUnavailable
from receiver.views.dashboard import shown

LOGIN_LASTS = timedelta(hours=12)
OPEN = frozenset({"dashboard.login.form", "dashboard.login.enter", "dashboard.style"})

# The pages that the navigation names, in its order. One that is not there is not named.
PAGES = (
    ("dashboard.overview.show", "Overview"),
    ("dashboard.deals.show", "Deals"),
    ("dashboard.parked.show", "Parked"),
    ("dashboard.mapping.show", "Mapping"),
    ("dashboard.statuses.show", "Statuses"),
    ("dashboard.sync.show", "Sync"),
    ("dashboard.leads.show", "Leads"),
    ("dashboard.settings.show", "Settings"),
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STYLE = Path(__file__).parents[2].joinpath("static", "dashboard.css").read_bytes()
STYLE_VERSION = blake2b(STYLE, digest_size=6).hexdigest()

blueprint = Blueprint("dashboard", __name__)
csrf = CSRFProtect()


class _Cookies(SecureCookieSessionInterface):
    """The login's cookie goes back over https only, where it came over https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        forwarded = request.headers.get("X-Forwarded-Proto", "")
        return request.is_secure or forwarded.lower().startswith("https")


def prepare(app: Flask, config: Config) -> None:
    """Set up sessions and forms, and what the templates know."""
    app.secret_key = _key(config)
    app.session_interface = _Cookies()
    app.config.update(
        SESSION_COOKIE_NAME="roistat_dashboard",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LOGIN_LASTS,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # webhooks prove themselves otherwise
        WTF_CSRF_TIME_LIMIT=None,  # as long as the login
        WTF_CSRF_SSL_STRICT=False,  # our own pages send no referrer
    )
    csrf.init_app(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        shown.FILTERS,
        cause_of=words.parked.cause,
        heading=words.parked.heading,
        cure_of=lambda reason: words.parked.cure(words.parked.cause(reason)),
        group=lambda name: words.mapping.GROUPS.get(name, name),
    )


def _key(config: Config) -> bytes:
    """Signs the sessions: the same in all processes, another with another login."""
    login = f"{config.dashboard_username}\n{config.dashboard_password}"
    secrets = "\n".join(config.webhook_secrets)
    return hmac.digest(login.encode(), f"dashboard\n{secrets}".encode(), "sha256")


def services() -> Services:
    """What the pages work with."""
    connected: Services = current_app.extensions["receiver"]
    return connected


def log_in() -> None:
    """Begin a session, whatever there was before."""
    session.clear()
    session.permanent = True
    session["since"] = time.time()


def is_logged_in() -> bool:
    """Whether somebody gave the password, and not too long ago."""
    age = time.time() - float(session.get("since", 0))
    return age < LOGIN_LASTS.total_seconds()


@blueprint.before_request
def guard() -> ResponseReturnValue | None:
    """Nobody comes in without a login, and no form without its page's token."""
    if request.endpoint not in OPEN and not is_logged_in():
        if request.method == "GET":
            session["next"] = request.full_path.rstrip("?")
        return redirect(url_for("dashboard.login.form"), 303)
    if request.endpoint != "dashboard.style":
        csrf.protect()
    return None


@blueprint.after_request
def secured(answer: Response) -> Response:
    """Nothing is kept, framed, sent elsewhere or run, but for the style."""
    answer.headers.update(HEADERS)
    if request.endpoint != "dashboard.style":
        answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/dashboard.css")
def style() -> Response:
    """The stylesheet, kept until it changes: its address says which it is."""
    answer = Response(STYLE, content_type="text/css; charset=utf-8")
    answer.cache_control.max_age = 365 * 24 * 3600
    answer.cache_control.immutable = True
    return answer


@blueprint.context_processor
def around() -> dict[str, Any]:
    """What every page shows beside its own contents."""
    here = (request.endpoint or "").rpartition(".")[0]
    return {
        "pages": [
            (url_for(endpoint), label, endpoint.rpartition(".")[0] == here)
            for endpoint, label in PAGES
            if endpoint in current_app.view_functions
        ],
        "logged_in": is_logged_in(),
        "style_version": STYLE_VERSION,
    }


@blueprint.errorhandler(CSRFError)
def _stale(error: CSRFError) -> ResponseReturnValue:
    return _error("This page is too old", STALE, 400)


STALE = (
    "It was opened before you logged in, or by another login. Nothing was done. Open "
    "it anew, and try again."
)


@blueprint.errorhandler(StoreUnavailable)
def _away(error: StoreUnavailable) -> ResponseReturnValue:
    message = "The store does not answer, so there is nothing to show: check REDIS_URL."
    return _error("The store is away", message, 503)


@blueprint.errorhandler(HTTPException)
def _failed(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    heading, message = _FAILURES.get(code, (error.name, error.description or ""))
    return _error(heading, message, code)


_FAILURES = {
    404: ("Not here", "There is no such page, or it has gone meanwhile."),
    500: (
        "That went wrong",
        "The page failed because of a mistake of ours. The log says more.",
    ),
}


def _error(heading: str, message: str, code: int) -> ResponseReturnValue:
    page = render_template("dashboard/error.html", heading=heading, message=message)
    return page, code
