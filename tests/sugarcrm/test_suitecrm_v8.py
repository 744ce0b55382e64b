"""Pulling from SuiteCRM, over HTTP, from a stand-in that has its oddities."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.bootstrap import reach
from receiver.config import SugarConfig
from receiver.errors import UpstreamError
from receiver.sugarcrm.pulling import Bookmark
from tests.live import served
from tests.sugarcrm.conftest import ids, walked
from tests.sugarcrm.suitecrm import SuiteCrm, at, create_app

USER, ALONE = "password", "client_credentials"
GRANTS = [USER, ALONE]
DECIDES = "Primary Decision Maker"


@pytest.fixture
def suite() -> SuiteCrm:
    return SuiteCrm()


@pytest.fixture
def address(suite) -> Iterator[str]:
    with served(create_app(suite)) as url:
        yield url


@pytest.fixture
def reached(address, redis_client) -> Callable[..., Any]:
    def make(grant: str = USER, **changes: Any) -> Any:
        user = grant == USER
        known = {
            "api": "suitecrm_v8",
            "url": address,
            "username": "sync" if user else None,
            "password": "pw" if user else None,
            "client_id": "client",
            "client_secret": "secret",
            "platform": "roistat",
            "requests_per_second": 100_000,
        }
        return reach(SugarConfig(**known | changes), redis_client)

    return make


def moment(second):
    return at(second).replace(" ", "T") + "Z"


# --- the walk ---


@pytest.mark.parametrize("grant", GRANTS)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0, 1, 59, 60, 61, 180, 86_400]), st.booleans()),
        max_size=30,
    ),
    size=st.integers(1, 8),
    since=st.sampled_from([None, 0, 1, 59, 60, 100]),
    until=st.sampled_from([None, 1, 60, 61, 181, 90_000]),
    lists_deleted=st.booleans(),
)
def test_every_deal_between_two_moments_is_met_whatever_the_pages(
    suite, reached, grant, rows, size, since, until, lists_deleted
):
    suite.lists_deleted = lists_deleted
    suite.deals.clear()
    for number, (second, deleted) in enumerate(rows):
        suite.add(f"d{number * 7 % 31:02}", at(second), deleted="1" if deleted else "0")
    wanted = {
        row["id"]: row["deleted"] == "1"
        for row in suite.deals.values()
        if (since is None or row["date_modified"] >= at(since))
        and (until is None or row["date_modified"] < at(until))
    }
    bounds = {
        "since": None if since is None else moment(since),
        "until": None if until is None else moment(until),
    }
    found = bounded_walk(reached(grant), size, bounds)
    assert sorted(ids(found)) == sorted(wanted)
    assert {one.deal.id: one.deal.deleted for one in found} == wanted
    for one in found:
        stored = suite.deals[one.deal.id]["date_modified"].replace(" ", "T") + "Z"
        assert one.modified <= stored
        assert one.modified == stored or grant == ALONE


def bounded_walk(crm, size, bounds):
    page, found, bookmark = crm.page(None, size=size, **bounds), [], None
    for _ in range(200):
        found += page.deals
        assert len(page.deals) <= 2 * size
        if page.following is None:
            return found
        assert page.following != bookmark
        bookmark = page.following
        page = crm.page(bookmark, size=size, **bounds)
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("grant", GRANTS)
def test_hundreds_of_deleted_deals_come_in_pages(suite, reached, grant):
    for number in range(120):
        suite.add(f"d{number:03}", at(number * 40), deleted="1")
    found = walked(reached(grant), 10)
    assert sorted(ids(found)) == sorted(suite.deals)


@pytest.mark.parametrize("grant", GRANTS)
def test_a_deal_that_is_deleted_while_a_page_is_made_spoils_no_walk(
    suite, reached, grant
):
    suite.add("d1", at(0))
    suite.spoiled = 2
    assert ids(reached(grant).page(None).deals) == ["d1"]
    suite.spoiled = 3
    with pytest.raises(UpstreamError, match="HTTP 400"):
        reached(grant).page(None)


def test_a_bookmark_of_somebody_elses_begins_its_whole_minute_again(suite, reached):
    for number in range(6):
        suite.add(f"d{number}", at(number * 10))
    found = reached().page(Bookmark(moment(30), "d3")).deals
    assert len(found) == 6


@pytest.mark.parametrize("grant", GRANTS)
def test_a_deal_is_found_by_its_id_dead_or_alive(suite, reached, grant):
    suite.add("d1", at(0))
    suite.add("d2", at(1), deleted="1")
    crm = reached(grant)
    assert crm.deal("d1")[0].deal.name == "d1"
    assert crm.deal("d2")[0].deal.deleted
    assert crm.deal("d3")[0] is None
    assert crm.deal("d3")[1] % 1_000_000 == 0


def test_the_count_is_of_all_deals_where_it_can_be_known(suite, reached):
    assert reached(ALONE).count() == 0
    for second, deleted in ((0, "0"), (1, "1"), (2, "0")):
        suite.add(f"d{second}", at(second), deleted=deleted)
    assert reached(USER).count() == 3
    assert reached(USER).count(since=moment(1), until=moment(2)) == 1
    assert reached(ALONE).count(since=moment(1)) == 1


# --- one deal ---


def test_moments_are_exact_where_a_user_is_known_or_the_format_has_seconds(
    suite, reached
):
    suite.add("d1", at(7))
    assert reached(USER).page(None).deals[0].deal.date_entered == moment(7)
    assert reached(ALONE).page(None).deals[0].deal.date_entered == moment(0)
    suite.shows_seconds = True
    assert reached(ALONE).page(None).deals[0].deal.date_entered == moment(7)


def test_a_user_makes_labels_currencies_and_names_known(suite, reached):
    suite.add("d1", at(0), assigned_user_id="u1", assigned_user_name="Jensen Ann")
    suite.add("d2", at(1), currency_id="e1", assigned_user_id="nobody")
    first, second = (one.deal for one in reached(USER).page(None).deals)
    assert first.sales_stage_label == "Identifying Decision Makers"
    assert (first.currency, second.currency) == ("USD", "EUR")
    assert (first.assigned_user_name, second.assigned_user_name) == ("Ann Jensen", None)
    assert "secret_c" not in first.fields
    first, second = (one.deal for one in reached(ALONE).page(None).deals)
    assert first.sales_stage_label == "Id. Decision Makers"
    assert (first.currency, second.currency) == (None, "EUR")
    assert first.assigned_user_name == "Jensen Ann"


@pytest.mark.parametrize(
    ("links", "client"),
    [
        ([], None),
        ([("c1", 0, "")], "c1"),
        ([("c1", 0, ""), ("c2", 9, DECIDES)], "c2"),
        ([("c1", 5, ""), ("c2", 4, "")], "c2"),
        ([("c1", 5, DECIDES), ("c2", 5, DECIDES), ("c3", 0, "")], "c1"),
        ([("c2", 90 * 86_400, ""), ("c1", 91 * 86_400, "")], "c2"),
        ([("c3", -500 * 86_400, ""), ("c1", 0, "")], "c3"),
        ([("c2", 3, DECIDES), ("c1", 2, DECIDES)], "c1"),
    ],
)
def test_the_client_is_who_decides_else_who_was_linked_first(
    suite, reached, links, client
):
    suite.add("d1", at(0))
    for name in ("c1", "c2", "c3"):
        suite.contact(name)
    for other, second, role in links:
        suite.link("d1", other, at(second), role)
    found = reached(USER).page(None).deals[0]
    assert (found.client and found.client.id) == found.deal.client_id == client
    assert client is None or found.client.email == f"{client}@x.example"


def test_an_account_is_the_client_where_there_is_no_contact(suite, reached):
    for name in ("a1", "a2"):
        suite.accounts[name] = {"id": name, "name": name, "email1": ""}
    suite.add("d1", at(0), account_id="a2")
    suite.link("d1", "a1", at(9))
    suite.link("d1", "a2", at(3))
    for grant in GRANTS:
        client = reached(grant).page(None).deals[0].client
        assert (client.id, client.company) == ("a2", "a2")
    suite.add("d1", at(0), account_id="gone")
    assert reached(ALONE).page(None).deals[0].client is None


def test_without_a_user_the_contact_that_was_made_first_is_the_client(suite, reached):
    suite.add("d1", at(0))
    suite.contact("c1", at(600))
    suite.contact("c2", at(0))
    suite.link("d1", "c1", at(0), DECIDES)
    suite.link("d1", "c2", at(1))
    assert reached(ALONE).page(None).deals[0].client.id == "c2"


def test_a_deal_that_breaks_the_contract_is_left_out(suite, reached):
    suite.add("d1", at(0))
    suite.add("d2", at(1), roistat_c="x" * 300)
    assert ids(reached().page(None).deals) == ["d1"]


def test_about_is_as_much_as_can_be_known(suite, reached):
    about = reached(USER).about()
    assert about["version"] == "SuiteCRM 7.14.6"
    assert about["stages"] == [
        {"key": "Id. Decision Makers", "label": "Identifying Decision Makers"}
    ]
    assert {"name": "name", "label": "Name", "type": "name"} in about["fields"]
    assert about["base_currency"] == "USD"
    names = [one["name"] for one in about["fields"]]
    assert not {"secret_c", "account_name", "contacts"} & set(names)
    alone = reached(ALONE).about()
    assert (alone["version"], alone["stages"]) == ("SuiteCRM", [])
    assert [one["name"] for one in alone["fields"]] == names


# --- sessions ---


def test_one_login_each_way_serves_all_workers(suite, reached):
    for _ in range(3):
        reached(USER).page(None)
    assert suite.logins == {"password": 1, "v4": 1}
    reached(ALONE).page(None)
    assert suite.logins["client_credentials"] == 1


@pytest.mark.parametrize("grant", GRANTS)
def test_sessions_that_ended_are_begun_again(suite, reached, grant):
    suite.add("d1", at(0))
    crm = reached(grant)
    crm.page(None)
    suite.revoked |= {"t1", "t2"}
    suite.logins["other"] += 9
    assert ids(crm.page(None).deals) == ["d1"]


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"client_secret": "x"}, "SUGAR_CLIENT_SECRET"),
        ({"password": "x"}, "SUGAR_CLIENT_ID"),
        ({"username": "x"}, "SUGAR_USERNAME"),
    ],
)
def test_a_login_that_is_refused_is_a_lasting_error_that_names_settings(
    suite, reached, wrong, names
):
    suite.add("d1", at(0))
    with pytest.raises(UpstreamError, match=names) as caught:
        reached(**wrong).page(None)
    assert caught.value.permanent
    assert "secret!" not in str(caught.value)


def test_whoever_is_refused_again_and_again_gets_an_error(suite, reached):
    suite.revoked |= {f"t{number}" for number in range(9)}
    with pytest.raises(UpstreamError, match="HTTP 401"):
        reached(ALONE).page(None)
    suite.revoked.clear()
    crm = reached(USER)
    suite.add("d1", at(0))
    crm.page(None)
    suite.revoked |= {f"t{number}" for number in range(9)}
    with pytest.raises(UpstreamError, match="error 11"):
        crm._older.count("")
