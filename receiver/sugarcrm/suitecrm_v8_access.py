"""The way into SuiteCRM's API V8: logging in, asking, and reading its refusals.

It logs in as a user (password grant) or as an OAuth client alone (client_credentials
grant).
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from receiver.errors import UpstreamError
from receiver.sugarcrm.calls import Answer, Calls, refused
from receiver.sugarcrm.rows import Row
from receiver.sugarcrm.session import Session, Token, TokenStore, lasting, name_of

MODULE = "/Api/V8/module"
DEALS = f"{MODULE}/Opportunities"
NOT_FOUND = re.compile(r"module with id (.+) is not found", re.DOTALL)


class V8:
    """One SuiteCRM. Raises `UpstreamError`."""

    def __init__(
        self,
        calls: Calls,
        tokens: TokenStore,
        client: tuple[str, str],
        user: tuple[str, str] | None,
    ) -> None:
        """`client` is the OAuth client's id and secret, `user` a name and password."""
        self._calls = calls
        self._client, self._user = client, user
        name = name_of("suitecrm_v8", calls.url, client[0], user[0] if user else "")
        self._session = Session(tokens, name, self._log_in)

    def link(self, deal_id: str) -> str:
        """The deal's page."""
        page = "/index.php?module=Opportunities&action=DetailView&record="
        return self._calls.url + page + quote(deal_id, safe="-._~")

    def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """A good answer's body."""
        return good(self.ask("GET", path, params=params), path.removeprefix("/Api/V8/"))

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Ask, logging in again once if our token was refused."""
        access = self._session.access()
        answer = self._send(method, path, access, options)
        if answer.status == 401:
            access = self._session.renew(access)
            answer = self._send(method, path, access, options)
        return answer

    def _send(
        self, method: str, path: str, access: str, options: dict[str, Any]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {access}"}
        return self._calls.send(method, path, headers=headers, **options)

    def _log_in(self, before: Token | None) -> Token:
        form = {"client_id": self._client[0], "client_secret": self._client[1]}
        if self._user:
            form |= {"grant_type": "password"}
            form |= {"username": self._user[0], "password": self._user[1]}
        else:
            form |= {"grant_type": "client_credentials"}
        answer = self._calls.send("POST", "/Api/access_token", data=form)
        body = answer.body if isinstance(answer.body, dict) else {}
        if not answer.is_good or "access_token" not in body:
            raise UpstreamError(
                f"the CRM refuses the login (HTTP {answer.status}): look at "
                "SUGAR_CLIENT_ID, SUGAR_CLIENT_SECRET and the user",
                permanent=True,
            )
        return Token(body["access_token"], lasting(float(body["expires_in"])))


def good(answer: Answer, what: str) -> dict[str, Any]:
    """The body of an answer that is one of V8's. Raises `UpstreamError`."""
    body = answer.body
    if not answer.is_good or not isinstance(body, dict) or "data" not in body:
        raise refused(what, answer)
    return body


def detail(answer: Answer) -> str:
    """Why V8 refuses, in its words."""
    errors = answer.body.get("errors") if isinstance(answer.body, dict) else None
    return str(errors.get("detail")) if isinstance(errors, dict) else ""


def flat(found: dict[str, Any]) -> Row:
    """A record of V8's as a row."""
    return {**found["attributes"], "id": found["id"]}
