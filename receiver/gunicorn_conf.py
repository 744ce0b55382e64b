"""Gunicorn's settings: `gunicorn --config python:receiver.gunicorn_conf`.

Gunicorn itself reads PORT and WEB_CONCURRENCY from the environment.
"""

from typing import Any

from gunicorn.glogging import Logger


class Discreet(Logger):  # type: ignore[misc]
    """A log without what was asked for: an address may hold personal data, and what is
    wrong with a request is quoted from it. Who asks is not written down either.
    """

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Warn; of a malformed request only that there was one."""
        if str(msg).startswith("Invalid request"):
            msg, args = "A malformed request was refused.", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Tell of an error; of a request only that it failed."""
        if str(msg).startswith("Error handling request"):
            msg, args = "A request failed.", ()
        super().exception(msg, *args, **kwargs)


logger_class = Discreet
worker_class = "gthread"
threads = 2  # more of them accept no faster, and hand the interpreter about
keepalive = 75
control_socket_disable = True  # it would leave a file in the home directory
graceful_timeout = 8  # a host gives ten seconds from SIGTERM to SIGKILL
loglevel = "warning"
limit_request_line = 8190  # a lead by GET is long
