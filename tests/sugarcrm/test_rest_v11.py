"""Pulling from SugarCRM, over HTTP, from its emulator."""

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.errors import UpstreamError
from receiver.mapping import Mapping
from receiver.roistat.schemas import as_bytes, client_of, order_of
from receiver.sugarcrm.events import load
from receiver.sugarcrm.pulling import Bookmark
from tests.events import event
from tests.sugarcrm.conftest import ids, walked

FILTER = "/Opportunities/filter"
DEAL = {
    "id": "d1",
    "name": 'Tom\'s "big" &amp; 1 &lt; 2',
    "date_entered": "2026-01-31T10:00:00Z",
    "date_modified": "2026-02-01T10:00:00Z",
    "amount": "1234.560000",
    "amount_usdollar": "1350.000000",
    "currency_id": "e1",
    "sales_stage": "Id. Decision Makers",
    "lead_source": "Web Site",
    "date_closed": "2026-12-31",
    "probability": 40,
    "roistat_c": " 4521890 ",
    "branch_c": "North & South",
    "assigned_user_id": "u1",
    "assigned_user_name": "Jensen, Max",
    "account_id": "a1",
}
PEOPLE = {
    "Users": [{"id": "u1", "first_name": "Max", "last_name": "Jensen"}],
    "Accounts": [{"id": "a1", "name": "Acme & Sons", "phone_office": "+1 555 0100"}],
    "currencies": {"e1": "EUR"},
    "fields": {"branch_c": "varchar"},
}


def moment(second):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_767_225_600 + second))


def made(number, second, **values):
    return {
        "id": f"d{number:04}",
        "name": "x",
        "date_modified": moment(second),
    } | values


def contact(contact_id, entered=0, **values):
    return {
        "id": contact_id,
        "first_name": "Ada",
        "last_name": contact_id,
        "date_entered": moment(entered),
    } | values


# --- the walk ---


def test_a_walk_meets_every_deal_once_even_where_hundreds_share_a_second(sugar, crm):
    deals = [made(i, second=i // 300) for i in range(900)]
    sugar.deals(*reversed(deals))
    for size in (7, 100, 1000):
        assert ids(walked(crm, size)) == [deal["id"] for deal in deals]


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=40),
    size=st.integers(1, 12),
    dated=st.booleans(),
)
def test_no_deal_is_missed_wherever_pages_end_and_whatever_is_deleted(
    sugar, crm, rows, size, dated
):
    sugar.assume(deleted_rows_have_dates=dated)
    known = sugar.state()["Opportunities"]
    sugar.deals(
        *({"id": one, "date_modified": "1999-01-01T00:00:00Z"} for one in known)
    )
    deals = [made(i, second, deleted=gone) for i, (second, gone) in enumerate(rows)]
    sugar.deals(*deals)
    found = walked(crm, size, since="2026-01-01T00:00:00Z")
    wanted = {deal["id"]: deal["deleted"] for deal in deals}
    assert {one.deal.id: one.deal.deleted for one in found} == wanted
    moments = [one.modified for one in found if not one.deal.deleted]
    assert moments == sorted(moments)


def test_a_deal_that_moves_while_we_walk_is_met_again_and_none_is_skipped(sugar, crm):
    sugar.deals(*(made(i, second=i) for i in range(10)))
    first = crm.page(None, size=5)
    sugar.deals(made(2, second=100), made(7, second=101))
    rest = walked_from(crm, first.following)
    assert rest == ["d0005", "d0006", "d0008", "d0009", "d0002", "d0007"]


def walked_from(crm, bookmark, size=5):
    found = []
    while bookmark:
        page = crm.page(bookmark, size=size)
        found += ids(page.deals)
        bookmark = page.following
    return found


def test_a_bookmark_without_an_id_stands_before_its_second(sugar, crm):
    sugar.deals(made(1, 0), made(2, 1), made(3, 2))
    assert ids(crm.page(Bookmark(moment(1), "")).deals) == ["d0002", "d0003"]


def test_since_is_included_and_until_is_not(sugar, crm):
    sugar.deals(*(made(i, second=i) for i in range(5)))
    bounds = {"since": moment(1), "until": moment(3)}
    assert ids(walked(crm, 1, **bounds)) == ["d0001", "d0002"]
    assert crm.count(**bounds) == 2
    assert crm.count() == 5


