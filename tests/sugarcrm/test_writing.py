"""Writing into both kinds of CRM, over HTTP: found, made, never made twice."""

import itertools
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import bootstrap
from receiver.config import SugarConfig
from receiver.deal import Lead
from receiver.errors import ContentRefused, UpstreamError
from receiver.sugarcrm import entries
from receiver.sugarcrm.entries import Field
from receiver.sugarcrm.writing import Person
from tests.live import served
from tests.sugarcrm.conftest import Sugar
from tests.sugarcrm.suitecrm import TAKEN, SuiteCrm, create_app
from tests.sugarcrm.swallowing import Swallowing

DEAL, CONTACT = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
ACCOUNT, NOTE = str(uuid.UUID(int=3)), str(uuid.UUID(int=4))
ANN = Person(CONTACT, ACCOUNT, is_new=True)


class InSugar:
    """A SugarCRM as both kinds of CRM are looked at here."""

    def __init__(self, sugar: Sugar) -> None:
        self.sugar, self.url = sugar, sugar.url

    def rows(self, module: str) -> dict[str, Any]:
        return self.sugar.state()[module]

    def add(self, module: str, **values: Any) -> str:
        email = values.pop("email", "")
        if email:
            address = {"email_address": email, "primary_address": False}
            first = {"email_address": f"1{email}", "primary_address": True}
            values["email"] = [first, address]
        record = {"id": str(uuid.uuid4())} | values
        self.sugar.store(**{module: [record]})
        return str(record["id"])

    def link(self, deal: str, contact: str) -> None:
        self.sugar.store(links=[{"deal": deal, "contact": contact}])

    def contacts_of(self, deal: str) -> list[str]:
        token = self.sugar.log_in("mobile")
        found = self.sugar.get(f"/Opportunities/{deal}/link/contacts", token)
        return [one["id"] for one in found.json()["records"]]

    def address_of(self, contact: dict[str, Any]) -> str:
        return str(contact["email"][0]["email_address"])


class InSuite:
    """A SuiteCRM, the same."""

    def __init__(self, suite: SuiteCrm, url: str) -> None:
        self.suite, self.url = suite, url
        self._tables = {
            "Opportunities": suite.deals,
            "Contacts": suite.contacts,
            "Accounts": suite.accounts,
            "Notes": suite.notes,
        }

    def rows(self, module: str) -> dict[str, Any]:
        return self._tables[module]

    def add(self, module: str, **values: Any) -> str:
        row = {"id": str(uuid.uuid4()), "deleted": "0", "sales_stage": ""}
        row |= {name: str(value) for name, value in values.items()}
        row["email1"] = row.pop("email", "")
        entered = row.get("date_entered", "2026-01-01T00:00:00Z")
        row["date_entered"] = entered.replace("T", " ").removesuffix("Z")
        row["deleted"] = "1" if values.get("deleted") else "0"
        self._tables[module][row["id"]] = row
        return row["id"]

    def link(self, deal: str, contact: str) -> None:
        self.suite.link(deal, contact, "2026-01-01 00:00:00")

    def contacts_of(self, deal: str) -> list[str]:
        return [one["other"] for one in self.suite.links if one["deal"] == deal]

    def address_of(self, contact: dict[str, Any]) -> str:
        return str(contact["email1"])


@pytest.fixture
def suite() -> Iterator[InSuite]:
    crm = SuiteCrm()
    with served(create_app(crm)) as url:
        yield InSuite(crm, url)


