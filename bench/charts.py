"""The charts of the results, as SVG that is readable on light and on dark pages."""

import io
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bench.report import Drawn, Sections

# What matplotlib is given stands for a colour of the page: light, dark.
COLOURS = {
    "#010101": ("paper", "#ffffff", "#0d1117"),
    "#020202": ("ink", "#1f2328", "#e6edf3"),
    "#030303": ("faint", "#d0d7de", "#30363d"),
    "#080808": ("beside", "#afb8c1", "#6e7681"),
    "#040404": ("first", "#0b62c4", "#58a6ff"),
    "#050505": ("second", "#b35900", "#f0a04b"),
    "#060606": ("third", "#2c7a36", "#56d364"),
    "#070707": ("fourth", "#8250df", "#bc8cff"),
}
PAPER, INK, FAINT, BESIDE, *LINES = COLOURS
DASHES = ("solid", "dashed", "dotted", "dashdot")  # for whoever sees no colours
MARKS = "osD^"
INCHES = 7.6

MEASURED_WITH, SHOWN_IN = "DejaVu Sans", "system-ui, 'DejaVu Sans', sans-serif"

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bench",
    "font.family": MEASURED_WITH,
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.facecolor": PAPER,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titlecolor": INK,
    "figure.facecolor": PAPER,
    "grid.color": FAINT,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
}

Curves = Sequence[Drawn]


def draw(results: Sections, charts: "Charts", folder: Path) -> None:
    """Draw each chart whose lines were measured, where the last one of it lies."""
    for name, (titles, chart) in charts.items():
        lines = [line for title in titles for line in results.get(title, [])]
        curves = [line.drawn for line in lines if line.drawn]
        if curves:
            (folder / f"{name}.svg").write_text(picture(chart, curves))


def picture(chart: Callable[[Any, Curves], None], curves: Curves) -> str:
    """One chart as SVG, the same for the same numbers."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(INCHES, 3.6), layout="constrained")
        chart(figure.subplots(), curves)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _with_colours(file.getvalue())


def _with_colours(text: str) -> str:
    for given, (name, light, _) in COLOURS.items():
        text = text.replace(given, f"var(--{name}, {light})")
    text = text.replace(f"'{MEASURED_WITH}'", SHOWN_IN)
    light, dark = (
        " ".join(f"--{one[0]}: {one[which]};" for one in COLOURS.values())
        for which in (1, 2)
    )
    style = (
        f"<style>:root {{ {light} }} "
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}</style>"
    )
    head, tag, rest = text.partition("<defs>")
    return f"{head}{style}\n {tag}{rest}"


# --- the charts ---


def _accept(axes: Any, curves: Curves) -> None:
    """Bars with the range of the rounds."""
    places = range(len(curves))
    medians = [statistics.median(curve.y) for curve in curves]
    low = [m - min(curve.y) for m, curve in zip(medians, curves, strict=True)]
    high = [max(curve.y) - m for m, curve in zip(medians, curves, strict=True)]
    colours = [LINES[0], *[BESIDE] * (len(curves) - 1)]
    axes.barh(places, medians, color=colours, height=0.6)
    axes.errorbar(medians, places, xerr=(low, high), fmt="none", ecolor=INK, capsize=3)
    for place, median, more in zip(places, medians, high, strict=True):
        beyond = (6, 0)
        axes.annotate(
            f"{median:,.0f}",
            (median + more, place),
            beyond,
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(places, [curve.name for curve in curves])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.set(
        title="Webhooks accepted, each on disk before it is answered",
        xlabel="webhooks a second (median and range of the rounds)",
    )


def _freshness(axes: Any, curves: Curves) -> None:
    """What share had arrived after how long."""
    for curve, colour, dash in zip(curves, LINES, DASHES, strict=False):
        took = sorted(curve.y)
        shares = [100 * n / len(took) for n in range(1, len(took) + 1)]
        axes.step(
            took, shares, where="post", label=curve.name, color=colour, ls=dash, lw=2
        )
    axes.set_xscale("log")
    axes.set_xticks([50, 100, 200, 500, 1000])
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.minorticks_off()
    axes.grid()
    axes.legend(loc="lower right")
    axes.set(
        title="From a save to its arrival in Roistat, nothing else going on",
        xlabel="milliseconds, Roistat's own 50 among them (logarithmic)",
        ylabel="saves that have arrived, %",
    )


def _sustained(axes: Any, curves: Curves) -> None:
    """By the second in which it arrived: half of all, and the latest."""
    for curve, colour, dash in zip(curves, LINES, DASHES, strict=False):
        seconds = defaultdict(list)
        for at, took in zip(curve.x, curve.y, strict=True):
            seconds[int(at)].append(took)
        ats = sorted(seconds)
        middle = [statistics.median(seconds[at]) for at in ats]
        latest = [max(seconds[at]) for at in ats]
        axes.plot(ats, middle, color=colour, ls=dash, lw=2, label=curve.name)
        axes.fill_between(ats, middle, latest, color=colour, alpha=0.25, lw=0)
    axes.set_yscale("log")
    axes.set_yticks([0.1, 0.3, 1, 3, 10, 30])
    axes.yaxis.set_major_formatter(FuncFormatter(_number))
    axes.minorticks_off()
    axes.grid()
    axes.legend(loc="upper right")
    axes.set(
        title="How old a save is when it arrives, at 100 saves a second",
        xlabel="seconds since the load began",
        ylabel="seconds (logarithmic)",
    )


def _growth(axes: Any, curves: Curves) -> None:
    """Cost beside that of the same with few deals."""
    sizes = curves[0].x
    axes.plot(sizes, [x / sizes[0] for x in sizes], color=INK, lw=1, ls="dotted")
    axes.annotate(
        "were it to grow\nwith the deals", (sizes[0] * 1.9, 1.9), color=INK, va="center"
    )
    for curve, colour, dash, mark in zip(curves, LINES, DASHES, MARKS, strict=False):
        axes.plot(
            curve.x, curve.y, color=colour, ls=dash, lw=2, marker=mark, label=curve.name
        )
        axes.vlines(curve.x, curve.low, curve.high, color=colour, alpha=0.45, lw=4)
    axes.set_xscale("log")
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.minorticks_off()
    axes.set_ylim(0, max(2.2, *(1.1 * y for curve in curves for y in curve.high)))
    axes.grid()
    axes.legend(loc="lower left", ncols=2)
    axes.set(
        title="What it costs where more deals are held",
        xlabel="deals held (logarithmic)",
        ylabel=f"cost ÷ that with {sizes[0]:,.0f} deals",
    )


def _number(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


Charts = dict[str, tuple[tuple[str, ...], Callable[[Any, Curves], None]]]
OF_BENCH: Charts = {
    "bench-accept": (("Accepting",), _accept),
    "bench-freshness": (("Freshness",), _freshness),
    "bench-sustained": (("Sustained load",), _sustained),
}
OF_GROWTH: Charts = {
    "growth": (("Accepting", "Delivering", "Pages"), _growth),
}
OF = {"bench": OF_BENCH, "growth": OF_GROWTH}
