"""The product as it is run: the receiver, and Roistat's emulator behind it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

PATIENCE = 30.0
COMMAND = str(Path(sys.executable).with_name("sugar-roistat"))
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Product:
    """A running receiver, and the Roistat that it delivers to. `settings` are those of
    its commands, which are run in the folder.
    """

    receiver: str
    roistat: str
    folder: Path = Path()
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, *words: str, **more: str) -> "subprocess.Popen[str]":
        """One of its commands, beside it."""
        return subprocess.Popen(
            [COMMAND, *words],
            cwd=self.folder,
            env=environment_with(self.settings | more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def orders(self) -> dict[str, dict[str, Any]]:
        return dict(self.state()["orders"])

    def state(self) -> dict[str, Any]:
        answer = requests.get(f"{self.roistat}/_emulator/state", timeout=5)
        return dict(answer.json())

    def group_of(self, deal_id: str) -> str | None:
        """The group of the deal's status in Roistat; None where it has no such deal."""
        state = self.state()
        groups = {status["id"]: status["type"] for status in state["statuses"]}
        order = state["orders"].get(deal_id)
        return order and groups[order["status"]]

    def wait_for_group(self, deal_id: str, group: str | None) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.group_of(deal_id) != group:
            assert time.monotonic() < deadline, (group, self.group_of(deal_id))
            time.sleep(0.05)

    def wait_for_order(self, deal_id: str, visit: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            order = self.orders().get(deal_id)
            if order is not None and order.get("roistat") == visit:
                return order
            time.sleep(0.05)
        raise AssertionError(f"not in Roistat: {deal_id}, {self.orders().get(deal_id)}")


@contextmanager
def running_product(
    folder: Path, secret: str, port: int, **more: str
) -> Iterator[Product]:
    """The receiver on this port, with a store in the folder, and more settings."""
    roistat = free_port()
    settings = {
        "ROISTAT_URL": f"http://127.0.0.1:{roistat}/api/v1",
        "ROISTAT_API_KEY": "key",
        "ROISTAT_PROJECT": "1",
        "WEBHOOK_SECRETS": secret,
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        **more,
    }
    with (
        running(folder, {}, "emulator", "roistat", "--port", str(roistat)),
        running(folder, settings, "serve"),
    ):
        wait_until_up(f"http://127.0.0.1:{roistat}/_emulator/state")
        wait_until_up(f"http://127.0.0.1:{port}/readyz")
        store = f"unix://{folder / 'data' / 'valkey.sock'}"
        yield Product(
            f"http://127.0.0.1:{port}",
            f"http://127.0.0.1:{roistat}",
            folder,
            settings | {"REDIS_URL": store},
        )


@contextmanager
def running(folder: Path, settings: dict[str, str], *words: str) -> Iterator[None]:
    """A command of the product, with these settings and no others."""
    environment = environment_with(settings)
    process = subprocess.Popen([COMMAND, *words], cwd=folder, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def environment_with(settings: dict[str, str]) -> dict[str, str]:
    """These settings, and what a process needs to run what stands beside this test."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}


def wait_until_up(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
