"""One login to the CRM for all workers, renewed by one of them at a time."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Protocol

EARLY = 60  # seconds: a token is renewed before it runs out under a request
SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Token:
    """What opens the CRM until `until` (UNIX time); `refresh` gets another one."""

    access: str
    until: float
    refresh: str | None = None


class TokenStore(Protocol):
    """Where all workers look for a token (see store.tokens)."""

    def get(self, name: str) -> str | None:
        """What is kept under a name."""

    def keep(self, name: str, text: str, seconds: int) -> None:
        """Keep a text for so long."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        """While one is in here, all others of that name wait."""


LogIn = Callable[[Token | None], Token]


class Session:
    """The token in use.

    A CRM that knows one session per user and platform ends the older one at each
    login: two workers that logged in by themselves would throw each other out. Hence
    the token lies in the store, and whoever renews it holds a lock.
    """

    def __init__(self, tokens: TokenStore, name: str, log_in: LogIn) -> None:
        """`log_in` makes a token, from the one before where there is one."""
        self._tokens = tokens
        self._name = name
        self._log_in = log_in

    def access(self) -> str:
        """The access token, from a login where there is none or it is about to end."""
        token = self._kept()
        if token and token.until > time.time():
            return token.access
        return self.renew(token.access if token else "")

    def renew(self, refused: str) -> str:
        """Another token than the one that the CRM refused; perhaps another worker was
        quicker and has it already.
        """
        with self._tokens.alone(self._name):
            token = self._kept()
            is_new = token is not None and token.access != refused
            if token is None or not is_new or token.until <= time.time():
                token = self._log_in(token)
                # a refresh token outlives its access token
                lasts = 14 * 86400 if token.refresh else token.until - time.time()
                text = json.dumps(asdict(token))
                self._tokens.keep(self._name, text, int(lasts) + 1)
        return token.access

    def _kept(self) -> Token | None:
        text = self._tokens.get(self._name)
        return Token(**json.loads(text)) if text else None


def lasting(seconds: float) -> float:
    """Until when (UNIX time) a token that lasts so long is used."""
    return time.time() + max(SHORTEST, seconds - EARLY)


def name_of(*parts: str) -> str:
    """A name for whatever a token depends on, that tells nothing of it."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
