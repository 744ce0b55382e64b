"""What is sent, in what order, and what an answer means. Pure."""

import pytest

from receiver.deal import Client, Deal
from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.mapping import Mapping
from receiver.plan import GONE, Verdict, judge, judge_counters, plan
from receiver.roistat.schemas import order_of
from receiver.store import Pending


def pending(thing, delivered="", member="x"):
    return Pending(member, 1, 0, thing, delivered)


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


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (RoistatError("incorrect_request", permanent=True), "refused"),
        (RoistatError("internal_error", permanent=False), "retry"),
        (UpstreamError("Roistat cannot be reached"), "retry"),
        (UpstreamError("Roistat did not answer in time", sent=True), "unknown"),
        (BudgetExhausted(30), "later"),
    ],
)
def test_a_failed_call_is_judged_once(error, verdict):
    assert judge(error).name == verdict


def test_waits_grow_to_a_quarter_of_an_hour_and_no_further():
    waits = [Verdict("retry").delay(tries) for tries in (0, 1, 2, 8, 9, 1000)]
    assert waits == [2, 4, 8, 512, 900, 900]
    assert judge(BudgetExhausted(30)).delay(7) == 30


@pytest.mark.parametrize(
    ("counters", "verdict"),
    [
        ({"saved": 2}, "delivered"),
        ({"skipped_because_not_changed": 2}, "delivered"),
        ({"skipped_by_waiting_visit_info": 1}, "delivered"),
        ({"skipped_by_status": 1}, "delivered"),
        ({"skipped_by_status": 2}, "retry"),
        ({"skipped_by_internal_error": 1}, "retry"),
    ],
)
def test_counters_are_read_with_the_dictionary_in_hand(counters, verdict):
    known = [
        {"id": "Waste", "name": "Waste", "type": "unused"},
        {"id": "New", "name": "New", "type": "progress"},
    ]
    deals = [Deal("d1", sales_stage="Waste"), Deal("d2", sales_stage="New")]
    orders = plan(map(pending, deals), Mapping()).orders
    assert judge_counters(counters, orders, known).name == verdict
