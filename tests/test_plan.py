"""What is sent, in what order, and what an answer means. Pure."""

from dataclasses import replace

import pytest

from receiver.deal import Client, Deal
from receiver.mapping import Mapping
from receiver.plan import GONE, LEFT_OUT, MOVED, plan
from receiver.roistat.schemas import order_of
from receiver.roistat.statuses import NOT_REGISTERED
from receiver.store import Pending


def pending(thing, delivered="", sent=True):
    return Pending("x", 1, 0, thing, delivered, sent=sent)


KEPT = Mapping(filter={"sales_stage": {"not_in": ["Draft"]}})
DRAFT = Deal("d1", "Deal", sales_stage="Draft")
DELETED = Deal("d1", deleted=True)


def test_each_thing_goes_where_it_belongs():
    deal, gone = Deal("d1", "Deal"), Deal("d2", deleted=True)
    planned = plan(
        [pending(gone), pending(deal), pending(Client("c1", "Ada"))], Mapping()
    )
    assert [item.body["id"] for item in planned.clients] == ["c1"]
    assert [item.body["id"] for item in planned.orders] == ["d1"]
    assert [item.body for item in planned.deletions] == ["d2"]
    assert planned.unchanged == []


def test_what_roistat_holds_to_the_byte_is_not_sent():
    deal = Deal("d1", "Deal")
    digest = plan([pending(deal)], Mapping()).orders[0].digest
    again = plan(
        [pending(deal, digest), pending(Deal("d2", deleted=True), GONE)], Mapping()
    )
    assert len(again.unchanged) == 2
    assert (again.orders, again.deletions) == ([], [])


def test_another_byte_is_another_order():
    digest = plan([pending(Deal("d1", "Deal"))], Mapping()).orders[0].digest
    assert len(plan([pending(Deal("d1", "Deal!"), digest)], Mapping()).orders) == 1


def test_the_mapping_decides_price_cost_fields_and_groups():
    mapping = Mapping(
        price="margin_c",
        cost="cost_c",
        fields={"Branch": "branch_c", "Flag": "flag_c", "None": "none_c"},
        statuses={"Duplicate": "unused"},
    )
    own = {"margin_c": "5.00", "cost_c": 0, "branch_c": "North", "flag_c": True}
    order = order_of(Deal("d1", "Deal", fields=own), mapping)
    assert (order["price"], order["cost"]) == ("5.00", "0")
    assert order["fields"] == {"Branch": "North", "Flag": "1", "None": ""}
    assert mapping.group_of("Duplicate") == "unused"
    assert mapping.group_of("Anything") == "progress"


@pytest.mark.parametrize(
    ("instant", "seconds"),
    [
        ("1970-01-01T00:00:00Z", "0"),
        ("2026-01-31T10:00:00Z", "1769853600"),
        ("2026-01-31T10:00:00.999999Z", "1769853600"),
        (None, None),
    ],
)
def test_dates_are_seconds_in_utc(instant, seconds):
    order = order_of(Deal("d1", "Deal", date_entered=instant), Mapping())
    assert order["date_create"] == seconds


def test_long_text_is_cut_and_a_nameless_deal_goes_by_its_id():
    deal = Deal("d1", "x" * 5000, assigned_user_name="y" * 5000)
    order = order_of(deal, Mapping())
    assert len(order["name"]) == 1000
    assert len(order["fields"]["Manager"]) == 1000
    assert order_of(Deal("d1", ""), Mapping())["name"] == "d1"


# --- deals that Roistat should not count ---


def test_a_deal_outside_the_filter_that_was_never_sent_is_left_out():
    planned = plan([pending(DRAFT, sent=False)], KEPT)
    assert [(item.digest, item.note) for item in planned.unchanged] == [
        (LEFT_OUT, "left_out")
    ]


def test_a_deal_that_left_the_filter_is_moved():
    (item,) = plan([pending(DRAFT, "what Roistat holds")], KEPT).moves
    assert item.body == {"id": "d1", "status": NOT_REGISTERED}
    assert (item.digest, item.success) == (MOVED, "delivered")


def test_a_deal_that_left_the_filter_is_deleted_where_the_mapping_says_so():
    mapping = replace(KEPT, left_filter="delete")
    assert plan([pending(DRAFT)], mapping).deletions[0].success == "delivered"


def test_a_deletion_moves_where_the_mapping_says_so():
    (item,) = plan([pending(DELETED)], Mapping(deleted="move")).moves
    assert (item.digest, item.success) == (MOVED, "gone")


@pytest.mark.parametrize(
    ("closed", "where"),
    [
        ((), "deletions"),
        (("delete",), "moves"),
        (("delete", "status/update"), "orders"),
        (("status/update",), "deletions"),
    ],
)
def test_what_roistat_refuses_to_this_project_is_done_in_another_way(closed, where):
    planned = plan([pending(DELETED)], Mapping(), closed)
    assert len(getattr(planned, where)) == 1
    if where == "orders":
        assert planned.orders[0].body["status"] == NOT_REGISTERED


def test_clients_are_left_out_where_the_project_takes_none():
    planned = plan([pending(Client("c1", "Ada"))], Mapping(), ("clients/import",))
    assert (planned.clients, len(planned.unchanged)) == ([], 1)


@pytest.mark.parametrize("delivered", [MOVED, GONE, LEFT_OUT])
def test_what_was_taken_out_is_not_taken_out_again(delivered):
    mapping = replace(KEPT, deleted="move")
    planned = plan([pending(DRAFT, delivered), pending(DELETED, delivered)], mapping)
    assert len(planned.unchanged) == 2


@pytest.mark.parametrize("delivered", [MOVED, GONE, LEFT_OUT])
def test_what_comes_back_is_an_order_again(delivered):
    assert len(plan([pending(Deal("d1"), delivered)], KEPT).orders) == 1


def test_a_price_that_is_no_number_is_told_before_it_spoils_a_call():
    mapping = Mapping(price="branch_c")
    good, bad = ({"branch_c": value} for value in ("-1.50", "North"))
    planned = plan(
        [pending(Deal("d1", fields=good)), pending(Deal("d2", fields=bad))], mapping
    )
    assert [item.body["id"] for item in planned.orders] == ["d1"]
    assert "branch_c" in planned.impossible[0].problem


@pytest.mark.parametrize(
    ("deal", "note"),
    [
        (Deal("d1", roistat="123"), ""),
        (Deal("d1"), "direct"),
        (Deal("d1", roistat="123", lead_source="x" * 1001), "cut"),
    ],
)
def test_a_note_says_what_is_to_be_known_of_a_delivered_deal(deal, note):
    assert plan([pending(deal)], Mapping()).orders[0].note == note
