"""However a deal changes, one event of its newest state arrives."""

import html
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crm.capture import Answer, CapturingReceiver, events_of
from tests.crm.crm import Crm, Pages
from tests.crm.ways import (
    RestV8,
    RestV41,
    Ways,
    hook_of_another_package,
    job_of_another_package,
    key_of_rest_v8,
)

PATIENCE = 10.0
REMEMBERED = "'outage_since', 'outage_reason', 'probed_at', 'sweeping_until'"


@dataclass(frozen=True)
class Changes:
    """What a change left in the database, in the outbox and at the receiver."""

    crm: Crm
    receiver: CapturingReceiver

    def deal(self) -> dict[str, str]:
        """A stored deal with a contact and an account, sent and forgotten."""
        deal = self.crm.save_deal()
        self.receiver.forget()
        return deal

    def new(self, name: str) -> str:
        """The id of the one deal that has that name."""
        rows = self.crm.query(
            f"SELECT id FROM opportunities WHERE name = '{name}' AND deleted = 0"
        )
        assert len(rows) == 1, rows
        return str(rows[0]["id"])

    def waiting(self) -> list[dict[str, Any]]:
        return self.crm.query(
            "SELECT kind, record_id, refused, attempts, answer FROM roistat_outbox"
            " ORDER BY kind, record_id"
        )

    def sent(self) -> list[dict[str, Any]]:
        """The events, when the outbox is empty: a page can be there before the end of
        the request that made it."""
        deadline = time.monotonic() + PATIENCE
        while left := self.waiting():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
        return self.receiver.events

    def assert_sent_once(self, *deals: str, clients: tuple[str, ...] = ()) -> None:
        """These deals and clients were sent once each, in their stored state."""
        events = self.sent()
        sent = sorted((kind_of(event), event["data"]["id"]) for event in events)
        expected = [("deal", deal) for deal in deals]
        expected += [("client", client) for client in clients]
        assert sent == sorted(expected)
        for event in events:
            if kind_of(event) == "deal":
                self.assert_newest(event)

    def assert_newest(self, event: dict[str, Any]) -> None:
        data = event["data"]
        row = self.stored(data["id"])
        deleted = row["deleted"] == "1"
        assert event["type"] == f"opportunity.{'deleted' if deleted else 'saved'}"
        assert data["deleted"] == deleted
        if not deleted:
            assert data["name"] == html.unescape(row["name"])
            assert data["sales_stage"] == (row["sales_stage"] or None)
            assert same_money(data["amount"], row["amount"])
            assert data["roistat"] == (row["roistat_c"] or None)
            assert data["fields"]["next_step"] == (row["next_step"] or None)

    def stored(self, deal_id: str) -> dict[str, Any]:
        return self.crm.query(
            "SELECT o.*, c.roistat_c FROM opportunities o"
            " LEFT JOIN opportunities_cstm c ON c.id_c = o.id"
            f" WHERE o.id = '{deal_id}'"
        )[0]

    def client_of(self, deal_id: str) -> str | None:
        """As the deal's last event has it."""
        for event in reversed(self.sent()):
            if event["data"]["id"] == deal_id:
                client = event["data"]["client"]
                return client and str(client["id"])
        raise AssertionError("no event")

    def sweep(self) -> None:
        self.crm.run("sweep")

    def pass_the_minute(self) -> None:
        """Rows that a dead request marked are the sweep's after a minute."""
        self.crm.query("UPDATE roistat_outbox SET due = due - 60")


@pytest.fixture
def changes(connected: Crm, receiver: CapturingReceiver) -> Changes:
    """A CRM whose cron has just run, and which has nothing to send."""
    connected.query("DELETE FROM roistat_outbox")
    connected.query(
        f"DELETE FROM config WHERE category = 'roistat' AND name IN ({REMEMBERED})"
    )
    connected.run("settings", swept_at=str(int(time.time())))
    return Changes(connected, receiver)


@pytest.fixture
def ways(pages: Pages) -> Ways:
    return Ways(pages)


@pytest.fixture
def rest(changes: Changes) -> Iterator[RestV8]:
    try:
        with key_of_rest_v8(changes.crm) as api:
            yield api
    except requests.HTTPError as refusal:
        pytest.skip(f"this CRM's web server gives no access to /Api: {refusal}")