@pytest.fixture(params=["rest_v11", "suitecrm_v8", "client_credentials"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def there(kind: str, request: pytest.FixtureRequest) -> Any:
    """The CRM as it is."""
    if kind == "rest_v11":
        return InSugar(request.getfixturevalue("sugar"))
    return request.getfixturevalue("suite")


@pytest.fixture
def reached(kind: str, there: Any, redis_client: Any) -> Callable[..., Any]:
    """Makes a writer; the address may be another one."""

    def make(url: str = "", **changes: Any) -> Any:
        has_user = kind != "client_credentials"
        settings = {
            "api": "rest_v11" if kind == "rest_v11" else "suitecrm_v8",
            "url": url or there.url,
            "username": "sync" if has_user else None,
            "password": "pw" if has_user else None,
            "client_id": "sugar",
            "client_secret": "secret",
            "platform": "roistat",
            "requests_per_second": 100_000,
        }
        return bootstrap.reach_to_write(SugarConfig(**settings | changes), redis_client)

    return make


@pytest.fixture
def writer(reached: Callable[..., Any]) -> Any:
    return reached()


def lead(**values: Any) -> Lead:
    known = {
        "id": DEAL,
        "received": "2026-11-21T07:42:10Z",
        "title": "A request",
        "name": "Ann B. Jensen",
        "email": "ann@x.example",
        "phone": "+7 (921) 555-01-02",
        "company": "Acme & Sons",
        "comment": "Please",
        "visit": "4521890",
        "source": "Web Site",
    }
    return Lead(**known | values)


def make_all(writer: Any, sent: Lead) -> None:
    writer.create_account(ACCOUNT, sent)
    writer.create_contact(CONTACT, sent, ACCOUNT)
    writer.create_deal(DEAL, sent, ANN)
    writer.note(NOTE, DEAL, sent)


def test_a_lead_becomes_records_that_are_linked(there, writer):
    make_all(writer, lead())
    deal = there.rows("Opportunities")[DEAL]
    assert deal["name"] == "A request"
    assert deal["roistat_c"] == "4521890"
    assert deal["description"] == "Please"
    assert deal["lead_source"] == "Web Site"
    assert deal["account_id"] == ACCOUNT
    assert float(deal["amount"]) == 0
    assert there.contacts_of(DEAL) == [CONTACT]
    contact = there.rows("Contacts")[CONTACT]
    assert (contact["first_name"], contact["last_name"]) == ("Ann", "B. Jensen")
    assert there.address_of(contact) == "ann@x.example"
    assert (contact["phone_mobile"], contact["account_id"]) == (
        "+7 (921) 555-01-02",
        ACCOUNT,
    )
    assert there.rows("Accounts")[ACCOUNT]["name"] == "Acme & Sons"
    note = there.rows("Notes")[NOTE]
    assert note["parent_id"] == DEAL
    assert "ann@x.example" in note["description"]


def test_what_is_there_is_left_as_it_is(there, writer):
    make_all(writer, lead())
    make_all(writer, lead(title="Another", name="Eve", company="Else", comment="No"))
    assert [len(there.rows(one)) for one in ("Opportunities", "Contacts")] == [1, 1]
    assert there.rows("Opportunities")[DEAL]["name"] == "A request"
    assert there.rows("Contacts")[CONTACT]["first_name"] == "Ann"
    assert there.contacts_of(DEAL) == [CONTACT]


def test_a_deal_that_was_deleted_is_not_made_again(there, writer):
    there.add("Opportunities", id=DEAL, name="gone", deleted=True)
    there.add("Contacts", id=CONTACT, last_name="Ann")
    writer.create_deal(DEAL, lead(), ANN)
    assert there.rows("Opportunities")[DEAL]["name"] == "gone"


def test_a_deal_that_was_cut_off_before_its_contact_is_linked_to_it(there, writer):
    there.add("Contacts", id=CONTACT, last_name="Ann")
    there.add("Opportunities", id=DEAL, name="cut off", sales_stage="Prospecting")
    writer.create_deal(DEAL, lead(), ANN)
    assert there.contacts_of(DEAL) == [CONTACT]


def test_a_person_is_found_by_id_address_and_number(there, writer):
    known = there.add(
        "Contacts",
        last_name="Ann",
        email="ann@x.example",
        phone_work="8 921 555 01 02",
        account_id=ACCOUNT,
    )
    found = Person(known, ACCOUNT)
    assert writer.person(contact_id=known) == found
    assert writer.person(email="Ann@X.example") == found
    for phone in ("+7 (921) 555-01-02", "9215550102", "007.921.5550102"):
        assert writer.person(phone=phone) == found
    for phone in ("+7 (921) 555-01-03", "1", "0102", "555-01-02", "9 2155501027"):
        assert writer.person(phone=phone) is None
    assert writer.person(email="eve@x.example") is None
    assert writer.person(contact_id="' OR 1=1") is None


def test_a_person_who_was_deleted_is_not_found(there, writer):
    known = there.add("Contacts", last_name="x", email="x@x.example", deleted=True)
    assert writer.person(email="x@x.example") is None
    assert writer.person(contact_id=known) is None


def test_an_account_is_found_by_its_name(there, writer):
    known = there.add("Accounts", name="Acme & < Sons>")
    assert writer.account("acme & <Sons>") == known
    assert writer.account("Acme") is None


def test_the_newest_open_deal_of_a_contact_is_found(there, writer):
    person = there.add("Contacts", last_name="Ann")
    other = there.add("Contacts", last_name="Eve")
    deals = {}
    for name, day, stage, who in (
        ("old", 1, "Prospecting", person),
        ("open", 3, "Prospecting", person),
        ("newer", 4, "Negotiation/Review", person),
        ("won", 5, "Closed Won", person),
        ("lost", 6, "Closed Lost", person),
        ("hers", 7, "Prospecting", other),
    ):
        moment = f"2026-11-0{day}T10:00:00Z"
        deals[name] = there.add(
            "Opportunities", name=name, sales_stage=stage, date_entered=moment
        )
        there.link(deals[name], who)
    assert writer.open_deal(person, "2026-11-02T00:00:00Z") == deals["newer"]
    assert writer.open_deal(person, "2026-11-04T10:00:01Z") is None
    assert writer.open_deal(other, "2026-11-07T10:00:00Z") == deals["hers"]


@pytest.mark.parametrize(
    ("module", "write"),
    [
        ("Accounts", lambda w: w.create_account(ACCOUNT, lead())),
        ("Contacts", lambda w: w.create_contact(CONTACT, lead(), None)),
        ("Opportunities", lambda w: w.create_deal(DEAL, lead(), Person(CONTACT))),
        ("Notes", lambda w: w.note(NOTE, DEAL, lead())),
    ],
)
def test_an_answer_that_is_lost_is_told_and_not_asked_for_again_by_itself(
    there, reached, monkeypatch, module, write
):
    monkeypatch.setattr(bootstrap, "WRITE_SECONDS", 1.5)
    if module == "Opportunities":
        there.add("Contacts", id=CONTACT, last_name="Ann")
    ours = {"Accounts": ACCOUNT, "Contacts": CONTACT, "Notes": NOTE}.get(module, DEAL)
    swallowing = Swallowing(there.url, f'"id": "{ours}"', 2.0)
    if isinstance(there, InSugar):  # asked for by its id first
        swallowing.skipped = 1
    with served(swallowing.app()) as url:
        writer = reached(url)
        with pytest.raises(UpstreamError) as caught:
            write(writer)
        assert not isinstance(caught.value, ContentRefused)
        assert len(there.rows(module)) == 1
        write(writer)
    assert len(there.rows(module)) == 1
    if module == "Opportunities":
        assert there.contacts_of(DEAL) == [CONTACT]


def test_a_wrong_login_is_not_the_leads_fault(there, reached, kind):
    wrong = {"client_secret": "x"} if kind == "client_credentials" else {"password": ""}
    with pytest.raises(UpstreamError) as caught:
        reached(**wrong).create_account(ACCOUNT, lead())
    assert not isinstance(caught.value, ContentRefused)


def test_what_the_crm_refuses_is_told_by_the_fields_name_alone(
    there, writer, kind, monkeypatch
):
    if kind == "rest_v11":
        there.sugar.faults({"path": "/Contacts", "status": 422})
        expected = "the CRM refuses a record of Contacts (HTTP 422, missing_parameter)"
    else:
        # there when it was asked about, and gone now
        monkeypatch.setitem(TAKEN, "Contacts", {"last_name", "first_name"})
        expected = "the CRM has no field phone_mobile in Contacts"
    sent = lead(email="", fields={"assigned_user_id": "secret"})
    with pytest.raises(ContentRefused) as caught:
        writer.create_contact(CONTACT, sent, None)
    assert str(caught.value) == expected
    assert caught.value.permanent


def test_a_missing_field_is_named(sugar, redis_client, reached, kind):
    if kind != "rest_v11":
        pytest.skip("V8 demands none")
    with pytest.raises(ContentRefused, match=r": name$"):
        reached().create_account(ACCOUNT, lead(company=""))


def test_an_id_that_is_not_kept_is_told(sugar, reached, kind):
    if kind != "rest_v11":
        pytest.skip("V8 keeps it")
    sugar.assume(ids_are_kept=False)
    with pytest.raises(UpstreamError, match="does not keep the id"):
        reached().create_account(ACCOUNT, lead())


def test_with_revenue_line_items_the_status_is_set_and_asked_about(
    sugar, reached, kind
):
    if kind != "rest_v11":
        pytest.skip("SuiteCRM has none")
    sugar.assume(opps_view_by="RevenueLineItems")
    sugar.store(Contacts=[{"id": CONTACT, "last_name": "Ann"}])
    writer = reached()
    writer.create_deal(DEAL, lead(), Person(CONTACT))
    deal = sugar.state()["Opportunities"][DEAL]
    assert deal["sales_status"] == "New"
    assert "sales_stage" not in deal
    assert writer.open_deal(CONTACT, "2026-01-01T00:00:00Z") == DEAL
    sugar.deals({"id": DEAL, "sales_status": "Closed Lost"})
    assert writer.open_deal(CONTACT, "2026-01-01T00:00:00Z") is None


def test_the_first_stage_is_the_crms_own(there, writer, kind):
    there.add("Contacts", id=CONTACT, last_name="Ann")
    writer.create_deal(DEAL, lead(), Person(CONTACT))
    stages = {"rest_v11": "Prospecting", "suitecrm_v8": "Id. Decision Makers"}
    stage = there.rows("Opportunities")[DEAL]["sales_stage"]
    assert stage == stages.get(kind, "Prospecting")


def test_the_deals_page_is_told(there, writer, kind):
    assert writer.deal_url(DEAL).startswith(there.url)
    assert writer.deal_url(DEAL).endswith(DEAL)


# --- what a lead becomes ---

FIELDS = {
    "name": Field("name", 20),
    "amount": Field("currency"),
    "closes_c": Field("date"),
    "key_c": Field("encrypt"),
    "branch_c": Field("varchar", 10),
    "assigned_user_id": Field("id"),
    "deleted": Field("bool"),
}
TODAY = date(2026, 1, 31)


def deal_of(is_new: bool = True, **values: Any) -> dict[str, Any]:
    return entries.deal_of(lead(**values), "Prospecting", is_new, FIELDS, TODAY)


def test_a_deal_closes_a_month_on():
    assert deal_of()["date_closed"] == str(TODAY + timedelta(days=30))


def test_the_leads_own_fields_are_set_where_the_crm_has_them():
    made = deal_of(fields={"branch_c": "North", "amount": "12.50"}, comment="")
    assert (made["branch_c"], made["amount"]) == ("North", "12.50")
    assert made["description"] == "Roistat visit: 4521890"


def test_what_cannot_be_set_is_told_in_words():
    fields = {
        "color": "red",
        "amount": "ten",
        "closes_c": "soon",
        "key_c": "k",
        "deleted": "1",
        "id": "x",
    }
    made = deal_of(fields=fields, method="popup", visit=None)
    assert set(fields) & set(made) == {"amount"}
    assert made["amount"] == "0"
    assert made["description"].splitlines() == [
        "Please",
        "",
        "Order creation method: popup",
        *(f"{name}: {value}" for name, value in fields.items()),
    ]


def test_what_is_too_long_is_cut_and_told_whole():
    made = deal_of(
        title="A title that is too long for it", fields={"branch_c": "b" * 9}
    )
    assert made["name"] == "A title that is too…"
    assert made["description"].startswith("A title that is too long for it\n\nPlease")


def test_a_known_person_is_told_about_in_the_deal():
    told = deal_of(is_new=False)["description"]
    for one in ("Name: Ann B. Jensen", "Phone: +7 (921) 555-01-02", "Acme & Sons"):
        assert one in told


def test_who_is_to_have_the_deal_has_its_contact_too():
    sent = lead(fields={"assigned_user_id": "u1"})
    assert entries.contact_of(sent, None, FIELDS)["assigned_user_id"] == "u1"
    assert entries.account_of(sent, FIELDS)["assigned_user_id"] == "u1"


@pytest.mark.parametrize(
    ("name", "email", "phone", "expected"),
    [
        ("Ann", "", "", ("", "Ann")),
        ("Ann B. C", "", "", ("Ann", "B. C")),
        ("", "ann@x.example", "", ("", "ann@x.example")),
        ("", "", "555 0102", ("", "555 0102")),
        ("", "", "", ("", "A request")),
    ],
)
def test_no_contact_lacks_a_last_name(name, email, phone, expected):
    made = entries.contact_of(lead(name=name, email=email, phone=phone), None, {})
    assert (made.get("first_name", ""), made["last_name"]) == expected


@given(st.text(alphabet="<>/!?&;#x3clgtampbAZ 1", max_size=40))
def test_no_text_is_taken_for_html(text):
    plain = entries.plain(text)
    assert not any(
        one == "<" and (after.isalpha() or after in "/!?")
        for one, after in itertools.pairwise(plain)
    )


def test_text_keeps_all_that_it_says():
    assert entries.plain("1 < 2 & 3 <b> Ann <a@x.example>") == (
        "1 < 2 & 3 < b> Ann < a@x.example>"
    )
    assert entries.plain("&lt;script&gt;&amp;amp;") == "< script>&"


def test_extensions_and_second_numbers_hide_no_number():
    known = {"phone_work": "030/555 01 02 ext. 12; 8 921 555-01-02, office"}
    for phone in ("+7 (921) 5550102 #4", "9215550102"):
        assert entries.has_phone(known, entries.digits_of(phone) or "")
    assert entries.has_phone(known, entries.digits_of("030 5550102,12") or "")
    assert not entries.has_phone(known, "8921555010")


@given(st.text(alphabet="0123456789+-() ", max_size=20))
def test_a_number_is_the_same_however_it_is_written(phone):
    digits = entries.digits_of(phone)
    if digits:
        assert 7 <= len(digits) <= 10
        assert entries.digits_of(" ".join(digits)) == digits
        assert entries.has_phone({"phone_other": phone}, digits)
