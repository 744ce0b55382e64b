"""Leads through gunicorn as a host runs it: the documented snippets, and the logs."""

import os
import re
import socket
import subprocess
import sys

import pytest
import redis
import requests

from receiver.serve import WEB
from receiver.store.leads import LeadStore
from tests.leads import KEY, values
from tests.processes import ROOT, environment, eventually, free_port

DOCS = (ROOT / "docs" / "leads.md").read_text()


def snippet(language, heading):
    """The first code block of a language below a heading of the documentation."""
    below = DOCS.split(f"### {heading}\n", 1)[1]
    return re.search(rf"```{language}\n(.*?)```", below, re.DOTALL)[1]


class Served:
    """The web processes, their log, and what they keep."""

    def __init__(self, port, log, client):
        self.port, self._log = port, log
        self.url = f"http://127.0.0.1:{port}"
        self.redis, self.leads = client, LeadStore(client)

    def log(self):
        return self._log.read_text()

    def pointed_here(self, code):
        code = code.replace("https://receiver.example", self.url)
        assert self.url in code
        return code.replace("LEADS_KEY", KEY)

    def only(self):
        (held,) = self.leads.list()
        return held.lead


@pytest.fixture(scope="module")
def _served(valkey, tmp_path_factory):
    directory, port = tmp_path_factory.mktemp("web"), free_port()
    log = directory / "log"
    command = ["-m", *WEB, "--bind", f"127.0.0.1:{port}", "receiver:create_app()"]
    settings = environment(
        REDIS_URL=valkey.connection_url,
        STORE_DURABLE="yes",
        LEADS_KEY=KEY,
        LEADS_ALLOW_GET="1",
        LEADS_PER_MINUTE="1000",
    )
    with log.open("wb") as file:
        web = subprocess.Popen(
            [sys.executable, *command],
            env=settings,
            cwd=directory,
            stdout=file,
            stderr=file,
        )
    try:
        with redis.Redis.from_url(valkey.connection_url) as client:
            served = Served(port, log, client)
            eventually(lambda: requests.get(f"{served.url}/healthz", timeout=2).ok)
            yield served
    finally:
        web.terminate()
        web.wait(20)


@pytest.fixture
def served(_served, redis_client):
    return _served


def run(*command, **options):
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def run_php(code, set_up, tmp_path):
    script = tmp_path / "form.php"
    script.write_text(code.replace("<?php", f"<?php {set_up}", 1))
    done = run("php", "-d", "display_errors=1", "-d", "error_reporting=-1", str(script))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    return done.stderr


COOKIE = "$_COOKIE = ['roistat_visit' => '4521890'];"


def test_roistats_own_snippet_works_with_its_address_changed(served, tmp_path):
    code = served.pointed_here(snippet("php", "Roistat's own snippet"))
    assert run_php(code, COOKIE, tmp_path) == ""
    lead = served.only()
    assert (lead.title, lead.name) == ("Deal title", "Client's name")
    assert (lead.phone, lead.visit) == ("79111234567", "4521890")
    assert lead.comment == "Deal commentary"
    assert lead.fields == {"field_id": "field_value"}


def test_roistats_own_snippet_works_for_a_visitor_without_a_cookie(served, tmp_path):
    code = served.pointed_here(snippet("php", "Roistat's own snippet"))
    assert run_php(code, "", tmp_path) == ""
    assert served.only().visit is None


FORM = "$_POST = ['name' => 'Анна \"Ж\" & <b>', 'phone' => '+7 911 123-45-67'];"


def test_the_snippet_for_php_posts(served, tmp_path):
    code = served.pointed_here(snippet("php", "From PHP"))
    assert run_php(code, COOKIE + FORM, tmp_path) == ""
    lead = served.only()
    assert (lead.name, lead.phone) == ('Анна "Ж" & <b>', "+7 911 123-45-67")
    assert (lead.visit, lead.fields) == ("4521890", {"branch_c": "North"})


def test_the_snippet_for_php_says_why_nothing_was_taken(served, tmp_path):
    code = served.pointed_here(snippet("php", "From PHP"))
    told = run_php(code, "", tmp_path)
    assert "The lead was not taken: validation_error" in told
    away = code.replace(served.url, "http://127.0.0.1:1")
    assert "The lead was not taken: no answer" in run_php(away, "", tmp_path)
    assert served.leads.list() == []


def test_the_snippet_for_python_posts(served):
    code = served.pointed_here(snippet("python", "From Python"))
    form = {"name": "Ada Lovelace", "phone": "+7 911 123-45-67"}
    exec(code, {"cookies": {"roistat_visit": "4521890"}, "form": form})
    lead = served.only()
    assert (lead.name, lead.visit) == ("Ada Lovelace", "4521890")
    assert lead.fields == {"branch_c": "North"}


def test_the_snippet_for_a_shell_posts(served):
    done = run("bash", "-c", served.pointed_here(snippet("sh", "From a shell")))
    assert '"success"' in done.stdout, done.stderr
    lead = served.only()
    assert (lead.phone, lead.fields) == ("+7 911 123-45-67", {"branch_c": "North"})


def test_a_lead_by_get_may_be_as_long_as_the_documentation_says(served):
    sent = values(comment="x" * 7500)
    assert requests.get(f"{served.url}/leads", params=sent, timeout=20).ok
    sent = values(comment="x" * 9000)
    answer = requests.get(f"{served.url}/leads", params=sent, timeout=20)
    assert answer.status_code == 414
    assert len(served.leads.list()) == 1


def raw(served, request):
    """What is answered to bytes that no client of ours would send."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def test_ten_megabytes_are_refused(served):
    head = b"POST /leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    answer = raw(served, head + b"Content-Length: 10000000\r\n\r\n" + b" " * 20_000)
    assert answer.startswith(b"HTTP/1.1 413")
    chunk = b"%x\r\n%s\r\n" % (70_000, b" " * 70_000)
    answer = raw(served, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
    assert answer.startswith(b"HTTP/1.1 413")
    assert served.leads.list() == []


def test_no_key_and_nothing_personal_is_logged(served):
    url, told = f"{served.url}/leads", {"name": "Ada Lovelace", "phone": "79111234567"}
    before = len(served.log())
    requests.post(url, data=values(), timeout=20)
    requests.post(url, data=told | {"key": "a-wrong-key"}, timeout=20)
    requests.post(url, data={"key": KEY, "phone": "x", "email": "Ada@"}, timeout=20)
    requests.post(url, data=f"key={KEY}&name=Lovelace%ff", timeout=20)
    requests.post(url, json=values(fields={"a": {"Lovelace": 1}}), timeout=20)
    requests.get(url, params=values(), timeout=20)
    for target in (
        f"/leads?key={KEY}&name=Ada Lovelace",
        f"/leads?key={KEY}&name=Lovelace HTTP/9.9",
        f"/leads?name=Lovelace&{'x' * 9000} HTTP/1.1",
        "/leads HTTP/1.1\r\nLovelace 79111234567",
    ):
        raw(served, f"GET {target}\r\n\r\n".encode())
    log = served.log()[before:]
    assert log.count("lead_accepted") == 2
    assert "A malformed request was refused." in log
    secrets = (KEY, "a-wrong-key", "Lovelace", "79111234567", "Ada", "127.0.0.1")
    for one in secrets:
        assert one not in log
