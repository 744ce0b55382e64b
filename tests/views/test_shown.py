"""Numbers, moments and the drawing, as people see them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.overview import Hour
from receiver.views.dashboard import shown
from receiver.views.dashboard.chart import HEIGHT, WIDTH, chart

NOW = 1_800_000_000.0


def plain(text):
    return re.sub(r"<[^>]+>", "", str(text)).replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (12, "12 s"),
        (119, "119 s"),
        (180, "3 min"),
        (7000, "117 min"),
        (3600 * 30, "30 h"),
        (86400 * 3, "3 days"),
    ],
)
def test_a_span_is_told_as_people_say_it(seconds, told):
    assert shown.duration(seconds) == told


def test_a_moment_is_told_from_now_with_the_clock_for_whoever_asks():
    ago = shown.moment(NOW - 180, now=NOW)
    assert plain(ago) == "3 min ago"
    assert 'title="2027-01-15 07:57:00 UTC"' in ago
    assert plain(shown.moment(NOW + 20, now=NOW)) == "in 20 s"
    assert plain(shown.moment(NOW, now=NOW)) == "now"
    assert plain(shown.moment(None)) == "never"


@pytest.mark.parametrize("show", [shown.moment, shown.exactly])
@pytest.mark.parametrize("odd", ["<b>soon</b>", "0000-00-00", 1e300, ["x"]])
def test_what_is_no_moment_is_shown_as_it_stands(show, odd):
    assert "<b>" not in show(odd)
    assert show(odd)


def test_a_moment_without_a_zone_is_utc():
    assert plain(shown.exactly("2026-02-01T10:00:00")) == "2026-02-01 10:00:00 UTC"
    assert plain(shown.exactly("2026-02-01T10:00:00+0300")).endswith("07:00:00 UTC")


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("1234567.5", "1 234 567.50"),
        ("0.125", "0.125"),
        ("-12", "-12.00"),
        ("much", "much"),
        ("NaN", "NaN"),
    ],
)
def test_money_has_its_thousands_apart(amount, told):
    assert plain(shown.money(amount)) == told


@given(st.text())
def test_a_message_is_escaped_and_only_its_commands_are_code(message):
    told = str(shown.said(message))
    assert set(re.findall(r"<[^>]*>", told)) <= {"<code>", "</code>"}
    assert told.count("<code>") == told.count("</code>")


@pytest.mark.parametrize("message", ["<b>`", "<b>", "`<b>`", "`a` <b> `"])
def test_a_message_is_escaped_wherever_its_quotes_are(message):
    assert "<b>" not in shown.said(message)


def test_commands_are_code():
    told = shown.said("Say `sugar-roistat check` & see.")
    assert told == "Say <code>sugar-roistat check</code> &amp; see."


def hours(*pairs):
    return [
        Hour(NOW + 3600 * n, 5 if pair else 0, *(pair or (None, None)))
        for n, pair in enumerate(pairs)
    ]


def test_nothing_is_drawn_where_nothing_arrived():
    assert chart([]) is None
    assert chart(hours(None, None)) is None


def test_a_line_breaks_where_nothing_arrived():
    drawn = chart(hours((1, 2), (1, 2), None, (1, 2)))
    assert [line.count(",") for line in drawn.p50] == [2, 1]
    assert len(drawn.dots) == 3


times = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(st.none() | st.tuples(times, times), max_size=50))
def test_everything_is_drawn_within_the_picture(pairs):
    drawn = chart(hours(*pairs))
    if drawn is None:
        assert not any(pairs)
        return
    for line in (*drawn.p50, *drawn.p95):
        for x, y in (point.split(",") for point in line.split()):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT
    assert all(0 <= tick.at <= HEIGHT for tick in drawn.seconds)


def test_what_takes_longer_is_drawn_higher():
    drawn = chart(hours((0.5, 4)))
    p50, p95 = (float(line[0].split(",")[1]) for line in (drawn.p50, drawn.p95))
    assert p95 < p50
