"""Roistat's client over HTTP: what it sends, and what it makes of the answers."""

import itertools
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
import requests
from flask import Flask, Response, request
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver import http_client
from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.roistat import budget
from receiver.roistat.answers import COUNTERS
from receiver.roistat.budget import Budget
from receiver.roistat.client import PERMANENT, RoistatClient
from receiver.roistat.filters import sendable
from tests.live import served

STATUSES = [
    {"id": "new", "name": "New", "type": "progress"},
    {"id": "won", "name": "Won", "type": "paid"},
]


class Unlimited:
    @contextmanager
    def calling(self, kind="live", quota=None):
        yield


def client_for(url, kind=RoistatClient, *, key="key", budget=None):
    return kind(f"{url}/api/v1/", key, "12345", budget or Unlimited())


def control(roistat, name, body):
    answer = requests.post(f"{roistat.url}/_emulator/{name}", json=body, timeout=5)
    assert answer.ok, answer.text


@pytest.fixture
def client(roistat):
    return client_for(roistat.url)


@contextmanager
def always(body, status=200, *, wait=0.0, seen=None):
    """The address of a server with one answer to everything."""
    app = Flask("odd")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path):
        if seen is not None:
            seen.append(request.full_path)
        time.sleep(wait)
        return Response(body, status)

    with served(app) as url:
        yield url


@pytest.fixture
def answering():
    """A client of a server with one answer to everything, and what that was asked."""
    with ExitStack() as stack:

        def start(body="", status=200, wait=0.0):
            seen = []
            url = stack.enter_context(always(body, status, wait=wait, seen=seen))
            return client_for(url), seen

        yield start


def test_orders_are_counted_by_roistat(client):
    client.set_statuses([{"id": "new", "name": "New", "type": "progress"}])
    counters = client.add_orders([{"id": "1", "name": "One", "status": "new"}])
    assert counters["saved"] == 1
    assert counters["skipped_by_status"] == 0


def test_the_dictionary_comes_back_as_it_was_sent(client):
    statuses = [{"id": "new", "name": "New", "type": "progress"}]
    client.set_statuses(statuses)
    assert client.statuses() == statuses


@pytest.mark.parametrize(
    "order_id",
    [
        "a/b",
        "a'b\"c",
        "?x#y",
        "ид",
        "%2F",
        "a/../b",
        "../a",
        "...",
        "a b",
        "+",
        "\u202e",
    ],
)
def test_an_order_is_found_by_its_id_whatever_is_in_it(client, roistat, order_id):
    client.set_statuses(STATUSES)
    client.add_orders([{"id": order_id, "name": "One", "status": "new"}])
    client.update_status(order_id, "won")
    assert client.order_info(order_id)["order"]["status_original"] == "won"
    assert client.external_url(order_id) == ""
    client.delete_order(order_id)
    assert roistat.orders == {}


@pytest.mark.parametrize("order_id", ["", ".", ".."])
def test_an_id_that_no_address_can_hold_is_refused_before_any_call(
    client, roistat, order_id
):
    asks = (
        client.delete_order,
        client.order_info,
        client.external_url,
        lambda one: client.update_status(one, "won"),
    )
    for ask in asks:
        with pytest.raises(RoistatError) as caught:
            ask(order_id)
        assert caught.value.permanent
    assert roistat.state()["requests"] == {}


# --- orders ---


def test_every_counter_is_there_and_none_is_lost(client, roistat):
    client.set_statuses(STATUSES)
    control(roistat, "skips", {"skipped_by_moonlight": ["2"]})
    counters = client.add_orders([{"id": i, "status": "new"} for i in ("1", "2")])
    zeros = dict.fromkeys(COUNTERS, 0)
    counted = {"uploaded": 1, "processed": 2, "saved": 1, "skipped_by_moonlight": 1}
    assert counters == zeros | counted


@pytest.mark.parametrize("old", [False, True])
def test_a_field_that_was_dropped_is_counted_by_either_name(client, roistat, old):
    control(roistat, "assumptions", {"old_counter_names": old})
    order = {"id": "1", "status": "new", "fields": {"Long": "x" * 1001}}
    counters = client.add_orders([order])
    assert counters["skipped_fields_by_invalid_format"] == 1
    assert counters.keys() == set(COUNTERS)


