"""Whoever is slow, by intent or by a bad network, keeps nobody else waiting."""

import socket
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from receiver.store.leads import LeadStore
from tests.leads import FORM, values
from tests.web import seconds_to_answer, web

# what the loop reads itself, and what a thread does
LOOP, THREAD = (
    b"POST /%s HTTP/1.1\r\nHost: x\r\n" % path
    for path in (b"webhooks/sugarcrm", b"leads")
)
SILENT = b""
HALF_A_HEADER = b"Webhook-I"
HALF_A_BODY = b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"
MANY = 4  # more than the threads of tests/hurried_conf.py


@pytest.fixture(scope="module")
def hurried(valkey, tmp_path_factory):
    directory = tmp_path_factory.mktemp("web")
    with web("tests.hurried_conf", valkey.connection_url, directory) as found:
        yield found[0]


@contextmanager
def slow(port, said):
    with ExitStack() as stack:
        ours = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 15))
            for _ in range(MANY)
        ]
        for one in ours:
            one.sendall(said)
        yield ours


def test_whoever_says_nothing_keeps_no_thread(hurried):
    with slow(hurried, SILENT):
        assert max(seconds_to_answer(hurried) for _ in range(5)) < 0.8


@pytest.mark.parametrize("said", [HALF_A_HEADER, HALF_A_BODY, CHUNKS])
@pytest.mark.parametrize("head", [LOOP, THREAD])
def test_whoever_stops_in_the_middle_is_cut_off(hurried, head, said):
    with slow(hurried, head + said) as ours:
        answers = {one.recv(4096)[:12] for one in ours}
        assert answers <= {b"", b"HTTP/1.1 400", b"HTTP/1.1 401"}
        assert seconds_to_answer(hurried) < 0.8


@pytest.mark.parametrize(("head", "status"), [(LOOP, b"401"), (THREAD, b"400")])
def test_whoever_drips_is_cut_off_too(hurried, head, status):
    with socket.create_connection(("127.0.0.1", hurried), 15) as ours:
        ours.sendall(head + HALF_A_BODY)
        ours.settimeout(0.1)
        for _ in range(60):
            ours.sendall(b" ")
            with suppress(TimeoutError):
                assert ours.recv(4096).startswith(b"HTTP/1.1 " + status)
                return
        pytest.fail("it was never cut off")


def test_a_connection_that_is_kept_alive_is_used_again_much_later(hurried):
    with closing(HTTPConnection("127.0.0.1", hurried, timeout=15)) as ours:
        ours.connect()
        first = ours.sock
        for pause in (2.5, 0):
            ours.request("GET", "/healthz")
            answer = ours.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"state":"ok"}\n')
            assert ours.sock is first
            time.sleep(pause)


def test_a_kept_connection_that_its_client_closes_needs_no_thread_to_go(hurried):
    with closing(HTTPConnection("127.0.0.1", hurried, timeout=0.8)) as ours:
        ours.request("GET", "/healthz")
        ours.getresponse().read()
        with slow(hurried, THREAD + HALF_A_BODY):
            time.sleep(0.1)  # every thread has one of them to read
            ours.sock.shutdown(socket.SHUT_WR)
            assert ours.sock.recv(1) == b""


def test_connections_that_say_nothing_do_not_hold_up_a_stop(valkey, tmp_path):
    web_ = web("receiver.gunicorn_conf", valkey.connection_url, tmp_path)
    with web_ as (port, process), slow(port, SILENT):
        seconds_to_answer(port)
        began = time.monotonic()
        process.terminate()
        process.wait(15)
        assert time.monotonic() - began < 5


def test_a_lead_that_is_cut_off_is_no_lead(hurried, redis_client):
    body = urlencode(values(comment="0123456789")).encode()
    head = f"POST /leads HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", hurried), 15) as ours:
        ours.sendall(head.encode() + body[:-3])
        ours.shutdown(socket.SHUT_WR)
        answered = ours.recv(4096)
    assert answered.startswith(b"HTTP/1.1 400"), answered
    assert not list(LeadStore(redis_client).everything("waiting"))
