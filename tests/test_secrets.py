"""Secrets and personal data go in by every way, and come out by none but their own.

Real processes, with real settings that hold known words; then everything that anybody
may read is searched for them: what the processes print, what refusals say, and what the
store writes down beside the deals and leads themselves.
"""

import base64
import json
import socket
import subprocess
import uuid

import pytest
import requests

from receiver.emulators.roistat import create_emulator as create_roistat
from receiver.emulators.sugarcrm import create_emulator as create_sugarcrm
from receiver.store import Store
from receiver.sugarcrm.signature import sign
from tests.conftest import Emulator
from tests.events import as_body, batch, client, event, instant, opportunity
from tests.live import served
from tests.processes import (
    command,
    environment,
    eventually,
    free_port,
    running,
    short_directory,
)
from tests.sugarcrm.conftest import Sugar

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"webhook-secret-of-24byte").decode()
SECRETS = {
    "ROISTAT_API_KEY": "roistatkey7f3a",
    "WEBHOOK_SECRETS": WEBHOOK_SECRET,
    "LEADS_KEY": "leadskey9d2c8b4e51",
    "SUGAR_USERNAME": "syncuser83b1",
    "SUGAR_PASSWORD": "crmpassword4c7d",
    "SUGAR_CLIENT_SECRET": "clientsecret5e8f",
    "METRICS_TOKEN": "metricstoken2d3e",
    "DASHBOARD_PASSWORD": "dashpassword4f5a",
    "ALERT_URLS": "json://alertuser:alertpassword6b7c@127.0.0.1:1/alertpath",
}
REDIS_PASSWORD = "redispassword6a9b"
ANOTHER_KEY = "anotherkey1b2c3d4e5f"
PERSON = {
    "name": "Zebulon Quagmire",
    "email": "zebulon@quagmire.example",
    "phone": "79997654321",
    "company": "Quagmire and Daughters",
}
WORDS = (
    *SECRETS.values(),
    *("alertuser", "alertpassword6b7c"),
    WEBHOOK_SECRET.removeprefix("whsec_"),
    REDIS_PASSWORD,
    ANOTHER_KEY,
    *("Zebulon", "Quagmire", "quagmire", "7654321", "765-43-21"),
)
# Where deals, clients, leads and the CRM's tokens are kept, as they must be, and deals
# are found by their names; `found` is that entry, beside each deal
HELD = ("roistat:state:", "roistat:lead", "roistat:token", "roistat:index")
FOUND = b"found"


def found_in(text):
    return [word for word in WORDS if word in text]


class World:
    """The receiver with its processes, the CRM and Roistat, and what they said."""

    def __init__(self, port, settings, roistat, sugar, directory):
        self.url = f"http://127.0.0.1:{port}"
        self.port, self.settings, self.directory = port, settings, directory
        self.roistat, self.sugar = roistat, sugar
        self.answers = []

    def webhook(self, content, secret=WEBHOOK_SECRET, webhook_id="", **headers):
        body = content if isinstance(content, bytes) else as_body(content)
        signed = sign(body, webhook_id or f"msg_{uuid.uuid4().hex}", secret)
        sent = {"Content-Type": "application/json"} | signed | headers
        return self.kept(
            requests.post(
                f"{self.url}/webhooks/sugarcrm", data=body, headers=sent, timeout=20
            )
        )

    def lead(self, method="POST", **given):
        values = {"key": SECRETS["LEADS_KEY"], "comment": "Zebulon calls"} | given
        where = "params" if method == "GET" else "data"
        return self.kept(
            requests.request(method, f"{self.url}/leads", timeout=20, **{where: values})
        )

    def kept(self, answer):
        self.answers.append((answer.status_code, answer.text, dict(answer.headers)))
        return answer

    def run(self, *arguments):
        """What a command prints, but for what it was asked for."""
        return subprocess.run(
            command(*arguments),
            env=environment(**self.settings),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def raw(self, request):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request)
            self.answers.append((0, line.recv(4096).decode("latin-1"), {}))


@pytest.fixture
def store_url(valkey, redis_client):
    """The store's address, with a password."""
    redis_client.execute_command(
        *("ACL", "SETUSER", "receiver", "on", f">{REDIS_PASSWORD}", "~*", "&*", "+@all")
    )
    place = valkey.connection_url.partition("//")[2]
    yield f"redis://receiver:{REDIS_PASSWORD}@{place}"
    redis_client.execute_command("ACL", "DELUSER", "receiver")


