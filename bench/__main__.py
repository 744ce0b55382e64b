"""`python -m bench`: measure it all; exit status 0 only where every target holds."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path

import click
from rich.console import Console

from bench import (
    accept,
    backfill,
    coalesce,
    dashboard,
    freshness,
    leads,
    memory,
    splitting,
    stages,
    sustained,
)
from bench.report import Line, conclude, machine, table
from bench.world import valkey_version
from receiver import logs

SECTIONS: dict[str, tuple[str, Callable[[], Iterator[Line]]]] = {
    "accept": ("Accepting", accept.measure),
    "stages": ("Where the time of one accept goes", stages.measure),
    "coalesce": ("Coalescing", coalesce.measure),
    "freshness": ("Freshness", freshness.measure),
    "sustained": ("Sustained load", sustained.measure),
    "splitting": ("Splitting a batch", splitting.measure),
    "leads": ("Leads", leads.measure),
    "backfill": ("Backfill", backfill.measure),
    "memory": ("Memory", memory.measure),
    "dashboard": ("Dashboard", dashboard.measure),
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SECTIONS)))
@click.option("--write", "path", type=click.Path(path_type=Path, exists=True))
def main(names: tuple[str, ...], path: Path | None) -> None:
    """Measure, print, and say which targets hold.

    NAMES are the sections to run, all unless told which. With --write the results
    replace the last ones in that file, and charts are drawn of them beside it.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console, began = Console(), time.monotonic()
    # a line costs what it costs, but what is measured in this process need not be read
    with redirect_stderr(open(os.devnull, "w")):
        logs.configure("text")
    valkey = valkey_version()
    console.print(machine(valkey), highlight=False)
    results = {}
    for name in names or SECTIONS:
        title, measure = SECTIONS[name]
        results[title] = list(measure())
        console.print(table(title, results[title]))
    console.print(f"{time.monotonic() - began:.0f} s in all", highlight=False)
    conclude("bench", results, valkey, path)


if __name__ == "__main__":
    main()
