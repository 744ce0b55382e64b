"""`put` over a connection of its own, in two halves, for a loop that never waits."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import redis

from receiver.errors import StoreUnavailable
from receiver.store.edge import translated
from receiver.store.records import Record

Answer = tuple[bool, list[bool]]


class DirectPut:
    """What `Store.put` does, one call at a time: `send`, and `receive` once there is
    something to read from `fileno`. Only `connect` waits, and is for a thread.

    Whatever fails raises `StoreUnavailable`; afterwards there may be no connection.
    """

    def __init__(
        self,
        client: "redis.Redis",
        script: Any,
        arguments: Callable[[Sequence[Record]], tuple[list[str], list[Any]]],
        read: Callable[[Any], Answer],
    ) -> None:
        self._client = client
        self._sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._script = script
        self._arguments = arguments
        self._read = read
        self._connection: Any = None

    def connect(self) -> None:
        """Have a connection to a store that knows the script."""
        with translated():
            if self._connection is None:
                self._connection = self._client.connection_pool.get_connection()
            self._connection.connect()
            self._connection.send_command("SCRIPT LOAD", self._script)
            self._connection.read_response()

    def is_connected(self) -> bool:
        """Whether there is a connection, as far as anybody noticed."""
        return self._connection is not None and self._connection.is_connected

    def fileno(self) -> int:
        """What to watch; there must be a connection."""
        return int(self._connection._sock.fileno())  # the library hands none out

    def send(self, records: Sequence[Record]) -> None:
        """Ask the store to take states, in order."""
        if not self.is_connected():
            raise StoreUnavailable("there is no connection to the store")
        keys, values = self._arguments(records)
        with translated():
            command = ("EVALSHA", self._sha, len(keys), *keys, *values)
            # no question beforehand whether it is there: that would be one to wait for
            self._connection.send_command(*command, check_health=False)

    def receive(self) -> Answer:
        """What came of it: whether to wake a worker, and which states were taken."""
        with translated():
            return self._read(self._connection.read_response())

    def disconnect(self) -> None:
        """Let go of a connection that is of no use any more."""
        if self._connection is not None:
            self._connection.disconnect()
