"""docs/roistat-coverage.md says what the client does, and the client does it."""

import inspect
import re
from pathlib import Path

import pytest

from receiver.emulators.roistat.api import PATHS
from receiver.emulators.roistat.errors import HTTP_STATUS
from receiver.errors import BudgetExhausted, RoistatError
from receiver.roistat.budget import Budget
from receiver.roistat.client import RoistatClient
from tests.roistat import test_client

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs/roistat-coverage.md").read_text()
METHODS = re.findall(
    r"^\| \[\w+\]\(https://\S+/(\w+)\) `(\w+) (\S+)` \| `(\w+)` \| `(\w+)` \|",
    TEXT,
    re.M,
)
ERRORS = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (\w+) \|$", TEXT, re.M)
OURS_ALONE = {"drawing", "wait", "walk_orders"}  # which no page of Roistat's describes


def test_every_method_of_the_client_has_its_row_and_every_row_its_method():
    ours = {name for name, _ in inspect.getmembers(RoistatClient, inspect.isfunction)}
    public = {name for name in ours if not name.startswith("_")}
    assert sorted(row[3] for row in METHODS) == sorted(public - OURS_ALONE)


def test_every_address_that_the_emulator_knows_has_its_row():
    assert sorted(row[2] for row in METHODS) == sorted(PATHS)


@pytest.mark.parametrize(("page", "verb", "path", "method", "test"), METHODS)
def test_a_row_says_what_is_called_and_names_a_test_that_calls_it(
    page, verb, path, method, test
):
    source = inspect.getsource(getattr(RoistatClient, method))
    assert page == ("about" if "/user/" in path else page_of(path))
    assert f"`{verb} {path}`" in inspect.getdoc(getattr(RoistatClient, method))
    assert f'"{verb}", ' in source
    assert f".{method}(" in inspect.getsource(getattr(test_client, test))


def test_every_documented_error_has_its_row():
    assert {code: int(status) for code, status, _ in ERRORS} == HTTP_STATUS


BARE = [("http_400", "permanent"), ("http_402", "pause"), ("http_429", "pause")]
BARE += [
    ("http_413", "permanent"),
    ("http_422", "permanent"),
    ("http_500", "temporary"),
]


@pytest.mark.parametrize(("code", "status", "becomes"), ERRORS)
def test_an_error_becomes_what_its_row_says(
    redis_client, roistat, code, status, becomes
):
    budget = Budget(redis_client, 1000, 10_000)
    client = RoistatClient(f"{roistat.url}/api/v1", "key", "12345", budget)
    fault = {"path": "/project/add-orders", "error": code, "status": int(status)}
    roistat.faults(next=[fault])
    with pytest.raises(RoistatError) as caught:
        client.add_orders([])
    assert caught.value.code == code
    assert caught.value.permanent is (becomes == "permanent")
    assert held(client) is (becomes == "pause")


@pytest.mark.parametrize(("code", "becomes"), BARE)
def test_a_bare_status_becomes_what_the_page_says(redis_client, code, becomes):
    budget = Budget(redis_client, 1000, 10_000)
    with test_client.always("<html>", int(code[5:])) as url:
        client = RoistatClient(url, "key", "12345", budget)
        with pytest.raises(RoistatError) as caught:
            client.add_orders([])
    assert caught.value.permanent is (becomes == "permanent")
    assert budget.may_spend() is (becomes != "pause")


def page_of(path):
    return "clients" if "/clients" in path else "orders"


def held(client):
    try:
        client.statuses()
    except BudgetExhausted:
        return True
    return False
