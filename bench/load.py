"""The senders: so many at once, one request at a time each."""

import re
import selectors
import socket
import time
from collections.abc import Iterable
from contextlib import closing

HOST = "127.0.0.1"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def fire(
    port: int,
    requests: Iterable[bytes],
    connections: int,
    status: int = 202,
    *,
    kept: bool = True,
) -> float:
    """Send all requests over so many connections at once; give the seconds they took.
    Where connections are not `kept`, each request has one of its own. An iterator that
    sleeps sets the pace: it is asked for one request at a time.

    Raises `RuntimeError` at an answer of another status.
    """
    waiting = iter(requests)
    with closing(_Senders(port, connections, status, kept)) as senders:
        began = time.perf_counter()
        while True:
            while senders.free and (request := next(waiting, None)) is not None:
                senders.send(request)
            if not senders.are_waiting():
                return time.perf_counter() - began
            senders.hear()


class _Senders:
    """All of them in one thread: what they take of the processor is missing in what is
    measured.
    """

    def __init__(self, port: int, connections: int, status: int, kept: bool) -> None:
        self._port, self._kept = port, kept
        self._wanted = b"HTTP/1.1 %d" % status
        self._poller = selectors.DefaultSelector()
        self.free = [_connected(port) for _ in range(connections)]

    def send(self, request: bytes) -> None:
        """Have one that is free send it."""
        connection = self.free.pop()
        self._poller.register(connection, selectors.EVENT_READ, bytearray())
        connection.sendall(request)

    def are_waiting(self) -> bool:
        """Whether there is an answer to come."""
        return bool(self._poller.get_map())

    def hear(self) -> None:
        """Take in what has come; who has a whole answer is free."""
        for key, _ in self._poller.select():
            connection, answer = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            if not _is_whole(connection, answer):
                continue
            if not answer.startswith(self._wanted):
                raise RuntimeError(answer.decode(errors="replace"))
            self._poller.unregister(connection)
            if not self._kept:
                connection.close()
                connection = _connected(self._port)
            self.free.append(connection)

    def close(self) -> None:
        """Hang up."""
        for connection in self.free:
            connection.close()
        for key in self._poller.get_map().values():
            key.fileobj.close()  # type: ignore[union-attr]
        self._poller.close()


def _connected(port: int) -> socket.socket:
    connection = socket.socket()
    connection.connect((HOST, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _is_whole(connection: socket.socket, answer: bytearray) -> bool:
    """Whether the answer is, with what has come."""
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError("the server hung up")
    answer += piece
    head, separator, body = answer.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    return bool(separator) and len(body) >= int(found[1] if found else 0)