@pytest.fixture
def roistat():
    app = create_roistat(api_key=SECRETS["ROISTAT_API_KEY"], project="12345")
    with served(app) as url:
        emulator = Emulator(url)
        emulator.faults()
        yield emulator


@pytest.fixture
def sugar():
    app = create_sugarcrm(
        username=SECRETS["SUGAR_USERNAME"], password=SECRETS["SUGAR_PASSWORD"]
    )
    with served(app) as url:
        yield Sugar(url)


def deal(deal_id, **changes):
    person = client("c1", **PERSON)
    named = {"name": "Deal of Zebulon Quagmire", "assigned_user_name": "Q. Quagmire"}
    return opportunity(deal_id, **named, client=person, **changes)


def everything_happens(world):
    """All that the receiver is for, and much that goes wrong."""
    known = event(deal("d1"))
    assert world.webhook(known, webhook_id="msg_first").status_code == 202
    eventually(lambda: "d1" in world.roistat.orders)
    refused_webhooks(world, known)
    leads(world)
    pages(world)
    refused_calls(world)
    reading_the_crm(world)


def refused_webhooks(world, known):
    another = "whsec_" + base64.b64encode(ANOTHER_KEY.encode()).decode()
    assert world.webhook(known, secret=another).status_code == 401
    assert world.webhook(b'{"name": "Zebulon Quagmire"').status_code == 400
    assert world.webhook("Zebulon Quagmire".encode("utf-16")).status_code == 400
    wrong = {
        "amount": "Zebulon",
        "date_closed": PERSON["phone"],
        "roistat": "Zebulon Quagmire " * 20,
        "date_modified": PERSON["email"],
        "client": client("c1", **PERSON, birth_date="Zebulon"),
    }
    for name, value in wrong.items():
        single = event(deal("d2") | {name: value})
        assert world.webhook(single).status_code == 422, name
        assert world.webhook(batch(single)).status_code == 422, name
    odd = {"type": "Zebulon Quagmire", "timestamp": instant(), "data": {}}
    assert world.webhook(odd).status_code == 422
    typed = {"Content-Type": f"text/{PERSON['name'].replace(' ', '-')}"}
    assert world.webhook(known, **typed).status_code == 415
    named = {"X-Request-ID": PERSON["email"]}
    assert world.webhook(known, **named).status_code == 202
    assert world.webhook(b"Zebulon" * 200_000).status_code == 413


def pages(world):
    """The dashboard and the figures, by those who may not have them."""
    login = f"{world.url}/login"
    form = {"username": "Zebulon", "password": ANOTHER_KEY}
    world.kept(requests.post(login, data=form, timeout=20))
    world.kept(requests.get(f"{world.url}/deals?q=Zebulon", timeout=20))
    asked = {"Authorization": f"Bearer {ANOTHER_KEY}"}
    for headers in ({}, asked):
        answer = requests.get(f"{world.url}/metrics", headers=headers, timeout=20)
        assert world.kept(answer).status_code == 401
    asked = {"Authorization": f"Bearer {SECRETS['METRICS_TOKEN']}"}
    answer = requests.get(f"{world.url}/metrics", headers=asked, timeout=20)
    assert world.kept(answer).status_code == 200


def leads(world):
    assert world.lead(**PERSON).status_code == 200
    assert world.lead("GET", **PERSON).status_code == 200
    assert world.lead(**PERSON, website="Zebulon").status_code == 200
    assert world.lead(**PERSON | {"key": ANOTHER_KEY}).status_code == 403
    nobody = {"phone": "Zebulon", "email": "Quagmire"}
    assert world.lead(**nobody).status_code == 422
    person = {"client_id": "Zebulon Quagmire", "fields[id]": "Quagmire"}
    assert world.lead(**person).status_code == 422
    assert world.lead("GET", name="Zebulon" * 2000).status_code >= 400
    world.raw(b"POST /leads?name=Zebulon\xff Quagmire HTTP/1.1\r\n\r\n")
    world.raw(b"GET /leads?name=Zebulon HTTP/1.1\r\nQuagmire\r\n\r\n")
    world.raw(b"Zebulon Quagmire\r\n\r\n")


def refused_calls(world):
    """Roistat refuses, for good and for a while."""
    path = "/project/add-orders"
    for number, error in enumerate(("request_data_validation_error", "internal_error")):
        world.roistat.faults(next=[{"path": path, "status": 400, "error": error}])
        content = event(deal(f"r{number}"))
        assert world.webhook(content).status_code == 202
        eventually(lambda: not world.waiting() or world.roistat.calls(path) > 2, 30)
    world.roistat.faults()


