"""`sugar-roistat dev`: the whole way on one machine, with an emulator for Roistat."""

import base64
import json
import secrets
import signal
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from receiver.config import demo_environment
from receiver.embedded import EmbeddedValkey
from receiver.errors import ReceiverError
from receiver.serve import require_free_port, start_receiver
from receiver.sugarcrm.signature import sign
from receiver.supervisor import Supervisor

HOST = "127.0.0.1"
RECEIVER, ROISTAT = 8080, 8081
START_SECONDS = 30.0
ARRIVAL_SECONDS = 10.0

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
    with tempfile.TemporaryDirectory(prefix="sugar-roistat-") as directory:
        store = EmbeddedValkey(Path(directory))
        environment = _environment(store.url)
        supervisor = Supervisor(environment, Path(directory))
        # before the supervisor minds signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            store.start()
            emulator = ["roistat", "--host", HOST, "--port", str(ROISTAT)]
            supervisor.start("roistat", ["receiver.cli", "emulator", *emulator])
            start_receiver(supervisor, HOST, RECEIVER)
            _show(console, environment["WEBHOOK_SECRETS"])
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
        PORT=str(RECEIVER),
    )


def _show(console: Console, webhook_secrets: str) -> None:
    secret = webhook_secrets.split(",")[0].strip()
    _wait_until_ready()
    console.print(f"Receiver           http://{HOST}:{RECEIVER}/webhooks/sugarcrm")
    console.print(f"Roistat emulator   http://{HOST}:{ROISTAT}/_emulator/state")
    console.print(f"Webhook secret     {secret}", soft_wrap=True)
    _row(console, "Sample deal", "Stage", "Price", "Visit", "Group", "Arrived after")
    for sample in SAMPLES:
        _row(console, *_send(sample, secret))
        time.sleep(1)  # apart, as people save; together they would share one call
    console.print("Everything is up. Ctrl-C stops it.")


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
            if ready.ok and _orders() is not None:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise ReceiverError(f"not up after {START_SECONDS:.0f} s; what is logged says why")


def _send(sample: tuple[str, str, str, str | None], secret: str) -> list[str]:
    """Save one deal as the CRM would; give its row, once it is in Roistat."""
    name, stage, amount, visit = sample
    deal_id = str(uuid.uuid4())
    body = _saved(deal_id, name, stage, amount, visit)
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
        order = _orders().get(deal_id)
        if order:
            took = f"{(time.monotonic() - began) * 1000:.0f} ms"
            return [name, stage, order["price"], visit or "-", _group(stage), took]
        time.sleep(0.005)
    raise ReceiverError("a sample deal did not arrive; what is logged says why")


def _saved(
    deal_id: str, name: str, stage: str, amount: str, visit: str | None
) -> bytes:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    deal = {
        "id": deal_id,
        "name": name,
        "url": f"https://crm.example/index.php?module=Opportunities&record={deal_id}",
        "roistat": visit,
        "sales_stage": stage,
        "sales_stage_label": stage,
        "amount": amount,
        "amount_base": amount,
        "currency": "EUR",
        "date_entered": now,
        "date_modified": now,
        "lead_source": "Web Site",
        "assigned_user_name": "Max Jensen",
    }
    event = {"type": "opportunity.saved", "timestamp": now, "data": deal}
    return json.dumps(event).encode()


def _state() -> Any:
    return requests.get(f"http://{HOST}:{ROISTAT}/_emulator/state", timeout=2).json()


def _orders() -> dict[str, dict[str, str]]:
    orders: dict[str, dict[str, str]] = _state()["orders"]
    return orders


def _group(stage: str) -> str:
    return str(next(s["type"] for s in _state()["statuses"] if s["id"] == stage))