def test_a_crm_that_gives_less_than_was_asked_for_ends_no_walk(sugar, crm):
    sugar.assume(most_rows=3)
    sugar.deals(*(made(i, second=i) for i in range(10)))
    assert len(walked(crm, 100)) == 10


def test_deleted_deals_without_dates_stand_where_they_were_found(sugar, crm):
    sugar.deals(made(1, 0), made(2, 5, deleted=True), made(3, 9))
    found = walked(crm)
    assert ids(found) == ["d0001", "d0002", "d0003"]
    assert [one.deal.deleted for one in found] == [False, True, False]
    assert [one.modified for one in found] == [moment(0), moment(0), moment(9)]


# --- the same deal either way ---


def webhook_of(sugar, **changes):
    """What the package sends of DEAL."""
    data = {
        "id": "d1",
        "name": 'Tom\'s "big" & 1 < 2',
        "url": f"{sugar.url}/#Opportunities/d1",
        "roistat": "4521890",
        "sales_stage": "Id. Decision Makers",
        "sales_stage_label": "Identifying Decision Makers",
        "sales_status": None,
        "sales_status_label": None,
        "pipeline": "sales_stage",
        "amount": "1234.560000",
        "currency": "EUR",
        "amount_base": "1350.000000",
        "cost": None,
        "date_entered": "2026-01-31T10:00:00Z",
        "date_modified": "2026-02-01T10:00:00Z",
        "date_closed": "2026-12-31",
        "deleted": False,
        "lead_source": "Web Site",
        "assigned_user_name": "Max Jensen",
        "fields": {
            "id": "d1",
            "name": 'Tom\'s "big" & 1 < 2',
            "date_entered": "2026-01-31T10:00:00Z",
            "date_modified": "2026-02-01T10:00:00Z",
            "deleted": "0",
            "amount": "1234.560000",
            "amount_usdollar": "1350.000000",
            "currency_id": "e1",
            "date_closed": "2026-12-31",
            "lead_source": "Web Site",
            "sales_stage": "Id. Decision Makers",
            "probability": "40",
            "assigned_user_id": "u1",
            "roistat_c": "4521890",
            "branch_c": "North & South",
        },
        "client": {
            "id": "a1",
            "name": "Acme & Sons",
            "phone": "+1 555 0100",
            "email": None,
            "company": "Acme & Sons",
            "birth_date": None,
        },
    }
    (loaded,) = load(event(data | changes))
    return loaded


@pytest.mark.parametrize("zone", ["+00:00", "+05:30", "-03:00"])
def test_a_pulled_deal_is_the_deal_that_the_webhook_brings(sugar, crm, zone):
    sugar.assume(zone=zone)
    sugar.store(**PEOPLE, Opportunities=[DEAL])
    (found,) = crm.page(None).deals
    sent = webhook_of(sugar)
    assert (found.deal, found.client) == (sent.deal, sent.client)
    assert found.modified == "2026-02-01T10:00:00Z"
    mapping = Mapping(fields={"Branch": "branch_c", "Manager": "assigned_user_name"})
    orders = [as_bytes(order_of(one, mapping)) for one in (found.deal, sent.deal)]
    assert orders[0] == orders[1]
    assert client_of(found.client) == client_of(sent.client)


def test_one_deal_is_read_by_its_id_and_so_is_a_deleted_one(sugar, crm):
    sugar.store(**PEOPLE, Opportunities=[DEAL, made(2, 0, deleted=True)])
    found, fence = crm.deal("d1")
    assert found.deal == webhook_of(sugar).deal
    assert abs(fence / 1e6 - time.time()) < 3
    assert crm.deal("d0002")[0].deal.deleted
    assert crm.deal("nobody")[0] is None


