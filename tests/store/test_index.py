"""Deals are listed newest first, and found by id, visit and the beginning of a name."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.deal import Client, Deal
from receiver.store import Outcome, found_by, index, record_of
from receiver.store import store as store_module
from receiver.store.index import INDEX, LISTED


@pytest.fixture
def settle(store):
    """Puts deals and settles each, in order; gives nothing."""
    revisions = {}

    def settle_deals(*things, verdict="delivered", note="", reason=""):
        for thing in things:
            kind = "client" if isinstance(thing, Client) else "deal"
            member = f"{kind}:{thing.id}"
            revisions[member] = revisions.get(member, 0) + 1
            store.put([record_of(thing, 10**15 + revisions[member])])
            one = Outcome(member, revisions[member], verdict, f"digest-{thing.id}",
                          note=note, reason=reason, delay=60,
                          found=found_by(thing))  # fmt: skip
            store.settle("", [one])

    return settle_deals


def ids(page):
    return [row.id for row in page.rows]


def everything(read, count):
    """Every id, page by page."""
    found, start = [], 0
    while start is not None:
        page = read(start, count)
        found += ids(page)
        start = page.following
    return found


def deals(number):
    return [Deal(f"d{n}", name=f"Deal {n}") for n in range(number)]


def test_a_deal_is_listed_once_something_became_of_it(store, settle):
    store.put([record_of(Deal("new", name="Just saved"), 10**15)])
    assert ids(store.index.newest(0, 10)) == []
    assert store.index.row("new").standing == "pending"
    settle(Deal("d1", name="Annual support"))
    assert ids(store.index.newest(0, 10)) == ["d1"]
    assert store.index.count() == 1


def test_a_client_is_not_listed(store, settle):
    settle(Client("c1", "Ada Example"))
    assert store.index.count() == 0
    assert store.index.search("Ada", 0, 10).rows == ()


@pytest.mark.parametrize("count", [1, 3, 7, 10])
def test_every_deal_is_on_one_page(store, settle, count):
    settle(*deals(7))
    assert sorted(everything(store.index.newest, count)) == sorted(
        f"d{n}" for n in range(7)
    )


def test_what_became_of_something_last_comes_first(store, settle, redis_client):
    settle(*deals(2))
    redis_client.zadd(LISTED, {"d0": 1, "d1": 2})
    settle(Deal("d0", name="Changed"))
    assert ids(store.index.newest(0, 10)) == ["d0", "d1"]


@pytest.mark.parametrize(
    "wanted",
    ["annual", "ANNUAL SUPPORT", "  annual   sup", "Annual support, 3 years, all off",
     "4521890", "452", "d1", " d1 ", "прив", "STRASSE"],
)  # fmt: skip
def test_a_deal_is_found_by_id_visit_and_the_beginning_of_its_name(
    store, settle, wanted
):
    name = "Annual  Support, 3 years, all offices and everything"
    one = Deal("d1", name=name, roistat="4521890")
    settle(one, Deal("d2", name="Привет, Roistat"), Deal("d3", name="Straße 5"))
    found = ids(store.index.search(wanted, 0, 10))
    others = {"прив": ["d2"], "STRASSE": ["d3"]}
    assert found == others.get(wanted, ["d1"])


@pytest.mark.parametrize("wanted", ["support", "annual supportx", "9", "", " ", "D1"])
def test_nothing_else_is_found(store, settle, wanted):
    settle(Deal("d1", name="Annual support", roistat="4521890"))
    assert store.index.search(wanted, 0, 10).rows == ()


def test_what_was_called_otherwise_is_found_by_its_new_name_alone(
    store, settle, redis_client
):
    settle(Deal("d1", name="Old name", roistat="1"))
    settle(Deal("d1", name="New name", roistat="2"))
    assert ids(store.index.search("new", 0, 10)) == ["d1"]
    assert ids(store.index.search("2", 0, 10)) == ["d1"]
    for wanted in ("old", "1"):
        assert store.index.search(wanted, 0, 10).rows == ()
    assert redis_client.zcard(INDEX) == 2


def test_a_deleted_deal_is_found_by_its_id_alone(store, settle, redis_client):
    settle(Deal("d1", name="Annual support", roistat="1"))
    settle(Deal("d1", name="Annual support", deleted=True), verdict="gone")
    assert redis_client.zcard(INDEX) == 0
    assert ids(store.index.search("d1", 0, 10)) == ["d1"]
    assert ids(store.index.newest(0, 10)) == ["d1"]


def test_what_is_not_held_any_more_is_left_out(store, settle, redis_client):
    settle(*deals(3))
    redis_client.delete("roistat:state:deal:d1")
    assert sorted(ids(store.index.newest(0, 10))) == ["d0", "d2"]
    assert store.index.row("d1") is None


def test_only_so_many_are_listed_the_newest(store, settle, redis_client, monkeypatch):
    monkeypatch.setattr(store_module, "LISTED_MOST", 3)
    for number, deal in enumerate(deals(5)):
        settle(deal)
        redis_client.zadd(LISTED, {deal.id: number})
    assert ids(store.index.newest(0, 10)) == ["d4", "d3", "d2"]
    assert redis_client.zcard(INDEX) == 3
    assert redis_client.hget("roistat:meta:deal:d0", "found") is None
    assert ids(store.index.search("d0", 0, 10)) == ["d0"]
    settle(Deal("d0", name="Again"))
    assert ids(store.index.search("again", 0, 10)) == ["d0"]


def test_many_that_begin_alike_are_looked_through_page_by_page(store, settle):
    long = "A name that is longer than the index keeps"
    settle(*(Deal(f"d{n:02}", name=f"{long} {n % 2}") for n in range(40)))
    found = everything(lambda at, n: store.index.search(f"{long} 1", at, n), 3)
    assert sorted(set(found)) == [f"d{n:02}" for n in range(1, 40, 2)]


@pytest.mark.parametrize("few", [0, 10_000])
def test_deals_with_a_note_come_newest_first(
    store, settle, redis_client, monkeypatch, few
):
    monkeypatch.setattr(index, "FEW", few)
    monkeypatch.setattr(index, "WINDOW", 4)
    for number, deal in enumerate(deals(20)):
        settle(deal, note="direct" if number % 2 else "")
        redis_client.zadd(LISTED, {deal.id: number})
    found = everything(lambda at, n: store.index.noted("direct", at, n), 3)
    assert found == [f"d{n}" for n in range(19, 0, -2)]


def test_what_waits_and_what_is_parked_is_told_with_why(store, settle):
    settle(Deal("d1"), verdict="refused", reason="incorrect_request")
    settle(Deal("d2"), verdict="retry", reason="internal_error")
    settle(Client("c1", "Ada"), verdict="retry")
    (parked,) = store.index.parked(0, 10).rows
    (waiting,) = store.index.waiting(0, 10).rows
    assert (parked.id, parked.standing, parked.reason) == (
        "d1", "parked", "incorrect_request",
    )  # fmt: skip
    assert (waiting.id, waiting.tries, waiting.reason) == ("d2", 1, "internal_error")
    assert waiting.due > waiting.since > 1e9


def test_the_field_in_a_deals_hash_stays_small(store, settle, redis_client):
    settle(Deal("d1", name="Ж" * 500, roistat="9" * 255))
    assert len(redis_client.hget("roistat:meta:deal:d1", "found")) <= 64
    assert redis_client.object("encoding", "roistat:meta:deal:d1") == b"listpack"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=texts, visit=texts, size=st.integers(1, 60))
def test_whatever_it_is_called_the_beginning_of_it_finds_it(
    store, redis_client, name, visit, size
):
    redis_client.flushall()
    deal = Deal("d1", name=name, roistat=visit)
    store.put([record_of(deal, 10**15)])
    store.settle("", [Outcome("deal:d1", 1, "delivered", "x", found=found_by(deal))])
    for text in (name, visit):
        wanted = text[:size]
        if wanted.replace("\0", " ").strip():
            assert ids(store.index.search(wanted, 0, 10)) == ["d1"]
