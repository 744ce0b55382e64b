"""A script on a connection of its own, for what is written most.

The Redis client's way to a connection and back, through its pool, its bookkeeping and
the measuring of each command, takes twice the CPU of the command itself.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import NoScriptError


class DirectScript:
    """Calls one Lua script, for one thread at a time.

    A connection that was closed meanwhile is opened again, as often as the client's
    settings say. Raises what the client raises.
    """

    def __init__(self, client: "redis.Redis", text: str) -> None:
        self._client = client
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self._connection: Any = None

    def __call__(self, keys: Sequence[str], values: Sequence[Any]) -> Any:
        """What the script answers."""
        try:
            return self._ask("EVALSHA", self._sha, len(keys), *keys, *values)
        except NoScriptError:  # the store was emptied, or is another one
            return self._ask("EVAL", self._text, len(keys), *keys, *values)

    def _ask(self, *command: Any) -> Any:
        if self._connection is None:
            self._connection = self._client.connection_pool.get_connection()
        connection = self._connection

        def ask() -> Any:
            connection.send_command(*command)
            return connection.read_response()

        return connection.retry.call_with_retry(ask, lambda _: connection.disconnect())
