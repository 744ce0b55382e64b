"""The chaos run: real processes, killed and stopped at any moment, a network and a
Roistat that fail, lose nothing, leave nothing stale and make nothing twice.

By hand: `python -m tests.kill SEED…`, a seed or a range such as `1-100`.
"""

import argparse
import sys
from pathlib import Path

from tests.kill import evidence
from tests.kill.copies import PLANTS
from tests.kill.run import Result, is_caught, run_all, say


def main() -> None:
    """Exit status 1 if any seed lost a deal, left one stale or made one that is not in
    the CRM; with planted bugs, if any of them was not caught.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.kill")
    parser.add_argument("seeds", nargs="+", type=_seeds, metavar="SEED")
    parser.add_argument(
        "--plant", choices=[*PLANTS, "all"], help="plant a bug, or each in turn"
    )
    parser.add_argument("--worlds", type=int, default=1, help="so many side by side")
    parser.add_argument("--write", type=Path, help="put the table into this page")
    given = parser.parse_args()
    seeds = [seed for some in given.seeds for seed in some]
    if given.plant:
        plants = list(PLANTS) if given.plant == "all" else [given.plant]
        is_good = _plants(seeds, plants, given.write)
    else:
        is_good = _seeds_run(seeds, given.worlds, given.write)
    sys.exit(0 if is_good else 1)


def _seeds_run(seeds: list[int], worlds: int, page: Path | None) -> bool:
    results = run_all(seeds, worlds=worlds, tell=say)
    say("\n" + evidence.table(results))
    if page:
        summary = evidence.table(results, seed_by_seed=False)
        whole = evidence.table(results)
        evidence.write(page, "the chaos run", _told(summary))
        evidence.write(page, "the chaos run, seed by seed", whole)
    is_complete = len(results) == len(seeds)
    return is_complete and all(one.is_fine for one in results)


def _plants(seeds: list[int], plants: list[str], page: Path | None) -> bool:
    caught: dict[str, list[Result]] = {}
    for plant in plants:
        say(f"{plant}:")
        caught[plant] = run_all(seeds, plant, tell=say)
    found = evidence.plant_table(caught.items())
    say("\n" + found)
    if page:
        evidence.write(page, "planted bugs", _told(found))
    return all(
        any(is_caught(plant, one) for one in some) for plant, some in caught.items()
    )


def _told(what: str) -> str:
    return f"`{evidence.command()}`, {evidence.machine()}:\n\n{what}"


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    main()
