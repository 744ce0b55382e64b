"""Where the time of one accept goes, step by step, in one thread of this process."""

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.report import Line
from bench.saves import Crm, request
from bench.world import World
from receiver import create_app, jobs
from receiver.bootstrap import Services
from receiver.store import record_of
from receiver.sugarcrm.events import load
from receiver.sugarcrm.signature import verify
from receiver.views.webhooks import parse

SAVES = 2000
DEALS = 2000
PATH = "/webhooks/sugarcrm"
STEPS = ("verify", "parse and schema", "record", "store round trip")

Signed = tuple[dict[str, str], bytes]


class Stopwatch:
    """Microseconds by step, each time it was taken."""

    def __init__(self) -> None:
        self.took: defaultdict[str, list[float]] = defaultdict(list)

    def __call__(self, step: str, call: Callable[..., Any], *values: Any) -> Any:
        began = time.perf_counter()
        result = call(*values)
        self.took[step].append((time.perf_counter() - began) * 1e6)
        return result


def measure() -> Iterator[Line]:
    """The steps of the view one by one, and the whole view in between for the sum."""
    watch = Stopwatch()
    with World() as world:
        services = world.services()
        app = create_app(services)
        crm, chance = Crm("stages", DEALS, DEALS), random.Random(2)
        for _ in range(SAVES):
            _step_by_step(watch, services, *_signed(world, crm.save_any(chance)))
            headers, body = _signed(world, crm.save_any(chance))
            wsgi = EnvironBuilder(PATH, method="POST", data=body, headers=headers)
            watch("whole", run_wsgi_app, app, wsgi.get_environ())
    yield from _lines(watch.took)


def _signed(world: World, event: dict[str, Any]) -> Signed:
    head, _, body = request(PATH, [event], world.secret).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines), body


def _step_by_step(
    watch: Stopwatch, services: Services, headers: dict[str, str], body: bytes
) -> None:
    """What the view does, as `receiver.views.webhooks` does it."""
    watch("verify", verify, body, headers, services.config.webhook_secrets)
    (event,) = watch("parse and schema", lambda: load(parse(body)))
    things = (event.client, event.deal)
    records = watch("record", lambda: [record_of(one, event.fence) for one in things])
    wake, _ = watch("store round trip", services.store.put, records)
    if wake:
        watch("wake", jobs.wake, services.live)


def _lines(took: dict[str, list[float]]) -> Iterator[Line]:
    """Medians, for a round trip may meet a busy disk; the wake-up's by its share."""
    wakes = took.pop("wake", [])
    whole, *steps = (statistics.median(took.pop(name)) for name in ("whole", *STEPS))
    yield Line("The view in one thread, µs", f"{whole:.0f}")
    for step, median in zip(STEPS, steps, strict=True):
        yield Line(f"… {step}", f"{median:.0f} ({median / whole:.0%})")
    rest = whole - sum(steps)
    yield Line("… what is left", f"{rest:.0f} ({rest / whole:.0%})")
    yield Line(
        "A wake-up, µs, and accepts that need one",
        f"{statistics.median(wakes):.0f}, {len(wakes) / SAVES:.1%}",
    )
