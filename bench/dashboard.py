"""How soon each page of the dashboard answers with 100,000 deals in the store."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
import requests

from bench.load import HOST
from bench.report import Line, percentile
from bench.seed import deliver
from bench.world import free_ports
from receiver import words
from receiver.config import demo_environment
from receiver.deal import Deal
from receiver.embedded import EmbeddedValkey
from receiver.plan import Item
from receiver.serve import WEB
from receiver.store import Store
from receiver.supervisor import Supervisor
from receiver.verdict import Verdict

DEALS = 100_000
PARKED, WAITING = 3000, 5000  # of them
REQUESTS = 50  # of each page
TARGET = 300  # ms, 95 of 100
PASSWORD = "bench"
ONE = "00077777-0000-4000-8000-000000000000"
NAMES = ("Website redesign", "Annual support", "Warehouse scanners", "Привет, Roistat")
REASONS = (
    *(f"incorrect_request: date_create is wrong in order {n}" for n in range(20)),
    "resource_already_exists: another order has this id",
    words.deals.status_skipped("Duplicate"),
)


def measure() -> Iterator[Line]:
    """Fill a store, serve the dashboard as `serve` does, and ask for each page."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        valkey = EmbeddedValkey(directory)
        valkey.start()
        stack.callback(valkey.stop)
        client = redis.Redis.from_url(valkey.url)
        began = time.monotonic()
        listed = _fill(client)
        seconds = time.monotonic() - began
        yield Line(f"{DEALS:,} deals put and settled, s", f"{seconds:.0f}")
        yield Line("Bytes a deal to be listed and found", f"{listed:,.0f}")
        (port,) = free_ports(1)
        environment = demo_environment(
            ROISTAT_API_KEY="bench",
            ROISTAT_PROJECT="1",
            ROISTAT_URL=f"http://{HOST}:1/api/v1",
            REDIS_URL=valkey.url,
            DASHBOARD_PASSWORD=PASSWORD,
            PYTHONPATH=str(Path(__file__).parents[1]),
        ) | {"WEBHOOK_SECRETS": "whsec_" + "YmVuY2g" * 4}
        supervisor = Supervisor(environment, directory)
        stack.callback(supervisor.stop)
        bind = ["--workers", "2", "--bind", f"{HOST}:{port}"]
        supervisor.start("web", [*WEB, *bind, "receiver:create_app()"])
        session = logged_in(f"http://{HOST}:{port}")
        for name, path, search in PAGES:
            yield _ask(session, f"http://{HOST}:{port}", name, path, search)


PAGES = (
    ("Overview", "/", ""),
    ("Deals, newest", "/deals", ""),
    ("Deals, far back", "/deals?from=60000", ""),
    ("Deals that wait", "/deals?only=waiting", ""),
    ("Deals that are parked", "/deals?only=parked", ""),
    ("Deals without a visit (every fifth)", "/deals?only=direct", ""),
    ("Deals with a rare note", "/deals?only=cut", ""),
    ("Search by a name that many have", "/deals?only=found", "annual"),
    ("Search by a whole name", "/deals?only=found", "annual support 77777"),
    ("Search by visit", "/deals?only=found", "4577777"),
    ("One deal with 20 attempts", "/deals/" + ONE, ""),
    ("Parked, by cause", "/parked", ""),
    ("Mapping", "/mapping", ""),
    ("Statuses", "/statuses", ""),
    ("Sync", "/sync", ""),
    ("Leads", "/website-leads", ""),
    ("Settings", "/settings", ""),
)


def _fill(client: redis.Redis) -> float:
    """Deliver the deals to nobody; give how many bytes each takes more for being listed
    and found.
    """
    deliver(Store(client), map(_deal, range(DEALS)), _judge)
    entry = {"method": "add-orders", "outcome": "delivered", "reason": ""}
    moments = {f"{end}ed": "2026-11-21T07:42:10.123Z" for end in ("open", "clos")}
    line = "0123456789abcdef " + json.dumps(entry | moments)
    history = f"roistat:history:deal:{ONE}"
    client.delete(history)
    client.rpush(history, *[line] * 20)
    sizes = [
        int(client.memory_usage(key, samples=1000) or 0)
        for key in ("roistat:listed", "roistat:index")
    ]
    return sum(sizes) / DEALS


def _id(number: int) -> str:
    """An id as long as a CRM's."""
    return f"{number:08d}-0000-4000-8000-000000000000"


def _deal(number: int) -> Deal:
    return Deal(
        id=_id(number),
        name=f"{NAMES[number % len(NAMES)]} {number}",
        url=f"https://crm.example/#Opportunities/{_id(number)}",
        roistat=None if number % 5 == 0 else str(4_500_000 + number),
        sales_stage="Closed Won",
        sales_stage_label="Closed Won",
        amount="1234.56",
        currency="EUR",
        amount_base="1350.00",
        date_entered="2026-01-31T10:00:00Z",
        date_modified="2026-02-01T10:00:00Z",
        fields={"branch_c": "North"},
    )


def _judge(item: Item) -> Verdict:
    """Some are parked, some wait; of some there is something to say."""
    number = int(item.pending.thing.id[:8])
    if number % (DEALS // PARKED) == 7:
        return Verdict("refused", REASONS[number % len(REASONS)])
    if number % (DEALS // WAITING) == 3:
        return Verdict("retry", words.deals.INTERNAL_ERROR, wait=900)
    return Verdict("delivered", note="cut" if number % 1000 == 1 else item.note)


def logged_in(url: str) -> requests.Session:
    """A session at the dashboard, which may be starting still."""
    session = requests.Session()
    deadline = time.monotonic() + 30
    while True:
        try:
            page = session.get(f"{url}/login", timeout=5)
            break
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    login = {"username": "admin", "password": PASSWORD}
    session.post(f"{url}/login", data=login | _proof(page), timeout=5)
    return session


def _proof(page: requests.Response) -> dict[str, str]:
    found = re.search('name="csrf_token" value="([^"]+)"', page.text)
    return {"csrf_token": found[1] if found else ""}


def _ask(
    session: requests.Session, url: str, name: str, path: str, search: str
) -> Line:
    took = ask(session, url, path, search, REQUESTS)
    slow = percentile(took, 0.95)
    measured = f"{slow:.0f} (half {percentile(took, 0.5):.0f})"
    return Line(f"{name}, p95 ms", measured, f"≤ {TARGET}", slow <= TARGET)


def ask(
    session: requests.Session, url: str, path: str, search: str, times: int
) -> list[float]:
    """Milliseconds that a page of the dashboard took, each time it was asked for."""
    if search:
        form = {"search": search} | _proof(session.get(f"{url}/deals", timeout=10))
        session.post(f"{url}/deals", data=form, timeout=10)
    took = []
    for _ in range(times):
        began = time.perf_counter()
        answer = session.get(url + path, timeout=10)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != requests.codes.ok or "Log out" not in answer.text:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return took
