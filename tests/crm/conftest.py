"""Fixtures around a real CRM, which the environment names; without one nothing runs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium
from tests.crm.capture import CapturingReceiver
from tests.crm.crm import NEEDED, Crm, Pages

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if not missing:
        return
    skip = pytest.mark.skip(reason=f"no real CRM here: set {', '.join(missing)}")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def crm() -> Crm:
    return Crm.from_environment()


@pytest.fixture(scope="session")
def package() -> Path:
    """The zip, freshly built."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "package.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def pages(crm: Crm) -> Iterator[Pages]:
    """The CRM's pages, logged in."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        pages = Pages(crm, page)
        pages.log_in()
        yield pages


@pytest.fixture
def installed(pages: Pages, package: Path) -> None:
    """The package is in the CRM: installed now, unless an earlier test did."""
    if not pages.is_installed():
        pages.install(package)


@pytest.fixture
def receiver() -> Iterator[CapturingReceiver]:
    with CapturingReceiver() as receiver:
        yield receiver


@pytest.fixture
def connected(crm: Crm, receiver: CapturingReceiver, installed: None) -> Crm:
    """The CRM, with the package in it and pointed at the capturing receiver."""
    connect(crm, receiver.url)
    return crm


def connect(crm: Crm, url: str) -> None:
    """Points the CRM at a receiver; no outage is known, cron has just run."""
    crm.query("DELETE FROM roistat_outbox")
    crm.run(
        "settings",
        url=url,
        secret=SECRET,
        previous_secret="",
        outage_since="",
        swept_at=str(int(time.time())),
    )


@pytest.fixture
def deal(connected: Crm, receiver: CapturingReceiver) -> dict[str, Any]:
    """A stored deal with a contact and an account, whose own events are forgotten."""
    deal = connected.save_deal()
    receiver.forget()
    return deal
