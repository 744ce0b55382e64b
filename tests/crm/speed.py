"""Measures what the package costs a real CRM: python -m tests.crm.speed --help.

The environment names the CRM as for the tests; the package must be installed in it.
Deals are saved in it, so it must not be one that anybody works with.
"""

import argparse
import contextlib
import json
import platform
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from bench.report import percentile
from tests.crm.conftest import SECRET
from tests.crm.crm import Crm
from tests.crm.slow import SlowReceiver
from tests.processes import eventually, free_port, running, short_directory

PHP = ("php", "-d", "display_errors=stderr", "-d", "error_reporting=4437")
IN_CRM = Path(__file__).with_name("speed.php")
PAGE = Path(__file__).parents[2] / "docs" / "bench-crm.md"
START, END = "<!-- results -->\n", "<!-- end of results -->"
HOOKS = "custom/modules/{}/Ext/LogicHooks/logichooks.ext.php"
MODULES = ("Opportunities", "Contacts", "Accounts")
SWEEP_EVERY = 60.0
FAR = 0.120
PART = 100  # rows that the CRM's import takes in one request
RESAMPLED = 1000
FOREVER = 3600.0
SEEN_AFTER = 3.0  # seconds until PHP looks again at a file that it has compiled


@dataclass(frozen=True)
class Pairs:
    """Milliseconds, pair by pair."""

    with_us: list[float]
    without: list[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.with_us) / statistics.median(self.without)

    @property
    def difference(self) -> float:
        return statistics.median(self.with_us) - statistics.median(self.without)

    @property
    def row(self) -> str:
        """Medians, their ratio and difference with 95% of what resampling gives."""
        resampled = [self._resampled() for _ in range(RESAMPLED)]
        ratio = between([pairs.ratio for pairs in resampled])
        difference = between([pairs.difference for pairs in resampled])
        return (
            f"{len(self.with_us):,} | {statistics.median(self.without):.2f} "
            f"| {statistics.median(self.with_us):.2f} "
            f"| {self.ratio:.3f} ({ratio[0]:.3f} to {ratio[1]:.3f}) "
            f"| {self.difference:.2f} ({difference[0]:.2f} to {difference[1]:.2f}) "
            f"| {statistics.mean(self.with_us) - statistics.mean(self.without):.2f} "
            f"| {percentile(self.with_us, 0.99):.0f}, {max(self.with_us):.0f} "
            f"| {percentile(self.without, 0.99):.0f}, {max(self.without):.0f} |"
        )

    def _resampled(self) -> "Pairs":
        numbers = random.choices(range(len(self.with_us)), k=len(self.with_us))
        return Pairs(
            [self.with_us[n] for n in numbers], [self.without[n] for n in numbers]
        )


def between(values: Sequence[float]) -> tuple[float, float]:
    return percentile(values, 0.025), percentile(values, 0.975)


def lower_quartile(values: Sequence[float]) -> float:
    """What says more than the median where others use the processor too."""
    return percentile(values, 0.25)


