"""What is reported to Sentry: that an error was, and where, and nothing else."""

import gzip
import json
import subprocess
import sys

import pytest
from flask import Flask, request

from receiver import sentry
from receiver.config import Config
from receiver.errors import InvalidSettings
from tests.live import served
from tests.processes import environment

PROGRAM = """
import sys
import sentry_sdk
from receiver import sentry
sentry.start(sys.argv[1], "1.2.3")
import logging
from flask import Flask
app = Flask("some")
@app.post("/<name>")
def fail(name):
    phone = "+79991234567"
    logging.getLogger("any").error("about Ada Lovelace")
    raise ValueError("no such client: Ada Lovelace, ada@example.com")
app.test_client().post("/Lovelace?key=hidden", json={"name": "Ada"},
    headers={"Authorization": "Bearer hidden", "webhook-signature": "v1,hidden"})
sentry_sdk.flush(5)
"""

WORKER = """
import sys
import redis
from rq import Queue
import sentry_sdk
from receiver import sentry
from receiver.worker import PatientWorker
sentry.start(sys.argv[1], "1.2.3")
queue = Queue("some", connection=redis.Redis.from_url(sys.argv[2]))
queue.enqueue("json.loads", "Ada Lovelace")
PatientWorker([queue], connection=queue.connection).work(burst=True)
sentry_sdk.flush(5)
"""


@pytest.fixture
def inbox():
    """Sentry: what arrived, as text."""
    app, got = Flask("sentry"), []

    @app.post("/<path:path>")
    def take(path):
        body = request.get_data()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        got.append(body.decode())
        return {}

    with served(app) as url:
        yield url.replace("http://", "http://publickey@") + "/1", got


def test_an_error_is_reported_without_anything_personal(inbox):
    dsn, got = inbox
    command = [sys.executable, "-c", PROGRAM, dsn]
    subprocess.run(command, env=environment(), check=True, timeout=60)
    events = [line for one in got for line in one.splitlines() if "exception" in line]
    assert len(events) == 1
    error = json.loads(events[0])["exception"]["values"][0]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"
    for secret in ("Ada", "Lovelace", "example.com", "hidden", "7999", "v1,"):
        assert secret not in "".join(got)


def test_a_job_that_fails_is_reported_without_what_it_was_about(inbox, valkey):
    dsn, got = inbox
    command = [sys.executable, "-c", WORKER, dsn, valkey.connection_url]
    subprocess.run(command, env=environment(), check=True, timeout=60)
    assert "JSONDecodeError" in "".join(got)
    assert "Ada" not in "".join(got)


def test_without_an_address_nothing_is_begun(monkeypatch):
    import sentry_sdk

    monkeypatch.setattr(sentry_sdk, "init", None)
    sentry.start(None, "1")


def test_without_the_extra_it_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(InvalidSettings, match="SENTRY_DSN"):
        sentry.start("https://key@sentry.example/1", "1")


@pytest.mark.parametrize("dsn", ["sentry.example", "https://sentry.example/1"])
def test_an_address_that_is_none_is_named_but_not_shown(dsn, cli, monkeypatch):
    monkeypatch.setenv("SENTRY_DSN", dsn)
    with pytest.raises(InvalidSettings, match="SENTRY_DSN") as caught:
        Config.from_environment()
    assert "sentry.example" not in str(caught.value)
