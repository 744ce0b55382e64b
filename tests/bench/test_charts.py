"""Charts and tables of what was measured."""

from xml.etree import ElementTree as ET

import pytest

from bench import charts, report
from bench.report import Drawn, Line

SIZES = (1_000, 10_000, 100_000)
CURVES = {
    "Accepting": [Drawn("receiver", (9.0, 10.0, 12.0)), Drawn("obvious", (4.0, 5.0))],
    "Freshness": [Drawn("receiver", (55.0, 60.0)), Drawn("obvious", (300.0, 400.0))],
    "Sustained load": [
        Drawn("receiver", (0.5, 0.6, 0.9), (0.5, 1.6, 1.9)),
        Drawn("obvious", (0.3, 20.0), (0.3, 30.0)),
    ],
}
GROWTH = {
    "Accepting": [
        Drawn("time of an accept", (1, 1.01, 1.02), SIZES, (1, 1, 1), (1.1, 1.1, 1.1))
    ]
}
ALL = [
    *((name, charts.OF_BENCH, CURVES) for name in charts.OF_BENCH),
    ("growth", charts.OF_GROWTH, GROWTH),
]


def results(curves):
    return {
        title: [Line(one.name, "1", drawn=one) for one in some] + [Line("x", "1")]
        for title, some in curves.items()
    }


def drawn(name, kinds, curves, folder):
    charts.draw(results(curves), {name: kinds[name]}, folder)
    return (folder / f"{name}.svg").read_text()


every_chart = pytest.mark.parametrize(
    ("name", "kinds", "curves"), ALL, ids=[name for name, *_ in ALL]
)


@every_chart
def test_a_chart_says_what_it_shows_in_units(tmp_path, name, kinds, curves):
    text = drawn(name, kinds, curves, tmp_path)
    told = " ".join(ET.fromstring(text).itertext())
    (title,) = kinds[name][0][:1]
    assert all(one.name in told for one in curves[title])
    units = {"bench-accept": "a second", "bench-freshness": "milliseconds",
             "bench-sustained": "seconds", "growth": "deals held"}  # fmt: skip
    assert units[name] in told


@every_chart
def test_a_chart_is_the_same_for_the_same_numbers(tmp_path, name, kinds, curves):
    text = drawn(name, kinds, curves, tmp_path)
    assert drawn(name, kinds, curves, tmp_path) == text
    assert "2026" not in text
    assert "/tmp" not in text


def test_a_chart_has_colours_for_light_and_for_dark_pages_and_no_others(tmp_path):
    text = drawn("growth", charts.OF_GROWTH, GROWTH, tmp_path)
    style, _, rest = text.partition("</style>")
    assert "prefers-color-scheme: dark" in style
    for _, light, dark in charts.COLOURS.values():
        assert light in style
        assert dark in style
    assert "#0" not in rest.replace(", #0", "").replace('"#0', "")


def test_what_was_not_measured_is_not_drawn(tmp_path):
    charts.draw(results({"Freshness": CURVES["Freshness"]}), charts.OF_BENCH, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bench-freshness.svg"]


def test_the_evidence_has_what_has_a_target_of_the_most_deals(tmp_path):
    page = tmp_path / "evidence.md"
    page.write_text("before\n<!-- growth -->\nold\n<!-- end of growth -->\nafter\n")
    lines = [
        Line("slower", ("1.00", "1.05"), "below 1.10", True),
        Line("no target", ("1", "2")),
        Line("missed", ("3", "4"), "below 4", False),
    ]
    report.promise(page, "growth", {"Accepting": lines}, "9.1")
    text = page.read_text()
    assert text.startswith("before\n<!-- growth -->\n")
    assert text.endswith("<!-- end of growth -->\nafter\n")
    assert "\nold\n" not in text
    rows = [[cell.strip() for cell in row.split("|")] for row in text.splitlines()]
    assert ["", "Accepting: slower", "1.05", "below 1.10", "yes", ""] in rows
    assert ["", "Accepting: missed", "4", "below 4", "NO", ""] in rows
    assert "no target" not in text


def test_results_go_nowhere_but_where_there_is_a_place_for_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing to replace\n")
    with pytest.raises(ValueError, match="no place"):
        report.promise(page, "growth", {}, "9.1")
    assert page.read_text() == "nothing to replace\n"


def test_a_table_has_a_column_for_each_size(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"{report.START}{report.END}")
    report.write(page, {"Held": [Line("bytes", ("1", "2"))]}, "9.1", ("few", "many"))
    assert "| Held  | few | many | Target | Holds |" in page.read_text()
