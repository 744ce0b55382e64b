"""A long outage of the receiver loses nothing, whatever dies meanwhile."""

import html
import random
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crm.conftest import SECRET
from tests.crm.crm import Crm
from tests.crm.product import Product, free_port, running_product

SAVES = 5000
PROCESSES = 3
SWEEPS = 10
PATIENCE = 60.0
ID = re.compile(r"[0-9a-f-]{36}")


@dataclass
class Shop:
    """Processes of the CRM that save deals, and get killed now and then."""

    crm: Crm
    name: str
    saves: int = 0
    killed: int = 0
    deals: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, saves: int) -> None:
        """Until at least so many saves are done."""
        threads = [
            threading.Thread(target=self._start_processes, args=(saves,))
            for _ in range(PROCESSES)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _start_processes(self, saves: int) -> None:
        while self.saves < saves:
            count = min(random.randint(100, 500), saves - self.saves + 10)
            process = self.crm.start("many_saves", count=count, name=self.name)
            try:
                self._wait(process)
            finally:
                process.kill()

    def _wait(self, process: "subprocess.Popen[str]") -> None:
        """Two out of three are killed at random, at whatever they are just doing."""
        life = random.uniform(0.5, 8) if random.random() < 2 / 3 else None
        try:
            _, said = process.communicate(timeout=life)
            assert process.returncode == 0, said
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
        saved = ID.findall(said)
        with self._lock:
            self.saves += len(saved)
            self.deals.update(saved)
            self.killed += process.returncode != 0

    def stored(self) -> dict[str, tuple[str, str, float]]:
        """Name, stage and amount of each deal as the CRM has it, said or not."""
        rows = self.crm.query(
            "SELECT id, name, sales_stage, amount_usdollar FROM opportunities"
            f" WHERE name LIKE '{self.name},%' AND deleted = 0"
        )
        return {
            row["id"]: (
                html.unescape(row["name"]),
                row["sales_stage"],
                float(row["amount_usdollar"]),
            )
            for row in rows
        }


@pytest.mark.timeout(600)
def test_5000_saves_of_processes_that_die_in_an_outage_are_all_in_roistat_after_it(
    crm: Crm, installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    crm.query("DELETE FROM roistat_outbox")
    crm.run(
        "settings",
        url=f"http://127.0.0.1:{port}",
        secret=SECRET,
        outage_since="",
        sweeping_until="",
        swept_at=str(int(time.time())),
    )
    shop = Shop(crm, f"Outage {time.time_ns()}")
    began = time.monotonic()
    shop.work(SAVES)
    worked = time.monotonic() - began

    stored = shop.stored()
    waiting = outbox(crm)
    assert shop.killed > 0
    assert shop.deals <= stored.keys(), "not even the CRM has them"
    assert stored.keys() <= waiting, "neither sent nor waiting"

    crm.query("UPDATE roistat_outbox SET due = due - 60")  # the dead ones' minute
    with running_product(tmp_path, SECRET, port) as product:
        began = time.monotonic()
        sweeps, megabytes = sweep_until_empty(crm)
        swept = time.monotonic() - began
        missing = wait_for(product, stored)
        arrived = time.monotonic() - began

    with capsys.disabled():
        sys.stdout.write(
            f"\n{shop.saves} saves of {len(stored)} deals in {worked:.0f} s,"
            f" {shop.killed} processes killed; {len(waiting)} waited;"
            f" {sweeps} sweeps in {swept:.1f} s and {megabytes:.0f} MB at most;"
            f" in Roistat after {arrived:.1f} s: {len(stored) - len(missing)},"
            f" lost or stale: {len(missing)}\n"
        )
    assert missing == {}


def sweep_until_empty(crm: Crm) -> tuple[int, float]:
    """Sweeps as cron does; how often, and the most memory that one took."""
    megabytes = 0.0
    for sweeps in range(1, SWEEPS + 1):
        megabytes = max(megabytes, crm.run("sweep")["megabytes"])
        if not outbox(crm):
            return sweeps, megabytes
    raise AssertionError(f"{len(outbox(crm))} still wait")


def outbox(crm: Crm) -> set[str]:
    return {row["record_id"] for row in crm.query("SELECT * FROM roistat_outbox")}


def wait_for(
    product: Product, stored: dict[str, tuple[str, str, float]]
) -> dict[str, object]:
    """What is not in Roistat as it is stored, in the end."""
    deadline = time.monotonic() + PATIENCE
    while True:
        orders = product.orders()
        missing: dict[str, object] = {}
        for deal, state in stored.items():
            order = orders.get(deal)
            if order is None or state != (
                order["name"],
                order["status"],
                float(order["price"]),
            ):
                missing[deal] = (state, order)
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(0.5)
