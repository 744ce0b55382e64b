"""Gunicorn's settings: `gunicorn --config python:receiver.gunicorn_conf`.

Gunicorn itself reads PORT and WEB_CONCURRENCY from the environment.
"""

from contextlib import suppress
from typing import Any

from gunicorn.glogging import Logger

from receiver import logs
from receiver.config import Config
from receiver.errors import InvalidSettings
from receiver.fast_path import FastWorker


class Discreet(Logger):  # type: ignore[misc]
    """A log without what was asked for: an address may hold personal data, and what is
    wrong with a request is quoted from it. Who asks is not written down either.
    """

    def setup(self, cfg: Any) -> None:
        """Have everything logged as the receiver logs."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

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


class DiscreetWorker(FastWorker):
    """A worker that does not quote a malformed request, not even to who sent it."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        """Answer as gunicorn does, without the words of the request."""
        kind = type(exc)
        with suppress(TypeError):  # an error of the interpreter's own quotes nothing
            exc.__class__ = type(kind.__name__, (kind,), {"__str__": _without_words})
        super().handle_error(req, client, addr, exc)


def _without_words(_: object) -> str:
    return "malformed"


def on_starting(server: Any) -> None:
    """Log as the settings say; what is wrong with them, each worker says itself."""
    try:
        logs.configure(Config.from_environment().log_format)
    except InvalidSettings:
        return


logger_class = Discreet
worker_class = DiscreetWorker  # threads, which is what gunicorn calls gthread
threads = 8  # what they have to store at the same moment is one write
keepalive = 75
control_socket_disable = True  # it would leave a file in the home directory
graceful_timeout = 8  # a host gives ten seconds from SIGTERM to SIGKILL
loglevel = "warning"
limit_request_line = 8190  # a lead by GET is long