@pytest.mark.parametrize("nested", [True, False])
def test_the_client_is_who_decides_else_the_first_contact_else_the_account(
    sugar, crm, nested
):
    sugar.assume(links_are_nested=nested)
    sugar.store(
        **PEOPLE,
        Opportunities=[made(i, i, account_id="a1") for i in range(1, 6)],
        Contacts=[
            contact("c1", 1, phone_work="1", account_name="Acme"),
            contact("c2", 2, phone_mobile="2", phone_work="3", birthdate="1985-04-12"),
            contact("gone", 0, deleted=True),
            contact("x1", 5, email=[{"email_address": "b@x.example"}]),
        ],
        links=[
            {"deal": "d0001", "contact": "c1"},
            {"deal": "d0001", "contact": "c2", "role": "Primary Decision Maker"},
            {"deal": "d0002", "contact": "c2"},
            {"deal": "d0002", "contact": "c1"},
            {"deal": "d0002", "contact": "gone", "role": "Primary Decision Maker"},
            {"deal": "d0003", "contact": "gone"},
            {"deal": "d0004", "contact": "x1"},
        ],
    )
    clients = {one.deal.id: one.client for one in walked(crm)}
    shown = {key: (one.id, one.phone, one.company) for key, one in clients.items()}
    assert shown == {
        "d0001": ("c2", "2", None),
        "d0002": ("c1", "1", "Acme"),
        "d0003": ("a1", "+1 555 0100", "Acme & Sons"),
        "d0004": ("x1", None, None),
        "d0005": ("a1", "+1 555 0100", "Acme & Sons"),
    }
    assert clients["d0001"].birth_date == "1985-04-12"
    assert clients["d0004"].email == "b@x.example"


def test_a_deal_with_hundreds_of_contacts_is_read_whole(sugar, crm):
    people = [contact(f"c{i:03}", 999 - i) for i in range(250)]
    links = [{"deal": "d0001", "contact": one["id"]} for one in people]
    sugar.store(Opportunities=[made(1, 0)], Contacts=people, links=links)
    assert crm.page(None).deals[0].client.id == "c249"


def test_the_primary_address_is_the_clients_wherever_it_stands(sugar, crm):
    addresses = [
        {"email_address": "a@x.example", "primary_address": False},
        {"email_address": "b@x.example", "primary_address": True},
    ]
    person = contact("c1", email=addresses)
    links = [{"deal": "d0001", "contact": "c1"}]
    sugar.store(Opportunities=[made(1, 0)], Contacts=[person], links=links)
    assert crm.page(None).deals[0].client.email == "b@x.example"


def test_a_deal_that_breaks_the_contract_is_left_out_and_the_others_come(sugar, crm):
    sugar.deals(made(1, 0), made(2, 1, roistat_c="x" * 300), made(3, 2))
    assert ids(walked(crm)) == ["d0001", "d0003"]


def test_the_pipeline_follows_the_crms_own_setting(sugar, crm):
    sugar.assume(opps_view_by="RevenueLineItems")
    sugar.deals(made(1, 0, sales_status="New"))
    assert crm.page(None).deals[0].deal.stage == "New"
    assert crm.about()["pipeline"] == "sales_status"
    assert crm.about()["stages"][0] == {"key": "New", "label": "New"}


def test_about_is_what_a_ping_may_say(sugar, crm):
    sugar.store(**PEOPLE)
    about = crm.about()
    ping = load(event(about, "ping"))
    assert ping.about["version"] == "SugarCRM 14.0.0"
    assert ping.about["base_currency"] == "USD"
    decides = {"key": "Id. Decision Makers", "label": "Identifying Decision Makers"}
    assert decides in ping.about["stages"]
    branch = {"name": "branch_c", "label": "Branch", "type": "varchar"}
    assert branch in ping.about["fields"]
    assert "account_name" not in [one["name"] for one in ping.about["fields"]]


# --- sessions ---


def test_nobody_who_uses_the_pages_is_logged_out(sugar, crm):
    token = sugar.log_in("base")
    crm.page(None)
    sugar.order("expire", refresh=True)
    crm.page(None)
    token = sugar.log_in("base")
    crm.page(None)
    assert sugar.get("/ping", token).ok