def test_what_is_no_number_counts_as_nothing(answering):
    client, _ = answering('{"status": "success", "saved": true, "comment": "x"}')
    assert client.add_orders([]) == dict.fromkeys(COUNTERS, 0)


@pytest.fixture
def filled(client):
    """A client whose project holds three orders, the newest last."""
    client.set_statuses(STATUSES)
    days = {"a": "2024-01-01 00:00", "b": "2024-01-02 00:00", "c": "2024-01-03 00:00"}
    orders = [{"id": i, "status": "new", "date_create": d} for i, d in days.items()]
    orders[1] |= {"status": "won", "price": "10.50", "roistat": "77"}
    client.add_orders(orders)
    return client


def ids(rows):
    return [row["id"] for row in rows]


def test_orders_are_listed_by_pages_newest_first(filled):
    assert ids(filled.list_orders()) == ["c", "b", "a"]
    assert ids(filled.list_orders(limit=1, offset=1)) == ["b"]


def test_orders_are_listed_with_their_visits_where_asked_for(filled):
    assert filled.list_orders()[1]["visit"] is None
    assert filled.list_orders(visits=True)[1]["visit"] == {"id": "77"}


A, B = ("id", "!=", "a"), ["revenue", ">", 0]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ((), "cba"),
        ([A], "cb"),
        ([A, B], "b"),
        ({"and": [A, B]}, "b"),
        ({"and": [A]}, "cb"),
        ({"and": [{"and": [A]}]}, "cb"),
        ({"and": [{"and": [A, B]}]}, "b"),
        ({"or": [{"and": [B]}, ["id", "=", "a"]]}, "ba"),
        ({"and": [A], "or": [B, ["id", "=", "a"]]}, "b"),
        ({"or": [A]}, "cb"),
        ([["id", "in", ("a", "b")]], "ba"),
        ([["status", "=", "1"]], "b"),
    ],
)
def test_filters_find_orders_and_no_and_of_one_condition_is_sent(
    filled, filters, found
):
    assert "".join(ids(filled.list_orders(filters))) == found


CONDITIONS = st.sampled_from([A, B, ["id", "in", ["a", "c"]], ["status", "=", "0"]])
TREES = st.recursive(
    CONDITIONS,
    lambda nodes: st.fixed_dictionaries(
        {}, optional={word: st.lists(nodes, max_size=3) for word in ("and", "or")}
    ),
    max_leaves=8,
)


def lonely(node):
    """Whether a tree holds an `and` of one condition."""
    if isinstance(node, dict):
        children = [child for nodes in node.values() for child in nodes]
        return len(node.get("and", ())) == 1 or any(map(lonely, children))
    return isinstance(node, list) and any(map(lonely, node))


@given(TREES | st.lists(TREES, max_size=3))
def test_no_tree_of_filters_keeps_an_and_of_one_condition(tree):
    assert not lonely(sendable(tree if isinstance(tree, list | dict) else [tree]))


def test_an_order_is_shown_whole(filled):
    info = filled.order_info("b")
    order = info["order"]
    assert (order["price"], order["status"], order["visit_id"]) == (10.5, "paid", "77")
    assert order["paid_date"]
    assert ids(info["visits"]) == ["77"]
    assert info["products"] == []


def test_an_orders_address_in_the_crm_is_given(filled, roistat):
    control(roistat, "assumptions", {"order_url": "https://crm.example/{id}"})
    assert filled.external_url("a") == "https://crm.example/a"


def test_an_order_that_is_not_there_is_said_to_be_missing(client):
    asks = (client.order_info, client.external_url, client.delete_order)
    for ask in asks:
        with pytest.raises(RoistatError, match="resource_not_found"):
            ask("nowhere")


def test_the_labels_of_extra_fields_are_listed(client):
    client.add_orders([{"id": "1", "status": "new", "fields": {"City": "", "Люди": 1}}])
    assert client.order_custom_fields() == ["City", "Люди"]


def test_the_labels_of_extra_fields_may_come_as_an_object(answering):
    client, _ = answering('{"status": "success", "fields": {"City": "", "Люди": ""}}')
    assert client.order_custom_fields() == ["City", "Люди"]


