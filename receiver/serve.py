"""`sugar-roistat serve`: web, workers and clock in one command, a store of our own."""

import socket

from receiver.bootstrap import BACKGROUND, LIVE
from receiver.config import Config, child_environment
from receiver.embedded import EmbeddedValkey
from receiver.errors import InvalidSettings
from receiver.supervisor import Supervisor

WEB = ("gunicorn", "--config", "python:receiver.gunicorn_conf")


def serve(config: Config, host: str = "0.0.0.0") -> None:  # noqa: S104 - it is a server
    """Run until told to stop. Raises `InvalidSettings`."""
    require_free_port(host, config.port, "PORT")
    store = None if config.redis_url else EmbeddedValkey(config.data_dir)
    if store:
        store.start()
    try:
        supervisor = Supervisor(child_environment(REDIS_URL=_url(config, store)))
        start_receiver(supervisor, host, config.port)
        supervisor.run(also=store.restart_if_dead if store else lambda: None)
    finally:
        if store:
            store.stop()


def start_receiver(
    supervisor: Supervisor, host: str, port: int, worker: str = "receiver.worker"
) -> None:
    """Start the receiver's own processes; `worker` is the module of the workers."""
    supervisor.start(
        "web",
        [*WEB, "--workers", "2", "--bind", f"{host}:{port}", "receiver:create_app()"],
    )
    supervisor.start("worker", [worker, LIVE])
    supervisor.start("background", [worker, BACKGROUND])
    supervisor.start("clock", ["receiver.schedule"])


def require_free_port(host: str, port: int, setting: str) -> None:
    """Return if we may listen there. Raises `InvalidSettings`, naming the setting."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidSettings(
                f"{setting}: cannot listen on {host}:{port} ({error.strerror})."
            ) from None


def _url(config: Config, store: EmbeddedValkey | None) -> str:
    return store.url if store else str(config.redis_url)
