"""Backfill, sync and reconcile between a real SuiteCRM and Roistat's stand-in."""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
import requests

from receiver.bootstrap import reach
from receiver.config import SugarConfig
from receiver.mapping import Mapping
from receiver.roistat.schemas import client_of, order_of
from receiver.store import Store
from receiver.sugarcrm.pulling import Pulled
from tests.crm import many
from tests.crm.conftest import SECRET, connect
from tests.crm.counting import CountingProxy
from tests.crm.crm import Crm, Pages
from tests.crm.product import Product, free_port, running_product

DEALS, EDITS, SAVED = 5000, 200, 100
API_SECRET = "a secret of the tests"
ADD, IMPORT = "/project/add-orders", "/project/clients/import"
PATIENCE = 90.0
FAST = {  # no limits but the highest that may be set for the CRM
    "SUGAR_REQUESTS_PER_SECOND": "19",
    "ROISTAT_REQUESTS_PER_SECOND": "10000",
    "ROISTAT_REQUESTS_PER_HOUR": "10000000",
}
Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}")

    return say


@dataclass
class Run:
    """One command of the product, watched until it ended."""

    status: int
    output: str
    errors: str
    seconds: float
    memory: list[tuple[float, float]] = field(default_factory=list)

    def grown(self) -> list[tuple[float, float]]:
        """Of the command, and of the worker that reads by turns with it: the most in
        the second tenth of the time, and in the last one.
        """
        tenth = len(self.memory) // 10
        early, late = self.memory[tenth : 2 * tenth], self.memory[-tenth - 1 : -1]
        return [
            (max(one[which] for one in early), max(one[which] for one in late))
            for which in (0, 1)
        ]


@dataclass
class World:
    """A real CRM whose API is open, the product that reads it, and Roistat."""

    crm: Crm
    product: Product
    store: Store
    redis: redis.Redis
    proxy: CountingProxy

    def run(self, *words: str, meanwhile: Callable[[], None] | None = None) -> Run:
        began = time.monotonic()
        process = self.product.start(*words)
        memory, worker = [], self.worker()
        try:
            while process.poll() is None:
                memory.append((resident(process.pid), resident(worker)))
                if meanwhile:
                    meanwhile()
                time.sleep(0.2)
            output, errors = process.communicate()
        finally:
            process.kill()
        took = time.monotonic() - began
        return Run(process.returncode, output, errors, took, memory)

    def worker(self) -> int:
        """The process that reads in the background."""
        for one in psutil.process_iter(["pid", "cmdline"]):
            words = one.info["cmdline"] or []
            if words[-1:] == ["background"] and one.cwd() == str(self.product.folder):
                return int(one.info["pid"])
        raise AssertionError("there is no worker")

    def calls(self) -> tuple[int, int]:
        """How many requests the CRM and Roistat have had until now."""
        roistat = sum(self.product.state()["requests"].values())
        return self.proxy.count(self.crm.url), roistat

    def settle(self) -> float:
        """Wait until nothing is pending; how long that took."""
        began = time.monotonic()
        while self.store.counts()["pending"]:
            assert time.monotonic() - began < PATIENCE, self.store.counts()
            time.sleep(0.1)
        assert self.store.counts()["parked"] == 0
        return time.monotonic() - began

    def differences(self, run: Run) -> dict[str, list[str]]:
        """The deals that a report in JSON names, and how they differ."""
        return {one["deal"]: one["kinds"] for one in report(run)["differences"]}

    def asked(self, path: str) -> int:
        return int(self.product.state()["requests"].get(path, 0))


def report(run: Run) -> dict[str, Any]:
    return dict(json.loads(run.output))


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds; 0 where it has ended."""
    try:
        return psutil.Process(pid).memory_info().rss / 1e6
    except psutil.Error:
        return 0.0


@pytest.fixture(scope="module")
def opened(crm: Crm) -> Iterator[dict[str, str]]:
    """The CRM's API, opened as an administrator opens it, and some fields of its own;
    in the end it has none of our deals any more.
    """
    crm.run("make_fields", types=many.FIELDS)
    yield crm.run("open_api", secret=API_SECRET)
    many.empty(crm)
    crm.run("close_api")
    crm.run("drop_fields", names=list(many.FIELDS))


@pytest.fixture(scope="module")
def thousands(crm: Crm, opened: dict[str, str], pages: Pages, package: Path) -> None:
    """All of them, in a CRM that has the package."""
    if not pages.is_installed():
        pages.install(package)
    many.make(crm, DEALS)


def sugar(crm: Crm, opened: dict[str, str]) -> dict[str, str]:
    """The settings that name the CRM's API: the password grant of an administrator."""
    return {
        "SUGAR_API": "suitecrm_v8",
        "SUGAR_URL": crm.url,
        "SUGAR_USERNAME": crm.username,
        "SUGAR_PASSWORD": crm.password,
        "SUGAR_CLIENT_ID": opened["password"],
        "SUGAR_CLIENT_SECRET": API_SECRET,
    }