@pytest.mark.parametrize("kind", ["goals", "crm"])
def test_what_the_project_does_not_allow_is_refused_for_good(client, roistat, kind):
    client.add_orders([{"id": "1", "status": "new"}])
    control(roistat, "assumptions", {"integration": kind})
    with pytest.raises(RoistatError) as caught:
        client.delete_order("1")
    assert (caught.value.code, caught.value.permanent) == ("integration_error", True)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("9989.7279999999992", 9989.728),
        ("0.30000000000000004", 0.3),
        ("1e3", 1000.0),
        ("222", 222),
    ],
)
def test_money_comes_without_its_noise(answering, number, value):
    client, _ = answering(f'{{"status":"success","data":[{{"revenue":{number}}}]}}')
    assert client.list_orders()[0]["revenue"] == value


def test_ids_are_text_even_where_roistat_says_numbers(answering):
    client, _ = answering('{"status":"success","data":[{"id":95101}]}')
    assert ids(client.list_orders()) == ["95101"]


# --- walking all pages ---


def add(client, *numbers):
    """Orders by number, the higher the newer."""
    day = 1_700_000_000
    client.add_orders(
        [{"id": str(n), "status": "new", "date_create": str(day + n)} for n in numbers]
    )


def numbers(rows):
    return [int(row["id"]) for row in rows]


@pytest.fixture
def listing(client, roistat):
    """A client of 50 orders, in a project without the quotas of the list."""
    control(roistat, "assumptions", {"list_quotas_apply": False})
    add(client, *range(50))
    return client


@pytest.mark.parametrize("page", [1, 2, 7, 10, 49, 50, 51, 1000])
def test_a_walk_gives_every_order_once(listing, page):
    assert numbers(listing.walk_orders(page=page)) == list(range(49, -1, -1))


def test_a_walk_keeps_to_its_filters(listing):
    walk = listing.walk_orders([["id", "in", ["1", "2", "3"]]], page=2)
    assert numbers(walk) == [3, 2, 1]


def test_an_order_that_arrives_in_mid_walk_makes_no_other_come_twice(listing):
    walk = listing.walk_orders(page=20)
    seen = numbers(itertools.islice(walk, 20))
    add(listing, 100, 101, 102)
    assert seen + numbers(walk) == list(range(49, -1, -1))


@pytest.mark.parametrize("gone", [range(49, 46, -1), range(49, 34, -1), range(30, 49)])
def test_orders_deleted_in_mid_walk_make_no_other_be_missed(listing, gone):
    walk = listing.walk_orders(page=20)
    seen = numbers(itertools.islice(walk, 20))
    for number in gone:
        listing.delete_order(str(number))
    found = seen + numbers(walk)
    assert len(found) == len(set(found))
    assert set(found) >= set(range(50)) - set(gone)


@settings(max_examples=25, deadline=None)
@given(
    page=st.integers(2, 12),
    events=st.lists(st.tuples(st.booleans(), st.integers(0, 29)), max_size=8),
    every=st.integers(1, 9),
)
def test_whatever_happens_in_mid_walk_every_order_that_stays_is_seen_once(
    page, events, every
):
    rows = list(range(29, -1, -1))

    class Project(RoistatClient):
        def list_orders(self, filters=(), *, limit, offset, visits=False):
            return [{"id": str(n)} for n in rows[offset : offset + limit]]

    new, found = itertools.count(100), []
    for place, row in enumerate(client_for("http://x", Project).walk_orders(page=page)):
        found.append(int(row["id"]))
        if events and place % every == 0:
            deletes, number = events.pop()
            if not deletes:
                rows.insert(0, next(new))
            elif number in rows:
                rows.remove(number)
    stayed = {number for number in rows if number < 100}
    assert set(found) >= stayed
    assert len(found) == len(set(found))


def test_a_walk_waits_where_the_list_has_a_quota(roistat, redis_client, monkeypatch):
    monkeypatch.setattr(budget, "LIST_SECONDS", 1)
    client = client_for(roistat.url, budget=Budget(redis_client, 1000, 10_000))
    control(roistat, "assumptions", {"list_quotas_apply": False})
    add(client, *range(50))
    began = time.monotonic()
    assert len(list(client.walk_orders(page=4))) == 50
    assert time.monotonic() - began >= 1


