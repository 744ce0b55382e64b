"""`sugar-roistat dev`: the whole way on one machine, between two emulators.

A few sample deals are saved in the one of SugarCRM and told by signed webhook, as the
package tells them; deals of the past are only there, and are brought by a backfill.
"""

import base64
import json
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from receiver.config import demo_environment
from receiver.embedded import EmbeddedValkey
from receiver.errors import ReceiverError
from receiver.serve import require_free_port, start_receiver
from receiver.sugarcrm.rows import Surroundings, payload
from receiver.sugarcrm.signature import sign
from receiver.supervisor import Supervisor

HOST = "127.0.0.1"
RECEIVER, ROISTAT, SUGAR = 8080, 8081, 8082
START_SECONDS = 30.0
ARRIVAL_SECONDS = 10.0
BACKFILL_SECONDS = 60.0
PAST = 40  # deals
CRM = f"http://{HOST}:{SUGAR}"

SAMPLES = (
    ("Website redesign", "Prospecting", "0.00", "100001"),
    ("Annual support", "Negotiation/Review", "4800.00", "100002"),
    ("Warehouse scanners", "Closed Won", "12750.50", "100003"),
    ("Pilot, two seats", "Closed Lost", "990.00", None),
    ("Привет, Roistat", "Closed Won", "310.00", "seo_yandex"),
)


def dev(console: Console) -> None:
    """Run everything until Ctrl-C, and leave nothing behind.

    Raises `InvalidSettings` where a port is taken, `ReceiverError` where something
    does not come up or a sample deal does not arrive.
    """
    require_free_port(HOST, RECEIVER, "Receiver")
    require_free_port(HOST, ROISTAT, "Roistat emulator")
    require_free_port(HOST, SUGAR, "SugarCRM emulator")
    with tempfile.TemporaryDirectory(prefix="sugar-roistat-") as directory:
        store = EmbeddedValkey(Path(directory))
        environment = _environment(store.url)
        supervisor = Supervisor(environment, Path(directory))
        # before the supervisor minds signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            store.start()
            _start_emulator(supervisor, "roistat", ROISTAT)
            _start_emulator(supervisor, "sugarcrm", SUGAR)
            start_receiver(supervisor, HOST, RECEIVER)
            _show(console, environment)
            _backfill(console, environment, directory)
            console.print("Everything is up. Ctrl-C stops it.")
            supervisor.run(also=store.restart_if_dead)
        except KeyboardInterrupt:
            pass
        finally:
            supervisor.stop()
            store.stop()


def _environment(redis_url: str) -> dict[str, str]:
    made_up = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    return demo_environment(
        ROISTAT_API_KEY="demo",
        ROISTAT_PROJECT="1",
        ROISTAT_URL=f"http://{HOST}:{ROISTAT}/api/v1",
        WEBHOOK_SECRETS=made_up,
        REDIS_URL=redis_url,
        SUGAR_API="rest_v11",
        SUGAR_URL=CRM,
        SUGAR_USERNAME="demo",
        SUGAR_PASSWORD="demo",  # noqa: S106 - the emulator takes any
        SYNC_INTERVAL="1",
        DASHBOARD_PASSWORD=secrets.token_urlsafe(12),
        PORT=str(RECEIVER),
    )


def _start_emulator(supervisor: Supervisor, name: str, port: int) -> None:
    options = ["--host", HOST, "--port", str(port)]
    supervisor.start(name, ["receiver.cli", "emulator", name, *options])


def _show(console: Console, environment: dict[str, str]) -> None:
    secret = environment["WEBHOOK_SECRETS"].split(",")[0].strip()
    login = environment.get("DASHBOARD_USERNAME", "admin")
    password = environment["DASHBOARD_PASSWORD"]
    _wait_until_ready()
    console.print(f"Dashboard          http://{HOST}:{RECEIVER}/")
    console.print(f"  log in as        {login}", soft_wrap=True, markup=False)
    console.print(f"  with password    {password}", soft_wrap=True, markup=False)
    console.print(f"Receiver           http://{HOST}:{RECEIVER}/webhooks/sugarcrm")
    console.print(f"Roistat emulator   http://{HOST}:{ROISTAT}/_emulator/state")
    console.print(f"SugarCRM emulator  {CRM}/_emulator/state")
    console.print(f"Webhook secret     {secret}", soft_wrap=True)
    _row(console, "Sample deal", "Stage", "Price", "Visit", "Group", "Arrived after")
    for sample in SAMPLES:
        _row(console, *_send(sample, secret))
        time.sleep(1)  # apart, as people save; together they would share one call


