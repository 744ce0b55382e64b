"""The way into SugarCRM's REST API, v11: logging in and asking.

https://support.sugarcrm.com/documentation/sugar_developer/, "Web Services", "REST API"
"""

from typing import Any
from urllib.parse import quote

from receiver.errors import UpstreamError
from receiver.sugarcrm.calls import Answer, Calls, refused
from receiver.sugarcrm.session import Session, Token, TokenStore, lasting, name_of

REST = "/rest/v11"
DEALS = "/Opportunities"


class V11:
    """One SugarCRM. Raises `UpstreamError`."""

    def __init__(
        self,
        calls: Calls,
        tokens: TokenStore,
        client: tuple[str, str],
        user: tuple[str, str],
        platform: str,
    ) -> None:
        """`client` is the OAuth key and its secret, `user` a name and password."""
        self._calls = calls
        self._login = {
            "client_id": client[0],
            "client_secret": client[1],
            "platform": platform,
        }
        self._user = {"username": user[0], "password": user[1]}
        name = name_of("rest_v11", calls.url, client[0], user[0], platform)
        self._session = Session(tokens, name, self._log_in)

    def link(self, deal_id: str) -> str:
        """The deal's page."""
        return f"{self._calls.url}/#Opportunities/{quote(deal_id, safe='-._~')}"

    def ask(
        self, method: str, path: str, body: Any = None, *, once: bool = False
    ) -> Answer:
        """Ask, logging in again once if our session was ended."""
        access = self._session.access()
        answer = self._send(method, path, body, access, once)
        if answer.status == 401:
            access = self._session.renew(access)
            answer = self._send(method, path, body, access, once)
        return answer

    def _send(
        self, method: str, path: str, body: Any, access: str, once: bool
    ) -> Answer:
        headers = {"OAuth-Token": access}
        return self._calls.send(
            method, REST + path, json=body, headers=headers, once=once
        )

    def _log_in(self, before: Token | None) -> Token:
        """By the refresh token while it lasts; the CRM may have forgotten it."""
        if before and before.refresh:
            grant = {"grant_type": "refresh_token", "refresh_token": before.refresh}
            answer = self._grant(grant)
            if answer.is_good:
                return _token(answer)
        answer = self._grant({"grant_type": "password"} | self._user)
        if not answer.is_good or not isinstance(answer.body, dict):
            error = refused("the login", answer)
            raise UpstreamError(
                f"{error}: look at SUGAR_USERNAME, SUGAR_PASSWORD, SUGAR_CLIENT_ID and "
                "SUGAR_PLATFORM",
                permanent=True,
            )
        return _token(answer)

    def _grant(self, grant: dict[str, str]) -> Answer:
        body = self._login | grant
        return self._calls.send("POST", f"{REST}/oauth2/token", json=body)


def good(answer: Answer, what: str) -> dict[str, Any]:
    """The body of a good answer. Raises `UpstreamError`."""
    if not answer.is_good or not isinstance(answer.body, dict):
        raise refused(what, answer)
    return answer.body


def _token(answer: Answer) -> Token:
    body = answer.body
    until = lasting(float(body["expires_in"]))
    return Token(body["access_token"], until, body.get("refresh_token"))
