"""Many saves a second for long: how late the last of them arrive, and for how many
calls, beside one call for each event.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local

import requests
from rq import Queue

from bench import baselines
from bench.load import fire
from bench.report import Drawn, Line, percentile
from bench.saves import Crm, Event, request
from bench.world import LIFTED, Arrival, World
from receiver.mapping import Mapping
from receiver.roistat.schemas import as_bytes, order_of
from receiver.sugarcrm.events import load

RATE, SECONDS = 100, 60  # saves a second, and for how long
DEALS, CLIENTS, BATCH = 2000, 1000, 100
LATENCY = 80  # milliseconds that the emulator takes for a call
CONNECTIONS = 16
QUEUE_SECONDS, AT_ONCE_SECONDS = 20, 5  # samples: neither ever catches up
LATEST, MOST_CALLS = 3.0, 1.5  # seconds from save to arrival; calls a second


@dataclass(frozen=True, slots=True)
class Save:
    """One save: which deal, when it was due to be sent, and the price that tells it."""

    deal: str
    moment: float
    price: str


def measure() -> Iterator[Line]:
    """The same pace by each way in turn, Roistat's own quotas, default settings."""
    with World(witness=True) as world:
        world.faults(latency_ms=LATENCY)
        yield from _receiver(world)
        _forget_quotas(world)
        yield _queue(world)
        _forget_quotas(world)
        yield _at_once(world)


def _make_known(world: World, crm: Crm) -> None:
    """Deals, clients and stages that Roistat knows, as in a CRM that is in use."""
    events = [crm.save(number) for number in range(len(crm.deals))]
    batches = [
        request("/webhooks/sugarcrm", events[start : start + BATCH], world.secret)
        for start in range(0, len(events), BATCH)
    ]
    fire(world.port, batches, CONNECTIONS)
    world.wait_until_settled()


def _receiver(world: World) -> Iterator[Line]:
    crm, saves = Crm("sustained", DEALS, CLIENTS), list[Save]()
    _make_known(world, crm)
    _forget_quotas(world)
    calls = world.all_requests()
    send = _sender(world, "/webhooks/sugarcrm")
    fire(world.port, (send(one) for one in _paced(crm, SECONDS, saves)), CONNECTIONS)
    world.wait_until_settled()
    calls = world.all_requests() - calls
    refused, arrivals = world.refused(), world.arrivals()
    delays = [_delay(save, arrivals[save.deal]) for save in saves]
    p50, p95 = percentile(delays, 0.5), percentile(delays, 0.95)
    yield Line(
        f"Save to arrival, s, at {RATE} saves a second for {SECONDS} s",
        f"p50 {p50:.2f}, p95 {p95:.2f}, longest {max(delays):.2f}",
        f"p95 at most {LATEST:.0f}",
        p95 <= LATEST,
        _drawn("receiver", saves, delays),
    )
    yield Line(
        "… Roistat calls a second, of all kinds",
        f"{calls / SECONDS:.2f} ({calls} calls for {len(saves):,} saves)",
        f"at most {MOST_CALLS}",
        calls / SECONDS <= MOST_CALLS,
    )
    yield Line("… calls refused by Roistat's quotas", str(refused), "0", refused == 0)


def _queue(world: World) -> Line:
    """The obvious way at its best: it has imported everything before it forks."""
    crm, saves = Crm("queue", DEALS, CLIENTS), list[Save]()
    send = _sender(world, f"/queue/{baselines.TUNED}")
    paced = _paced(crm, QUEUE_SECONDS, saves)
    fire(world.baselines, (send(one) for one in paced), CONNECTIONS)
    end, arrivals = time.time(), world.arrivals()
    refused, waiting = world.refused(), Queue(baselines.TUNED, world.redis).count
    baselines.clear(world.redis)
    time.sleep(1)  # the job in hand
    done = [save for save in saves if _has_arrived(save, arrivals.get(save.deal, []))]
    behind = end - max(save.moment for save in done)
    delays = [_delay(save, arrivals[save.deal]) for save in done]
    return Line(
        "One call for each event, by the obvious way, its worker tuned",
        f"{len(saves) - waiting:,} of {len(saves):,} calls made after {QUEUE_SECONDS} "
        f"s, {behind:.0f} s behind: {behind * SECONDS / QUEUE_SECONDS:.0f} s after "
        f"{SECONDS} s; {refused} refused by Roistat's quotas",
        drawn=_drawn("the obvious way, its worker tuned", done, delays),
    )


def _drawn(name: str, saves: list[Save], delays: list[float]) -> Drawn:
    """How long each took, by when it arrived."""
    both = zip(saves, delays, strict=True)
    began = saves[0].moment
    return Drawn(name, delays, [save.moment - began + took for save, took in both])


def _at_once(world: World) -> Line:
    """No queue: each event makes its call when it comes."""
    saves = list[Save]()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        paced = _paced(Crm("at once", DEALS), AT_ONCE_SECONDS, saves)
        for call in [pool.submit(_caller(world), event) for event in paced]:
            call.result()
    refused = world.refused()
    return Line(
        f"One call for each event, at once, for {AT_ONCE_SECONDS} s",
        f"{len(saves):,} calls; {refused} refused by Roistat's quotas, "
        f"and with them {refused / len(saves):.0%} of the saves lost",
    )


def _paced(crm: Crm, seconds: int, saves: list[Save]) -> Iterator[Event]:
    """A save of a random deal whenever one is due, written down in `saves`."""
    chance, began = random.Random(7), time.time()
    for turn in range(RATE * seconds):
        due = began + turn / RATE
        time.sleep(max(0.0, due - time.time()))
        event = crm.save_any(chance)
        deal = event["data"]["id"]
        saves.append(Save(deal, due, crm.prices[deal]))
        yield event


def _sender(world: World, path: str) -> Callable[[Event], bytes]:
    return lambda event: request(path, [event], world.secret)


def _caller(world: World) -> Callable[[Event], None]:
    def call(event: Event) -> None:
        if not hasattr(_own, "session"):
            _own.session = requests.Session()
            _own.session.headers.update({"Api-key": "bench"})
        order = order_of(load(event)[0].deal, Mapping())
        url = f"{world.environment['ROISTAT_URL']}/project/add-orders?project=1"
        _own.session.post(url, data=as_bytes([order]), timeout=10)

    return call


_own = local()


def _delay(save: Save, arrivals: list[Arrival]) -> float:
    """Seconds until that state, or a newer one of the same deal, was in Roistat."""
    newer = (one for one in arrivals if float(one.price) >= float(save.price))
    return min(one.moment for one in newer) - save.moment


def _has_arrived(save: Save, arrivals: list[Arrival]) -> bool:
    return any(one.price == save.price for one in arrivals)


def _forget_quotas(world: World) -> None:
    """What one way has used up must not be missing to the next."""
    world.faults(latency_ms=LATENCY, quotas=LIFTED)
    world.faults(latency_ms=LATENCY)