def test_a_walk_waits_where_roistat_is_asked_too_often(
    roistat, redis_client, monkeypatch
):
    client = client_for(roistat.url, budget=Budget(redis_client, 1000, 10_000))
    add(client, 1)
    path = "/project/integration/order/list"
    roistat.faults(next=[{"path": path, "error": "request_limit_error"}])
    began = time.monotonic()
    assert numbers(client.walk_orders()) == [1]
    assert time.monotonic() - began >= 2


def test_a_walk_does_not_wait_for_a_project_to_be_paid(roistat, redis_client):
    client = client_for(roistat.url, budget=Budget(redis_client, 1000, 10_000))
    control(roistat, "assumptions", {"project_is_refused_with": "project_frozen"})
    with pytest.raises(RoistatError):
        list(client.walk_orders())
    with pytest.raises(BudgetExhausted):
        list(client.walk_orders())


# --- clients ---


def test_clients_are_listed_by_filters_and_pages(client):
    client.import_clients([{"id": f"c{n}", "name": f"N{n}"} for n in range(3)])
    assert [c["external_id"] for c in client.list_clients(limit=2)] == ["c2", "c1"]
    assert [c["external_id"] for c in client.list_clients(limit=2, offset=2)] == ["c0"]
    (found,) = client.list_clients({"and": [["external_id", "=", "c1"]]})
    assert (found["id"], found["name"]) == ("2", "N1")


def test_a_clients_revenue_comes_without_noise(client):
    client.set_statuses(STATUSES)
    client.import_clients([{"id": "c1", "name": "Ada"}])
    paid = {"status": "won", "client_id": "c1"}
    client.add_orders([{"id": str(n), "price": f"0.{n}"} | paid for n in (1, 2)])
    assert client.list_clients()[0]["revenue"] == 0.3


def test_a_clients_feed_tells_what_happened(client):
    client.set_statuses(STATUSES)
    client.import_clients([{"id": "c1", "name": "Ada"}])
    order = {"id": "1", "status": "new", "client_id": "c1", "roistat": "77"}
    client.add_orders([order | {"price": "5"}])
    client.add_orders([order | {"price": "7", "status": "won"}])
    feed = client.client_feed(client.list_clients()[0]["id"])
    types = ["visit", "order", "orderStatusChange", "orderPriceChange"]
    assert [entry["type"] for entry in feed] == types
    assert (feed[2]["statusType"], feed[3]["price"]) == ("paid", 7)


def test_a_feed_of_nobody_is_not_found(client):
    with pytest.raises(RoistatError, match="resource_not_found"):
        client.client_feed(99)


def test_contacts_of_a_campaign_are_listed(client):
    client.import_clients([{"id": "c1", "name": "Ada", "email": "ada@example.com"}])
    contacts = client.campaign_contacts(["sent", "spam"], [1])
    assert contacts == [{"contact": "ada@example.com", "metrics": {"sent": 1}}]
    assert client.campaign_contacts(["sent"], [2]) == []
    with pytest.raises(RoistatError, match="request_data_validation_error"):
        client.campaign_contacts(["eaten"], [1])


def test_a_feature_that_is_off_is_named(client, roistat):
    control(roistat, "assumptions", {"client_management": False})
    with pytest.raises(RoistatError) as caught:
        client.list_clients()
    assert (caught.value.code, caught.value.permanent) == ("option_not_enabled", False)
    assert "(client_management)" in str(caught.value)
    client.import_clients([{"id": "c1", "name": "Ada"}])


# --- the project, the budget ---


def test_the_projects_of_a_key_are_listed_with_their_currency(client):
    (project,) = client.projects()
    assert (project["id"], project["currency"]) == ("12345", "RUB")


def test_a_client_can_draw_on_the_budget_as_of_another_kind(roistat, redis_client):
    client = client_for(roistat.url, budget=Budget(redis_client, 1000, 30))
    splitting = client.drawing("splitting")
    for _ in range(3):
        splitting.statuses()
    with pytest.raises(BudgetExhausted):
        splitting.statuses()
    client.statuses()
    assert roistat.calls("/project/integration/status/list") == 4


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
