"""Serve an emulator over HTTP/1.1, kept alive, several requests at once."""

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


class _KeepAlive(WSGIRequestHandler):
    """Werkzeug's handler speaks HTTP/1.0 unless told, and logs every request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a benchmark makes thousands of requests."""


def serve_emulator(app: Flask, host: str, port: int) -> None:
    """Answer until interrupted."""
    server = make_server(host, port, app, threaded=True, request_handler=_KeepAlive)
    server.serve_forever()
