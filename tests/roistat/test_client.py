"""Roistat's client over HTTP: what it sends, and what it makes of the answers."""

import socket
import threading
import time

import pytest
from flask import Flask, Response, request

from receiver import http_client
from receiver.errors import RoistatError, UpstreamError
from receiver.roistat.client import PERMANENT, RoistatClient
from tests.live import served

ADD = "/project/add-orders"


class Unlimited:
    def spend(self):
        pass


def client_for(url, key="key"):
    return RoistatClient(f"{url}/api/v1/", key, "12345", Unlimited())


@pytest.fixture
def client(roistat):
    return client_for(roistat.url)


@pytest.fixture
def answering():
    """A client of a server with one answer to everything, and what that was asked."""

    def start(body="", status=200, wait=0.0):
        app, seen = Flask("odd"), []

        @app.post("/<path:path>")
        def answer(path):
            seen.append(request.full_path)
            time.sleep(wait)
            return Response(body, status)

        context = served(app)
        contexts.append(context)
        return client_for(context.__enter__()), seen

    contexts = []
    yield start
    for context in contexts:
        context.__exit__(None, None, None)


def test_orders_are_counted_by_roistat(client):
    client.set_statuses([{"id": "new", "name": "New", "type": "progress"}])
    counters = client.add_orders([{"id": "1", "name": "One", "status": "new"}])
    assert counters["saved"] == 1
    assert counters["skipped_by_status"] == 0


def test_the_dictionary_comes_back_as_it_was_sent(client):
    statuses = [{"id": "new", "name": "New", "type": "progress"}]
    client.set_statuses(statuses)
    assert client.statuses() == statuses


def test_an_id_with_a_slash_or_a_quote_is_deleted_as_itself(client, roistat):
    for order_id in ("a/b", "a'b\"c", "?x#y", "ид", "%2F"):
        client.add_orders([{"id": order_id, "name": "One", "status": "new"}])
        client.delete_order(order_id)
        assert roistat.orders == {}


def test_clients_are_imported(client, roistat):
    client.import_clients([{"id": "c1", "name": "Ada", "phone": "79111234567"}])
    assert roistat.clients["c1"]["phone"] == "79111234567"


def test_a_refused_key_is_an_error_that_may_pass(roistat):
    with pytest.raises(RoistatError) as caught:
        client_for(roistat.url, key="wrong").statuses()
    assert (caught.value.code, caught.value.permanent) == (
        "authentication_failed",
        False,
    )


def test_the_key_travels_in_a_header_and_the_project_in_the_query(answering):
    client, seen = answering('{"status": "success"}')
    client.set_statuses([])
    assert seen == ["/api/v1/project/set-statuses?project=12345"]


def test_an_error_under_200_is_an_error(answering):
    client, _ = answering('{"status": "error", "error": "incorrect_request"}')
    with pytest.raises(RoistatError) as caught:
        client.add_orders([])
    assert (caught.value.code, caught.value.permanent) == ("incorrect_request", True)


@pytest.mark.parametrize("code", sorted(PERMANENT - {"http_400"}))
def test_what_the_request_has_wrong_is_permanent(answering, code):
    status = int(code[5:]) if code.startswith("http_") else 400
    body = "" if code.startswith("http_") else f'{{"status":"error","error":"{code}"}}'
    client, _ = answering(body, status)
    with pytest.raises(RoistatError) as caught:
        client.add_orders([])
    assert (caught.value.code, caught.value.permanent) == (code, True)


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 502, 503])
def test_other_statuses_without_a_word_may_pass(answering, status):
    client, _ = answering("<html>", status)
    with pytest.raises(RoistatError) as caught:
        client.add_orders([])
    assert (caught.value.code, caught.value.permanent) == (f"http_{status}", False)


@pytest.mark.parametrize("body", ["", "OK", "[]", "{}", '{"status": "maybe"}', "\xff"])
def test_a_200_that_says_nothing_is_no_success(answering, body):
    client, _ = answering(body)
    with pytest.raises(RoistatError) as caught:
        client.add_orders([])
    assert (caught.value.permanent, caught.value.sent) == (False, True)


def test_nobody_there_means_surely_not_sent():
    with pytest.raises(UpstreamError) as caught:
        client_for("http://127.0.0.1:1").statuses()
    assert (caught.value.sent, caught.value.permanent) == (False, False)


def test_no_answer_in_time_means_perhaps_sent(answering, monkeypatch):
    monkeypatch.setattr(http_client, "READ_SECONDS", 0.2)
    client, seen = answering('{"status": "success"}', wait=0.6)
    with pytest.raises(UpstreamError) as caught:
        client.set_statuses([])
    assert (caught.value.sent, len(seen)) == (True, 1)


def raw_server(answer):
    """A server that writes what it is told on the first connection, then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
            answer(connection)

    threading.Thread(target=talk, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_half_an_answer_means_perhaps_sent():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
    url = raw_server(lambda connection: connection.sendall(head))
    with pytest.raises(UpstreamError) as caught:
        client_for(url).statuses()
    assert caught.value.sent


def test_a_connection_cut_after_the_request_means_perhaps_sent():
    with pytest.raises(UpstreamError) as caught:
        client_for(raw_server(lambda connection: None)).statuses()
    assert caught.value.sent


def test_an_answer_that_drips_is_cut_off(monkeypatch):
    monkeypatch.setattr(http_client, "READ_SECONDS", 0.5)

    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(30):
            try:
                connection.sendall(b"x")
            except OSError:
                return
            time.sleep(0.1)

    began = time.monotonic()
    with pytest.raises(UpstreamError):
        client_for(raw_server(drip)).statuses()
    assert time.monotonic() - began < 2


def test_no_error_message_holds_the_key_or_the_address(answering):
    client, _ = answering("<html>", 500)
    for broken in (client, client_for("http://127.0.0.1:1", key="topsecret")):
        with pytest.raises(UpstreamError) as caught:
            broken.statuses()
        assert "topsecret" not in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)