def _row(console: Console, *cells: str) -> None:
    """One line at once, not a table at the end: the logs of others come between."""
    widths = (20, 20, 9, 11, 9, 13)
    line = "  ".join(
        f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)
    )
    console.print(line.rstrip(), highlight=False, soft_wrap=True)


def _wait_until_ready() -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            ready = requests.get(f"http://{HOST}:{RECEIVER}/readyz", timeout=2)
            crm = requests.get(f"{CRM}/_emulator/assumptions", timeout=2)
            if ready.ok and crm.ok and _orders() is not None:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise ReceiverError(f"not up after {START_SECONDS:.0f} s; what is logged says why")


def _send(sample: tuple[str, str, str, str | None], secret: str) -> list[str]:
    """Save one deal as a person would; give its row, once it is in Roistat."""
    name, stage, amount, visit = sample
    now = datetime.now(UTC)
    deal = _deal(str(uuid.uuid4()), name, stage, amount, visit, now)
    _save(deal)
    body = _told(deal, now)
    headers = sign(body, f"msg_{uuid.uuid4().hex}", secret)
    began = time.monotonic()
    answer = requests.post(
        f"http://{HOST}:{RECEIVER}/webhooks/sugarcrm",
        data=body,
        headers={"Content-Type": "application/json", **headers},
        timeout=10,
    )
    if answer.status_code != requests.codes.accepted:
        raise ReceiverError(f"the receiver answered {answer.status_code}")
    while time.monotonic() < began + ARRIVAL_SECONDS:
        order = _orders().get(deal["id"])
        if order:
            took = f"{(time.monotonic() - began) * 1000:.0f} ms"
            return [name, stage, order["price"], visit or "-", _group(stage), took]
        time.sleep(0.005)
    raise ReceiverError("a sample deal did not arrive; what is logged says why")


def _save(*deals: dict[str, Any]) -> None:
    """Store deals in SugarCRM, which tells nobody."""
    body = {"Opportunities": deals}
    requests.post(f"{CRM}/_emulator/records", json=body, timeout=10).raise_for_status()


def _deal(
    deal_id: str, name: str, stage: str, amount: str, visit: str | None, at: datetime
) -> dict[str, Any]:
    """A deal as SugarCRM's API shows it."""
    moment = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "id": deal_id,
        "name": name,
        "roistat_c": visit,
        "sales_stage": stage,
        "amount": amount,
        "amount_usdollar": amount,
        "date_entered": moment,
        "date_modified": moment,
        "lead_source": "Web Site",
        "assigned_user_name": "Max Jensen",
    }


def _past_deal(number: int) -> dict[str, Any]:
    name, stage, amount, visit = SAMPLES[number % len(SAMPLES)]
    sold = datetime.now(UTC) - timedelta(days=PAST - number)
    return _deal(
        str(uuid.uuid4()), f"{name} ({number + 1})", stage, amount, visit, sold
    )


def _told(deal: dict[str, Any], at: datetime) -> bytes:
    """The webhook that the package would send of a deal."""
    around = Surroundings(kinds={}, base_currency="USD")
    data = payload(deal, around, f"{CRM}/#Opportunities/{deal['id']}", None)
    moment = at.isoformat().replace("+00:00", "Z")
    event = {"type": "opportunity.saved", "timestamp": moment, "data": data}
    return json.dumps(event).encode()


def _backfill(console: Console, environment: dict[str, str], directory: str) -> None:
    """What is in SugarCRM from before, brought by the command that is there for it."""
    _save(*map(_past_deal, range(PAST)))
    began = time.monotonic()
    command = [sys.executable, "-m", "receiver.cli", "backfill"]
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=directory,  # where no .env is
        env=environment,
        capture_output=True,
        timeout=BACKFILL_SECONDS,
    )
    if done.returncode:
        raise ReceiverError("the backfill failed; `sugar-roistat check` says why")
    while len(_orders()) < PAST + len(SAMPLES):
        if time.monotonic() > began + BACKFILL_SECONDS:
            raise ReceiverError("deals of the past did not arrive")
        time.sleep(0.05)
    took = time.monotonic() - began
    console.print(f"Backfill: {PAST} deals of the past arrived after {took:.1f} s.")


def _state() -> Any:
    return requests.get(f"http://{HOST}:{ROISTAT}/_emulator/state", timeout=2).json()


def _orders() -> dict[str, dict[str, str]]:
    orders: dict[str, dict[str, str]] = _state()["orders"]
    return orders


def _group(stage: str) -> str:
    return str(next(s["type"] for s in _state()["statuses"] if s["id"] == stage))
