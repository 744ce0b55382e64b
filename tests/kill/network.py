"""The network between the receiver and Roistat, which can be cut, slow or spoilt."""

import contextlib
import socket
import struct
import threading
import time
from typing import Self

HOST = "127.0.0.1"
CHUNK = 64 * 1024

# What may become of an answer
HALF, GARBAGE, PAGE, NOTHING = "half", "garbage", "page", "nothing"
ANSWERS = (HALF, GARBAGE, PAGE, NOTHING)

_PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n"
    b"<html>One moment...</html>\r\n"[:27]
)


class Network:
    """Passes connections on to a port, as well as it is told to, inside `with`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._refuses = False
        self._delay = 0.0
        self._spoilt: list[str] = []
        self._catches = False
        self._let_go = threading.Event()
        self.caught: int | None = None  # the port of whoever sent what was caught

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self._listener.close()
        self.drop()

    # --- what goes wrong ---

    def refuse(self) -> None:
        """Take no connection any more, and break those that there are."""
        self._refuses = True
        self.drop()

    def hold(self) -> None:
        """Let nothing through; what is sent meanwhile arrives later, even if nobody
        waits for it any more.
        """
        self._flows.clear()

    def slow(self, seconds: float) -> None:
        """Let everything through that much later, each way."""
        self._delay = seconds

    def spoil(self, what: str) -> None:
        """Have the next answer arrive as half of it, as garbage, or not at all."""
        with self._lock:
            self._spoilt.append(what)

    def catch(self) -> None:
        """Keep the next thing that anybody sends back until `let_go`, as if it had not
        been sent before; everything else passes.
        """
        self._let_go.clear()
        self.caught, self._catches = None, True

    def let_go(self) -> None:
        """Let what was caught through."""
        self._catches = False
        self._let_go.set()

    def drop(self) -> None:
        """Break all connections, whatever is on its way."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for one in pair:
                _break(one)

    def heal(self) -> None:
        """All is well again."""
        self._refuses, self._delay = False, 0.0
        with self._lock:
            self._spoilt.clear()
        self._flows.set()
        self.let_go()

    # --- passing on ---

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                _break(ours)
                continue
            try:
                theirs = socket.create_connection((HOST, self._target), 5)
            except OSError:
                _break(ours)
                continue
            theirs.settimeout(None)
            pair = (ours, theirs)
            with self._lock:
                self._pairs.add(pair)
            for pump in (self._questions, self._answers):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    def _questions(self, ours: socket.socket, theirs: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sender = ours.getpeername()[1]
            while piece := ours.recv(CHUNK):
                if self._is_catch(sender):
                    self._let_go.wait()
                self._flows.wait()
                time.sleep(self._delay)
                theirs.sendall(piece)
        with contextlib.suppress(OSError):
            theirs.shutdown(socket.SHUT_WR)

    def _answers(self, ours: socket.socket, theirs: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := theirs.recv(CHUNK):
                self._flows.wait()
                time.sleep(self._delay)
                spoilt = self._taken()
                if spoilt:
                    _spoil(ours, piece, spoilt)
                else:
                    ours.sendall(piece)
                if spoilt in (HALF, GARBAGE):
                    break
        with self._lock:
            self._pairs.discard((ours, theirs))
        for one in (ours, theirs):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _is_catch(self, sender: int) -> bool:
        with self._lock:
            is_catch, self._catches = self._catches, False
            if is_catch:
                self.caught = sender
        return is_catch

    def _taken(self) -> str | None:
        with self._lock:
            return self._spoilt.pop(0) if self._spoilt else None


def _spoil(ours: socket.socket, piece: bytes, what: str) -> None:
    if what == HALF:
        ours.sendall(piece[: len(piece) - 20])
    elif what == GARBAGE:
        ours.sendall(b"\x16\x03\x01\x02\x00\x01\x00" * 9)
    elif what == PAGE:
        ours.sendall(_PAGE)


def _break(one: socket.socket) -> None:
    """Close with a reset, as a router does that was restarted."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
    one.close()
