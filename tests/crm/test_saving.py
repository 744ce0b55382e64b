"""A saved deal arrives, and nothing that the receiver does disturbs the CRM."""

import re
import time

import pytest
from standardwebhooks.webhooks import Webhook

from tests.crm.capture import CapturingReceiver
from tests.crm.conftest import SECRET
from tests.crm.crm import Crm, Pages

SLOWEST_SAVE = 2.5
MONEY = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_a_visit_typed_into_the_edit_page_arrives_signed(
    pages: Pages, deal: dict[str, str], receiver: CapturingReceiver
) -> None:
    pages.edit_deal(deal["id"], roistat_c=" 4521890 ")

    assert len(receiver.requests) == 1
    path, headers, body = receiver.requests[0]
    assert path == "/webhooks/sugarcrm"
    assert headers["content-type"] == "application/json"
    Webhook(SECRET).verify(body, headers)
    assert receiver.events[0]["data"]["roistat"] == "4521890"
    assert pages.shown_on_deal(deal["id"]) == "4521890"


def test_the_event_is_the_contract(
    pages: Pages, deal: dict[str, str], receiver: CapturingReceiver, connected: Crm
) -> None:
    pages.edit_deal(deal["id"], next_step="Call back")

    event = receiver.events[0]
    assert event["type"] == "opportunity.saved"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["timestamp"])
    data = event["data"]
    assert MOMENT.fullmatch(data.pop("date_entered"))
    assert MOMENT.fullmatch(data.pop("date_modified"))
    assert MONEY.fullmatch(data.pop("amount_base"))
    fields = data.pop("fields")
    assert fields["next_step"] == "Call back"
    assert fields["roistat_c"] is None
    assert all(value is None or isinstance(value, str) for value in fields.values())
    assert data == {
        "id": deal["id"],
        "name": 'Tom\'s "big" & 1 < 2',
        "url": f"{connected.url}/index.php?module=Opportunities"
        f"&action=DetailView&record={deal['id']}",
        "roistat": None,
        "sales_stage": "Id. Decision Makers",
        "sales_stage_label": "Identifying Decision Makers",
        "sales_status": None,
        "sales_status_label": None,
        "pipeline": "sales_stage",
        "amount": "1234.56",
        "currency": "USD",
        "cost": None,
        "date_closed": "2026-12-31",
        "deleted": False,
        "lead_source": "Web Site",
        "assigned_user_name": "Administrator",
        "client": {
            "id": deal["contact"],
            "name": "Zoë O'Hara",
            "phone": "+1 555 0101",
            "email": "zoe@example.com",
            "company": "Acme & Sons",
            "birth_date": "1985-04-12",
        },
    }


def test_a_deal_made_in_the_page_arrives_with_its_account(
    pages: Pages, connected: Crm, receiver: CapturingReceiver
) -> None:
    account = connected.save("Accounts", name="Acme & Sons", phone_office="+1 555 0100")

    pages.create_deal(
        account["id"],
        name="A first deal",
        amount="10",
        date_closed="12/31/2026",
        roistat_c="promo 7",
    )

    data = receiver.events[-1]["data"]
    assert (data["name"], data["amount"], data["roistat"]) == (
        "A first deal",
        "10",
        "promo 7",
    )
    assert data["client"] == {
        "id": account["id"],
        "name": "Acme & Sons",
        "phone": "+1 555 0100",
        "email": None,
        "company": "Acme & Sons",
        "birth_date": None,
    }


def test_the_client_is_who_decides_else_who_came_first_else_the_account(
    connected: Crm, receiver: CapturingReceiver
) -> None:
    deal = connected.save("Opportunities", name="Who")["id"]
    account = connected.save("Accounts", name="Acme")["id"]
    first, second, decider = (
        connected.save("Contacts", last_name=name)["id"]
        for name in ("First", "Second", "Decider")
    )

    def client() -> str | None:
        connected.save("Opportunities", id=deal)
        sent = receiver.events[-1]["data"]["client"]
        return sent and str(sent["id"])

    assert client() is None
    connected.save("Opportunities", id=deal, links={"accounts": account})
    assert client() == account
    connected.run("link", deal=deal, contact=first, role="Business Evaluator")
    assert client() == first
    time.sleep(1.1)  # the CRM dates its links to the second
    connected.run("link", deal=deal, contact=second, role="Business Decision Maker")
    assert client() == first
    connected.run("link", deal=deal, contact=decider, role="Primary Decision Maker")
    assert client() == decider
    connected.save("Contacts", id=decider, deleted=1)
    assert client() == first


