"""A proxy in between, which counts the requests that our commands make."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests

KEPT = ("accept", "authorization", "content-type", "api-key", "use-http-code")


class CountingProxy:
    """Passes requests on, and counts them by where they go (host and port)."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def settings(self) -> dict[str, str]:
        """What makes a process go through here."""
        return {"HTTP_PROXY": f"http://127.0.0.1:{self._server.server_port}"}

    def count(self, url: str) -> int:
        """How many requests have gone there until now."""
        return self.counts[urlsplit(url).netloc]

    def __enter__(self) -> "CountingProxy":
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _note(self, url: str) -> None:
        with self._lock:
            self.counts[urlsplit(url).netloc] += 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                proxy._note(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k: v for k, v in self.headers.items() if k.lower() in KEPT}
                with requests.Session() as session:
                    session.trust_env = False
                    answer = session.request(
                        self.command,
                        self.path,
                        data=body,
                        headers={"Accept-Encoding": "identity"} | headers,
                        allow_redirects=False,
                        timeout=60,
                    )
                self.send_response_only(answer.status_code)
                for name in ("Date", "Content-Type", "Retry-After"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = pass_on  # noqa: N815 - their names

            def log_message(self, *args: object) -> None:
                pass

        return Handler
