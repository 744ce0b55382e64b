"""The embedded store, started again whenever and however it died."""

import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from receiver.embedded import EmbeddedValkey


@pytest.fixture
def embedded() -> Iterator[EmbeddedValkey]:
    # not tmp_path: the path of a Unix socket must be short
    with TemporaryDirectory(prefix="embedded-") as directory:
        store = EmbeddedValkey(Path(directory))
        store.start()
        yield store
        store.stop()


def kill(store: EmbeddedValkey) -> None:
    process = store._server._process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_store_that_was_killed_is_back_with_what_it_acknowledged(embedded):
    with redis.Redis.from_url(embedded.url) as client:
        client.set("kept", "yes")
        kill(embedded)
        assert embedded.restart_if_dead()
        assert client.get("kept") == b"yes"


def test_a_store_that_dies_while_it_starts_is_started_again_at_the_next_look(embedded):
    server = embedded._server
    binary, server._binary_path = server._binary_path, Path("/bin/false")
    kill(embedded)
    assert not embedded.restart_if_dead()
    server._binary_path = binary
    assert embedded.restart_if_dead()
    assert not embedded.restart_if_dead()
    with redis.Redis.from_url(embedded.url) as client:
        assert client.ping()


def test_nobody_else_on_the_machine_may_read_what_is_stored():
    with TemporaryDirectory(prefix="embedded-") as parent:
        directory = Path(parent) / "data"
        store = EmbeddedValkey(directory)
        store.start()
        with redis.Redis.from_url(store.url) as client:
            client.set("name", "Ada")
        store.stop()
        made = [directory, *directory.rglob("*")]
        assert any(path.suffix == ".aof" for path in made)
        stored = [path for path in made if path.stat().st_size]
        assert [path for path in stored if path.stat().st_mode & 0o077] == []
