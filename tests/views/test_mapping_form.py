"""A mapping survives its form, and each mistake stands in its row."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import InvalidMapping
from receiver.mapping import GROUPS, Mapping
from receiver.mapping.conditions import OPERATORS
from receiver.views.dashboard import mapping_form as form

TYPES = {"branch_c": "enum", "margin_c": "currency", "vip_c": "bool"}
LABELS = {"branch_c": "Branch:", "margin_c": "Margin", "vip_c": ""}

WORDS = st.text("abcЖ é.:<&\"'", min_size=1, max_size=8).map(str.strip).filter(bool)
SCALARS = WORDS | st.integers(-5, 10**6) | st.booleans() | st.floats(0, 9, width=16)
NAMES = st.sampled_from([*TYPES, "name", "lead_source"])


@st.composite
def conditions(draw):
    found = {}
    for operator in draw(st.sets(st.sampled_from(sorted(OPERATORS)), min_size=1)):
        if operator == "empty":
            wanted = draw(st.booleans())
        elif operator in ("in", "not_in"):
            shown = lambda one: one if isinstance(one, str) else json.dumps(one)  # noqa: E731
            wanted = draw(st.lists(SCALARS, min_size=1, max_size=4, unique_by=shown))
        elif operator in ("eq", "ne"):
            wanted = draw(SCALARS)
        else:
            wanted = draw(SCALARS.filter(lambda one: not isinstance(one, bool)))
        found[operator] = wanted
    return found


MAPPINGS = st.fixed_dictionaries(
    {
        "price": st.sampled_from(["amount", "margin_c"]),
        "cost": st.none() | st.just("margin_c"),
        "fields": st.dictionaries(WORDS, NAMES, max_size=4),
        "statuses": st.dictionaries(WORDS, st.sampled_from(GROUPS), max_size=4),
        "filter": st.dictionaries(NAMES, conditions(), max_size=3),
        "left_filter": st.sampled_from(["move", "delete"]),
        "deleted": st.sampled_from(["move", "delete"]),
        "phone_region": st.none() | st.just("DE"),
    }
)


def sent(shown):
    """The form's fields as a browser sends them."""
    fields = {name: getattr(shown, name) for name in ("price", "cost", "deleted")}
    fields |= {name: getattr(shown, name) for name in ("left_filter", "phone_region")}
    for row, extra in enumerate(shown.extras):
        fields |= {f"label.{row}": extra.label, f"field.{row}": extra.name}
    for row, (stage, group) in enumerate(shown.groups.items()):
        fields |= {f"stage.{row}": stage, f"group.{row}": group}
    for row, one in enumerate(shown.conditions):
        fields |= {f"where.{row}": one.name, f"operator.{row}": one.operator}
        fields[f"value.{row}"] = one.value.replace("\n", "\r\n")
    return fields


@given(MAPPINGS)
def test_a_mapping_survives_its_form(said):
    mapping = Mapping.load(said)
    shown = form.with_spare_rows(form.filled(mapping))
    content, mistakes = form.content(form.posted(sent(shown)), mapping, TYPES)
    assert mistakes == {}
    again = Mapping.load(content)
    assert again == mapping
    assert repr(again.filter) == repr(
        {name: mapping.filter[name] for name in again.filter}
    )


def mistakes_of(**fields):
    shown = form.posted(sent(form.filled(Mapping())) | fields)
    said, mistakes = form.content(shown, Mapping(), TYPES)
    try:
        Mapping.load(said)
    except InvalidMapping as error:
        mistakes = form.merged(mistakes, form.placed(shown, error.mistakes))
    return mistakes


@pytest.mark.parametrize(
    ("place", "words", "fields"),
    [
        ("price", "must be text", {"price": ""}),
        ("price", "no number", {"price": "name"}),
        ("cost", "no number", {"cost": "name"}),
        ("extra.3", "must not be empty", {"label.3": "", "field.3": "name"}),
        ("extra.3", "must be text", {"label.3": "A.b: c", "field.3": ""}),
        ("extra.3", "twice", {"label.3": "URL", "field.3": "name"}),
        ("group.Won", "must be one of", {"stage.0": "Won", "group.0": "rich"}),
        ("left_filter", "must be one of", {"left_filter": "burn"}),
        ("deleted", "must be one of", {"deleted": ""}),
        ("phone_region", "two letters", {"phone_region": "XX"}),
        ("condition.0", "must not be empty", {"where.0": "", "value.0": "x"}),
        (
            "condition.0",
            "not be empty",
            {"where.0": "name", "operator.0": "eq", "value.0": " "},
        ),
        ("condition.0", "list", {"where.0": "name", "operator.0": "in"}),
        (
            "condition.0",
            "no such condition",
            {"where.0": "name", "operator.0": "resembles", "value.0": "x"},
        ),
        (
            "condition.0",
            "is no date",
            {"where.0": "date_entered", "operator.0": "gt", "value.0": "soon"},
        ),
        (
            "condition.1",
            "twice",
            {"where.0": "name", "operator.0": "empty"}
            | {"where.1": "name", "operator.1": "filled"},
        ),
    ],
)
def test_a_mistake_stands_beside_its_field(place, words, fields):
    mistakes = mistakes_of(**fields)
    assert list(mistakes) == [place]
    assert words.lower() in " ".join(mistakes[place]).lower()


def test_what_belongs_to_no_field_is_told_all_the_same():
    assert form.placed(form.Form(), ["elsewhere: odd"]) == {"": ["Elsewhere: odd"]}


@pytest.mark.parametrize(
    ("typed", "wanted"), [("yes", True), ("0", False), ("maybe", "maybe")]
)
def test_a_flag_of_the_crm_can_be_typed_in_words(typed, wanted):
    shown = form.Form(conditions=(form.Condition("vip_c", "eq", typed),))
    assert form.content(shown, Mapping(), TYPES)[0]["filter"]["vip_c"]["eq"] is wanted


def test_no_form_is_endless():
    fields = {f"label.{row}": "x" for row in range(10_000)}
    assert len(form.posted(fields).extras) == form.MOST


def test_only_numbers_are_offered_as_a_price():
    names = {one.name for one in form.amounts(TYPES, LABELS)}
    assert names == {"amount", "amount_base", "cost", "margin_c"}


def test_fields_are_offered_by_the_names_that_people_know():
    texts = {one.name: one.text for one in form.everything(TYPES, LABELS)}
    assert texts["branch_c"] == "Branch (branch_c)"
    assert texts["vip_c"] == "vip_c"


@given(MAPPINGS, MAPPINGS)
def test_what_another_mapping_says_otherwise_is_told(one, other):
    was, new = Mapping.load(one), Mapping.load(other)
    assert bool(list(form.told(was, new))) is (was != new)


def test_a_problem_is_told_in_words():
    lines = ["filter.amount.gt: odd.", "fields.A b: odd.", "statuses: odd.", "price: x"]
    assert [about for about, _ in form.named(lines)] == [
        "Only if amount",
        "Field A b",
        "Groups of stages",
        "Price",
    ]
