"""Receivers that are far away, or accept and then say nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SlowReceiver:
    """Answers as the real one does when all is well, after that many seconds."""

    def __init__(self, seconds: float) -> None:
        self.events = 0
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(seconds))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "SlowReceiver":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, seconds: float) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver._stopped.wait(seconds):
                    return
                message = json.loads(body)
                ping = message["type"] == "ping"
                count = len(message["data"].get("events", [message]))
                receiver.events += 0 if ping else count
                answer = PONG if ping else {"accepted": count, "ignored": 0}
                content = json.dumps(answer).encode()
                self.send_response(200 if ping else 202)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


PONG = {
    "version": "0.1.0",
    "time": "2026-11-21T07:42:10.123456Z",
    "store": {"state": "ok", "message": "The store answers."},
    "roistat": {"state": "ok", "message": "Roistat answers.", "checked_at": None},
}
