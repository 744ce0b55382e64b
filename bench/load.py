"""The senders: so many at once, one request at a time each."""

import re
import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier, Lock

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
    waiting, lock = iter(requests), Lock()
    start = Barrier(connections + 1)
    with ThreadPoolExecutor(connections) as pool:
        senders = [
            pool.submit(_send_all, port, waiting, lock, start, status, kept)
            for _ in range(connections)
        ]
        start.wait()
        began = time.perf_counter()
        for sender in senders:
            sender.result()
        return time.perf_counter() - began


def _send_all(
    port: int,
    waiting: Iterator[bytes],
    lock: Lock,
    start: Barrier,
    status: int,
    kept: bool,
) -> None:
    wanted = b"HTTP/1.1 %d" % status
    with ExitStack() as stack:
        connection = stack.enter_context(_connected(port))
        start.wait()
        while True:
            with lock:
                request = next(waiting, None)
            if request is None:
                return
            connection.sendall(request)
            answer = _read_answer(connection)
            if not answer.startswith(wanted):
                raise RuntimeError(answer.decode(errors="replace"))
            if not kept:
                stack.close()
                connection = stack.enter_context(_connected(port))


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _read_answer(connection: socket.socket) -> bytes:
    answer = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("the server hung up")
        answer += piece
        head, separator, body = answer.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if separator and len(body) >= int(found[1] if found else 0):
            return answer