class Bench:
    """Runs the measurements one after another, and keeps their lines."""

    def __init__(self, crm: Crm, options: argparse.Namespace) -> None:
        self.crm = crm
        self.options = options
        self.rows: list[str] = []
        self.lines: list[str] = []

    def php(self, command: str, **values: Any) -> Any:
        done = subprocess.run(
            [*PHP, str(IN_CRM), command, json.dumps(values)],
            cwd=self.crm.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
        return json.loads(done.stdout)

    def run(self, arms: Sequence[str]) -> None:
        for arm in arms:
            print(f"{arm} …", flush=True)
            getattr(self, arm)()

    def begin(self, url: str) -> None:
        if self.options.before:
            subprocess.run(self.options.before, shell=True, check=True)
        self.php("settings", url=url, secret=SECRET)

    def live(self) -> None:
        with live_receiver() as (url, _):
            self.saves("Receiver on this machine", url)

    def hanging(self) -> None:
        with SlowReceiver(FOREVER) as receiver:
            self.saves("Receiver that accepts and never answers", receiver.url)

    def down(self) -> None:
        self.saves("Receiver down", f"http://127.0.0.1:{free_port()}")

    def web(self) -> None:
        with live_receiver() as (url, roistat):
            self.begin(url)
            deal = self.php("deal")["id"]
            with self.cron():
                pairs = Browser(self.crm, deal).pairs(self.options.web_pairs)
            assert self.php("name", id=deal)["name"].startswith("Web "), "not saved"
            # What was saved without us must not have been sent, and the rest must.
            eventually(lambda: orders(roistat)[deal]["name"].endswith(" True"))
        self.row("Edit page posted, receiver on this machine", pairs)

    def importing(self) -> None:
        stock, ours = [], []
        with SlowReceiver(FAR) as receiver:
            self.begin(receiver.url)
            for number in range(self.options.imports):
                order = [(True, ours), (False, stock)]
                random.shuffle(order)
                for with_us, seconds in order:
                    seconds.append(self.imported(f"{number}{with_us}", with_us))
            sent = receiver.events
        rows = self.options.rows
        assert sent >= rows * len(ours), f"only {sent} events of the import arrived"
        ratios = sorted(a / b for a, b in zip(ours, stock, strict=True))
        self.lines.append(
            f"Import of {rows:,} rows through the CRM's importer, {PART} rows a "
            f"request, receiver {FAR * 1000:.0f} ms away, {len(ours)} interleaved "
            f"pairs: {statistics.median(ours):.2f} s with the package, "
            f"{statistics.median(stock):.2f} s without, ratio "
            f"{statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})."
        )

    def sweep(self) -> None:
        with live_receiver() as (url, roistat):
            self.begin(url)
            self.php("wait", count=self.options.waiting)
            runs = []
            while not runs or runs[-1]["outbox"]["waiting"] > 0:
                runs.append(self.php("sweep"))
                assert len(runs) < 20, runs
            eventually(lambda: len(orders(roistat)) >= self.options.waiting, 300)
        seconds = sum(run["seconds"] for run in runs)
        memory = ", ".join(
            f"{run['before'] / 1e6:.1f} → {run['after'] / 1e6:.1f}" for run in runs
        )
        self.lines.append(
            f"Sweep of {self.options.waiting:,} waiting deals: {len(runs)} cron run"
            f"{'s' if len(runs) > 1 else ''}, {seconds:.1f} s in all; peak memory of "
            f"each run before and after, in MB: {memory}. All were in the stand-in."
        )

    def saves(self, what: str, url: str) -> None:
        for number, kind in enumerate(("create", "update")):
            self.begin(url)
            with self.cron():
                times = self.php(
                    "pairs",
                    kind=kind,
                    pairs=self.options.pairs,
                    warm_up=20,
                    deals=50,
                    seed=self.options.seed + number,
                )
            self.row(f"{what}, {kind}", Pairs(times["with"], times["without"]))
            low = [lower_quartile(times[arm]) for arm in ("without", "with")]
            end = lower_quartile(times["with_end"])
            cpu = [
                statistics.median(times[f"{arm}_cpu"]) for arm in ("without", "with")
            ]
            self.lines.append(
                f"{what}, {kind}: lower quartiles {low[0]:.2f} and {low[1]:.2f} ms, of "
                f"ours {end:.2f} ms the end of the request; processor time of the "
                f"CRM's process, medians: {cpu[0]:.2f} and {cpu[1]:.2f} ms a save."
            )
            print(self.lines[-1], flush=True)

    def row(self, what: str, pairs: Pairs) -> None:
        self.rows.append(f"| {what} | {pairs.row}")
        print(self.rows[-1], flush=True)

    def imported(self, name: str, with_us: bool) -> float:
        """Seconds that an import took, request by request."""
        seconds = 0.0
        with tempfile.TemporaryDirectory() as folder:
            for part in range(self.options.rows // PART):
                file = Path(folder) / f"bench-{time.time_ns()}-{name}-{part}.csv"
                file.write_text(
                    "".join(
                        f'"{file.name} {row}","{row}.5","Prospecting","2026-12-31",""\n'
                        for row in range(PART)
                    )
                )
                seconds += self.php("import", file=str(file), rows=PART, ours=with_us)[
                    "seconds"
                ]
        return seconds

    @contextlib.contextmanager
    def cron(self) -> Iterator[None]:
        """The sweep, once at first and then each minute."""
        self.php("sweep")
        ended = threading.Event()

        def sweep() -> None:
            while not ended.wait(SWEEP_EVERY):
                self.php("sweep")

        thread = threading.Thread(target=sweep)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


class Browser:
    """Posts a deal's edit page, and says each time whether our hooks shall run.

    For that the CRM's compiled hooks ask for a header of the request while it works. (A
    file that came and went would be seen late: PHP keeps what it has compiled.)
    """

    def __init__(self, crm: Crm, deal: str) -> None:
        self.crm = crm
        self.deal = deal
        self.session = requests.Session()
        self.session.headers["Referer"] = f"{crm.url}/index.php"
        self.files = {
            path: path.read_text()
            for path in (crm.root / HOOKS.format(module) for module in MODULES)
            if path.exists() and "SugarRoistat" in path.read_text()
        }
        assert self.files, "the package is not installed here"
        self.post(
            module="Users",
            action="Authenticate",
            return_module="Users",
            return_action="Login",
            user_name=crm.username,
            username_password=crm.password,
        )

    def pairs(self, count: int) -> Pairs:
        times: dict[bool, list[float]] = {True: [], False: []}
        try:
            for path, text in self.files.items():
                path.write_text(switchable(text))
            time.sleep(SEEN_AFTER)
            for number in range(-10, count):
                for ours in random.sample([True, False], 2):
                    self.session.headers["X-Hooks"] = "ours" if ours else "stock"
                    milliseconds = self.save(f"Web {number} {ours}")
                    if number >= 0:
                        times[ours].append(milliseconds)
        finally:
            for path, text in self.files.items():
                path.write_text(text)
        return Pairs(times[True], times[False])

    def save(self, name: str) -> float:
        started = time.perf_counter()
        answer = self.post(
            module="Opportunities",
            action="Save",
            record=self.deal,
            return_module="Opportunities",
            return_action="DetailView",
            return_id=self.deal,
            name=name,
            amount="1234.56",
            currency_id="-99",
            sales_stage="Prospecting",
            date_closed="12/31/2026",
            assigned_user_id="1",
        )
        milliseconds = (time.perf_counter() - started) * 1000
        assert self.deal in answer.headers.get("Location", ""), answer.text[:500]
        return milliseconds

    def post(self, **form: str) -> requests.Response:
        return self.session.post(
            f"{self.crm.url}/index.php", data=form, timeout=60, allow_redirects=False
        )


def switchable(text: str) -> str:
    """The compiled file, our entries in it only where the request wants them."""
    return re.sub(
        r"\$hook_array\['\w+'\]\[\] = \[[^\]]*SugarRoistat[^\]]*\];",
        r"if (($_SERVER['HTTP_X_HOOKS'] ?? '') !== 'stock') { \g<0> }",
        text,
    )


@contextlib.contextmanager
def live_receiver() -> Iterator[tuple[str, str]]:
    """The receiver as a small shop runs it, and Roistat's stand-in, by address."""
    receiver, roistat = free_port(), free_port()
    with (
        short_directory() as folder,
        running("emulator", "roistat", "--port", str(roistat), cwd=folder),
        running(
            "serve",
            cwd=folder,
            ROISTAT_URL=f"http://127.0.0.1:{roistat}/api/v1",
            WEBHOOK_SECRETS=SECRET,
            PORT=receiver,
            DATA_DIR=folder / "data",
        ),
    ):
        eventually(
            lambda: requests.get(f"http://127.0.0.1:{receiver}/readyz", timeout=2).ok
        )
        yield f"http://127.0.0.1:{receiver}", f"http://127.0.0.1:{roistat}"


def orders(roistat: str) -> dict[str, Any]:
    state = requests.get(f"{roistat}/_emulator/state", timeout=20).json()
    return dict(state["orders"])


def write(path: Path, bench: Bench) -> None:
    """Puts the results where the page has its last ones."""
    head, _, rest = path.read_text().partition(START)
    tail = rest.partition(END)[2]
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    php = subprocess.run(
        ["php", "-r", "print PHP_VERSION;"], capture_output=True, text=True, check=True
    )
    results = [
        f"{psutil.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB of memory, "
        f"{platform.system()}, PHP {php.stdout}. Milliseconds; in brackets, where 95% "
        f"of {RESAMPLED:,} resamples of the pairs lie.",
        "",
        "| What | Pairs | Stock, median | With us, median | Ratio | Difference "
        "| Difference of means | With us: 99%, longest | Stock: 99%, longest |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *bench.rows,
        "",
        *(f"- {line}" for line in bench.lines),
    ]
    path.write_text(head + START + "\n".join(results) + "\n" + END + tail)


def main() -> None:
    arms = ["live", "hanging", "down", "web", "importing", "sweep"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arms", nargs="+", choices=arms, default=arms)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--web-pairs", type=int, default=200)
    parser.add_argument("--imports", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--waiting", type=int, default=5000)
    parser.add_argument(
        "--before",
        help="a command that brings the CRM back to where it began, the package in it",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-page", action="store_true", help="print the results only")
    options = parser.parse_args()
    random.seed(options.seed)
    bench = Bench(Crm.from_environment(), options)
    bench.run(options.arms)
    print(*bench.rows, *bench.lines, sep="\n")
    if not options.no_page:
        write(PAGE, bench)


if __name__ == "__main__":
    main()
