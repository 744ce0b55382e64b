"""A thousand leads while the CRM is away and our processes are killed: all arrive."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
import requests

from receiver.emulators.sugarcrm import create_emulator
from receiver.store.leads import LeadStore
from tests.live import served
from tests.processes import environment, eventually, free_port

LEADS, SENDERS = 1000, 4
KEY = "the key of the tests' website"
# A worker as it is run, but that the CRM's patience is not what is tested.
HASTY = (
    "import sys; from receiver.sugarcrm.pace import Pace;"
    " Pace.wait = lambda self: None;"
    " from receiver.worker import main; sys.argv[1:] = ['background']; main()"
)
GUNICORN = ["gunicorn", "--config", "python:receiver.gunicorn_conf"]
PROCESSES = {
    "web": ["-m", *GUNICORN, "receiver:create_app()"],
    "background": ["-c", HASTY],
    "clock": ["-m", "receiver.schedule"],
}


class World:
    """The processes, a website in front of them, and where the CRM will be."""

    def __init__(self, config, directory):
        self.port, self.crm_port = free_port(), free_port()
        self.directory = directory
        self.environment = environment(
            REDIS_URL=config.redis_url,
            ROISTAT_URL=config.roistat_url,
            SUGAR_API="rest_v11",
            SUGAR_URL=f"http://127.0.0.1:{self.crm_port}",
            SUGAR_USERNAME="sync",
            SUGAR_PASSWORD="pw",
            SYNC_INTERVAL=0,
            STORE_DURABLE="yes",
            LEADS_KEY=KEY,
            LEADS_PER_MINUTE=1_000_000,
            PORT=self.port,
            WEB_CONCURRENCY=1,
        )
        self.log = (directory / "log").open("wb")
        self.running = {}
        self.numbers = iter(range(10**6))
        self.lock = threading.Lock()
        self.accepted, self.tried = set(), set()
        self.enough = LEADS // 3

    def start(self, name):
        self.running[name] = subprocess.Popen(
            [sys.executable, *PROCESSES[name]],
            env=self.environment,
            cwd=self.directory,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def kill(self, name):
        """Kill it and what it started, as a host that loses its power."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()

    def wait_out(self, redis_client):
        """What a killed worker held has run out."""
        for key in redis_client.scan_iter("roistat:*l*"):
            if key == b"roistat:leads:lease" or key.endswith(b":lock"):
                redis_client.delete(key)

    def submit(self):
        """Send leads until enough are accepted. An unanswered one counts for nothing;
        its visitor does not send it again, another one comes.
        """
        session = requests.Session()
        while len(self.accepted) < self.enough:
            with self.lock:
                title = f"lead {next(self.numbers)}"
                self.tried.add(title)
            form = {"key": KEY, "title": title, "email": f"{title[5:]}@x.example"}
            try:
                url = f"http://127.0.0.1:{self.port}/leads"
                answer = session.post(url, data=form, timeout=15)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            assert answer.status_code == 200, answer.text
            with self.lock:
                self.accepted.add(title)

    def submit_up_to(self, enough):
        self.enough = enough
        senders = [threading.Thread(target=self.submit) for _ in range(SENDERS)]
        for one in senders:
            one.start()
        return senders


@pytest.fixture
def world(config, redis_client, tmp_path):
    world = World(config, tmp_path)
    try:
        yield world
    finally:
        for name in world.running:
            world.kill(name)
        world.log.close()


@pytest.mark.timeout(240)
def test_leads_sent_while_the_crm_is_away_and_we_are_killed_arrive_once(
    world, redis_client
):
    dice = random.Random(11)
    for name in PROCESSES:
        world.start(name)
    for share in range(1, 6):
        senders = world.submit_up_to(LEADS * share // 5)
        eventually(lambda: len(world.accepted) > world.enough - LEADS // 10, 30)
        for name in ("web", dice.choice(["background", "clock"])):
            world.kill(name)
            world.start(name)
            world.wait_out(redis_client)
        for one in senders:
            one.join(60)
    assert len(world.accepted) >= LEADS
    store = LeadStore(redis_client)
    assert store.counts()["waiting"] >= LEADS

    crm = create_emulator(username="sync", password="pw")
    with served(crm, world.crm_port) as url:
        for path in ("/Contacts", "/Opportunities", "/Opportunities/:record/link") * 2:
            # in the middle of what is sent, and a call is done but fails
            fault = {"path": path, "status": 500, "after_commit": True}
            url_of_faults = f"{url}/_emulator/faults"
            assert requests.post(url_of_faults, json={"next": [fault]}, timeout=9).ok
            before = store.counts()["sent"]
            eventually(lambda b=before: store.counts()["sent"] > b + 20, 60)
            world.kill("background")
            world.wait_out(redis_client)
            world.start("background")
        # those that failed wait for a while of their own
        for one in store.everything("waiting"):
            redis_client.zadd("roistat:leads:due", {one.lead.id: 0}, xx=True)
        eventually(lambda: store.counts()["waiting"] == 0, 120)
        state = requests.get(f"{url}/_emulator/state", timeout=20).json()
    made = Counter(one["name"] for one in state["Opportunities"].values())
    assert set(made.values()) == {1}
    assert world.accepted <= set(made) <= world.tried
    people = Counter(
        one["email"][0]["email_address"] for one in state["Contacts"].values()
    )
    assert set(people.values()) == {1}
    assert len(people) == len(made)
