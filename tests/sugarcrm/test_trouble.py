"""Whatever happens to the CRM, over HTTP, a backfill goes on, and ends with every deal
in Roistat, each sent once.
"""

import socket
import time
from dataclasses import replace

import pytest

from receiver import catchup, sync
from receiver.bootstrap import bootstrap, reach
from receiver.config import SugarConfig
from receiver.emulators.sugarcrm import create_emulator
from tests.live import served
from tests.sugarcrm.conftest import Sugar
from tests.sugarcrm.suitecrm import SuiteCrm, at, create_app

pytestmark = pytest.mark.usefixtures("without_coalescing", "impatient")

DEALS = 400
PAGE, SHARED = 20, 55  # deals in a page, and such as share a second
AWAY = 0.5  # seconds, for a CRM that is asked again after a tenth of one
FILTER, ACCOUNTS = "/Opportunities/filter", "/Accounts/filter"


class Line:
    """The line to a CRM, which can be cut."""

    def __init__(self, app):
        self._app = app
        self.cut_until = 0.0

    def cut(self):
        self.cut_until = time.monotonic() + AWAY

    def __call__(self, environ, start_response):
        if time.monotonic() < self.cut_until:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start_response("503 Service Unavailable", [])
            return []
        return self._app(environ, start_response)


class SugarCrm:
    """The emulator, and what can happen to it."""

    def settings(self):
        return {"api": "rest_v11", "client_id": "sugar", "client_secret": ""}

    def __init__(self):
        self.app = create_emulator(username="sync", password="pw")

    def seed(self, url):
        self.sugar = Sugar(url)
        self.sugar.store(
            Accounts=[{"id": f"a{number}", "name": "Acme"} for number in range(9)],
            Opportunities=[
                {
                    "id": f"d{number:03}",
                    "name": "x",
                    "account_id": f"a{number % 9}",
                    "date_modified": moment(number),
                }
                for number in range(DEALS)
            ],
        )

    def troubles(self):
        for fault in (
            {"path": FILTER, "expire": True},
            {"path": ACCOUNTS, "expire": True},  # in the middle of a page
            {"path": FILTER, "status": 500, "times": 2},
            {"path": ACCOUNTS, "status": 503, "times": 2},
            {"path": FILTER, "status": 502, "times": 9},  # two slices come to nothing
            {"path": FILTER, "page": True},
        ):
            yield lambda fault=fault: self.sugar.faults(fault)
        yield lambda: self.sugar.order("expire", refresh=True)

    def is_over(self):
        """Whether all of it has happened."""
        grants = self.sugar.state()["grants"]
        return grants == {"password": 2, "refresh_token": 2}


class SuiteCrmWithUser:
    """The stand-in, and what can happen to it."""

    def settings(self):
        login = {"client_id": "client", "client_secret": "secret"}
        return {"api": "suitecrm_v8"} | login

    def __init__(self):
        self.suite = SuiteCrm()
        self.app = create_app(self.suite)

    def seed(self, url):
        for number in range(9):
            account = {"id": f"a{number}", "name": "Acme", "email1": ""}
            self.suite.accounts[f"a{number}"] = account
        for number in range(DEALS):
            deal = f"d{number:03}"
            # what shares a minute is told apart by its id alone
            self.suite.add(deal, at(number // SHARED * 120))
            self.suite.link(deal, f"a{number % 9}", at(0))

    def troubles(self):
        for name, number in (
            ("ending", 1),
            ("ending", 2),  # in the middle of a page
            ("failing", 2),
            ("failing", 9),  # two slices come to nothing
            ("spoiled", 1),
        ):
            yield lambda name=name, number=number: setattr(self.suite, name, number)

    def is_over(self):
        """Whether all of it has happened."""
        left = (self.suite.ending, self.suite.failing, self.suite.spoiled)
        return left == (0, 0, 0) and sum(self.suite.logins.values()) >= 3


class SuiteCrmAlone(SuiteCrmWithUser):
    """The same, by client_credentials."""

    def settings(self):
        return super().settings() | {"username": None, "password": None}


def moment(number):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1.7e9 + number // SHARED))


@pytest.mark.parametrize("kind", [SugarCrm, SuiteCrmWithUser, SuiteCrmAlone])
def test_a_backfill_goes_on_through_whatever_happens_to_the_crm(
    kind, config, redis_client, roistat, monkeypatch
):
    monkeypatch.setattr(sync, "PAGE", PAGE)
    monkeypatch.setattr(catchup, "PAUSE", 0.1)
    stand_in = kind()
    line = Line(stand_in.app)
    with served(line) as url:
        stand_in.seed(url)
        named = {"url": url, "username": "sync", "password": "pw"}
        rate = {"platform": "roistat", "requests_per_second": 10_000}
        sugar = SugarConfig(**named | rate | stand_in.settings())
        crm = reach(sugar, redis_client)
        ours = bootstrap(replace(config, sync_interval=0), crm)
        said = run(ours, [*stand_in.troubles(), line.cut])
        assert stand_in.is_over()
    assert said == {"ok", "degraded"}, "none of it is lasting"
    wanted = {f"d{number:03}" for number in range(DEALS)}
    assert set(roistat.orders) == wanted
    assert ours.catch_up.backfill.progress().done == DEALS
    assert ours.catch_up.backfill.found()["new"] == DEALS
    assert {len(ours.store.history(f"deal:{one}")) for one in wanted} == {1}


def run(ours, events):
    """As the clock and the workers do it, something happening every few pages; gives
    what was said of the CRM.
    """
    said, backfill = set(), ours.catch_up.backfill
    backfill.start()
    deadline = time.monotonic() + 60
    every, number = DEALS // (len(events) + 1), 0
    while backfill.is_unfinished():
        assert time.monotonic() < deadline, "it never ends"
        if number < len(events) and backfill.progress().done >= every * number:
            events[number]()
            number += 1
        if ours.catch_up.is_needed():
            ours.catch_up.run(lambda: None, 0.001)  # a page
            said.add(ours.store.notes.crm_verdict()["state"])
        ours.delivery.drain()
    assert number == len(events)
    return said
