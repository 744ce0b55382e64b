"""The dashboard's door, its forms and its pages, over HTTP."""

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
import requests

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.store.logins import Logins
from receiver.views.dashboard import frame, login
from tests.events import client, event, saved
from tests.live import served
from tests.waiting import hurry

PASSWORD = "correct horse"
PAGES = ("/", "/deals", "/deals?only=waiting", "/deals?only=direct", "/parked")
ACTIONS = ("/deals", "/deals/again", "/deals/roistat", "/parked", "/logout")
SCRIPT = "<script>alert(1)</script>"


class Person:
    """Somebody with a browser, as far as HTTP goes."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()

    def get(self, path, **options):
        return self.session.get(self.url + path, timeout=20, **options)

    def post(self, path, at="/login", proof=None, **form):
        """Send a form as the page `at` has it, or with another token."""
        token = proof if proof is not None else self.token(at)
        form = form | {"csrf_token": token}
        return self.session.post(self.url + path, data=form, timeout=20)

    def token(self, at):
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(at).text)
        return found[1] if found else ""

    def logs_in(self, password=PASSWORD, username="admin"):
        return self.post("/login", username=username, password=password)


@pytest.fixture
def own(config, redis_client):
    """The services of a receiver with a dashboard."""
    return bootstrap(replace(config, dashboard_password=PASSWORD))


@pytest.fixture
def dashboard(own):
    with served(create_app(own)) as url:
        yield url


@pytest.fixture
def stranger(dashboard):
    return Person(dashboard)


@pytest.fixture
def person(dashboard):
    one = Person(dashboard)
    assert one.logs_in().ok
    return one


@contextmanager
def another(config, **changes):
    """The same receiver with other settings."""
    changed = replace(config, dashboard_password=PASSWORD, **changes)
    with served(create_app(bootstrap(changed))) as url:
        yield url


# --- the door ---


@pytest.mark.parametrize("path", [*PAGES, "/login", "/dashboard.css", "/deals/d1"])
def test_without_a_password_there_is_no_dashboard(receiver, path):
    assert receiver.get(path).status_code == 404


@pytest.mark.parametrize("path", [*ACTIONS, "/login"])
def test_without_a_password_no_form_is_taken_either(receiver, path):
    assert requests.post(receiver.url + path, timeout=20).status_code == 404


@pytest.mark.parametrize("path", [*PAGES, "/deals/d1", "/deals/never/heard/of"])
def test_nobody_sees_a_page_without_logging_in(stranger, put, path):
    put(saved("d1", name="Secret deal"))
    answer = stranger.get(path, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "Secret deal" not in stranger.get(path).text


@pytest.mark.parametrize("path", ACTIONS)
def test_nobody_does_anything_without_logging_in(stranger, put, drain, own, path):
    put(saved("d1"))
    drain()
    answer = stranger.post(path, id="d1")
    assert answer.url.endswith("/login")
    assert own.store.counts()["pending"] == 0


def test_whoever_logs_in_comes_to_the_page_that_he_wanted(stranger):
    stranger.get("/deals?only=parked")
    assert stranger.logs_in().url == f"{stranger.url}/deals?only=parked"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("admin", "wrong"),
        ("Admin", PASSWORD),
        ("", PASSWORD),
        ("admin", ""),
        ("é", "é"),
    ],
)
def test_another_name_or_password_is_refused(stranger, username, password):
    answer = stranger.logs_in(password, username)
    assert answer.status_code == 403
    assert "not the name and password" in answer.text
    assert stranger.get("/").url.endswith("/login")


def test_whoever_guesses_is_made_to_wait_even_with_the_right_one(stranger):
    for _ in range(10):
        assert stranger.logs_in("wrong").status_code == 403
    answer = stranger.logs_in()
    assert answer.status_code == 429
    assert "minutes" in answer.text


def test_a_login_forgets_the_tries_before_it(stranger):
    for _ in range(9):
        stranger.logs_in("wrong")
    assert stranger.logs_in().ok
    stranger.post("/logout", at="/")
    assert stranger.logs_in("wrong").status_code == 403


def test_tries_are_counted_by_address(redis_client):
    logins = Logins(redis_client)
    assert [logins.wait("192.0.2.1") for _ in range(10)] == [None] * 10
    assert 1 <= logins.wait("192.0.2.1") <= 300
    assert logins.wait("192.0.2.2") is None


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
    ],
)
def test_who_has_one_ipv6_address_has_its_whole_network(one, other, are_same):
    assert (login.network(one) == login.network(other)) is are_same


def test_the_cookie_is_for_this_site_alone_and_no_script(stranger):
    for proto, is_secure in ((None, False), ("https", True)):
        headers = {"X-Forwarded-Proto": proto} if proto else {}
        answer = stranger.get("/login", headers=headers)
        stranger.session.cookies.clear()
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is is_secure


def test_another_password_ends_all_logins(person, config):
    cookies = person.session.cookies
    with another(config) as url:
        same = requests.get(url, cookies=cookies, timeout=20)
    with another(replace(config, webhook_secrets=config.webhook_secrets * 2)) as url:
        other_secrets = requests.get(url, cookies=cookies, timeout=20)
    changed = bootstrap(replace(config, dashboard_password="another"))
    with served(create_app(changed)) as url:
        other = requests.get(url, cookies=cookies, timeout=20)
    assert not same.url.endswith("/login")
    assert other.url.endswith("/login")
    assert other_secrets.url.endswith("/login")


def test_a_login_ends_by_itself(person, monkeypatch):
    assert not person.get("/").url.endswith("/login")
    monkeypatch.setattr(frame, "LOGIN_LASTS", frame.LOGIN_LASTS * 0)
    assert person.get("/").url.endswith("/login")


def test_whoever_logs_out_is_out(person):
    person.post("/logout", at="/")
    assert person.get("/").url.endswith("/login")


# --- forms and headers ---


@pytest.mark.parametrize("path", ACTIONS)
def test_a_form_of_somebody_elses_does_nothing(
    person, dashboard, put, drain, own, path
):
    put(saved("d1"))
    drain()
    for proof in ("", "made up", Person(dashboard).token("/login")):
        answer = person.post(path, proof=proof, id="d1")
        assert answer.status_code == 400
        assert "Nothing was done" in answer.text
    assert own.store.counts()["pending"] == 0
    assert not person.get("/").url.endswith("/login")


@pytest.mark.parametrize("path", [*PAGES, "/login", "/deals/nobody", "/dashboard.css"])
def test_a_browser_may_do_nothing_with_a_page_but_show_it(person, path):
    answer = person.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    is_style = path.endswith("css")
    assert (answer.headers["Cache-Control"] == "no-store") is not is_style


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_what_the_policy_forbids(person, put, path):
    put(saved("d1"))
    text = person.get(path).text
    assert "<script" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)


def test_a_webhook_needs_no_form(own):
    from tests.conftest import Receiver

    with served(create_app(own)) as url:
        assert Receiver(url).send(saved("d1")).status_code == 202


def test_a_page_without_the_store_says_so(config):
    away = "redis://127.0.0.1:1/0"
    with another(config, redis_url=away, store_durable=None) as url:
        answer = Person(url).logs_in()
    assert answer.status_code == 503
    assert "The store is away" in answer.text
    assert "127.0.0.1:1" not in answer.text


def test_a_mistake_of_ours_is_a_page_too(person, monkeypatch):
    from receiver.store.index import Index

    monkeypatch.setattr(Index, "newest", lambda *_: 1 / 0)
    answer = person.get("/deals")
    assert answer.status_code == 500
    assert "<h1>That went wrong</h1>" in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_no_password_is_logged(stranger, capfd):
    stranger.logs_in("a very wrong password")
    stranger.logs_in()
    told = "".join(capfd.readouterr())
    assert "login_refused" in told
    assert "password" not in told.replace("wrong name or password", "")
    assert PASSWORD not in told


# --- what is shown ---


def test_what_somebody_typed_is_shown_as_it_stands(person, put, drain, roistat):
    roistat.faults(next=[{"path": "/project/add-orders", "status": 400,
                          "error": "incorrect_request"}])  # fmt: skip
    odd = dict.fromkeys(("name", "roistat", "sales_stage", "lead_source"), SCRIPT)
    odd |= {"fields": {SCRIPT: SCRIPT}, "sales_stage_label": SCRIPT, "currency": SCRIPT}
    put(saved("d1", **odd))
    drain()
    person.post("/deals", at="/deals", search=SCRIPT)
    for path in (*PAGES, "/deals/d1", "/deals?only=found"):
        text = person.get(path).text
        assert SCRIPT not in text, path
    for path in ("/deals", "/deals/d1", "/parked", "/deals?only=found"):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in person.get(path).text


@pytest.mark.parametrize(
    ("url", "is_linked"),
    [
        ("https://crm.example/#Opportunities/d1", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//elsewhere", False),
        ("https://[", False),
        (None, False),
    ],
)
def test_only_a_web_address_is_linked(person, put, url, is_linked):
    put(saved("d1", url=url))
    text = person.get("/deals/d1").text
    assert ("Open in SugarCRM" in text) is is_linked
    assert 'href="javascript' not in text


def test_what_is_searched_for_never_stands_in_an_address(person, put, drain):
    put(saved("d1", name="Ada Lovelace"), saved("d2", name="Charles Babbage"))
    drain()
    answer = person.post("/deals", at="/deals", search="ada l")
    assert "ada" not in answer.url.lower()
    assert "Ada Lovelace" in answer.text
    assert "Charles Babbage" not in answer.text


def test_an_empty_search_shows_all(person, put, drain):
    put(saved("d1", name="Ada Lovelace"))
    drain()
    assert "Ada Lovelace" in person.post("/deals", at="/deals", search=" ").text


def test_a_page_that_does_not_exist_says_so(person):
    for path in ("/deals/nobody", "/deals?only=nonsense"):
        answer = person.get(path)
        assert answer.status_code == 404
        assert "<h1>Not here</h1>" in answer.text


@pytest.mark.parametrize("start", ["-1", "x", "99999999999999999999"])
def test_a_page_begins_somewhere_sensible(person, put, drain, start):
    put(saved("d1"))
    drain()
    assert person.get(f"/deals?from={start}").ok


def test_deals_go_on_over_pages(person, put, drain):
    put(*(saved(f"d{number}") for number in range(70)))
    drain()
    first = person.get("/deals").text
    found = re.search(r'href="([^"]+from=50[^"]*)"', first)
    second = person.get(found[1].replace("&amp;", "&")).text
    rows = re.compile(r'href="/deals/(d\d+)"')
    assert len({*rows.findall(first), *rows.findall(second)}) == 70
    assert "Further back" not in second


# --- what is done ---


def test_a_deal_is_sent_again(person, put, drain, roistat, own):
    put(saved("d1"))
    drain()
    answer = person.post("/deals/again", at="/deals/d1", id="d1")
    assert answer.url.endswith("/deals/d1")
    assert "on its way to Roistat again" in answer.text
    assert own.live.count == 1
    drain()
    assert roistat.calls("/project/add-orders") == 2
    assert "on its way to Roistat again" not in person.get("/deals/d1").text


@pytest.mark.parametrize("path", ["/deals/again", "/deals/roistat"])
def test_a_deal_that_is_not_held_is_not_sent_or_asked_for(person, path, roistat):
    assert person.post(path, at="/deals", id="nobody").status_code == 404
    assert roistat.state()["requests"] == {}


def test_roistat_is_asked_only_where_somebody_says_so(person, put, drain, roistat):
    put(saved("d1", roistat="777", client=client()))
    drain()
    before = sum(roistat.state()["requests"].values())
    for path in (*PAGES, "/deals/d1"):
        person.get(path)
    assert sum(roistat.state()["requests"].values()) == before
    text = person.post("/deals/roistat", at="/deals/d1", id="d1").text
    assert "What Roistat holds" in text
    assert text.count("777") > 1
    assert sum(roistat.state()["requests"].values()) == before + 1


def test_what_roistat_does_not_have_it_says(person, put):
    put(saved("d1"))
    answer = person.post("/deals/roistat", at="/deals/d1", id="d1")
    assert "Roistat has no such deal." in answer.text


def test_roistat_is_not_asked_beyond_the_budget(config, put, redis_client, roistat):
    put(saved("d1"))
    with another(config, roistat_requests_per_hour=3) as url:
        person = Person(url)
        person.logs_in()
        for _ in range(3):
            person.post("/deals/roistat", at="/deals/d1", id="d1")
        text = person.post("/deals/roistat", at="/deals/d1", id="d1").text
    assert "used up until" in text
    assert sum(roistat.state()["requests"].values()) <= 3


def test_what_is_parked_is_grouped_by_cause_with_the_cure(person, put, drain, own):
    put(saved("d1", amount_base="1"), saved("d2"))
    drain()
    own.store.notes.keep_mapping('{"price": "branch_c"}')
    put(saved("d3"), saved("d4"))
    drain()
    text = person.get("/parked").text
    headings = re.findall(r"<h2[^>]*>([^<]*)", text)
    assert [one.strip() for one in headings] == ["The price is no number"]
    assert "Correct it in the CRM" in text
    assert {"/deals/d3", "/deals/d4"} == set(re.findall(r'href="(/deals/\w+)"', text))


def test_only_what_is_parked_for_that_cause_is_sent_again(person, put, drain, own):
    own.store.notes.keep_mapping('{"price": "branch_c", "cost": "paid_c"}')
    put(saved("d1"), saved("d2", fields={"branch_c": "5", "paid_c": "North"}))
    drain()
    assert own.store.counts()["parked"] == 2
    cause = dict(own.store.parked())["deal:d1"]
    answer = person.post("/parked", at="/parked", cause=cause)
    assert "1 is on the way to Roistat again" in answer.text
    assert [member for member, _ in own.store.parked()] == ["deal:d2"]
    answer = person.post("/parked", at="/parked", cause=cause)
    assert "Nothing is parked for that cause any more" in answer.text


def test_a_parked_client_is_named_too(person, put, drain, own, roistat):
    roistat.faults(next=[{"path": "/project/clients/import", "status": 400,
                          "error": "incorrect_request"}])  # fmt: skip
    put(event(client("c1"), "client.saved"))
    drain()
    assert own.store.counts()["parked"] == 1
    assert "Client <span" in person.get("/parked").text
    assert person.get("/deals?only=parked").ok


def test_a_deal_shows_every_attempt(person, put, drain, own, roistat):
    roistat.faults(next=[{"path": "/project/add-orders", "status": 500,
                          "error": "internal_error"}])  # fmt: skip
    put(saved("d1"))
    drain()
    waiting = person.get("/deals/d1").text
    assert "Trying again" in waiting
    hurry(own)
    drain()
    text = person.get("/deals/d1").text
    assert "Failed, goes again" in text
    assert "Delivered" in text
    assert "In Roistat" in text
