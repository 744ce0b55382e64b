"""The whole way: a page of a real CRM, the receiver as run, Roistat's emulator."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crm.conftest import SECRET
from tests.crm.crm import Crm, Pages

PATIENCE = 30.0
COMMAND = str(Path(sys.executable).with_name("sugar-roistat"))


@dataclass(frozen=True)
class Product:
    """A running receiver, and the Roistat that it delivers to."""

    receiver: str
    roistat: str

    def order(self, deal_id: str) -> dict[str, Any] | None:
        state = requests.get(f"{self.roistat}/_emulator/state", timeout=5).json()
        return state["orders"].get(deal_id)

    def wait_for_order(self, deal_id: str, visit: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            order = self.order(deal_id)
            if order is not None and order.get("roistat") == visit:
                return order
            time.sleep(0.05)
        raise AssertionError(f"not in Roistat: {deal_id}, {self.order(deal_id)}")


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    roistat, receiver = free_port(), free_port()
    settings = {
        "ROISTAT_URL": f"http://127.0.0.1:{roistat}/api/v1",
        "ROISTAT_API_KEY": "key",
        "ROISTAT_PROJECT": "1",
        "WEBHOOK_SECRETS": SECRET,
        "PORT": str(receiver),
        "DATA_DIR": str(tmp_path / "data"),
    }
    with (
        running(tmp_path, {}, "emulator", "roistat", "--port", str(roistat)),
        running(tmp_path, settings, "serve"),
    ):
        wait_until_up(f"http://127.0.0.1:{roistat}/_emulator/state")
        wait_until_up(f"http://127.0.0.1:{receiver}/readyz")
        yield Product(f"http://127.0.0.1:{receiver}", f"http://127.0.0.1:{roistat}")


@pytest.fixture
def joined(crm: Crm, installed: None, product: Product) -> Crm:
    """The CRM, with the package in it and pointed at the receiver."""
    crm.run("settings", url=product.receiver, secret=SECRET)
    return crm


def test_a_deal_saved_in_its_page_is_in_roistat_with_the_visit_typed_into_it(
    joined: Crm, product: Product, pages: Pages
) -> None:
    deal = joined.save_deal()

    pages.edit_deal(deal["id"], roistat_c="4521890")

    order = product.wait_for_order(deal["id"], "4521890")
    assert order["name"] == 'Tom\'s "big" & 1 < 2'
    assert float(order["price"]) == 1234.56
    assert order["client_id"] == deal["contact"]


def test_a_deal_saved_by_code_is_in_roistat(joined: Crm, product: Product) -> None:
    deal = joined.save("Opportunities", name="By code", roistat_c="promo-7")

    assert product.wait_for_order(deal["id"], "promo-7")["name"] == "By code"


@contextmanager
def running(folder: Path, settings: dict[str, str], *words: str) -> Iterator[None]:
    """A command of the product, with these settings and no others."""
    environment = {"PATH": os.environ["PATH"], **settings}
    process = subprocess.Popen([COMMAND, *words], cwd=folder, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait_until_up(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
