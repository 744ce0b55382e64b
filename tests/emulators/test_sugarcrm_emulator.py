"""The SugarCRM emulator: its sessions, its lists, its failures to order."""

import time

import pytest
import requests
from click.testing import CliRunner

from receiver.cli import main
from receiver.emulators.sugarcrm import create_emulator
from tests.live import served

FILTER = "/Opportunities/filter"
ORDER = "date_modified:ASC,id:ASC"


class Sugar:
    """Calls the emulator as a client does."""

    def __init__(self, url):
        self.url = url
        self.token = ""

    def control(self, name, body):
        return requests.post(f"{self.url}/_emulator/{name}", json=body, timeout=20)

    def state(self):
        return requests.get(f"{self.url}/_emulator/state", timeout=20).json()

    def grant(self, **body):
        url = f"{self.url}/rest/v11/oauth2/token"
        known = {"client_id": "sugar", "username": "u", "password": "p"}
        return requests.post(url, json=known | body, timeout=20)

    def log_in(self, platform="roistat"):
        answer = self.grant(grant_type="password", platform=platform)
        self.token = answer.json()["access_token"]
        return answer.json()

    def call(self, method, path, body=None, token=None):
        headers = {"OAuth-Token": self.token if token is None else token}
        url = f"{self.url}/rest/v11{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=20)

    def listed(self, wanted=(), **options):
        body = {"filter": list(wanted), "order_by": ORDER} | options
        return self.call("POST", FILTER, body).json()


@pytest.fixture
def sugar():
    with served(create_emulator()) as url:
        yield Sugar(url)


@pytest.fixture
def full(sugar):
    """Three deals of one second, and one later that is deleted."""
    deals = [
        {"id": key, "name": key, "date_modified": "2026-01-01T00:00:00Z", "amount": "1"}
        for key in ("c", "a", "b")
    ]
    gone = {"id": "d", "date_modified": "2026-01-02T00:00:00Z", "deleted": True}
    sugar.control("records", {"Opportunities": [*deals, gone]})
    sugar.log_in()
    return sugar


def ids(answer):
    return [row["id"] for row in answer["records"]]


def test_a_login_ends_the_one_before_on_the_same_platform_only(sugar):
    base = sugar.log_in("base")["access_token"]
    first = sugar.log_in()["access_token"]
    second = sugar.log_in()["access_token"]
    status = [sugar.call("GET", "/ping", token=t).status_code for t in (first, second)]
    assert status == [401, 200]
    assert sugar.call("GET", "/ping", token=base).status_code == 200


def test_a_refresh_token_serves_once(sugar):
    refresh = sugar.log_in()["refresh_token"]
    grant = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert sugar.grant(**grant, platform="base").status_code == 400
    assert sugar.grant(**grant, platform="roistat").ok
    assert sugar.grant(**grant, platform="roistat").json()["error"] == "invalid_grant"


def test_unknown_platforms_and_grants_are_refused(sugar):
    assert sugar.grant(grant_type="password", platform="x").status_code == 400
    assert sugar.grant(grant_type="magic", platform="base").status_code == 400


def test_a_token_runs_out(sugar):
    sugar.control("assumptions", {"token_seconds": 0})
    sugar.log_in()
    assert sugar.call("GET", "/ping").json()["error"] == "need_login"


def test_a_list_is_in_order_and_in_pages(full):
    first = full.listed(max_num=2)
    assert (ids(first), first["next_offset"]) == (["a", "b"], 2)
    rest = full.listed(max_num=2, offset=2)
    assert (ids(rest), rest["next_offset"]) == (["c"], -1)


def test_a_deleted_record_shows_its_id_alone(full):
    answer = full.listed(deleted=True)
    assert answer["records"][-1] == {"id": "d", "deleted": True}
    full.control("assumptions", {"deleted_rows_have_dates": True})
    last = full.listed(deleted=True)["records"][-1]
    assert last["date_modified"] == "2026-01-02T00:00:00+00:00"


def test_filters_hold_as_the_documents_say(full):
    later = {"date_modified": {"$gt": "2026-01-01T00:00:00+00:00"}}
    assert ids(full.listed([later], deleted=True)) == ["d"]
    either = {"$or": [later, {"$and": [{"id": {"$gt": "a"}}, {"id": {"$lt": "c"}}]}]}
    assert ids(full.listed([either], deleted=True)) == ["b", "d"]
    assert ids(full.listed([{"id": "b"}])) == ["b"]
    assert ids(full.listed([{"id": {"$in": ["a", "z"]}}])) == ["a"]
    assert full.call("POST", f"{FILTER}/count", {}).json() == {"record_count": 3}


@pytest.mark.parametrize(
    "wanted",
    [
        [{"id": {"$like": "a"}}],
        [{"$owner": "_this"}],
        ["a"],
        {"id": "a"},
        [{"date_modified": {"$gt": "yesterday"}}],
    ],
)
def test_a_filter_that_is_not_known_is_refused(full, wanted):
    answer = full.call("POST", FILTER, {"filter": wanted})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_parameter")


def test_only_what_was_asked_for_comes(full):
    row = full.listed(fields="amount", max_num=1)["records"][0]
    assert set(row) == {"id", "date_modified", "amount", "_acl"}


def test_several_requests_come_in_one(full):
    wanted = [{"url": "v11/Opportunities/a/link/contacts"}, {"url": "v11/nowhere"}]
    answers = full.call("POST", "/bulk", {"requests": wanted}).json()
    assert [one["status"] for one in answers] == [200, 404]