# In the pages of the CRM


def test_a_deal_made_for_a_contact_and_an_account_arrives_once_with_its_client(
    changes: Changes, ways: Ways
) -> None:
    old = changes.deal()
    name = new_name()

    ways.create_for_contact(old["contact"], "Acme & Sons", name)

    deal = changes.new(name)
    changes.assert_sent_once(deal)
    assert changes.client_of(deal) == old["contact"]


def test_a_deal_edited_in_its_page_arrives_once(changes: Changes, ways: Ways) -> None:
    deal = changes.deal()

    ways.edit("Opportunities", deal["id"], name="Edited", amount="99.5")

    changes.assert_sent_once(deal["id"])
    assert changes.stored(deal["id"])["name"] == "Edited"


def test_a_value_edited_inline_in_the_deals_page_arrives_once(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()

    ways.edit_inline(deal["id"], name="Edited inline")

    changes.assert_sent_once(deal["id"])
    assert changes.stored(deal["id"])["name"] == "Edited inline"


def test_a_value_edited_inline_in_the_list_arrives_once(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()

    ways.edit_inline_in_the_list(deal["id"], sales_stage="Closed Won")

    changes.assert_sent_once(deal["id"])
    assert changes.stored(deal["id"])["sales_stage"] == "Closed Won"


def test_a_mass_update_arrives_as_one_batch_with_each_deal_once(
    changes: Changes, ways: Ways
) -> None:
    deals = [changes.deal()["id"] for _ in range(3)]

    ways.update_from_the_list(*deals, sales_stage="Closed Lost")

    changes.assert_sent_once(*deals)
    assert len(changes.receiver.requests) == 1
    assert {changes.stored(deal)["sales_stage"] for deal in deals} == {"Closed Lost"}


def test_imported_deals_arrive_once_each(
    changes: Changes, ways: Ways, tmp_path: Path
) -> None:
    names = [new_name() for _ in range(3)]
    rows = [(name, "10", "Prospecting", "12/31/2026", "Acme & Sons") for name in names]

    ways.import_deals(a_csv(tmp_path, NEW_COLUMNS, rows))

    changes.assert_sent_once(*(changes.new(name) for name in names))


def test_deals_updated_by_an_import_arrive_once_each(
    changes: Changes, ways: Ways, tmp_path: Path
) -> None:
    deals = [changes.deal()["id"] for _ in range(2)]
    rows = [
        (deal, f"Updated {number}", "77", "Closed Won", "12/31/2026", "Acme & Sons")
        for number, deal in enumerate(deals)
    ]

    ways.import_deals(a_csv(tmp_path, ("ID", *NEW_COLUMNS), rows), update=True)

    changes.assert_sent_once(*deals)
    assert {changes.stored(deal)["sales_stage"] for deal in deals} == {"Closed Won"}


def test_a_converted_lead_arrives_as_one_deal_with_its_visit_and_its_new_client(
    changes: Changes, ways: Ways
) -> None:
    name = new_name()  # of all three: the CRM asks about contacts that it seems to know
    lead = changes.crm.save(
        "Leads",
        first_name="Lea",
        last_name=name,
        email1="lea@example.com",
        account_name=name,
        roistat_c="promo-9",
    )

    ways.convert_lead(lead["id"], name)

    deal = changes.new(name)
    events = [event for event in changes.sent() if kind_of(event) == "deal"]
    assert [event["data"]["id"] for event in events] == [deal]
    changes.assert_newest(events[0])
    data = events[0]["data"]
    assert data["client"]["name"] == f"Lea {name}"
    assert data["client"]["email"] == "lea@example.com"
    assert data["roistat"] == "promo-9"


@pytest.mark.parametrize(
    ("module", "key"), [("Accounts", "account"), ("Contacts", "contact")]
)
def test_a_deal_made_in_a_subpanel_arrives_once_with_its_client(
    changes: Changes, ways: Ways, module: str, key: str
) -> None:
    old = changes.deal()
    name = new_name()

    ways.create_in_subpanel(module, old[key], name)

    deal = changes.new(name)
    changes.assert_sent_once(deal)
    assert changes.client_of(deal) == old[key]


def test_a_deal_deleted_in_its_page_is_one_deletion(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()

    ways.delete(deal["id"])

    changes.assert_sent_once(deal["id"])
    assert changes.receiver.events[0]["type"] == "opportunity.deleted"


def test_deals_deleted_in_the_list_are_one_deletion_each(
    changes: Changes, ways: Ways
) -> None:
    deals = [changes.deal()["id"] for _ in range(2)]

    ways.delete_from_the_list(*deals)

    changes.assert_sent_once(*deals)
    assert {event["type"] for event in changes.receiver.events} == {
        "opportunity.deleted"
    }


def test_merged_deals_arrive_as_one_save_and_one_deletion(
    changes: Changes, ways: Ways
) -> None:
    kept, gone = changes.deal()["id"], changes.deal()["id"]

    ways.merge(kept, gone, name="Merged")

    changes.assert_sent_once(kept, gone)
    types = {event["data"]["id"]: event["type"] for event in changes.receiver.events}
    assert sorted(types.values()) == ["opportunity.deleted", "opportunity.saved"]


# The client of a deal


def test_a_contact_chosen_and_removed_in_the_deals_page_changes_its_client(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()
    crm = changes.crm
    ways.unlink("Opportunities", deal["id"], "contacts", deal["contact"])
    changes.assert_sent_once(deal["id"])
    assert changes.client_of(deal["id"]) == deal["account"]
    changes.receiver.forget()

    other = crm.save("Contacts", last_name="New", account_id=deal["account"])["id"]
    ways.link_contact(deal["id"], other)

    changes.assert_sent_once(deal["id"])
    assert changes.client_of(deal["id"]) == other


def test_a_deal_removed_in_the_contacts_page_has_another_client(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()

    ways.unlink("Contacts", deal["contact"], "opportunities", deal["id"])

    changes.assert_sent_once(deal["id"])
    assert changes.client_of(deal["id"]) == deal["account"]


def test_a_deal_whose_account_is_linked_and_unlinked_by_code_arrives_each_time(
    changes: Changes,
) -> None:
    crm = changes.crm
    deal = crm.save("Opportunities", name="Alone")["id"]
    account = crm.save("Accounts", name="Its account")["id"]
    changes.receiver.forget()

    crm.run("link", deal=deal, link="accounts", other=account)
    changes.assert_sent_once(deal)
    assert changes.client_of(deal) == account
    changes.receiver.forget()

    crm.run("link", deal=deal, link="accounts", other=account, remove=True)
    changes.assert_sent_once(deal)
    assert changes.client_of(deal) is None


def test_a_clients_new_phone_and_address_arrive_as_the_client_alone(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()

    ways.edit(
        "Contacts",
        deal["contact"],
        phone_mobile="+1 555 0199",
        Contacts0emailAddress0="new@example.com",
    )

    changes.assert_sent_once(clients=(deal["contact"],))
    client = changes.receiver.events[0]["data"]
    assert client["phone"] == "+1 555 0199"
    assert client["email"] == "new@example.com"


def test_a_contact_without_a_deal_sends_nothing(changes: Changes, ways: Ways) -> None:
    contact = changes.crm.save("Contacts", last_name="Nobody's client")["id"]

    ways.edit("Contacts", contact, phone_mobile="+1 555 0199")

    changes.assert_sent_once()


def test_a_contact_that_is_not_its_deals_client_sends_nothing(changes: Changes) -> None:
    deal = changes.deal()
    crm = changes.crm
    crm.run(
        "link",
        deal=deal["id"],
        link="contacts",
        other=deal["contact"],
        role="Primary Decision Maker",
    )
    other = crm.save("Contacts", last_name="Does not decide")["id"]
    crm.run("link", deal=deal["id"], link="contacts", other=other)
    changes.receiver.forget()

    crm.save("Contacts", id=other, phone_mobile="+1 555 0199")

    changes.assert_sent_once()


def test_an_account_arrives_only_where_it_is_the_client_of_a_deal(
    changes: Changes, ways: Ways
) -> None:
    crm = changes.crm
    with_contact = changes.deal()
    account = crm.save("Accounts", name="The client itself")["id"]
    crm.save("Opportunities", name="No contact", links={"accounts": account})
    changes.receiver.forget()

    ways.edit("Accounts", with_contact["account"], phone_office="+1 555 0188")
    changes.assert_sent_once()

    ways.edit("Accounts", account, phone_office="+1 555 0177")
    changes.assert_sent_once(clients=(account,))
    assert changes.receiver.events[0]["data"]["phone"] == "+1 555 0177"


def test_a_deal_whose_client_is_deleted_arrives_with_the_next_one(
    changes: Changes,
) -> None:
    deal = changes.deal()

    changes.crm.run("delete", module="Contacts", id=deal["contact"])

    changes.assert_sent_once(deal["id"])
    assert changes.client_of(deal["id"]) == deal["account"]


# By programs


def test_a_deal_made_changed_and_deleted_over_rest_v8_arrives_each_time(
    changes: Changes, rest: RestV8
) -> None:
    deal = rest.create(name="Over REST", amount="10", sales_stage="Prospecting")
    changes.assert_sent_once(deal)
    changes.receiver.forget()

    rest.update(deal, name="Patched", roistat_c="promo-8")
    changes.assert_sent_once(deal)
    assert changes.receiver.events[0]["data"]["roistat"] == "promo-8"
    changes.receiver.forget()

    rest.delete(deal)
    changes.assert_sent_once(deal)
    assert changes.receiver.events[0]["type"] == "opportunity.deleted"


def test_a_deal_made_changed_and_deleted_over_rest_v4_1_arrives_each_time(
    changes: Changes,
) -> None:
    rest = RestV41(changes.crm)
    deal = rest.set_entry(name="Over REST", amount="10", sales_stage="Prospecting")
    changes.assert_sent_once(deal)
    changes.receiver.forget()

    rest.set_entry(id=deal, name="Changed")
    changes.assert_sent_once(deal)
    assert changes.receiver.events[0]["data"]["name"] == "Changed"
    changes.receiver.forget()

    rest.set_entry(id=deal, deleted="1")
    changes.assert_sent_once(deal)
    assert changes.receiver.events[0]["type"] == "opportunity.deleted"


def test_a_deal_restored_by_code_arrives_as_saved(changes: Changes) -> None:
    deal = changes.deal()
    changes.crm.run("delete", module="Opportunities", id=deal["id"])
    changes.assert_sent_once(deal["id"])
    changes.receiver.forget()

    changes.crm.run("restore", module="Opportunities", id=deal["id"])

    changes.assert_sent_once(deal["id"])
    assert changes.receiver.events[0]["type"] == "opportunity.saved"


@pytest.mark.parametrize("event", ["before_save", "after_save"])
@pytest.mark.parametrize("order", [0, 5000])
def test_a_save_within_a_save_arrives_once_with_what_is_stored_last(
    changes: Changes, event: str, order: int
) -> None:
    deal = changes.deal()

    with hook_of_another_package(changes.crm, event, "saveAgain", order):
        changes.crm.save("Opportunities", id=deal["id"], name="The outer save")

    changes.assert_sent_once(deal["id"])


def test_a_save_within_a_save_in_the_page_arrives_once(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()

    with hook_of_another_package(changes.crm, "after_save", "saveAgain", 5000):
        ways.edit("Opportunities", deal["id"], name="The outer save")

    changes.assert_sent_once(deal["id"])
    assert changes.stored(deal["id"])["next_step"] == "Set by a hook within the save"


def test_many_saves_in_one_request_arrive_as_one_event_of_the_last(
    changes: Changes,
) -> None:
    deal = changes.deal()

    changes.crm.run("save_in_turn", id=deal["id"], names=["A", "B", "A", "C"])

    changes.assert_sent_once(deal["id"])
    assert changes.receiver.events[0]["data"]["name"] == "C"


def test_a_deal_saved_by_a_job_of_cron_arrives_once(changes: Changes) -> None:
    deal = changes.deal()

    with job_of_another_package(changes.crm):
        changes.crm.run("cron", save={"id": deal["id"], "name": "Saved by a job"})

    changes.assert_sent_once(deal["id"])
    assert changes.receiver.events[0]["data"]["name"] == "Saved by a job"


# What does not pass at once


def test_what_is_saved_while_the_receiver_is_down_arrives_with_the_sweep(
    changes: Changes, ways: Ways
) -> None:
    deal = changes.deal()
    changes.crm.run("settings", url="http://127.0.0.1:9")
    ways.edit("Opportunities", deal["id"], name="Kept")
    changes.crm.save("Opportunities", id=deal["id"], next_step="Later")
    assert changes.stored(deal["id"])["name"] == "Kept"
    assert [row["record_id"] for row in changes.waiting()] == [deal["id"]]

    changes.crm.run("settings", url=changes.receiver.url)
    changes.pass_the_minute()
    changes.sweep()

    changes.assert_sent_once(deal["id"])


def test_a_refused_event_stays_with_its_answer_and_the_others_pass(
    changes: Changes,
) -> None:
    deals = [changes.deal()["id"] for _ in range(3)]
    refusals: list[str] = []

    def refuse_the_second(message: Any) -> Answer | None:
        if refusals:
            return None
        refusals.append(events_of(message)[1]["data"]["id"])
        errors = {"data.events.1.data.amount": ["Not a valid amount."]}
        return 422, {"errors": errors}

    changes.receiver.decide = refuse_the_second
    changes.crm.run("save_all", ids=deals, next_step="All of them")

    assert changes.waiting() == [
        {
            "kind": "deal",
            "record_id": refusals[0],
            "refused": "1",
            "attempts": "1",
            "answer": "422 data.amount: Not a valid amount.",
        }
    ]
    first, second = changes.receiver.messages
    assert len(events_of(first)) == 3
    accepted = {event["data"]["id"] for event in events_of(second)}
    assert accepted == set(deals) - set(refusals)

    changes.receiver.forget()
    changes.crm.save("Opportunities", id=refusals[0], amount="1")
    changes.assert_sent_once(refusals[0])


def test_a_batch_that_is_too_large_passes_in_halves(changes: Changes) -> None:
    deals = [changes.deal()["id"] for _ in range(5)]

    def take_two(message: Any) -> Answer | None:
        return (413, None) if len(events_of(message)) > 2 else None

    changes.receiver.decide = take_two
    changes.crm.run("save_all", ids=deals, next_step="All of them")

    assert changes.waiting() == []
    sizes = [len(events_of(message)) for message in changes.receiver.messages]
    assert sizes[0] == 5
    accepted = [
        event["data"]["id"]
        for message in changes.receiver.messages
        if len(events_of(message)) <= 2
        for event in events_of(message)
    ]
    assert sorted(accepted) == sorted(deals)


@pytest.mark.parametrize(
    ("event", "stored"), [("before_save", "As it was"), ("after_save", "The new name")]
)
def test_a_change_whose_process_was_killed_arrives_after_its_minute(
    changes: Changes, event: str, stored: str
) -> None:
    deal = changes.deal()["id"]
    changes.crm.save("Opportunities", id=deal, name="As it was")
    changes.receiver.forget()

    with hook_of_another_package(changes.crm, event, "dieAtOnce", 5000):
        values = {"id": deal, "name": "The new name"}
        process = changes.crm.start(
            "save", module="Opportunities", values=values, links={}
        )
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert changes.stored(deal)["name"] == stored
    assert [row["record_id"] for row in changes.waiting()] == [deal]

    changes.sweep()
    assert changes.receiver.events == [], "its request might have lived"
    changes.pass_the_minute()
    changes.sweep()

    changes.assert_sent_once(deal)
    assert changes.receiver.events[0]["data"]["name"] == stored


def test_a_new_deal_whose_process_was_killed_arrives_after_its_minute(
    changes: Changes,
) -> None:
    name = new_name()

    with hook_of_another_package(changes.crm, "after_save", "dieAtOnce", 5000):
        process = changes.crm.start(
            "save", module="Opportunities", values={"name": name}, links={}
        )
        process.communicate()
    assert process.returncode == -signal.SIGKILL

    changes.pass_the_minute()
    changes.sweep()

    changes.assert_sent_once(changes.new(name))


NEW_COLUMNS = ("Name", "Amount", "Sales Stage", "Close Date", "Account Name")


def a_csv(folder: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    path = folder / "deals.csv"
    lines = [",".join(f'"{value}"' for value in row) for row in [columns, *rows]]
    path.write_text("\n".join(lines) + "\n")
    return path


def new_name() -> str:
    return f"New {time.time_ns()}"


def kind_of(event: dict[str, Any]) -> str:
    return "deal" if event["type"].startswith("opportunity.") else "client"


def same_money(sent: str | None, stored: str | None) -> bool:
    return float(sent or 0) == float(stored or 0)