def test_many_workers_share_one_login(sugar, reached):
    workers = [reached() for _ in range(8)]
    threads = [threading.Thread(target=one.page, args=(None,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sugar.state()["grants"] == {"password": 1}
    sugar.order("expire")
    for one in workers:
        one.page(None)
    assert sugar.state()["grants"] == {"password": 1, "refresh_token": 1}


def test_a_token_that_ends_in_the_middle_of_a_walk_is_renewed(sugar, crm):
    sugar.deals(*(made(i, second=i) for i in range(10)))
    first = crm.page(None, size=5)
    sugar.faults({"path": FILTER, "expire": True})
    assert ids(crm.page(first.following).deals) == [f"d{i:04}" for i in range(5, 10)]


def test_where_the_refresh_token_is_refused_the_password_serves(sugar, crm):
    crm.page(None)
    sugar.order("expire", refresh=True)
    crm.page(None)
    assert sugar.state()["grants"] == {"password": 2}


def test_a_token_is_renewed_before_it_runs_out(sugar, crm):
    sugar.assume(token_seconds=61)  # a minute is kept back
    crm.page(None)
    time.sleep(5.1)
    crm.page(None)
    assert sugar.state()["grants"]["refresh_token"] == 1


def test_whoever_is_refused_again_and_again_gets_an_error(sugar, crm):
    crm.page(None)
    sugar.faults({"path": FILTER, "status": 401, "times": 2})
    with pytest.raises(UpstreamError, match="HTTP 401") as caught:
        crm.page(None)
    assert not caught.value.permanent


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"platform": "unknown"}])
def test_a_login_that_is_refused_is_a_lasting_error_that_names_settings(reached, wrong):
    with pytest.raises(UpstreamError, match="SUGAR_PASSWORD") as caught:
        reached(**wrong).page(None)
    assert caught.value.permanent
    assert "pw" not in str(caught.value)


# --- a CRM in trouble ---


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "fault",
    [{"status": 500, "times": 2}, {"status": 502, "times": 3}, {"status": 429}],
)
def test_a_page_that_fails_for_a_moment_comes_all_the_same(sugar, crm, fault):
    sugar.deals(made(1, 0))
    sugar.faults({"path": FILTER} | fault)
    assert len(walked(crm)) == 1


@pytest.mark.usefixtures("impatient")
def test_a_crm_that_goes_on_failing_is_a_passing_error(sugar, crm):
    sugar.faults({"path": FILTER, "status": 503, "times": 4})
    with pytest.raises(UpstreamError, match="HTTP 503") as caught:
        crm.page(None)
    assert not caught.value.permanent
    assert sugar.state()["requests"][FILTER] == 4


@pytest.mark.usefixtures("impatient")
def test_retry_after_is_heeded(sugar, crm):
    crm.page(None)
    sugar.faults({"path": FILTER, "status": 429, "retry_after": 1})
    began = time.monotonic()
    crm.page(None)
    assert 1 <= time.monotonic() - began < 3


@pytest.mark.usefixtures("impatient")
def test_a_crm_that_cannot_be_reached_is_a_passing_error(reached):
    with pytest.raises(UpstreamError, match="the CRM cannot be reached") as caught:
        reached(url="http://127.0.0.1:1").page(None)
    assert not caught.value.permanent


def test_a_web_page_instead_of_an_answer_is_a_passing_error(sugar, crm):
    sugar.faults({"path": FILTER, "page": True})
    with pytest.raises(UpstreamError, match="unreadable") as caught:
        crm.page(None)
    assert not caught.value.permanent


def test_a_refusal_is_lasting_and_said_by_its_code(sugar, crm):
    sugar.faults({"path": FILTER, "status": 403})
    with pytest.raises(UpstreamError, match="HTTP 403, not_authorized") as caught:
        crm.page(None)
    assert caught.value.permanent


@pytest.mark.usefixtures("impatient")
def test_a_page_that_takes_too_long_is_asked_for_again(sugar, crm, monkeypatch):
    crm.page(None)
    monkeypatch.setattr(crm._calls._http, "_own_seconds", 0.3)
    sugar.faults({"path": FILTER, "latency_ms": 800})
    crm.page(None)
    assert sugar.state()["requests"][FILTER] == 3


def test_all_workers_together_keep_to_the_ceiling(sugar, reached):
    workers = [reached(requests_per_second=5) for _ in range(4)]
    workers[0].page(None)
    time.sleep(1)
    sugar.faults(per_second=5)
    began = time.monotonic()
    threads = [
        threading.Thread(target=lambda one=one: [one.count() for _ in range(4)])
        for one in workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began > 2
    assert sugar.state()["most_in_a_second"] <= 6


def test_the_fence_is_the_crms_clock_before_the_read(sugar, crm):
    sugar.deals(made(1, 0))
    crm.page(None)
    sugar.faults({"path": FILTER, "latency_ms": 1500})
    began = time.time()
    fence = crm.page(None).fence
    assert fence % 1_000_000 == 0
    assert began - 2.5 < fence / 1e6 <= began
