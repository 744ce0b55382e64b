"""From one save to its arrival in Roistat, nothing else going on."""

import time
from collections.abc import Callable, Iterator

import requests

from bench.load import fire
from bench.report import Drawn, Line, percentile
from bench.saves import Crm, Event, request
from bench.world import LATENCY, LIFTED, World
from receiver.mapping import Mapping
from receiver.roistat.schemas import as_bytes, order_of
from receiver.sugarcrm.events import load

SAVES = 40  # by each way, by turns of a deal that Roistat knows and of a new one
PAUSE = 1.2  # seconds from one save to the next by the same way
PATIENCE = 60  # seconds for the last of them
TARGET = 150  # milliseconds


class Way:
    """One way for a save to reach Roistat."""

    def __init__(self, name: str, send: Callable[[Event], None]) -> None:
        self.name = name
        self._send = send
        self._crm = Crm(name, SAVES, clients=10)
        self._began: dict[str, float] = {}

    def seed(self) -> None:
        """Make every other deal, and all clients, known to Roistat."""
        for number in range(0, SAVES, 2):
            self._send(self._crm.save(number))

    def save(self, number: int) -> None:
        """Save one deal and note when."""
        event = self._crm.save(number)
        self._began[self._crm.deals[number]] = time.time()
        self._send(event)

    @property
    def last(self) -> str:
        """The deal that was saved last."""
        return list(self._began)[-1]

    def took(self, arrived: dict[str, float]) -> list[float]:
        """Milliseconds that each save took."""
        return [1000 * (arrived[id_] - began) for id_, began in self._began.items()]


def measure() -> Iterator[Line]:
    """The ways take turns, each save alone, clients unchanged."""
    with World() as world:
        ways = [
            Way("receiver", _webhook(world, world.port, "/webhooks/sugarcrm")),
            Way("the obvious way", _webhook(world, world.baselines, "/queue/obvious")),
            Way("the call alone", _call(world)),
        ]
        world.faults(latency_ms=LATENCY, quotas=LIFTED)
        for way in ways:
            way.seed()
        time.sleep(5)  # the obvious way has a queue now
        world.faults(latency_ms=LATENCY)
        for number in range(SAVES):
            for way in ways:
                time.sleep(PAUSE / len(ways))
                way.save(number)
        arrived = _arrived(world, [way.last for way in ways])
    for way in ways:
        yield _line(way, arrived, TARGET if way is ways[0] else None)


def _arrived(world: World, awaited: list[str]) -> dict[str, float]:
    """When each deal arrived, once those did that are awaited: a busy machine takes its
    time.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        time.sleep(PAUSE)
        arrived: dict[str, float] = world.state()["arrived"]
        if arrived.keys() >= {*awaited} or time.monotonic() > deadline:
            return arrived


def _webhook(world: World, port: int, path: str) -> Callable[[Event], None]:
    def send(event: Event) -> None:
        fire(port, [request(path, [event], world.secret)], connections=1)

    return send


def _call(world: World) -> Callable[[Event], None]:
    """What nobody can beat: no webhook, no store, the connection open already."""
    session = requests.Session()
    session.headers.update({"Api-key": "bench"})

    def send(event: Event) -> None:
        deal = load(event)[0].deal
        session.post(
            f"{world.environment['ROISTAT_URL']}/project/add-orders?project=1",
            data=as_bytes([order_of(deal, Mapping())]),
            timeout=5,
        ).raise_for_status()

    return send


def _line(way: Way, arrived: dict[str, float], target: int | None) -> Line:
    took = way.took(arrived)
    p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
    what = f"Save to arrival, ms: {way.name}"
    measured = f"p50 {p50:.0f}, p95 {p95:.0f}, longest {max(took):.0f}"
    drawn = Drawn(way.name, took)
    if target is None:
        return Line(what, measured, drawn=drawn)
    return Line(what, measured, f"p95 below {target}", p95 < target, drawn)
