"""How many leads a second are accepted, each of them durable."""

import random
import statistics
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

from bench.load import fire
from bench.report import Line, spread
from bench.world import World

ROUNDS = 3
LEADS = 2000  # a round; with the one that warms up no more than a minute may have
CONNECTIONS = 16
VISITORS = 1000  # each at an address of its own, as a proxy in front tells it
TARGET = 300
KEY = "the-key-of-the-bench"


def measure() -> Iterator[Line]:
    """Rounds of forms as a website's visitors send them, nobody sending them on."""
    rates, used = [], Counter[str]()
    with World(LEADS_KEY=KEY, TRUSTED_PROXIES="1") as world:
        chance = random.Random(1)
        for number in range(-1, ROUNDS):  # the first only warms up
            requests = [_request(chance) for _ in range(LEADS)]
            before = world.cpu()
            seconds = fire(world.port, requests, CONNECTIONS, status=200)
            if number >= 0:
                rates.append(LEADS / seconds)
                used += world.cpu() - before
        held = world.services().lead_store.counts()["waiting"]
    holds = statistics.median(rates) >= TARGET
    yield Line("Leads accepted a second", spread(rates, 0), f"{TARGET}", holds)
    sent = LEADS * (ROUNDS + 1)
    yield Line("Held of those accepted", f"{held:,}", f"{sent:,}", held == sent)
    each = {role: us / ROUNDS / LEADS * 1e6 for role, us in used.items()}
    parts = ", ".join(f"{role} {each[role]:.0f}" for role in ("web", "store", "sender"))
    yield Line("CPU of one lead, µs", parts)


def _request(chance: random.Random) -> bytes:
    """One visitor's form, as a proxy passes it on."""
    number = chance.randrange(VISITORS)
    body = urlencode(
        {
            "key": KEY,
            "roistat": f"{chance.randrange(10**7)}",
            "title": "Request from the contact form",
            "name": f"Анна Смирнова {number}",
            "phone": f"+7 911 {number:03} 45 67",
            "email": f"anna{number}@shop.example",
            "comment": "Please call me back after six in the evening. " * 3,
            "fields[branch_c]": "North",
            "fields[page_c]": "https://shop.example/catalogue/?utm_source=search",
        }
    ).encode()
    head = (
        "POST /leads HTTP/1.1\r\nHost: bench\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Forwarded-For: 198.51.{number // 250}.{number % 250}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
