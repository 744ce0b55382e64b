"""Copies of the receiver that differ from it in a few lines, never kept.

One is only faster: every time that something is waited for is a fifth of what it is, so
that what takes twenty seconds on a host takes four here, and the times keep their
proportions. The others have one part of the protocol taken out as well: a bug that the
chaos run must find.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import receiver

CODE = Path(receiver.__file__).parents[1]


class Edit(NamedTuple):
    """In which file which text is replaced by which."""

    file: str
    old: str
    new: str


FASTER = (
    Edit("http_client.py", "CONNECT_SECONDS = 3.0", "CONNECT_SECONDS = 0.6"),
    Edit("http_client.py", "\nREAD_SECONDS = 8.0", "\nREAD_SECONDS = 1.6"),
    Edit(
        "store/store.py",
        "\nGAP = 800\nREST = 500\nLONGEST = 2000\n",
        "\nGAP = 160\nREST = 100\nLONGEST = 400\n",
    ),
    # a few saves are a rush, for there are no more
    Edit("store/store.py", "RUSH, RUSH_SPAN = 400, 500", "RUSH, RUSH_SPAN = 8, 100"),
    Edit("store/store.py", "\nLEASE = 12_000", "\nLEASE = 2_400"),
    Edit("store/store.py", "\nCONFIRM = 20_000", "\nCONFIRM = 4_000"),
    Edit("store/notes.py", "CHANGING, PATIENCE = 30, 5", "CHANGING, PATIENCE = 6, 1"),
    Edit("group_commit.py", "PATIENCE = 2.0", "PATIENCE = 0.4"),
    Edit("group_commit.py", "PAUSE = 1.0", "PAUSE = 0.2"),
    Edit("verdict.py", "LONGEST_DELAY = 2.0, 900.0", "LONGEST_DELAY = 0.4, 2.0"),
    Edit("schedule.py", "TICK = 2.0", "TICK = 0.4"),
    Edit("roistat/traffic.py", "Backing(2, 60)", "Backing(0.4, 1)"),
    Edit("supervisor.py", "PAUSE = 1.0", "PAUSE = 0.2"),
)

# What each bug is, in the words of the evidence
PLANTS = {
    "fence": "the fence dropped: what comes late is taken",
    "revision": "settled without a look at the revision",
    "promise": "acknowledged before it is stored",
    "timer": "the timer forgotten: a lost wake-up stays lost",
}

_PLANTED = {
    "fence": (
        Edit(
            "store/put.lua",
            "if held[1] and tonumber(fence) < tonumber(held[1]) then",
            "if false then",
        ),
    ),
    "revision": (
        Edit(
            "store/settle.lua",
            "local decided = mine and held[1] == rev",
            "local decided = mine",
        ),
    ),
    "promise": (
        Edit(
            "group_commit.py",
            "        self._waiting.append(Wish(whose, records))\n",
            "        self._waiting.append(Wish(None, records))\n"
            "        self._written(whose, [True] * len(records))\n",
        ),
        Edit(
            "group_commit.py",
            "            self._written(wish.whose, taken[at:end])\n",
            "",
        ),
        Edit(
            "group_commit.py",
            "            self._failed(wish.whose)\n",
            "            pass\n",
        ),
    ),
    "timer": (Edit("schedule.py", "        self.wake_if_due()\n", ""),),
}


def copy_of_receiver(directory: Path, plant: str | None = None) -> Path:
    """A directory with a faster copy of the receiver, one bug in it if asked for."""
    shutil.copytree(CODE / "receiver", directory / "receiver")
    edit(directory, FASTER if plant is None else (*FASTER, *_PLANTED[plant]))
    return directory


def edit(directory: Path, edits: Iterable[Edit]) -> None:
    """Change a copy; each text must be there, once."""
    for file, old, new in edits:
        path = directory / "receiver" / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} has changed: edit it anew ({old!r})"
        path.write_text(text.replace(old, new))
