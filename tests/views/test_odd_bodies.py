"""Whatever is signed and sent, the answer is one of the table, not an error of ours."""

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events import batch, client, event, saved

FEW = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

odd_text = st.text(st.characters(), max_size=30) | st.sampled_from(
    [
        "\x00",
        "\ud800",
        "&amp;",
        "1e400",
        "NaN",
        "-0",
        "9" * 400,
        "2026-13-45",
        "🚀" * 300,
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | odd_text
anything = st.recursive(
    scalars,
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(odd_text, below, max_size=4)
    ),
    max_leaves=12,
)

WHOLE = (
    saved("d1", client=client("c1")),
    event(client("c1"), "client.saved"),
    event({"id": "d1"}, "opportunity.deleted"),
    event({"version": "1", "stages": [{"key": "a", "label": "b"}]}, "ping"),
    batch(saved("d1"), saved("d2", client=client("c2"))),
)


def places(value, path=()):
    """The path of everything inside a body."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, below in inside:
        yield (*path, key)
        yield from places(below, (*path, key))


@st.composite
def damaged(draw):
    """A good body with a few of its values replaced by anything, or gone."""
    body = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(places(body), key=repr) or [("type",)]))
        holder = body
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()):
            holder[path[-1]] = draw(anything)
        else:
            del holder[path[-1]]
    return body


@FEW
@given(body=damaged())
def test_a_damaged_body_is_taken_or_refused_by_name(receiver, body):
    answer = receiver.send(body)
    assert answer.status_code in (200, 202, 400, 422), answer.text
    if answer.status_code == 422:
        assert answer.json()["errors"]


@FEW
@given(body=anything)
def test_any_json_at_all_is_answered_from_the_table(receiver, body):
    assert receiver.send(body).status_code in (400, 422)


@FEW
@given(body=st.binary(max_size=200))
def test_any_bytes_at_all_are_answered_from_the_table(receiver, body):
    assert receiver.send(body).status_code in (400, 422)
