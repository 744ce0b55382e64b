"""Serve an emulator as Roistat is served: connections kept alive, requests at once."""

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

SETTINGS = {
    "worker_class": "gthread",
    "workers": 1,  # the state is in memory
    "threads": 32,  # an injected latency holds one each
    "keepalive": 75,
    "loglevel": "warning",
    "control_socket_disable": True,
}


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, told its settings by us instead of its command line."""

    def __init__(self, app: Flask, **settings: Any) -> None:
        self._app, self._settings = app, settings
        super().__init__()

    def load_config(self) -> None:
        """Take our settings."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Give the application to serve."""
        return self._app


def serve_emulator(app: Flask, host: str, port: int) -> None:
    """Answer until told to stop."""
    _Server(app, **SETTINGS, bind=f"{host}:{port}").run()
