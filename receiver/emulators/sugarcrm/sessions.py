"""Who is logged in: one session for each user and platform, as SugarCRM keeps them.

https://support.sugarcrm.com/documentation/sugar_developer/, "/oauth2/token POST"
"""

import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from receiver.emulators.sugarcrm.assumptions import Assumptions
from receiver.emulators.sugarcrm.errors import ApiError


@dataclass(frozen=True, slots=True)
class Session:
    """One login of a user on a platform."""

    user: str
    platform: str
    access: str
    access_until: float
    refresh: str
    refresh_until: float


class Sessions:
    """The sessions that last. A login ends the one before on the same platform."""

    def __init__(self, username: str | None, password: str | None) -> None:
        self._username, self._password = username, password
        self._sessions: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()
        self.grants: Counter[str] = Counter()

    def grant(self, body: dict[str, Any], assumed: Assumptions) -> dict[str, Any]:
        """Give tokens for a password or for a refresh token."""
        platform = str(body.get("platform") or "base")
        if platform not in assumed.platforms.split(","):
            raise ApiError("invalid_grant", f"unknown platform {platform}", 400)
        kind = body.get("grant_type")
        with self._lock:
            if kind == "password":
                user = self._by_password(body)
            elif kind == "refresh_token":
                user = self._by_refresh(str(body.get("refresh_token")), platform)
            else:
                raise ApiError("invalid_parameter", "grant_type: unknown", 400)
            self.grants[str(kind)] += 1
            session = _session(user, platform, assumed)
            self._sessions[user, platform] = session
        return {
            "access_token": session.access,
            "expires_in": assumed.token_seconds,
            "token_type": "bearer",
            "scope": None,
            "refresh_token": session.refresh,
            "refresh_expires_in": assumed.refresh_seconds,
            "download_token": str(uuid.uuid4()),
        }

    def require(self, access: str) -> None:
        """Refuse whoever has no session, or one that has ended."""
        with self._lock:
            live = any(
                one.access == access and one.access_until > time.time()
                for one in self._sessions.values()
            )
        if not live:
            raise ApiError("need_login", "No valid authentication for user.")

    def expire(self, refresh_too: bool) -> None:
        """End all access tokens now, and all refresh tokens where asked."""
        with self._lock:
            for key, one in list(self._sessions.items()):
                refresh = "" if refresh_too else one.refresh
                self._sessions[key] = Session(
                    one.user, one.platform, "", 0, refresh, one.refresh_until
                )

    def _by_password(self, body: dict[str, Any]) -> str:
        user = str(body.get("username"))
        right = self._username in (None, user)
        if not right or self._password not in (None, body.get("password")):
            raise ApiError("need_login", "You must specify a valid username.")
        return user

    def _by_refresh(self, refresh: str, platform: str) -> str:
        for one in self._sessions.values():
            known = refresh and one.refresh == refresh and one.platform == platform
            if known and one.refresh_until > time.time():
                return one.user
        raise ApiError("invalid_grant", "Invalid refresh token", 400)


def _session(user: str, platform: str, assumed: Assumptions) -> Session:
    now = time.time()
    return Session(
        user,
        platform,
        str(uuid.uuid4()),
        now + assumed.token_seconds,
        str(uuid.uuid4()),
        now + assumed.refresh_seconds,
    )
