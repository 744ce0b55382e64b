"""What hosts do: Redis over TLS that nobody signed, few connections, their own port."""

import json
import re
import subprocess
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import psutil
import pytest

from receiver.bootstrap import bootstrap
from receiver.errors import StoreUnavailable
from tests.events import saved
from tests.processes import (
    ROOT,
    environment,
    eventually,
    free_port,
    short_directory,
)
from tests.test_serve import ready, send
from tests.tls import behind_tls

# Of the smallest plan of many hosts; docs/operations.md names it
CONNECTIONS = 20


@pytest.fixture
def over_tls(valkey, redis_client):
    """The store's address as a host gives it: rediss, with a certificate of its own."""
    place = urlsplit(valkey.connection_url)
    with behind_tls(place.port) as port:
        yield f"rediss://127.0.0.1:{port}{place.path}"


def test_a_certificate_that_nobody_signed_is_refused(config, over_tls):
    services = bootstrap(replace(config, redis_url=over_tls))
    with pytest.raises(StoreUnavailable):
        services.store.host.answers()


def test_a_certificate_that_nobody_signed_is_taken_where_it_is_said(config, over_tls):
    settings = {"redis_url": over_tls, "redis_tls_verify": False}
    services = bootstrap(replace(config, **settings))
    services.store.host.answers()
    services.redis.close()


def processes_of_the_procfile():
    """What the Procfile says, without the release check."""
    text = (ROOT / "Procfile").read_text()
    named = dict(line.split(": ", 1) for line in text.splitlines())
    del named["release"]
    return named


@pytest.fixture
def as_on_a_host(over_tls, redis_client, roistat):
    """All processes of the Procfile, one of each, on a Redis over TLS."""
    settings = {
        "REDIS_URL": over_tls,
        "REDIS_TLS_VERIFY": "no",
        "STORE_DURABLE": "yes",
        "ROISTAT_URL": f"{roistat.url}/api/v1",
        "PORT": free_port(),
        "WEB_CONCURRENCY": 3,
    }
    with short_directory() as directory:
        started = [
            subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                env=environment(**settings),
                cwd=directory,
            )
            for command in processes_of_the_procfile().values()
        ]
        try:
            eventually(lambda: ready(settings["PORT"]), 40)
            yield settings["PORT"], started
        finally:
            for one in started:
                one.terminate()
            for one in started:
                one.wait(15)


def test_the_procfile_runs_on_redis_over_tls_and_a_given_port(as_on_a_host, roistat):
    port, started = as_on_a_host
    assert send(port, saved("d1")) == 202
    eventually(lambda: "d1" in roistat.orders)
    web = max((psutil.Process(one.pid) for one in started), key=_children)
    assert _children(web) == 3  # WEB_CONCURRENCY
    assert [one.poll() for one in started] == [None] * 4


def _children(process):
    return len(process.children())


def test_three_web_processes_fit_in_the_smallest_plan(as_on_a_host, over_tls, roistat):
    port, started = as_on_a_host
    with ThreadPoolExecutor(12) as many:
        sent = many.map(lambda one: send(port, saved(f"d{one}")), range(120))
        assert set(sent) == {202}
    eventually(lambda: len(roistat.orders) == 120)
    store = urlsplit(over_tls).port
    used = max(_connections(started, store) for _ in range(60))
    text = (ROOT / "docs/operations.md").read_text()
    assert f"plan of many hosts allows {CONNECTIONS}" in text
    assert used <= CONNECTIONS, f"{used} connections"


def _connections(started, port):
    """What these and their children have open to a port; the last opens late."""
    time.sleep(0.05)
    parents = [psutil.Process(one.pid) for one in started]
    processes = parents + [child for one in parents for child in one.children()]
    far = [line.raddr for one in processes for line in one.net_connections()]
    return sum(bool(one) and one.port == port for one in far)


def test_the_release_check_fails_on_our_own_settings_only(over_tls):
    settings = {"REDIS_URL": over_tls, "ROISTAT_URL": "http://127.0.0.1:1/api/v1"}
    assert release(**settings).returncode == 0
    wrong = release(**settings, WEBHOOK_SECRETS="x", PORT="y")
    assert wrong.returncode == 1
    assert "WEBHOOK_SECRETS" in wrong.stderr
    assert "PORT" in wrong.stderr


def release(**settings):
    text = (ROOT / "Procfile").read_text()
    command = re.search(r"^release: (.*)$", text, re.MULTILINE)
    assert command
    return subprocess.run(
        command[1].split(),
        env=environment(**settings),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_app_json_names_real_settings_and_every_process():
    described = json.loads((ROOT / "app.json").read_text())
    known = set(
        re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "receiver/config.py").read_text())
    )
    assert set(described["env"]) <= known
    assert set(described["formation"]) == set(processes_of_the_procfile())


def test_the_unit_starts_what_is_installed():
    unit = (ROOT / "deploy/sugar-roistat.service").read_text()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    started = re.search(r"^ExecStart=\S*/(\S+) serve$", unit, re.MULTILINE)
    assert started
    assert started[1] in scripts
    # more than the ten seconds in which `serve` is gone
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[1]) > 10
