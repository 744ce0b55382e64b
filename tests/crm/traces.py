"""Everything that a package could leave behind in a CRM, comparable."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from tests.crm.crm import Crm

# What comes and goes without any package's doing.
PASSING_FOLDERS = {
    "cache",  # made again at need
    "modules/AOD_Index/Index",  # the CRM's own search, made when first used
    "upload/upgrades",  # the Module Loader keeps every zip, and each module's manifest
}
PASSING_SUFFIXES = {".log"}
PASSING_TABLES = {
    "upgrade_history",  # the Module Loader's own record, removed packages included
    "job_queue",  # cron's own jobs; ours are looked for by name
    "user_preferences",  # which page the administrator saw last
    "tracker",  # the same
    "aod_index",  # the CRM makes its row when the search is first used
}
PASSING_COLUMNS = {
    "relationships": {"id"},  # every rebuild makes the table anew
    "schedulers": {"last_run"},
    "users": {"date_modified"},
}

State = dict[str, Any]


def state_of(crm: Crm) -> State:
    """Files by what they say, tables by their columns and rows, layouts as used."""
    return {
        **{f"file {name}": text for name, text in files_of(crm.root).items()},
        **tables_of(crm),
        **{f"layout {name}": v for name, v in crm.run("layouts").items()},
    }


def differences(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    return {
        name: (before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def mentions(crm: Crm, word: str = "roistat") -> list[str]:
    """The files and tables in which the word stands, those that pass left out."""
    found = [
        name
        for name, path in kept_files(crm.root)
        if word.encode() in path.read_bytes().lower() or word in name.lower()
    ]
    for table, content in crm.run("tables").items():
        if word in str(content).lower() and table != "upgrade_history":
            found.append(table)
    return found


def files_of(root: Path) -> dict[str, str]:
    found = {name: fingerprint(path) for name, path in kept_files(root)}
    return {name: said for name, said in found.items() if said}


def kept_files(root: Path) -> list[tuple[str, Path]]:
    """Every file but those that pass, by its path from the root."""
    kept = []
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = [
            n for n in folders if (here / n).as_posix() not in PASSING_FOLDERS
        ]
        for name in names:
            path = root / here / name
            if path.suffix not in PASSING_SUFFIXES and path.is_file():
                kept.append(((here / name).as_posix(), path))
    return kept


def fingerprint(path: Path) -> str:
    """A digest of what the file says; empty for compiled PHP that says nothing."""
    content = path.read_bytes()
    if path.suffix == ".php" and "custom" in path.parts:
        code = re.sub(rb"<\?php|\?>|//.*|/\*(?s:.*?)\*/|\s+", b"", content)
        return hashlib.sha1(code).hexdigest() if code else ""
    return hashlib.sha1(content).hexdigest()


def tables_of(crm: Crm) -> State:
    state: State = {}
    for table, content in crm.run("tables").items():
        state[f"columns of {table}"] = content["columns"]
        if table in PASSING_TABLES:
            continue
        passing = PASSING_COLUMNS.get(table, set())
        state[f"rows of {table}"] = sorted(
            str({name: v for name, v in row.items() if name not in passing})
            for row in content["rows"]
        )
    return state