@contextmanager
def working(
    crm: Crm, opened: dict[str, str], folder: Path, **more: str
) -> Iterator[World]:
    """The product at work; without the limits of Roistat's stand-in."""
    with CountingProxy() as proxy:
        settings = {
            **sugar(crm, opened),
            **proxy.settings,
            "MAPPING": json.dumps(many.MAPPING),
            "SYNC_INTERVAL": "0",
            **FAST,
            **more,
        }
        with running_product(folder, SECRET, free_port(), **settings) as product:
            lift_limits(product)
            url = product.settings["REDIS_URL"]
            with redis.Redis.from_url(url) as client:
                yield World(crm, product, Store(client), client, proxy)


def lift_limits(product: Product) -> None:
    quotas = {"per_second": 100_000, "per_hour": 100_000_000}
    for path, body in (
        ("faults", {"quotas": quotas}),
        ("assumptions", {"list_quotas_apply": False}),
    ):
        url = f"{product.roistat}/_emulator/{path}"
        assert requests.post(url, json=body, timeout=5).ok


def pulled_afresh(world: World) -> Iterator[Pulled]:
    """Every deal, by a client of its own, as it is now."""
    settings = world.product.settings
    api = reach(
        SugarConfig(
            api="suitecrm_v8",
            url=world.crm.url,
            username=world.crm.username,
            password=world.crm.password,
            client_id=settings["SUGAR_CLIENT_ID"],
            client_secret=API_SECRET,
            platform="roistat",
            requests_per_second=1000,
        ),
        world.redis,
    )
    page = api.page(None)
    yield from page.deals
    while page.following:
        page = api.page(page.following)
        yield from page.deals


# --- thousands of deals ---


@pytest.mark.timeout(600)
def test_deals_that_the_package_delivered_are_not_sent_again_by_a_backfill(
    crm: Crm,
    opened: dict[str, str],
    thousands: None,
    tmp_path: Path,
    tell: Tell,
) -> None:
    limit = {"SUGAR_REQUESTS_PER_SECOND": "5"}  # the default, to see how fast that is
    with working(crm, opened, tmp_path, **limit) as world:
        connect(crm, world.product.receiver)
        saved = crm.query(
            f"SELECT id FROM opportunities WHERE deleted = 0 LIMIT {SAVED}"
        )
        crm.run("save_all", ids=[one["id"] for one in saved], next_step="saved")
        period = {"since": "2000-01-01 00:00:00", "until": "2100-01-01 00:00:00"}
        began = time.monotonic()
        assert crm.run("send_period", **period)["marked"] == DEALS
        while crm.query("SELECT 1 FROM roistat_outbox LIMIT 1"):
            crm.run("sweep")
        world.settle()
        took = time.monotonic() - began
        delivered = world.product.state()
        live = {one["id"] for one in crm.query(LIVE)}
        assert set(delivered["orders"]) == live
        before = world.calls()

        run = world.run("backfill")
        world.settle()

        assert run.status == 0, run.errors
        counted = world.store.walks.pulling("backfill")
        after = world.calls()
        tell(
            f"Webhook: {DEALS} deals delivered in {took:.0f} s, {SAVED} of them saved"
            f" before. Backfill at default settings: {DEALS} deals read in"
            f" {run.seconds:.0f} s ({DEALS / run.seconds:.0f}/s),"
            f" {after[0] - before[0]} calls to the CRM, {after[1] - before[1]} to"
            f" Roistat; what was new to the store: {counted.found}\n"
        )
        assert world.asked(ADD) == delivered["requests"][ADD]
        assert world.asked(IMPORT) == delivered["requests"][IMPORT]
        assert world.product.state()["orders"] == delivered["orders"]
        assert not any(counted.found.values()), "not the same deals to the byte"


LIVE = "SELECT id FROM opportunities WHERE deleted = 0"


