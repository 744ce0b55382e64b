"""Log lines: JSON where it is asked for, with an id, and without what went wrong in."""

import io
import json
import logging

import pytest
import structlog
from rq import Queue

from receiver import create_app, logs
from receiver.sugarcrm.signature import sign
from receiver.worker import PatientWorker, WithoutTraces
from tests.events import SECRET, as_body, saved


@pytest.fixture
def written(monkeypatch):
    """What is logged as JSON, line by line; and as it was before, afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    before = structlog.get_config()
    logs.configure("json")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.configure(**before)
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, logs.Libraries)]:
        root.removeHandler(handler)


def post(app, content, **headers):
    body = as_body(content)
    sent = {"Content-Type": "application/json"} | sign(body, "msg_7", SECRET)
    return app.test_client().post(
        "/webhooks/sugarcrm", data=body, headers=sent | headers
    )


@pytest.fixture
def fresh(monkeypatch):
    """Loggers that have not been used, and so follow what is configured."""
    for module in ("receiver.views.app", "receiver.views.webhooks"):
        monkeypatch.setattr(f"{module}.log", structlog.get_logger())


def test_a_webhook_is_one_line_with_its_ids(services, written, fresh):
    answer = post(create_app(services), saved("d1"), **{"X-Request-ID": "host-42"})
    assert answer.headers["X-Request-ID"] == "host-42"
    (line,) = written()
    assert line["event"] == "accepted"
    assert (line["webhook_id"], line["request_id"]) == ("msg_7", "host-42")
    assert (line["of"], line["accepted"], line["ignored"]) == (["d1"], 1, 0)


@pytest.mark.parametrize("given", ["", "a b", "ada@shop.example", "x" * 200, "Ж"])
def test_what_is_no_id_is_not_written_down(services, written, fresh, given):
    named = {"X-Request-ID": given.encode("utf-8").decode("latin-1")}
    answer = post(create_app(services), saved("d1"), **named)
    (line,) = written()
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert len(line["request_id"]) == 32


def test_an_unexpected_error_is_told_without_its_message(
    services, written, fresh, monkeypatch
):
    def fail(*_):
        raise ValueError("Ada Lovelace")

    monkeypatch.setattr("receiver.views.webhooks._records", fail)
    answer = post(create_app(services), saved("d1"))
    assert answer.status_code == 500
    crash = next(line for line in written() if line["event"] == "crashed")
    assert crash["error"] == "ValueError"
    assert crash["where"].startswith("test_logs.py:")
    assert "Ada" not in answer.text + json.dumps(written())


def fail_with_a_name():
    raise ValueError("Ada Lovelace")


def test_a_failed_job_keeps_no_message(redis_client, written):
    queue = Queue("live", connection=redis_client)
    job = queue.enqueue(fail_with_a_name, failure_ttl=60)
    worker = PatientWorker([queue], connection=redis_client)
    worker.log.addFilter(WithoutTraces())
    worker.work(burst=True, logging_level="WARNING")
    (line,) = [one for one in written() if one["event"] == "job_failed"]
    assert line["error"] == "ValueError"
    assert "fail_with_a_name" in line["where"]
    assert "fail_with_a_name" in job.latest_result().exc_string
    assert "Ada" not in job.latest_result().exc_string + json.dumps(written())


def test_what_libraries_log_is_json_too(written):
    logging.getLogger("some.library").warning("low on %s", "memory")
    logging.getLogger("some.library").info("nothing to see")
    (line,) = written()
    assert (line["event"], line["level"]) == ("low on memory", "warning")
    assert line["logger"] == "some.library"


def test_configured_twice_it_still_says_everything_once(written, capsys):
    logs.configure("json")
    logging.getLogger("some.library").warning("once")
    assert written() == []
    assert len(capsys.readouterr().err.splitlines()) == 1