def reading_the_crm(world):
    """A backfill, and a CRM that fails meanwhile."""
    world.sugar.deals(
        *[
            {
                "id": f"s{number}",
                "name": f"Deal of Zebulon Quagmire {number}",
                "sales_stage": "Prospecting",
                "amount": "not money of Zebulon" if number == 3 else "10.00",
                "date_entered": "2026-01-31T10:00:00+00:00",
                "date_modified": "2026-02-01T10:00:00+00:00",
            }
            for number in range(5)
        ]
    )
    path = "/Opportunities/filter"
    world.sugar.faults({"path": path, "status": 500}, {"path": path, "status": 401})
    assert world.run("backfill").returncode is not None
    eventually(lambda: "s1" in world.roistat.orders, 60)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_no_secret_and_nothing_personal_comes_out(
    roistat, sugar, store_url, redis_client, log_format
):
    port = free_port()
    with short_directory() as directory:
        settings = {
            **SECRETS,
            "SUGAR_API": "rest_v11",
            "SUGAR_URL": sugar.url,
            "ROISTAT_URL": f"{roistat.url}/api/v1",
            "ROISTAT_PROJECT": "12345",
            "REDIS_URL": store_url,
            "STORE_DURABLE": "yes",
            "LEADS_ALLOW_GET": "yes",
            "LOG_FORMAT": log_format,
            "PORT": port,
        }
        world = World(port, settings, roistat, sugar, directory)
        world.waiting = lambda: Store(redis_client).counts()["pending"]
        with running("serve", cwd=directory, **settings) as process:
            eventually(lambda: requests.get(f"{world.url}/readyz", timeout=5).ok)
            everything_happens(world)
            told = [commands(world)]
            process.terminate()
            printed = process.communicate(timeout=20)[0]
    assert "accepted" in printed
    assert "lead_accepted" in printed
    assert found_in(printed) == []
    assert [found for text in told if (found := found_in(text))] == []
    assert [one for one in world.answers if found_in(json.dumps(one))] == []
    assert written_beside_the_deals(redis_client) == {}
    if log_format == "json":
        follow("msg_first", "d1", printed, Store(redis_client))


def commands(world):
    """What the commands say that were not asked for a person."""
    asked = [
        ("check",),
        ("statuses", "show"),
        ("mapping", "show"),
        ("redeliver", "--list"),
        ("redeliver", "d1", "unheard-of"),
        ("sync",),
        ("reconcile",),
        ("leads", "--resend", "unheard-of"),
        ("forget", "--email", "nobody@shop.example"),
    ]
    ended = [world.run(*one) for one in asked]
    listed = world.run("leads", "--csv")
    assert "Zebulon" in listed.stdout  # it is what was asked for
    world.settings["REDIS_URL"] = f"redis://receiver:{ANOTHER_KEY}@127.0.0.1:1/0"
    ended.append(world.run("check"))
    world.settings["WEBHOOK_SECRETS"] = f"{ANOTHER_KEY},whsec_Zebulon"
    ended.append(world.run("check"))
    return "\n".join([one.stdout + one.stderr for one in ended] + [listed.stderr])


def written_beside_the_deals(redis_client):
    """Known words in whatever the store holds that is no deal, client, lead or token:
    the delivery log, reasons, verdicts, failed jobs.
    """
    found = {}
    for key in redis_client.scan_iter(count=1000):
        name = key.decode()
        if not name.startswith(HELD) and (words := found_in(_text(redis_client, key))):
            found[name] = words
    return found


def _text(redis_client, key):
    kind = redis_client.type(key)
    reading = {
        b"string": lambda: redis_client.get(key),
        b"hash": lambda: redis_client.hgetall(key) | {FOUND: b""},
        b"list": lambda: redis_client.lrange(key, 0, -1),
        b"set": lambda: redis_client.smembers(key),
        b"zset": lambda: redis_client.zrange(key, 0, -1),
        b"stream": lambda: redis_client.xrange(key),
    }
    return repr(reading[kind]())


def follow(webhook_id, deal_id, printed, store):
    """From the webhook's id to the call that brought its deal to Roistat."""
    lines = [json.loads(line) for line in printed.splitlines()]
    accepted = next(line for line in lines if line.get("webhook_id") == webhook_id)
    assert accepted["event"] == "accepted"
    assert accepted["of"] == [deal_id]
    assert accepted["request_id"]
    calls = {line["delivery_id"] for line in lines if "delivery_id" in line}
    attempts = [one["delivery_id"] for one in store.history(f"deal:{deal_id}")]
    assert attempts
    assert set(attempts) <= calls
