"""A mapping as people write it: what it may say, and how its mistakes are told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import InvalidMapping
from receiver.mapping import Mapping

CONTRACT = """
{"price": "amount_base", "cost": null,
 "fields": {"Lead source": "lead_source", "Manager": "assigned_user_name",
            "Branch": "branch_c"},
 "statuses": {"Closed Won": "paid", "Closed Lost": "canceled", "Duplicate": "unused"},
 "filter": {"sales_stage": {"not_in": ["Draft"]},
            "date_entered": {"gte": "2025-01-01"}},
 "left_filter": "move", "deleted": "delete"}
"""


def mistakes(content):
    with pytest.raises(InvalidMapping) as caught:
        Mapping.load(content)
    return str(caught.value).splitlines()


def test_the_contract_s_example_says_what_it_says():
    mapping = Mapping.load(CONTRACT)
    assert mapping.as_json() == json.loads(CONTRACT) | {"phone_region": None}
    assert Mapping.load(json.dumps(mapping.as_json())) == mapping


def test_what_is_left_out_is_the_default():
    assert Mapping.load({}) == Mapping.load("{}") == Mapping()
    assert Mapping.load({"price": "margin_c"}) == Mapping(price="margin_c")


def test_every_mistake_is_told_at_once_by_its_path():
    told = mistakes(
        {
            "prise": "amount",
            "price": "name",
            "cost": "",
            "fields": {"Branch": 5, "": "branch_c"},
            "statuses": {"Closed Won": "won"},
            "filter": {
                "sales_stage": {"not_inn": ["Draft"]},
                "date_entered": {"gte": "01.01.2025"},
                "amount": {"in": [1, "many"]},
                "branch_c": {},
            },
            "left_filter": "stay",
            "deleted": None,
            "phone_region": "Germany",
        }
    )
    assert [line.split(": ")[0] for line in told] == [
        "cost",
        "deleted",
        "fields.Branch",
        "fields",
        "filter.amount.in",
        "filter.branch_c",
        "filter.date_entered.gte",
        "filter.sales_stage.not_inn",
        "left_filter",
        "phone_region",
        "price",
        "prise",
        "statuses.Closed Won",
    ]
    assert told[-1] == (
        "statuses.Closed Won: must be one of unused, progress, paid, canceled"
    )


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({"eq": ""}, "must not be empty"),
        ({"eq": None}, "must be text, a number"),
        ({"in": []}, "must be a list that is not empty"),
        ({"in": "North"}, "must be a list that is not empty"),
        ({"not_in": [["North"]]}, "must be text, a number"),
        ({"gt": True}, "must be a number, a date or text"),
        ({"empty": "no"}, "must be true or false"),
        ({"eq": float("inf")}, "must be text, a number"),
        ([], "needs a condition"),
        ("North", "must be an object"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused(condition, why):
    (told,) = mistakes({"filter": {"branch_c": condition}})
    assert told.startswith("filter.branch_c")
    assert why in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("{", "line 1, column 2"),
        ("[]", "mapping: must be an object"),
        ('{"price": NaN}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"price": "a", "price": "b"}', "price: given twice"),
        ('{"filter": {"": {"eq": 1}}}', "filter: a name must not be empty"),
        ('{"fields": null}', "fields: must not be null"),
    ],
)
def test_text_that_is_no_mapping_is_refused(text, why):
    (told,) = mistakes(text)
    assert why in told


def test_a_country_is_read_in_either_case():
    assert Mapping.load({"phone_region": "de"}).phone_region == "DE"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from([*Mapping().as_json(), "sales_stage", "amount", "eq", "in"])
            | st.text(max_size=4),
            below,
            max_size=4,
        )
    ),
)


@given(ANYTHING)
def test_anything_is_either_a_mapping_that_stays_itself_or_refused(content):
    try:
        mapping = Mapping.load(content)
    except InvalidMapping:
        return
    assert Mapping.load(json.dumps(mapping.as_json())) == mapping