def test_an_amount_in_a_foreign_currency_has_its_code_and_its_base_amount(
    connected: Crm, receiver: CapturingReceiver
) -> None:
    euro = connected.save(
        "Currencies", name="Euro", symbol="€", iso4217="EUR", conversion_rate=0.5
    )

    connected.save("Opportunities", name="E", amount="0.3", currency_id=euro["id"])

    data = receiver.events[-1]["data"]
    assert (data["amount"], data["currency"]) == ("0.3", "EUR")
    assert float(data["amount_base"]) == 0.6


def test_a_save_by_code_arrives(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver
) -> None:
    connected.save("Opportunities", id=deal["id"], roistat_c="promo-7")

    assert [event["data"]["roistat"] for event in receiver.events] == ["promo-7"]


def test_a_later_save_has_a_later_time_and_another_id(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver
) -> None:
    connected.save("Opportunities", id=deal["id"], next_step="one")
    connected.save("Opportunities", id=deal["id"], next_step="two")

    first, second = receiver.events
    assert first["timestamp"] < second["timestamp"]
    ids = {headers["webhook-id"] for _, headers, _ in receiver.requests}
    assert len(ids) == 2


def test_saves_in_one_request_are_one_event(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver
) -> None:
    connected.run("save_in_turn", id=deal["id"], names=["A", "A", "B", "A"])

    assert [event["data"]["name"] for event in receiver.events] == ["A"]


def test_a_deal_deleted_by_a_save_is_a_deletion(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver
) -> None:
    connected.save("Opportunities", id=deal["id"], deleted=1)

    assert receiver.events[0]["type"] == "opportunity.deleted"
    assert receiver.events[0]["data"] == {"id": deal["id"], "deleted": True}


@pytest.mark.parametrize("status", [302, 401, 503])
def test_a_refusal_is_logged_and_the_save_stands(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver, status: int
) -> None:
    receiver.status = status
    before = connected.log

    connected.save("Opportunities", id=deal["id"], next_step="kept")

    assert len(receiver.requests) == 1, "followed or repeated"
    assert stored(connected, deal, "next_step") == "kept"
    new = connected.log.removeprefix(before)
    assert f"nothing is sent for now: the receiver answered {status}" in new
    assert SECRET not in new


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9", "the receiver did not answer"),
        (
            "http://user:password@127.0.0.1:9",
            "the receiver's address is neither https nor this machine",
        ),
    ],
)
def test_a_save_stands_while_the_receiver_is_down_or_has_no_address_to_send_to(
    connected: Crm,
    deal: dict[str, str],
    receiver: CapturingReceiver,
    pages: Pages,
    url: str,
    reason: str,
) -> None:
    connected.run("settings", url=url)
    before = connected.log

    pages.edit_deal(deal["id"], next_step="kept")

    assert stored(connected, deal, "next_step") == "kept"
    new = connected.log.removeprefix(before)
    assert f"nothing is sent for now: {reason}" in new
    assert "password" not in new


def test_a_hanging_receiver_costs_a_save_two_seconds_at_most(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver
) -> None:
    receiver.hangs = True

    saved = connected.save("Opportunities", id=deal["id"], next_step="kept")

    assert len(receiver.requests) == 1
    assert saved["seconds"] < SLOWEST_SAVE
    assert stored(connected, deal, "next_step") == "kept"


@pytest.mark.parametrize("setting", ["url", "secret"])
def test_a_save_stands_and_nothing_is_sent_before_the_set_up(
    connected: Crm, deal: dict[str, str], receiver: CapturingReceiver, setting: str
) -> None:
    connected.run("settings", **{setting: ""})
    before = connected.log

    connected.save("Opportunities", id=deal["id"], next_step="kept")

    assert receiver.requests == []
    assert stored(connected, deal, "next_step") == "kept"
    assert "Roistat" not in connected.log.removeprefix(before)


def stored(crm: Crm, deal: dict[str, str], field: str) -> str:
    return str(crm.run("stored", module="Opportunities", id=deal["id"])[field])
