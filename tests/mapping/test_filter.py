"""Which deals Roistat gets: conditions on their fields, whatever these hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.deal import Deal
from receiver.mapping import Mapping
from receiver.mapping.conditions import OPERATORS, holds


def lets_in(conditions, **values):
    own = {name: values.pop(name) for name in list(values) if hasattr(Deal, name)}
    return Mapping.load({"filter": conditions}).lets_in(
        Deal("d1", fields=values, **own)
    )


def test_without_conditions_every_deal_passes():
    assert Mapping().lets_in(Deal("d1"))


@pytest.mark.parametrize(
    ("value", "condition", "passes"),
    [
        # text, as it stands
        ("North", {"eq": "North"}, True),
        ("North", {"eq": "north"}, False),
        ("North", {"in": ["South", "North"]}, True),
        ("North", {"not_in": ["South"]}, True),
        ("North", {"gt": "East"}, True),
        # numbers as numbers, however they are written; codes are no numbers
        ("1234.50", {"eq": 1234.5}, True),
        ("1234.50", {"eq": "1234.5"}, True),
        ("99.9", {"lt": "100"}, True),
        ("-1", {"lt": 0}, True),
        (900, {"gte": "1000"}, False),
        ("007", {"eq": "7"}, False),
        ("0.10", {"in": [0.1]}, True),
        # days and moments by when they are
        ("2025-01-01T10:00:00Z", {"gte": "2025-01-01"}, True),
        ("2024-12-31T23:59:59.9Z", {"gte": "2025-01-01"}, False),
        ("2025-01-01T01:00:00+02:00", {"lt": "2025-01-01"}, True),
        ("2025-01-01T00:00:00Z", {"eq": "2025-01-01"}, True),
        ("2025-01-01 00:00:00", {"eq": "2025-01-01T00:00:00Z"}, True),
        ("2025-02-31", {"gt": "2025-02-28"}, True),
        # booleans as the CRM spells them
        ("1", {"eq": True}, True),
        ("0", {"eq": False}, True),
        ("true", {"eq": True}, True),
        (True, {"eq": 1}, True),
        (True, {"eq": "true"}, True),
        (False, {"ne": True}, True),
        ("North", {"eq": True}, False),
        # what is empty
        ("North", {"empty": False}, True),
        ("0", {"empty": True}, False),
        (False, {"empty": True}, False),
        # several at once
        ("5", {"gte": 1, "lt": 5}, False),
        ("4", {"gte": 1, "lt": 5}, True),
    ],
)
def test_a_value_is_compared_as_what_it_is(value, condition, passes):
    assert lets_in({"own_c": condition}, own_c=value) is passes


@pytest.mark.parametrize("values", [{}, {"own_c": None}, {"own_c": ""}])
def test_of_an_empty_field_only_empty_ne_and_not_in_hold(values):
    wanted = {"in": ["x"], "not_in": ["x"], "empty": True}
    held = {
        operator
        for operator in OPERATORS
        if lets_in({"own_c": {operator: wanted.get(operator, "x")}}, **values)
    }
    assert held == {"ne", "not_in", "empty"}
    assert not lets_in({"own_c": {"empty": False}}, **values)


def test_our_own_fields_are_asked_by_our_names():
    late = {"sales_stage": {"not_in": ["Draft"]}, "amount_base": {"gt": 100}}
    assert lets_in(late, sales_stage="Won", amount_base="100.01")
    assert not lets_in(late, sales_stage="Draft", amount_base="100.01")
    assert not lets_in(late, sales_stage="Won", amount_base="100.00")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.datetimes(timezones=st.timezones() | st.none()).map(
        lambda one: one.isoformat()
    )
    | st.dates().map(str)
    | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2})?\Z")
)
THERE = SCALARS.filter(lambda value: value not in (None, ""))
ONE_OF_MANY = st.lists(THERE, min_size=1, max_size=4)


@given(SCALARS, THERE)
def test_eq_is_what_ne_is_not(value, wanted):
    assert holds("eq", value, wanted) is not holds("ne", value, wanted)


@given(SCALARS, ONE_OF_MANY)
def test_in_is_what_not_in_is_not_and_any_eq(value, wanted):
    inside = holds("in", value, wanted)
    assert inside is not holds("not_in", value, wanted)
    assert inside is any(holds("eq", value, one) for one in wanted)


@given(THERE, THERE)
def test_of_what_is_there_gte_is_what_lt_is_not(value, wanted):
    assert holds("gte", value, wanted) is not holds("lt", value, wanted)
    assert holds("lte", value, wanted) is not holds("gt", value, wanted)
    assert holds("eq", value, wanted) is (
        holds("gte", value, wanted) and holds("lte", value, wanted)
    )


@given(THERE)
def test_a_value_equals_itself(value):
    assert holds("eq", value, value)


CONDITIONS = st.dictionaries(
    st.sampled_from(["name", "sales_stage", "amount", "branch_c", "date_entered"]),
    st.dictionaries(st.sampled_from(["eq", "ne", "gt", "lte"]), THERE, min_size=1)
    | st.builds(dict, **{"in": ONE_OF_MANY}, empty=st.booleans()),
)
DEALS = st.builds(
    Deal,
    id=st.just("d1"),
    name=st.text(max_size=5),
    sales_stage=st.none() | st.text(max_size=5),
    amount=st.none() | st.decimals(allow_nan=False, allow_infinity=False).map(str),
    date_entered=st.none() | st.datetimes().map(lambda one: one.isoformat() + "Z"),
    fields=st.dictionaries(st.sampled_from(["branch_c", "other_c"]), SCALARS),
)


@given(DEALS, CONDITIONS, st.randoms())
def test_the_order_of_conditions_does_not_matter(deal, conditions, random):
    names = list(conditions)
    random.shuffle(names)
    shuffled = {name: dict(reversed(list(conditions[name].items()))) for name in names}
    assert Mapping(filter=conditions).lets_in(deal) is Mapping(filter=shuffled).lets_in(
        deal
    )
