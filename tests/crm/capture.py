"""A receiver that keeps what it gets, and can be told what to answer."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]


class CapturingReceiver:
    """Answers as the real one does when all is well, unless told otherwise.

    `status` and `answer` are for every request; `decide` may answer a request by its
    message instead. While it hangs, it does not answer at all.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 202
        self.answer: Any = None
        self.decide: Callable[[Any], Answer | None] = lambda message: None
        self.hangs = False
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was posted, in order: batches, single events and pings."""
        return [json.loads(body) for _, _, body in self.requests]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all messages, in order, with or without a batch around them."""
        return [event for message in self.messages for event in events_of(message)]

    @property
    def pings(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "ping"]

    def forget(self) -> None:
        self.requests.clear()

    def __enter__(self) -> "CapturingReceiver":
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the port: connections are refused from now on."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _reply(self, message: Any) -> Answer:
        decided = self.decide(message)
        if decided is not None:
            return decided
        if self.status != 202 or self.answer is not None:
            return self.status, self.answer
        if message["type"] == "ping":
            return 200, WELL
        return 202, {"accepted": len(events_of(message)), "ignored": 0}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append((self.path, headers, body))
                if receiver.hangs:
                    receiver._released.wait(30)
                    return
                status, answer = receiver._reply(json.loads(body))
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Location", receiver.url)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


def events_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The events that a message carries; a ping carries none."""
    if message["type"] == "batch":
        return list(message["data"]["events"])
    return [] if message["type"] == "ping" else [message]


WELL = {
    "version": "0.1.0",
    "time": "2026-11-21T07:42:10.123456Z",
    "store": {"state": "ok", "message": "The store answers."},
    "roistat": {
        "state": "ok",
        "message": "Roistat answers.",
        "checked_at": "2026-11-21T07:42:00Z",
    },
}
