"""The fast path: webhooks are read, stored and answered in the web worker's own loop.

A thread for each webhook costs more than the webhook does: to hand it over, to wake up,
to wait for the interpreter, for the store, and for the interpreter once more. The loop
reads what has come, has what has become whole stored by one write with all else that
has meanwhile, and answers when that is done. It never waits for anything but the next
event.

It takes what is simple. Whatever else comes, and whatever goes wrong, is left to a
thread as if nobody had looked, so that every answer to an error is in one place.
"""

import re
import selectors
import socket
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gunicorn import http

from receiver.group_commit import GroupCommit
from receiver.views.webhooks import PATH, Received, Stored, Webhooks
from receiver.web_worker import TimedWorker, peeked

MOST = 64 * 1024  # bytes of a request; what has more may take its time in a thread
NONE_OF_OURS = 0  # the size of whatever is for a thread

_LINE = f"POST {PATH} HTTP/1.1\r\n".encode()
_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d{1,7})[ \t]*(?=\r\n)")
_EXPECTS = re.compile(rb"(?i)\r\nexpect:")  # to be told to go on


@dataclass(eq=False, slots=True)
class Coming:
    """A webhook on its way in: what was heard of it, and until when there may come
    more.
    """

    conn: Any
    until: float
    heard: bytearray = field(default_factory=bytearray)


class Understood(NamedTuple):
    """A webhook that can be stored, gunicorn's request and what it says."""

    coming: Coming
    request: Any
    received: Received


class FastPath:
    """The fast path of one worker to the `webhooks` of its application."""

    def __init__(self, worker: "FastWorker", webhooks: Webhooks) -> None:
        self._worker = worker
        self._webhooks = webhooks
        self._commit = GroupCommit(
            worker, webhooks.direct_put(), webhooks.wake, self._answer, self._leave_one
        )
        # those of which there is more to come, in the order in which it must have come
        self._halves: dict[Coming, None] = {}

    def takes(self, conn: Any) -> bool:
        """Whether what comes next on a connection is taken care of here."""
        if not self._commit.is_ready() or _was_read_ahead(conn):
            return False
        if peeked(conn.sock, len(_LINE)) != _LINE:
            return False
        self._hear(Coming(conn, time.monotonic() + self._worker.read_seconds))
        return True

    def cut_off(self) -> None:
        """Hear no more of what is not whole in time, and do not wait for a store that
        has hung.
        """
        now = time.monotonic()
        while self._halves and now > (half := next(iter(self._halves))).until:
            self._stop_hearing(half)
            with suppress(OSError):  # closed meanwhile
                half.conn.sock.shutdown(socket.SHUT_RD)
            self._leave(half)
        self._commit.give_up_if_late()

    def hurry(self, deadline: float) -> None:
        """Hear nothing for longer than until `deadline`."""
        for half in self._halves:
            half.until = min(half.until, deadline)

    def _hear(self, coming: Coming) -> None:
        """Read what there is of a webhook, and see to what is to be done with it."""
        piece = _read(coming.conn.sock)
        coming.heard += piece
        size = _size_of(coming.heard) if piece else NONE_OF_OURS
        if size is None or size > len(coming.heard):
            self._hear_more(coming)
            return
        self._stop_hearing(coming)
        understood = self._understand(coming) if size == len(coming.heard) else None
        if understood and self._commit.is_ready():
            self._commit.add(understood, understood.received.records)
        else:
            self._leave(coming)

    def _hear_more(self, coming: Coming) -> None:
        if coming not in self._halves:
            self._halves[coming] = None
            self._worker.poller.register(
                coming.conn.sock, selectors.EVENT_READ, lambda _: self._hear(coming)
            )

    def _stop_hearing(self, coming: Coming) -> None:
        if coming in self._halves:
            del self._halves[coming]
            self._worker.poller.unregister(coming.conn.sock)

    def _understand(self, coming: Coming) -> Understood | None:
        """What a webhook says, where it can be stored."""
        head, _, body = bytes(coming.heard).partition(_HEAD_ENDS)
        pieces = iter([head + _HEAD_ENDS])
        try:
            parser = http.get_parser(self._worker.cfg, pieces, coming.conn.client)
            request = next(parser)
            headers = {name.lower(): value for name, value in request.headers}
            if len(headers) < len(request.headers):
                return None  # one is there twice
            received = self._webhooks.receive(body, headers)
        except Exception:  # a thread will find it again, and the words for it
            return None
        return Understood(coming, request, received) if received else None

    def _answer(self, one: Understood, taken: Sequence[bool]) -> None:
        """Have the application answer a webhook that is stored, as gunicorn does."""
        conn, request = one.coming.conn, one.request
        request.body = Stored(one.received, taken)
        kept: Future[bool] = Future()
        try:
            handle = copy_context().run  # what the application binds is the request's
            kept.set_result(handle(self._worker.handle_request, request, conn))
            conn.init()
        except (OSError, StopIteration) as gone:
            kept.set_exception(gone)
        except Exception as error:
            kept.set_exception(error)
            self._worker.handle_error(request, conn.sock, conn.client, error)
        self._worker.finish_request(conn, kept)

    def _leave_one(self, one: Understood) -> None:
        self._leave(one.coming)

    def _leave(self, coming: Coming) -> None:
        """Have a thread do it all from the beginning."""
        coming.conn.init()
        coming.conn.parser.unreader.unread(bytes(coming.heard))
        self._worker.leave_to_a_thread(coming.conn)


class FastWorker(TimedWorker):
    """A worker with a fast path, where its application has `webhooks`."""

    _fast_path: FastPath | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        webhooks = getattr(self.wsgi, "webhooks", None)
        if webhooks and not self.cfg.is_ssl and self.cfg.http_protocols == ["h1"]:
            self._fast_path = FastPath(self, webhooks)
        super().run()

    def have_answered(self, conn: Any) -> None:
        """Have a request answered here or by a thread."""
        if not self._fast_path or not self._fast_path.takes(conn):
            self.leave_to_a_thread(conn)

    def leave_to_a_thread(self, conn: Any) -> None:
        """Have a thread answer a request, whatever was read of it."""
        super().have_answered(conn)

    def murder_pending(self) -> None:
        """Called every second at least, and at every event."""
        super().murder_pending()
        if self._fast_path:
            self._fast_path.cut_off()

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        if self._fast_path:
            self._fast_path.hurry(deadline)


def _was_read_ahead(conn: Any) -> bool:
    """Whether some of the next request was read with the one before."""
    return bool(conn.parser and conn.parser.unreader.buf.getvalue())


def _read(sock: socket.socket) -> bytes:
    """What there is to read; nothing where there never will be any."""
    try:
        return sock.recv(MOST)
    except OSError:
        return b""


def _size_of(heard: bytearray) -> int | None:
    """How many bytes a request has; None where it has not said so yet."""
    end = heard.find(_HEAD_ENDS)
    if end < 0:
        return None if len(heard) < MOST else NONE_OF_OURS
    head = heard[: end + 2]
    length = _LENGTH.search(head)
    if not length or _EXPECTS.search(head):
        return NONE_OF_OURS
    size = end + len(_HEAD_ENDS) + int(length[1])
    return size if size <= MOST else NONE_OF_OURS
