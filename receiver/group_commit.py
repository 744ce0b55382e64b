"""Group commit, for an event loop: what comes while one write is under way is the next.

Nothing waits for company: who finds no write under way is written at once, alone.
"""

import selectors
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple

from receiver.store import DirectPut, Record

MOST = 200  # records of one write: the store does nothing else meanwhile
PATIENCE = 2.0  # seconds that a write may take
PAUSE = 1.0  # seconds between two attempts to connect


class Wish(NamedTuple):
    """Somebody's records."""

    whose: Any
    records: Sequence[Record]


class GroupCommit:
    """Has records written over one connection, one write at a time, in the order they
    came; calls `written(whose, taken)` with which of them were taken, or
    `failed(whose)` where nobody knows. Some of those may have been written: a state
    that is put twice is ignored the second time. Calls `wake` where a worker should be
    woken.

    Everything happens in the loop of the `worker`, gunicorn's, but what may have to
    wait: its threads wake, and connect anew to a store that failed in any way.
    """

    def __init__(
        self,
        worker: Any,
        put: DirectPut,
        wake: Callable[[], None],
        written: Callable[[Any, Sequence[bool]], None],
        failed: Callable[[Any], None],
    ) -> None:
        self._worker = worker
        self._put = put
        self._wake = wake
        self._written = written
        self._failed = failed
        self._waiting: deque[Wish] = deque()
        self._writing: list[Wish] = []
        self._patience = 0.0  # until when the write under way is waited for
        self._watched: int | None = None  # the connection, where there is one
        self._connects_from = 0.0
        self.is_ready()  # the first one need not wait for it

    def is_ready(self) -> bool:
        """Whether there is a store to write to; where there is none, look for it."""
        if self._watched is None and time.monotonic() >= self._connects_from:
            self._connects_from = float("inf")
            connecting = self._worker.tpool.submit(self._put.connect)
            connecting.add_done_callback(
                lambda done: self._worker.method_queue.defer(self._connected, done)
            )
        return self._watched is not None

    def add(self, whose: Any, records: Sequence[Record]) -> None:
        """Have the records of one more written; the store must be ready."""
        self._waiting.append(Wish(whose, records))
        if not self._writing:
            self._write()

    def give_up_if_late(self) -> None:
        """No longer wait for a store that has hung."""
        if self._writing and time.monotonic() > self._patience:
            self._fail()

    def _connected(self, done: "Future[None]") -> None:
        self._connects_from = time.monotonic() + PAUSE
        if done.exception() is None:
            self._watched = self._put.fileno()
            poller = self._worker.poller
            poller.register(self._watched, selectors.EVENT_READ, self._on_answer)

    def _write(self) -> None:
        records: list[Record] = []
        while self._waiting and len(records) < MOST:
            wish = self._waiting.popleft()
            self._writing.append(wish)
            records += wish.records
        self._patience = time.monotonic() + PATIENCE
        try:
            self._put.send(records)
        except Exception:
            self._fail()

    def _on_answer(self, _: Any) -> None:
        """The connection has the answer, or has ended."""
        try:
            wake, taken = self._put.receive()
        except Exception:
            self._fail()
            return
        if wake:
            self._worker.tpool.submit(self._wake)
        written, self._writing = self._writing, []
        if self._waiting:
            self._write()  # the store works while we answer
        at = 0
        for wish in written:
            end = at + len(wish.records)
            self._written(wish.whose, taken[at:end])
            at = end

    def _fail(self) -> None:
        if self._watched is not None:
            self._worker.poller.unregister(self._watched)
            self._watched = None
        with suppress(Exception):
            self._put.disconnect()
        failed = [*self._writing, *self._waiting]
        self._writing = []
        self._waiting.clear()
        for wish in failed:
            self._failed(wish.whose)
