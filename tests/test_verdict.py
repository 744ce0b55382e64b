"""What an answer of Roistat's means for each thing that a call carried. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.deal import Deal
from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.mapping import Mapping
from receiver.plan import plan
from receiver.store import Pending
from receiver.verdict import DIVIDE, ROUNDS, Verdict, judge, judge_counters

KNOWN = [
    {"id": "Waste", "name": "Waste", "type": "unused"},
    {"id": "New", "name": "New", "type": "progress"},
]
STATUS, VISIT = "skipped_by_status", "skipped_by_waiting_visit_info"
INTERNAL, FIELDS = "skipped_by_internal_error", "skipped_fields_by_invalid_format"


def orders(*deals, tries=0, waits=0):
    due = [Pending(f"deal:{d.id}", 1, tries, d, "", waits, True) for d in deals]
    return plan(due, Mapping()).orders


def new(number=1, **changes):
    values = {"roistat": str(number), "sales_stage": "New"} | changes
    return Deal(f"d{number}", "Deal", **values)


def names(counters, items):
    return [verdict.name for verdict in judge_counters(counters, items, KNOWN)]


# --- calls that failed ---


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
    assert [one.name for one in judge(error, orders(new()))] == [verdict]


def test_a_refused_call_is_divided_until_one_is_left():
    error = RoistatError("request_data_validation_error", permanent=True)
    assert judge(error, orders(new(1), new(2))) == [DIVIDE, DIVIDE]


def test_a_refusal_of_the_project_is_not_divided():
    error = RoistatError("integration_error", permanent=True)
    verdicts = judge(error, orders(new(1), new(2)))
    assert [verdict.name for verdict in verdicts] == ["refused", "refused"]


def test_waits_grow_to_a_quarter_of_an_hour_and_no_further():
    waits = [Verdict("retry").delay(tries) for tries in (0, 1, 2, 8, 9, 1000)]
    assert waits == [2, 4, 8, 512, 900, 900]
    assert judge(BudgetExhausted(30), orders(new()))[0].delay(7) == 30


# --- counters ---


@pytest.mark.parametrize(
    ("counters", "expected"),
    [
        ({"saved": 2, "uploaded": 2}, ["delivered", "delivered"]),
        ({"skipped_because_not_changed": 2}, ["delivered", "delivered"]),
        ({INTERNAL: 2}, ["retry", "retry"]),
        ({INTERNAL: 1}, ["later", "later"]),
        ({STATUS: 2}, ["retry", "retry"]),
        ({STATUS: 1}, ["later", "later"]),
        ({VISIT: 2}, ["waiting", "waiting"]),
        ({VISIT: 1}, ["waiting", "waiting"]),
        ({FIELDS: 1}, ["later", "later"]),
        ({FIELDS: 2}, ["delivered", "delivered"]),
        ({FIELDS: 7}, ["delivered", "delivered"]),
    ],
)
def test_a_count_means_none_or_all_or_asks_for_division(counters, expected):
    items = orders(*(new(n, lead_source="Web") for n in (1, 2)))
    assert names(counters, items) == expected


def test_a_single_deal_is_never_divided():
    (item,) = orders(new(lead_source="Web"))
    for counter in (INTERNAL, STATUS, VISIT, FIELDS):
        assert DIVIDE not in judge_counters({counter: 1}, [item], KNOWN)


def test_deals_in_the_not_registered_group_are_skipped_rightly_and_said_so():
    items = orders(new(1, sales_stage="Waste"), new(2))
    waste, other = judge_counters({STATUS: 1}, items, KNOWN)
    assert (waste.name, waste.note) == ("delivered", "not_counted")
    assert (other.name, other.note) == ("delivered", "")


def test_only_the_one_that_should_count_is_skipped_by_its_status():
    items = orders(new(1, sales_stage="Waste"), new(2))
    assert names({STATUS: 2}, items) == ["delivered", "retry"]


def test_a_status_that_stays_skipped_is_told_in_the_end():
    verdict = judge_counters({STATUS: 1}, orders(new(), tries=3), KNOWN)[0]
    assert verdict.name == "refused"
    assert "status New" in verdict.reason


def test_a_deal_without_a_visit_waits_for_none():
    items = orders(new(1), new(2, roistat=None))
    waiting, direct = judge_counters({VISIT: 1}, items, KNOWN)
    assert waiting.name == "waiting"
    assert (direct.name, direct.note) == ("delivered", "direct")


def test_waiting_deals_go_together_twice_and_are_then_told_apart():
    assert names({VISIT: 1}, orders(new(1), new(2), waits=1)) == ["waiting"] * 2
    assert names({VISIT: 1}, orders(new(1), new(2), waits=2)) == ["later"] * 2
    assert names({VISIT: 2}, orders(new(1), new(2), waits=2)) == ["waiting"] * 2


def test_a_visit_that_never_comes_is_let_be_with_a_note():
    waits = [
        judge_counters({VISIT: 1}, orders(new(), waits=waits), KNOWN)[0].wait
        for waits in range(len(ROUNDS))
    ]
    assert waits == [minutes * 60 for minutes in ROUNDS]
    (last,) = judge_counters({VISIT: 1}, orders(new(), waits=len(ROUNDS)), KNOWN)
    assert (last.name, last.note) == ("delivered", "visit_unknown")


def test_dropped_fields_are_noted_on_the_deal_that_has_them():
    (verdict,) = judge_counters({FIELDS: 3}, orders(new(lead_source="x")), KNOWN)
    assert (verdict.name, verdict.note) == ("delivered", "fields_dropped")


@given(
    st.dictionaries(
        st.sampled_from([INTERNAL, STATUS, VISIT, FIELDS, "saved", "new_counter"]),
        st.integers(0, 12),
    ),
    st.lists(st.sampled_from(["New", "Waste", "Unheard of"]), min_size=1, max_size=8),
)
def test_whatever_is_counted_each_deal_gets_one_verdict(counters, stages):
    items = orders(*(new(n, sales_stage=stage) for n, stage in enumerate(stages)))
    verdicts = judge_counters(counters, items, KNOWN)
    assert len(verdicts) == len(items)
    assert len(items) > 1 or DIVIDE not in verdicts
    if not any(counters.get(one) for one in (INTERNAL, STATUS, VISIT, FIELDS)):
        assert {verdict.name for verdict in verdicts} == {"delivered"}
