"""The results of chaos runs as tables, and their places in a page."""

import os
import platform
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.kill.copies import PLANTS
from tests.kill.plan import NETWORK, ROISTAT, STOP
from tests.kill.run import Result, is_caught
from tests.kill.world import KINDS

_HEADS = (
    *("seed", "saves", "events told", "told again"),
    *(f"killed: {kind}" for kind in KINDS),
    *("stopped", "network", "Roistat"),
    *("lost", "stale", "duplicated", "never taken", "pending"),
    *("healed by reconcile only", "seconds"),
)


def table(results: Sequence[Result], seed_by_seed: bool = True) -> str:
    """The results in Markdown: the sum, and a line for each seed if asked for."""
    numbers = [_numbers(one) for one in results]
    sums = [sum(column) for column in zip(*numbers, strict=True)]
    cells = [_cells(f"all {len(results)}", sums)]
    if seed_by_seed:
        both = zip(results, numbers, strict=True)
        cells = [_cells(str(one.seed), row) for one, row in both] + cells
    return "\n".join(_lines(_HEADS, cells))


def plant_table(caught: Iterable[tuple[str, Sequence[Result]]]) -> str:
    """What each planted bug did to the seeds that it was run with."""
    heads = ("planted bug", "caught by", "not by", "lost", "stale", "pending")
    rows = []
    for plant, results in caught:
        missed = [str(one.seed) for one in results if not is_caught(plant, one)]
        row = [
            sum(len(one.difference.lost) for one in results),
            sum(len(one.difference.stale) for one in results),
            sum(one.pending for one in results),
        ]
        caught_by = f"{len(results) - len(missed)} of {len(results)} seeds"
        rows.append(
            (PLANTS[plant], caught_by, ", ".join(missed) or "none", *map(str, row))
        )
    return "\n".join(_lines(heads, rows))


def machine() -> str:
    """When and where: not by name."""
    now = datetime.now(UTC).strftime("%Y-%m-%d")
    cores, python = os.cpu_count(), platform.python_version()
    system = f"{platform.system()} {platform.machine()}"
    return f"{now}, {cores} cores, {system}, Python {python}"


def command() -> str:
    """The command line that this process was started by."""
    return " ".join(["python -m tests.kill", *map(shlex.quote, sys.argv[1:])])


def write(page: Path, name: str, text: str) -> None:
    """Put text between the two markers that have that name."""
    before, begin, rest = page.read_text().partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not (begin and end):
        raise SystemExit(f"{page} has no place for {name}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def _numbers(one: Result) -> list[float]:
    return [
        *(one.saves, one.told, one.resent),
        *(one.kills[kind] for kind in KINDS),
        *(one.blows[what] for what in (STOP, NETWORK, ROISTAT)),
        *(len(one.difference.lost), len(one.difference.stale)),
        *(len(one.difference.duplicated), one.unsent, one.pending, one.healed),
        one.seconds,
    ]


def _cells(first: str, numbers: Sequence[float]) -> list[str]:
    *counts, seconds = numbers
    return [first, *(f"{one:,}" for one in counts), f"{seconds:,.1f}"]


def _lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
