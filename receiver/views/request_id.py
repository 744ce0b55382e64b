"""Every request has an id, the host's or ours: in its log lines, in its answer."""

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars

from receiver import logs

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Named:
    """WSGI that names each request, before anything is said about it."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Name a request and have it answered."""
        given = logs.known_id(environ.get("HTTP_X_REQUEST_ID", ""))
        # no secret, so that the system need not be asked for every request
        name = given or f"{random.getrandbits(128):032x}"
        bind_contextvars(request_id=name)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("X-Request-ID", name)], *error)

        return self._app(environ, start)
