"""What is wrong with a mapping in the CRM at hand, said by name."""

import pytest

from receiver.mapping import Mapping

FIELDS = [
    {"name": "margin_c", "label": "Margin", "type": "currency"},
    {"name": "branch_c", "label": "Branch", "type": "enum"},
    {"name": "signed_c", "label": "Signed", "type": "date"},
    {"name": "bare_c"},
]
STAGES = [
    {"key": key, "label": key} for key in ("Prospecting", "Closed Won", "Closed Lost")
]


def problems(pipeline="sales_stage", **settings):
    return Mapping.load(settings).problems(FIELDS, STAGES, pipeline)


def test_the_default_fits_a_crm_with_the_usual_stages():
    assert problems() == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"price": "marge_c"}, 'price: the CRM has no field "marge_c".'),
        ({"price": "branch_c"}, 'price: the field "branch_c" is no number, but enum.'),
        ({"cost": "bare_c"}, 'cost: the field "bare_c" is no number, but text.'),
        ({"fields": {"X": "x_c"}}, 'fields.X: the CRM has no field "x_c".'),
        ({"filter": {"x_c": {"eq": 1}}}, 'filter.x_c: the CRM has no field "x_c".'),
        (
            {"filter": {"signed_c": {"gte": "soon"}}},
            'filter.signed_c.gte: "soon" is no date such as 2026-12-31 or '
            "2026-12-31T07:42:10Z.",
        ),
        ({"statuses": {"Won": "paid"}}, 'statuses: the CRM has no stage "Won".'),
        (
            {"filter": {"sales_stage": {"not_in": ["Draft", "Prospecting"]}}},
            'filter.sales_stage.not_in: the CRM has no stage "Draft".',
        ),
    ],
)
def test_each_problem_is_a_sentence_that_names_it(settings, said):
    assert problems(**settings) == [said]


@pytest.mark.parametrize(
    "settings",
    [
        {"price": "margin_c", "cost": "margin_c"},
        {"price": "amount", "fields": {"Visit": "roistat"}},
        {"filter": {"signed_c": {"gte": "2025-01-01", "empty": False}}},
        {"filter": {"sales_stage": {"empty": False, "ne": "Closed Lost"}}},
        {"filter": {"sales_status": {"ne": "another pipeline's"}}},
        {"statuses": {"no_stage": "unused"}},
    ],
)
def test_what_the_crm_has_is_no_problem(settings):
    assert problems(**settings) == []


def test_the_stages_are_those_of_the_pipeline_in_use():
    settings = {"filter": {"sales_status": {"eq": "Draft"}}}
    assert len(problems("sales_status", **settings)) == 1


def test_of_a_crm_that_never_pinged_nothing_is_said():
    mapping = Mapping.load({"price": "x_c", "statuses": {"Won": "paid"}})
    assert mapping.problems(None, None) == mapping.problems([], []) == []
    assert len(mapping.problems(FIELDS, None)) == 1
