"""The lines of the result, how a spread is written, and the tables they end up in."""

import platform
import re
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

START, END = "<!-- results -->\n", "<!-- end of results -->"
MEASURED = ("Measured",)
WIDE = 400  # a row of a Markdown table is one line


@dataclass(frozen=True, slots=True)
class Drawn:
    """The numbers behind a line: a name and what a chart needs of places and values,
    and of the half of all values that lies around each.
    """

    name: str
    y: Sequence[float]
    x: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement, or one in each column; `holds` is None where there is no target.
    `drawn` is the curve of it, where there is a chart.
    """

    what: str
    measured: str | tuple[str, ...]
    target: str = ""
    holds: bool | None = None
    drawn: Drawn | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """What was measured, column by column."""
        one = self.measured
        return (one,) if isinstance(one, str) else one


Sections = dict[str, list[Line]]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median and, in brackets, the range."""
    median = statistics.median(values)
    low, high = min(values), max(values)
    return f"{median:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed."""
    ranked = sorted(values)
    return next(v for n, v in enumerate(ranked, 1) if n >= share * len(ranked))


def table(
    title: str,
    lines: Sequence[Line],
    style: box.Box = box.ROUNDED,
    columns: Sequence[str] = MEASURED,
) -> Table:
    """One section as a table."""
    made = Table(title, *columns, "Target", "Holds", box=style)
    for line in lines:
        holds = {True: "yes", False: "NO", None: ""}[line.holds]
        made.add_row(line.what, *line.cells, line.target, holds)
    return made


def write(
    path: Path, sections: Sections, valkey: str, columns: Sequence[str] = MEASURED
) -> None:
    """Put the results where `path` has its last ones."""
    tables = [
        table(title, lines, box.MARKDOWN, columns) for title, lines in sections.items()
    ]
    _replace(path, START, END, _markdown(valkey, tables))


def promise(path: Path, name: str, sections: Sections, valkey: str) -> None:
    """Put the lines that have a target where `path` has the last ones of that name; of
    several columns the last.
    """
    made = Table(" ", *MEASURED, "Target", "Holds", box=box.MARKDOWN)
    for title, lines in sections.items():
        for line in lines:
            if line.target:
                holds = "yes" if line.holds else "NO"
                what = f"{title}: {line.what}"
                made.add_row(what, line.cells[-1], line.target, holds)
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    _replace(path, start, end, _markdown(valkey, [made]))


def conclude(
    name: str,
    sections: Sections,
    valkey: str,
    path: Path | None,
    columns: Sequence[str] = MEASURED,
) -> None:
    """Put the results of that name, and charts of them, where they belong if there is
    a `path`; exit with status 1 where a target does not hold.
    """
    if path:
        write(path, sections, valkey, columns)
        promise(path.with_name("evidence.md"), name, sections, valkey)
        from bench import charts  # what is measured should not carry it

        charts.draw(sections, charts.OF[name], path.parent / "images")
    if any(line.holds is False for lines in sections.values() for line in lines):
        sys.exit(1)


def _markdown(valkey: str, tables: Sequence[Table]) -> str:
    console = Console(width=WIDE)
    with console.capture() as captured:
        console.print(machine(valkey), highlight=False, end="\n\n")
        for one in tables:
            console.print(one)
    return re.sub(" +$", "", captured.get(), flags=re.MULTILINE)


def _replace(path: Path, start: str, end: str, text: str) -> None:
    head, found, rest = path.read_text().partition(start)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no place for results")
    path.write_text(f"{head}{start}{text}{end}{tail}")


def machine(valkey: str) -> str:
    """What the measurements were made on."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"{memory:.0f} GiB of memory, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Valkey {valkey}"
    )