@pytest.mark.timeout(1500)
def test_a_backfill_brings_all_and_reconcile_finds_and_repairs_what_sql_changed(
    crm: Crm,
    opened: dict[str, str],
    thousands: None,
    tmp_path: Path,
    tell: Tell,
) -> None:
    seed = random.randrange(1_000_000)
    with working(crm, opened, tmp_path) as world:
        before, calls = many.picture(crm), world.calls()
        assert len(before) == DEALS
        assert sum(seen is None for seen in before.values()) == DEALS // 25

        run = world.run("backfill")
        settled = world.settle()

        assert run.status == 0, run.errors
        tell(told("Backfill", run, calls, world, f"{settled:.1f} s more to Roistat"))
        grown = [f"{early:.0f} → {late:.0f} MB" for early, late in run.grown()]
        tell(f"  memory of the command, and of the worker: {', '.join(grown)}")
        assert all(late - early < 20 for early, late in run.grown())
        live = {id_ for id_, seen in before.items() if seen}
        assert set(world.product.orders()) == live

        calls = world.calls()
        run = world.run("reconcile", "--json")
        tell(told("Reconcile", run, calls, world))
        assert (run.status, world.differences(run)) == (0, {})
        assert report(run)["deals"] == DEALS

        edits = many.edits(before, EDITS, random.Random(seed))
        dates = crm.query("SELECT MAX(date_modified) AS at FROM opportunities")
        crm.run("change", statements=[s for one in edits for s in one.statements])
        after = many.picture(crm)
        assert dates == crm.query(
            "SELECT MAX(date_modified) AS at FROM opportunities"
        ), "an edit touched a date"
        expected = {id_ for id_, seen in before.items() if after.get(id_) != seen}
        edited = {one.deal for one in edits}
        tell(
            f"{len(edits)} edits by SQL (seed {seed}) of {len(edited)} deals; by the"
            f" database {len(expected)} deals have another order or client"
        )
        assert edited <= expected

        calls = world.calls()
        run = world.run("reconcile", "--json")
        found = world.differences(run)
        tell(told("Reconcile", run, calls, world, f"{report(run)['kinds']}"))
        assert run.status == 1
        assert set(found) == expected, explain(found, expected, edits)
        for one in edits:
            assert found[one.deal], one

        calls = world.calls()
        run = world.run("reconcile", "--repair", "--json")
        settled = world.settle()
        repaired = report(run)["repaired"]
        tell(told("Repair", run, calls, world, f"{repaired} sent again"))
        assert run.status == 0, run.errors
        assert set(world.differences(run)) <= expected

        calls = world.calls()
        run = world.run("reconcile", "--json")
        tell(told("Reconcile", run, calls, world))
        assert (run.status, world.differences(run)) == (0, {})
        compare_with_a_fresh_pull(world, after)


def compare_with_a_fresh_pull(world: World, after: many.Picture) -> None:
    """Roistat has the very orders and clients that the CRM's deals make now."""
    mapping = Mapping.load(many.MAPPING)
    state = world.product.state()
    orders, clients = {}, {}
    for one in pulled_afresh(world):
        if not one.deal.deleted:
            orders[one.deal.id] = order_of(one.deal, mapping)
            if one.client:
                clients[one.client.id] = client_of(one.client)
    assert orders.keys() == {id_ for id_, seen in after.items() if seen}
    assert state["orders"] == orders
    assert {id_: state["clients"][id_] for id_ in clients} == clients


def told(
    what: str, run: Run, before: tuple[int, int], world: World, more: str = ""
) -> str:
    crm, roistat = (now - then for now, then in zip(world.calls(), before, strict=True))
    return (
        f"{what}: {run.seconds:.1f} s, {crm} calls to the CRM, {roistat} to Roistat"
        f"{', ' if more else ''}{more}"
    )


def explain(
    found: dict[str, list[str]], expected: set[str], edits: list[many.Edit]
) -> str:
    kinds = {one.deal: one.kind for one in edits}
    missed = [(id_, kinds.get(id_)) for id_ in expected - found.keys()]
    more = [(id_, found[id_]) for id_ in found.keys() - expected]
    return f"missed: {missed}, named in vain: {more}"


# --- every few minutes ---


@pytest.fixture
def hundreds(crm: Crm, opened: dict[str, str], pages: Pages, package: Path) -> None:
    """A CRM with the package and some hundred deals."""
    if not pages.is_installed():
        pages.install(package)
    many.make(crm, 600)


