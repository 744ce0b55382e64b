"""A proxy that hands a request on, waits until it is done, and does not say so."""

import time

import requests
from flask import Flask, Response, request

OURS = frozenset({"host", "content-length", "connection", "accept-encoding"})
PASSED_ON = ("Content-Type", "Date")


class Swallowing:
    """Swallows the answer of the first request whose body holds a text."""

    def __init__(self, url: str, text: str, seconds: float = 3.0) -> None:
        self.url, self.text, self.seconds = url, text, seconds
        self.skipped = 0  # how many of them are let through first
        self.swallowed = 0

    def app(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        methods = ["GET", "POST"]

        @app.route("/", defaults={"path": ""}, methods=methods)
        @app.route("/<path:path>", methods=methods)
        def pass_on(path: str) -> Response:
            body = request.get_data()
            answer = requests.request(
                request.method,
                f"{self.url}/{path}",
                params=request.query_string,
                data=body,
                headers={k: v for k, v in request.headers if k.lower() not in OURS},
                timeout=30,
            )
            if self.text in body.decode() and not self.swallowed:
                assert answer.ok, answer.text
                if self.skipped:
                    self.skipped -= 1
                else:
                    self.swallowed += 1
                    time.sleep(self.seconds)
            headers = {k: answer.headers[k] for k in PASSED_ON if k in answer.headers}
            return Response(answer.content, answer.status_code, headers)

        return app
