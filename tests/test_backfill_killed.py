"""A backfill by real processes, killed again and again, ends complete and fresh."""

import contextlib
import random
import subprocess
import sys
import time

import pytest
import requests

from receiver.bootstrap import bootstrap
from receiver.emulators.sugarcrm import create_emulator
from tests.live import served
from tests.processes import environment, eventually
from tests.settings import sugar_settings

DEALS, KILLS = 1500, 20
PROCESSES = {
    "background": ["receiver.worker", "background"],
    "live": ["receiver.worker", "live"],
    "clock": ["receiver.schedule"],
}


class World:
    """The processes, and the two emulators on either side."""

    def __init__(self, config, sugar_url, directory):
        self.sugar_url, self.directory = sugar_url, directory
        self.made = 0
        self.names = {}
        self.environment = environment(
            REDIS_URL=config.redis_url,
            ROISTAT_URL=config.roistat_url,
            ROISTAT_REQUESTS_PER_SECOND=1000,
            ROISTAT_REQUESTS_PER_HOUR=1_000_000,
            ROISTAT_BATCH_SIZE=50,
            SUGAR_API="rest_v11",
            SUGAR_URL=sugar_url,
            SUGAR_USERNAME="sync",
            SUGAR_PASSWORD="pw",
            SUGAR_REQUESTS_PER_SECOND=2,
            SYNC_INTERVAL=0,
        )
        self.log = (directory / "log").open("wb")
        self.running = {}

    def start(self, name):
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", *PROCESSES[name]],
            env=self.environment,
            cwd=self.directory,
            stdout=self.log,
            stderr=self.log,
        )

    def kill(self, name):
        self.running[name].kill()
        self.running[name].wait()

    def save(self, *numbers, at=None):
        """Save deals in the CRM, as by SQL: no webhook tells of it."""
        now = at or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        deals = []
        for number in numbers:
            self.made += 1
            self.names[f"d{number:04}"] = f"edit {self.made}"
            deals.append(
                {
                    "id": f"d{number:04}",
                    "name": f"edit {self.made}",
                    "date_entered": "2026-01-31T10:00:00Z",
                    "date_modified": now,
                    "sales_stage": "Prospecting",
                }
            )
        url = f"{self.sugar_url}/_emulator/records"
        answer = requests.post(url, json={"Opportunities": deals}, timeout=20)
        assert answer.ok, answer.text


@pytest.fixture
def world(config, redis_client, roistat, tmp_path):
    with served(create_emulator(username="sync", password="pw")) as url:
        world = World(config, url, tmp_path)
        try:
            yield world
        finally:
            for name in world.running:
                world.kill(name)
            world.log.close()


@pytest.mark.timeout(240)
def test_a_backfill_that_is_killed_twenty_times_ends_with_every_deal_newest(
    world, config, redis_client, roistat
):
    # a third of them share one second
    world.save(*range(DEALS // 3), at="2026-02-01T10:00:00Z")
    for start in range(DEALS // 3, DEALS, 100):
        at = f"2026-02-02T10:{start // 100:02}:00Z"
        world.save(*range(start, start + 100), at=at)
    ours = bootstrap(config, crm_of(world, redis_client))
    ours.catch_up.backfill.start()
    for name in PROCESSES:
        world.start(name)
    dice = random.Random(7)
    for killed in range(KILLS):
        time.sleep(dice.uniform(0.2, 1.8))
        assert ours.catch_up.backfill.is_unfinished(), f"over after {killed} kills"
        world.save(*dice.sample(range(DEALS), 5))
        name = dice.choice(["background", "background", "live"])
        world.kill(name)
        world.start(name)
    eventually(lambda: not ours.catch_up.backfill.is_unfinished(), 60)
    eventually(lambda: ours.store.counts()["pending"] == 0, 60)
    orders = {id_: order["name"] for id_, order in roistat.orders.items()}
    assert orders == world.names


def crm_of(world, redis_client):
    from receiver.bootstrap import reach

    settings = sugar_settings(world.sugar_url, requests_per_second=19)
    return reach(settings, redis_client)


def test_nothing_is_left_of_a_walker_that_was_killed(config, redis_client):
    """Whoever comes next waits a few seconds at most."""
    ours = bootstrap(config)
    with contextlib.ExitStack() as stack:
        renew = stack.enter_context(ours.store.walks.walking("backfill"))
        assert renew is not None
        assert 0 < redis_client.pttl("roistat:pulling:backfill") <= 5000