def test_faults_strike_as_often_as_they_were_asked_for(full):
    once = {"path": FILTER, "status": 429, "retry_after": 7}
    full.control("faults", {"next": [once, {"path": FILTER, "page": True}]})
    throttled = full.call("POST", FILTER, {})
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert "html" in full.call("POST", FILTER, {}).headers["Content-Type"]
    assert full.call("POST", FILTER, {}).ok
    full.control("faults", {"error_rate": 1, "latency_ms": 100})
    began = time.monotonic()
    assert full.call("GET", "/ping").status_code == 500
    assert time.monotonic() - began >= 0.1


def test_no_more_calls_a_second_than_were_allowed(full):
    full.control("faults", {"per_second": 3})
    status = [full.call("GET", "/ping").status_code for _ in range(8)]
    assert 429 in status


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("faults", {"nonsense": 1}),
        ("faults", {"next": [{"status": 500}]}),
        ("records", {"Nonsense": []}),
        ("records", {"Opportunities": [{"name": "no id"}]}),
        ("assumptions", {"token_seconds": "x"}),
        ("assumptions", {"nonsense": 1}),
        ("records", []),
    ],
)
def test_what_cannot_be_ordered_is_said(sugar, name, body):
    assert sugar.control(name, body).status_code == 400


def test_a_link_can_be_taken_away(full):
    people = {"Contacts": [{"id": "c1", "last_name": "x"}]}
    full.control("records", people | {"links": [{"deal": "a", "contact": "c1"}]})
    path = "/Opportunities/a/link/contacts"
    assert ids(full.call("GET", path).json()) == ["c1"]
    assert full.state()["links"] == {"a": {"c1": ""}}
    full.control("records", {"unlinks": [{"deal": "a", "contact": "c1"}]})
    assert ids(full.call("GET", path).json()) == []


def test_bodies_and_addresses_that_make_no_sense_are_refused(full):
    url = f"{full.url}/rest/v11{FILTER}"
    headers = {"OAuth-Token": full.token}
    for raw in (b"{", b"[]"):
        assert (
            requests.post(url, data=raw, headers=headers, timeout=5).status_code == 422
        )
    assert requests.get(f"{full.url}/nowhere", timeout=5).status_code == 404
    for path in ("/Leads/filter", "/Opportunities/enum/nothing", "/what/is/this"):
        assert full.call("GET", path).status_code == 404
    assert full.control("faults", {"latency_ms": 0}).ok


def test_a_new_record_keeps_its_id_and_what_its_module_knows(full):
    body = {"id": "n", "name": "new", "roistat_c": "7", "nonsense_c": "x"}
    made = full.call("POST", "/Opportunities", body).json()
    assert (made["id"], made["roistat_c"]) == ("n", "7")
    assert "nonsense_c" not in made
    full.control("assumptions", {"ids_are_kept": False})
    assert full.call("POST", "/Accounts", {"id": "n", "name": "x"}).json()["id"] != "n"


def test_a_new_record_that_lacks_something_or_is_there_already_is_refused(full):
    for path, body in (
        ("/Opportunities", {"id": "a", "name": "again"}),
        ("/Opportunities", {"id": "n"}),
        ("/Contacts", {"first_name": "Ann"}),
    ):
        assert full.call("POST", path, body).status_code == 422
    assert full.call("POST", "/Leads", {"name": "x"}).status_code == 404


def test_a_contact_is_linked_to_a_deal_once(full):
    people = {"Contacts": [{"id": "c1", "last_name": "x"}]}
    full.control("records", people)
    link = {"link_name": "contacts", "ids": ["c1"]}
    for _ in range(2):
        assert full.call("POST", "/Opportunities/a/link", link).ok
    assert ids(full.call("GET", "/Opportunities/a/link/contacts").json()) == ["c1"]
    for path, body, status in (
        ("/Opportunities/none/link", link, 404),
        ("/Opportunities/a/link", link | {"ids": ["none"]}, 404),
        ("/Opportunities/a/link", link | {"link_name": "accounts"}, 422),
    ):
        assert full.call("POST", path, body).status_code == status


def test_filters_know_the_fields_of_related_records(full):
    addresses = [{"email_address": one} for one in ("a@x.example", "b@x.example")]
    ann = {"id": "c1", "last_name": "Ann", "email": addresses, "phone_work": "1-23"}
    full.control("records", {"Contacts": [ann, {"id": "c2", "last_name": "Bo"}]})
    full.control("records", {"links": [{"deal": "a", "contact": "c1"}]})
    for path, wanted, found in (
        ("/Contacts", {"email_addresses.email_address": "B@x.example"}, ["c1"]),
        ("/Contacts", {"email_addresses.email_address": "c@x.example"}, []),
        ("/Contacts", {"phone_work": {"$contains": "1-2"}}, ["c1"]),
        ("/Opportunities", {"contacts.id": "c1"}, ["a"]),
        ("/Opportunities", {"contacts.id": "c2"}, []),
    ):
        body = {"filter": [wanted], "order_by": "date_entered:DESC"}
        assert ids(full.call("POST", f"{path}/filter", body).json()) == found


def test_a_call_can_fail_after_it_was_carried_out(full):
    fault = {"path": "/Accounts", "status": 500, "after_commit": True}
    full.control("faults", {"next": [fault]})
    account = {"id": "n", "name": "new"}
    assert full.call("POST", "/Accounts", account).status_code == 500
    found = full.call("POST", "/Accounts/filter", {"filter": [{"id": "n"}]})
    assert ids(found.json()) == ["n"]


def test_the_command_line_knows_it():
    shown = CliRunner().invoke(main, ["emulator", "--help"]).output
    assert "roistat|sugarcrm" in shown
