"""The rooms stand as drawn: imports run one way, and each secret has one keeper."""

import ast
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "receiver"
FILES = sorted(ROOT.rglob("*.py"))

# Each room and the rooms of ours that it may know. The outside is at the top.
MAY_KNOW = {
    "cli": {"bootstrap", "check", "commands", "config", "dev", "emulators", "errors",
            "jobs", "logs", "serve", "words"},
    "commands": {"bootstrap", "catchup", "commands", "config", "errors", "estimate",
                 "jobs", "logs", "mapping", "plain", "preview", "reconcile", "reports",
                 "roistat", "store", "words"},
    "alerts": {"bootstrap", "notify", "parked", "store", "words"},
    "metrics": {"bootstrap", "parked", "store"},
    "parked": {"store", "words"},
    "check": {"bootstrap", "errors", "health", "jobs", "overview", "words"},
    "overview": {"bootstrap", "errors", "health", "roistat", "store", "words"},
    "dev": {"config", "embedded", "errors", "serve", "sugarcrm", "supervisor"},
    "serve": {"bootstrap", "config", "embedded", "errors", "supervisor"},
    "views": {"bootstrap", "catchup", "config", "deal", "errors", "estimate",
              "health", "jobs", "logs", "mapping", "metrics", "overview", "preview",
              "reconcile", "reports", "roistat", "sentry", "stages", "store",
              "sugarcrm", "views", "website", "words"},
    "own_jobs": {"jobs"},
    "worker": {"bootstrap", "config", "errors", "jobs", "logs", "own_jobs", "sentry"},
    "schedule": {"alerts", "bootstrap", "config", "errors", "jobs", "logs", "sentry"},
    "jobs": {"alerts", "bootstrap", "config", "errors", "words"},
    "gunicorn_conf": {"config", "errors", "fast_path", "logs"},
    "fast_path": {"group_commit", "views", "web_worker"},
    "group_commit": {"store"},
    "health": {"bootstrap", "errors", "words"},
    "bootstrap": {"catchup", "config", "delivery", "embedded", "errors", "flood",
                  "leads", "reconcile", "remap", "roistat", "room", "stages", "store",
                  "sugarcrm", "sync"},
    "leads": {"deal", "errors", "store", "sugarcrm"},
    "estimate": {"bootstrap", "sugarcrm", "sync"},
    "reports": {"plain", "reconcile", "store", "words"},
    "catchup": {"errors", "reconcile", "store", "sugarcrm", "sync", "words"},
    "reconcile": {"compare", "deal", "errors", "mapping", "plan", "roistat", "room",
                  "store", "sugarcrm", "sync"},
    "sync": {"deal", "room", "store", "sugarcrm"},
    "compare": {"roistat"},
    "room": {"store", "words"},
    "preview": {"deal", "mapping", "store"},
    "remap": {"errors", "mapping", "plan", "room", "store"},
    "delivery": {"errors", "mapping", "plan", "roistat", "stages", "store", "verdict",
                 "words"},
    "verdict": {"errors", "mapping", "plan", "roistat", "words"},
    "plan": {"deal", "mapping", "roistat", "store", "words"},
    "stages": {"mapping", "roistat", "store"},
    "store": {"deal", "errors", "store"},
    "sugarcrm": {"deal", "errors", "http_client", "sugarcrm"},
    "roistat": {"deal", "errors", "http_client", "mapping", "plain", "roistat"},
    "mapping": {"deal", "errors", "mapping"},
    "http_client": {"errors"},
    "config": {"errors", "mapping", "notify"},
    "embedded": {"errors"},
    "flood": {"errors"},
    "website": {"deal", "errors"},
    "words": {"errors", "words"},
    "emulators": {"emulators"},
    "sentry": {"errors"},
    "notify": set(),
    "plain": set(),
    "supervisor": set(),
    "logs": set(),
    "errors": set(),
    "deal": set(),
    "web_worker": set(),
}  # fmt: skip


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    """Every module that a file imports at run time, dotted, names included."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_knows_only_the_rooms_below_it(path):
    room = room_of(path)
    if room == "__init__":
        return  # create_app, which names views and bootstrap in its signature
    known = {
        name.split(".")[1] for name in imports(path) if name.startswith("receiver.")
    }
    assert known - {"__version__"} <= MAY_KNOW[room]


def text_of(*rooms):
    return {path: path.read_text() for path in FILES if room_of(path) not in rooms}


# WSGI calls a request so
WSGI = (ROOT / "views" / "request_id.py", ROOT / "views" / "webhooks.py")


def test_only_the_settings_read_the_environment():
    for path, text in text_of("config").items():
        assert "getenv" not in text, path
        if path in WSGI:
            assert not [name for name in imports(path) if name.split(".")[0] == "os"]
        else:
            assert "environ" not in text.replace("environment", ""), path


def test_only_the_store_names_a_redis_key():
    for path, text in text_of("store").items():
        # three limiters name the prefix of their own keys
        for own in ('"roistat:budget"', '"roistat:pace"', '"roistat:flood"'):
            text = text.replace(own, "")
        assert '"roistat:' not in text, path


def test_only_views_and_emulators_know_a_request():
    for path in FILES:
        if room_of(path) not in ("views", "emulators"):
            assert "flask.request" not in set(imports(path)), path


def test_every_room_is_on_the_plan():
    assert {room_of(path) for path in FILES} - {"__init__"} == set(MAY_KNOW)


def test_whatever_is_no_python_goes_into_the_wheel_too():
    patterns = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())
    listed = patterns["tool"]["setuptools"]["package-data"]["*"]
    others = {
        path.relative_to(ROOT).name
        for path in ROOT.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    assert others
    assert {o for o in others if not any(fnmatch(o, one) for one in listed)} == set()
