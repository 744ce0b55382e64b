"""Gunicorn's worker with threads, but that nobody who is slow keeps a thread.

As it comes, a thread that reads a request waits for ever: as many connections as there
are threads, each silent in the middle of a request, and nothing is accepted any more. A
telephone that loses its network while it sends a lead is enough for one of them.
"""

import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class TimedWorker(ThreadWorker):  # type: ignore[misc]
    """A worker that closes what says nothing, and cuts off what is not said in time."""

    first_seconds = 10.0  # until a new connection says anything; no thread waits for it
    read_seconds = 10.0  # from then on, until a whole request is there

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._handled: dict[Any, float] = {}  # until when each may be read

    def enqueue_req(self, conn: Any) -> None:
        """Have a request answered as soon as there is something to read; of a webhook
        there is by the time its connection is taken.
        """
        if conn.initialized or conn.data_ready or peeked(conn.sock):
            self.have_answered(conn)
            return
        conn.timeout = time.monotonic() + self.first_seconds
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def have_answered(self, conn: Any) -> None:
        """Have a thread read a request and answer it."""
        conn.data_ready = True  # it need not look once more
        super().enqueue_req(conn)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Have the next request of a kept connection read. One that its client closed,
        as PHP does after every request, takes no thread to close.
        """
        if peeked(client) != b"":
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it, in a thread."""
        self._handled[conn] = time.monotonic() + self.read_seconds
        try:
            return super().handle(conn)
        finally:
            self._handled.pop(conn, None)

    def murder_pending(self) -> None:
        """Close what said nothing; end the reading, but not the answer, of what takes
        too long. Called every second at least.
        """
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in self._handled.copy().items():
            if now > deadline:
                self._handled.pop(conn, None)
                with suppress(OSError):  # closed meanwhile
                    conn.sock.shutdown(socket.SHUT_RD)

    def is_parent_alive(self) -> bool:
        """A worker whose master was killed lets the port go at once, before it answers
        the rest: as long as it listens and takes nothing, no other master can start,
        and whoever connects waits in vain.
        """
        is_alive = bool(super().is_parent_alive())
        if not is_alive:
            self.set_accept_enabled(False)
            for listener in self.sockets:
                listener.close()
        return is_alive

    def _cap_keepalive(self, deadline: float) -> None:
        """When it stops, what says nothing keeps it no longer than what said all."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


def peeked(client: socket.socket, most: int = 1) -> bytes | None:
    """The first bytes of what there is to read; none where there never will be any,
    and None where there is nothing yet.
    """
    try:
        return client.recv(most, socket.MSG_PEEK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
