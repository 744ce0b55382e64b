"""`sugar-roistat serve` and `dev`: real processes that are killed, and stopped."""

import re
import signal
import socket
import subprocess
import uuid

import psutil
import pytest
import redis
import requests

from receiver.sugarcrm.signature import sign
from tests.events import SECRET, as_body, saved
from tests.processes import (
    command,
    environment,
    eventually,
    free_port,
    running,
    short_directory,
)


def send(port, content):
    body = as_body(content)
    headers = {"Content-Type": "application/json"}
    headers |= sign(body, f"msg_{uuid.uuid4().hex}", SECRET)
    url = f"http://127.0.0.1:{port}/webhooks/sugarcrm"
    return requests.post(url, data=body, headers=headers, timeout=5).status_code


def ready(port):
    return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).ok


def family(process):
    return psutil.Process(process.pid).children(recursive=True)


def child(process, *words):
    """The child whose command line holds all these words."""
    for one in family(process):
        if all(word in " ".join(one.cmdline()) for word in words):
            return one
    return None


@pytest.fixture
def directory():
    with short_directory() as path:
        yield path


@pytest.fixture
def served(directory, roistat):
    """`serve` with a store of its own; gives the process and its port."""
    port = free_port()
    settings = {"ROISTAT_URL": f"{roistat.url}/api/v1", "PORT": port}
    settings["DATA_DIR"] = directory / "data"
    with running("serve", cwd=directory, **settings) as process:
        eventually(lambda: ready(port))
        yield process, port


def test_a_signed_webhook_arrives_in_roistat(served, roistat):
    _, port = served
    assert send(port, saved("d1")) == 202
    eventually(lambda: "d1" in roistat.orders)


@pytest.mark.parametrize(
    "words",
    [("gunicorn",), ("receiver.worker", "live"), ("receiver.schedule",), ("valkey",)],
    ids=["web", "worker", "clock", "store"],
)
def test_what_dies_is_started_again(served, roistat, words):
    process, port = served
    killed = eventually(lambda: child(process, *words))
    killed.kill()
    eventually(lambda: (again := child(process, *words)) and again.pid != killed.pid)
    eventually(lambda: send(port, saved("d1")) == 202)
    eventually(lambda: "d1" in roistat.orders)


@pytest.mark.usefixtures("served")
def test_a_command_beside_it_finds_its_store(directory):
    settings = {"DATA_DIR": directory / "data", "ROISTAT_URL": "http://127.0.0.1:1"}
    other = run("redeliver", "--list", cwd=directory, **settings)
    assert (other.returncode, other.stderr) == (0, "")
    elsewhere = run("redeliver", "--list", cwd=directory, DATA_DIR=directory / "other")
    assert (elsewhere.returncode, "REDIS_URL" in elsewhere.stderr) == (1, True)


def test_the_embedded_store_is_durable(served):
    _, port = served
    answer = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).json()
    assert answer["store"]["state"] == "ok"


def test_what_was_acknowledged_outlives_everything(directory):
    settings = {"PORT": free_port(), "DATA_DIR": directory / "data"}
    settings["ROISTAT_URL"] = "http://127.0.0.1:1/api/v1"
    with running("serve", cwd=directory, **settings) as process:
        eventually(lambda: ready(settings["PORT"]))
        assert send(settings["PORT"], saved("d1")) == 202
        valkey = eventually(lambda: child(process, "valkey"))
        for one in [psutil.Process(process.pid), *family(process)]:
            if one.pid != valkey.pid:
                one.kill()
        # the orphaned store is told to make way by the next one
        process.wait()
        with running("serve", cwd=directory, **settings):
            eventually(lambda: ready(settings["PORT"]))
            with redis.Redis.from_url(f"unix://{directory}/data/valkey.sock") as client:
                assert client.exists("roistat:state:deal:d1")


def test_two_on_one_directory_is_a_clear_error(served, directory):
    settings = {"PORT": free_port(), "DATA_DIR": directory / "data"}
    other = run("serve", cwd=directory, **settings)
    assert (other.returncode, "DATA_DIR" in other.stderr) == (1, True)


def test_a_store_that_does_not_start_is_a_clear_error(directory):
    append_only = directory / "data" / "appendonlydir"
    append_only.mkdir(parents=True)
    (append_only / "appendonly.aof.manifest").write_text("no manifest\n")
    other = run("serve", cwd=directory, PORT=free_port(), DATA_DIR=directory / "data")
    assert other.returncode == 1
    assert "the store did not start: see" in other.stderr
    assert "Traceback" not in other.stderr


def test_a_taken_port_is_a_clear_error(served, directory):
    _, port = served
    other = run("serve", cwd=directory, PORT=port, DATA_DIR=directory / "other")
    assert other.returncode == 1
    assert f"PORT: cannot listen on 0.0.0.0:{port}" in other.stderr


def test_wrong_settings_stop_serve_and_are_all_named(directory):
    other = run("serve", cwd=directory, PORT="x", WEBHOOK_SECRETS="x")
    assert other.returncode == 1
    assert "PORT" in other.stderr
    assert "WEBHOOK_SECRETS" in other.stderr


@pytest.mark.parametrize("module", ["receiver.schedule", "receiver.worker"])
def test_a_process_of_its_own_needs_redis(directory, module):
    arguments = [command()[0], "-m", module, *(["live"] if "worker" in module else [])]
    other = subprocess.run(
        arguments, env=environment(), cwd=directory, capture_output=True, text=True
    )
    assert other.returncode == 1
    assert "REDIS_URL" in other.stderr


def run(*arguments, cwd, **settings):
    return subprocess.run(
        command(*arguments),
        env=environment(**settings),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=30,
    )


# --- dev ---


def taken(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(
    taken(8080) or taken(8081) or taken(8082), reason="8080, 8081 or 8082 is in use"
)
def test_dev_shows_its_sample_deals_and_leaves_nothing(directory):
    (directory / ".env").write_text("ROISTAT_URL=http://192.0.2.1/api/v1\n")
    seen = []
    with running("dev", cwd=directory, stop=signal.SIGINT) as process:
        for line in process.stdout:
            seen.append(line)
            if "Ctrl-C" in line:
                break
        text = "".join(seen)
        assert " ms" in text
        assert SECRET in text
        assert "Dashboard          http://127.0.0.1:8080/" in text
        password = re.search(r"with password +(\S{12,})", text)[1]
        door = requests.get("http://127.0.0.1:8080/", timeout=5)
        assert "Log in" in door.text
        assert password not in door.text
        assert "Backfill: 40 deals of the past arrived" in text
        roistat = requests.get(
            "http://127.0.0.1:8081/_emulator/state", timeout=5
        ).json()
        crm = requests.get("http://127.0.0.1:8082/_emulator/state", timeout=5).json()
        assert len(roistat["orders"]) == 45
        assert set(roistat["orders"]) == set(crm["Opportunities"])
        # five for the samples: the backfill sent none of them again
        assert roistat["requests"]["/project/add-orders"] == 6
        second = run("dev", cwd=directory)
        assert second.returncode == 1
        assert "cannot listen on 127.0.0.1:8080" in second.stderr
    assert process.returncode == 0
