"""The way in and out."""

import hmac
import ipaddress
import math

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from receiver.store.logins import Logins
from receiver.views.dashboard import frame

blueprint = Blueprint("login", __name__)
log = structlog.get_logger()


@blueprint.get("/login")
def form() -> ResponseReturnValue:
    """Ask for name and password."""
    if frame.is_logged_in():
        return redirect(url_for("dashboard.overview.show"), 303)
    return render_template("dashboard/login.html")


@blueprint.post("/login")
def enter() -> ResponseReturnValue:
    """Let in whoever knows both; whoever guesses is made to wait."""
    logins = Logins(frame.services().redis)
    address = network(request.remote_addr or "")
    wait = logins.wait(address)
    if wait is not None:
        log.warning("login_refused", why="too many tries")
        minutes = math.ceil(wait / 60)
        message = f"Too many tries. The next one counts in {minutes} minutes."
        return render_template("dashboard/login.html", message=message), 429
    if not _is_right(request.form.get("username"), request.form.get("password")):
        log.warning("login_refused", why="wrong name or password")
        message = "That is not the name and password of this dashboard."
        return render_template("dashboard/login.html", message=message), 403
    logins.forget(address)
    wanted = session.get("next") or url_for("dashboard.overview.show")
    frame.log_in()
    return redirect(wanted, 303)


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """End the session."""
    session.clear()
    return redirect(url_for("dashboard.login.form"), 303)


def _is_right(username: str | None, password: str | None) -> bool:
    """Compared in constant time, both of them."""
    config = frame.services().config
    pairs = (
        (username, config.dashboard_username),
        (password, config.dashboard_password),
    )
    same = [
        hmac.compare_digest((given or "").encode(), (wanted or "").encode())
        for given, wanted in pairs
    ]
    return all(same)


def network(address: str) -> str:
    """Where a try comes from. Who has one IPv6 address has its whole network."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))