@pytest.mark.timeout(300)
def test_a_sync_brings_what_sql_changed_and_says_what_no_webhook_told(
    crm: Crm, opened: dict[str, str], hundreds: None, tmp_path: Path
) -> None:
    with working(crm, opened, tmp_path) as world:
        connect(crm, world.product.receiver)
        assert world.run("backfill").status == 0
        world.settle()

        seen = many.picture(crm)
        live = [id_ for id_, deal in seen.items() if deal]
        dead = [id_ for id_, deal in seen.items() if not deal]
        won, lost, back = live[:120], live[120:125], live[125:129]
        told, never_seen = live[130], dead[:2]
        for one in back:
            crm.run("delete", module="Opportunities", id=one)
        at = crm.query("SELECT UTC_TIMESTAMP() - INTERVAL 90 SECOND AS at")[0]["at"]
        new = many.uid("new")
        crm.run(
            "change",
            statements=[
                changed(won, f"sales_stage = 'Mass update', date_modified = '{at}'"),
                changed(lost, f"deleted = 1, date_modified = '{at}'"),
                changed([*back, *never_seen], f"deleted = 0, date_modified = '{at}'"),
                "INSERT INTO opportunities (id, name, date_entered, date_modified,"
                f" deleted, sales_stage) SELECT {new}, 'imported', '{at}', '{at}', 0,"
                " 'Prospecting' FROM seq_1_to_3",
            ],
        )
        touched = {"update_date_modified": False, "date_modified": at}
        crm.save("Opportunities", id=told, name="told by a webhook", **touched)
        orders = eventually_named(world, told, "told by a webhook")
        assert not orders.keys() & set(back)
        assert "Mass update" not in {one["status"] for one in orders.values()}

        run = world.run("sync")
        world.settle()

        assert run.status == 0, run.errors
        said = run.output.strip()
        assert said.startswith("Found what no webhook had told of: ")
        assert set(said.removesuffix(".").split(": ")[1].split(", ")) == {
            "5 new",
            "120 changed",
            "5 deleted",
            "4 restored",
        }
        orders = world.product.orders()
        assert orders.keys() == {one["id"] for one in crm.query(LIVE)}
        mass = {id_ for id_, one in orders.items() if one["status"] == "Mass update"}
        assert mass == set(won)
        again = world.run("sync")
        assert "told of: nothing." in again.output


def changed(ids: list[str], change: str) -> str:
    listed = ", ".join(f"'{one}'" for one in ids)
    return f"UPDATE opportunities SET {change} WHERE id IN ({listed})"


def eventually_named(world: World, deal: str, name: str) -> dict[str, dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        orders = world.product.orders()
        if deal in orders and orders[deal]["name"] == name:
            return orders
        time.sleep(0.2)
    raise AssertionError(f"not in Roistat: {name}")


@pytest.mark.timeout(300)
def test_a_person_of_the_same_account_stays_logged_in_while_we_read(
    crm: Crm, opened: dict[str, str], hundreds: None, pages: Pages, tmp_path: Path
) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        pages.open("Opportunities", "index")
        assert "module=Opportunities" in pages.page.url
        assert pages.page.locator("#user_name").count() == 0, "logged out"
        looks += 1

    with working(crm, opened, tmp_path) as world:
        for words in (("backfill",), ("sync",), ("reconcile",)):
            run = world.run(*words, meanwhile=look)
            assert run.status == 0, run.errors
            world.settle()
        assert len(world.product.orders()) == 576

    look()
    buys = "id IN (SELECT opportunity_id FROM accounts_opportunities)"
    deal = crm.query(f"{LIVE} AND {buys} LIMIT 1")[0]["id"]
    pages.edit_deal(deal, roistat_c="777")
    assert pages.shown_on_deal(deal) == "777"
    assert looks > 3


# --- where no package can be installed ---


@pytest.mark.timeout(600)
def test_without_the_package_a_saved_deal_arrives_within_a_minute_or_so(
    crm: Crm, opened: dict[str, str], pages: Pages, tmp_path: Path, tell: Tell
) -> None:
    if pages.is_installed():
        pages.uninstall()
    if crm.run("opportunities")["type"] is not None:
        crm.run("drop_field", name="roistat_c")
    many.empty(crm)
    old = crm.save_deal()["id"]
    with working(crm, opened, tmp_path, SYNC_INTERVAL="1") as world:
        assert world.run("backfill").status == 0
        world.settle()
        assert world.product.orders().keys() == {old}

        took = []
        for visit in (None, "4521890"):
            if visit:
                crm.run("make_field", length=255, label="LBL_ROISTAT_C")
            began = time.monotonic()
            values = {"roistat_c": visit} if visit else {}
            deal = crm.save("Opportunities", name="polled", amount="7", **values)["id"]
            order = eventually_named(world, deal, "polled")[deal]
            took.append(time.monotonic() - began)
            assert order["roistat"] == visit
        tell(f"Polling only: in Roistat after {', '.join(f'{s:.0f} s' for s in took)}")
        assert max(took) < 75
    crm.run("drop_field", name="roistat_c")
