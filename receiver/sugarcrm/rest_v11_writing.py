"""Writing into SugarCRM through its REST API, v11, from the vendor's documents.

https://support.sugarcrm.com/documentation/sugar_developer/, "Web Services", "REST API".
Not tried on a licensed instance; the emulator beside it is made from the same pages.

- The documents do not say what becomes of an `id` that is given for a new record.
  Integrations give one, and it is kept; one that is not kept is an error of ours that
  is told. Since nothing is said of a second record with the same id either, each one is
  asked for by its id before it is made.
- A related record's field is filtered by as `link.field`: a contact by
  `email_addresses.email_address`, a deal by `contacts.id`.
- `$contains` finds no number with signs in between. The last four digits are asked for
  in the ways that they are commonly written, the rest is compared here.
- A link is made by `/<module>/:record/link`; one that is there already stays.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from receiver.deal import Lead
from receiver.errors import ContentRefused, UpstreamError
from receiver.sugarcrm import entries
from receiver.sugarcrm.calls import Answer, Calls, refused
from receiver.sugarcrm.entries import Fields, Values
from receiver.sugarcrm.remembered import Remembered
from receiver.sugarcrm.rest_v11_access import DEALS, V11, good
from receiver.sugarcrm.rows import Row, text
from receiver.sugarcrm.session import TokenStore
from receiver.sugarcrm.writing import Person

MOST = 100
MOST_PAGES = 20  # of contacts whose numbers end alike
CONTENT = 422  # what the documents call a missing or invalid parameter
_SIGNS = ("", "-", " ", ".")  # between the last two pairs of a number's digits

Filter = list[dict[str, Any]]


class SugarCrmWriter:
    """One SugarCRM, as `writing.CrmWriter` wants it."""

    def __init__(
        self,
        calls: Calls,
        tokens: TokenStore,
        client: tuple[str, str],
        user: tuple[str, str],
        platform: str,
    ) -> None:
        """As `SugarCrm` is made."""
        self._api = V11(calls, tokens, client, user, platform)
        self._fields = Remembered(self._described)
        self._stages = Remembered(self._options)
        self._pipeline = Remembered(self._views_by)

    def person(
        self,
        *,
        contact_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
    ) -> Person | None:
        """The contact of that id, or with that address or number, the first made."""
        if contact_id:
            found = self._contacts([{"id": contact_id}])
        elif email:
            found = self._contacts([{"email_addresses.email_address": email}])
        else:
            found = self._with_phone(entries.digits_of(phone or ""))
        return (
            Person(found[0]["id"], text(found[0].get("account_id"))) if found else None
        )

    def account(self, name: str) -> str | None:
        """The id of the account of that name."""
        found = self._list("/Accounts", [{"name": entries.plain(name)}], ("name",))
        return found[0]["id"] if found else None

    def open_deal(self, contact_id: str, since: str) -> str | None:
        """The newest deal of a contact that was made since then and is open."""
        wanted: Filter = [
            {"contacts.id": contact_id},
            {"date_entered": {"$gte": since.removesuffix("Z") + "+00:00"}},
        ]
        fields = ("sales_stage", "sales_status")
        deals = self._list(DEALS, wanted, fields, order="date_entered:DESC")
        is_open = (
            one
            for one in deals
            if not {one.get("sales_stage"), one.get("sales_status")} & entries.CLOSED
        )
        return next((one["id"] for one in is_open), None)

    def create_account(self, account_id: str, lead: Lead) -> None:
        """Make the account of the lead's company."""
        fields = self._fields.of("Accounts")
        self._create("/Accounts", account_id, entries.account_of(lead, fields), fields)

    def create_contact(
        self, contact_id: str, lead: Lead, account_id: str | None
    ) -> None:
        """Make the contact that the lead tells of."""
        fields = self._fields.of("Contacts")
        values = entries.contact_of(lead, account_id, fields)
        if lead.email:
            address = {"email_address": lead.email, "primary_address": True}
            values["email"] = [address]
        self._create("/Contacts", contact_id, values, fields)

    def create_deal(self, deal_id: str, lead: Lead, person: Person) -> None:
        """Make the deal, linked to its contact and account."""
        pipeline = self._pipeline.of("opps_view_by")
        stage = entries.stage_of(lead.stage, self._stages.of(pipeline))
        fields = self._fields.of("Opportunities")
        today = datetime.now(UTC).date()
        values = entries.deal_of(lead, stage, person.is_new, fields, today)
        values[pipeline] = values.pop("sales_stage")
        if person.account_id:
            values["account_id"] = person.account_id
        self._create(DEALS, deal_id, values, fields)
        link = {"link_name": "contacts", "ids": [person.contact_id]}
        path = f"{DEALS}/{quote(deal_id, safe='')}/link"
        answer = self._api.ask("POST", path, link, once=True)
        if answer.status != 404:  # somebody has deleted the deal, which is his business
            good(answer, "a contact of a deal")

    def note(self, note_id: str, deal_id: str, lead: Lead) -> None:
        """Make a note on a deal that says all that the lead does."""
        fields = self._fields.of("Notes")
        values = entries.note_of(lead, deal_id, fields)
        self._create("/Notes", note_id, values, fields)

    def deal_url(self, deal_id: str) -> str:
        """The deal's page in the CRM."""
        return self._api.link(deal_id)

    def _with_phone(self, digits: str | None) -> list[Row]:
        if not digits:
            return []
        written = [f"{digits[-4:-2]}{sign}{digits[-2:]}" for sign in _SIGNS]
        either = [
            {column: {"$contains": one}} for column in entries.PHONES for one in written
        ]
        found = self._contacts([{"$or": either}])
        return [row for row in found if entries.has_phone(row, digits)]

    def _contacts(self, wanted: Filter) -> list[Row]:
        return self._list("/Contacts", wanted, ("account_id", *entries.PHONES))

    def _list(
        self,
        module: str,
        wanted: Filter,
        fields: tuple[str, ...],
        *,
        order: str = "date_entered:ASC",
    ) -> list[Row]:
        found: list[Row] = []
        for page in range(MOST_PAGES):
            body = {
                "filter": wanted,
                "fields": ",".join(fields),
                "max_num": MOST,
                "offset": page * MOST,
                "order_by": order,
            }
            answer = self._api.ask("POST", f"{module}/filter", body, once=True)
            some = good(answer, f"{module}/filter")
            found += some["records"]
            if int(some["next_offset"]) < 0:
                break
        return found

    def _create(
        self, module: str, record_id: str, values: Values, fields: Fields
    ) -> None:
        """Make a record, unless it is there already, deleted or not."""
        body = {"filter": [{"id": record_id}], "fields": "id", "deleted": True}
        answer = self._api.ask("POST", f"{module}/filter", body, once=True)
        if good(answer, f"{module}/filter")["records"]:
            return
        answer = self._api.ask("POST", module, {"id": record_id} | values, once=True)
        if not answer.is_good:
            raise _refused(module, answer, values)
        if good(answer, module).get("id") != record_id:
            raise UpstreamError("the CRM does not keep the id of a new record")

    def _described(self, module: str) -> Fields:
        path = f"/metadata?type_filter=modules&module_filter={module}"
        answer = self._api.ask("GET", path, once=True)
        described = good(answer, "/metadata")["modules"][module]["fields"]
        return entries.fields_of(
            {name: one for name, one in described.items() if isinstance(one, dict)}
        )

    def _options(self, name: str) -> dict[str, str]:
        answer = self._api.ask("GET", f"{DEALS}/enum/{name}", once=True)
        return {key: str(label) for key, label in good(answer, name).items()}

    def _views_by(self, name: str) -> str:
        answer = self._api.ask("GET", f"{DEALS}/config", once=True)
        by_lines = good(answer, "/config").get(name) == "RevenueLineItems"
        return "sales_status" if by_lines else "sales_stage"


def _refused(module: str, answer: Answer, values: Values) -> Exception:
    """The error for a record that was not made. What the CRM calls a missing or invalid
    parameter is the content's fault; of its words only the names of fields are told.
    """
    name = module.removeprefix("/")
    if answer.status != CONTENT or not isinstance(answer.body, dict):
        return refused(f"a record of {name}", answer)
    said = str(answer.body.get("error_message"))
    named = sorted(one for one in values if one in said.split())
    about = f": {', '.join(named)}" if named else ""
    return ContentRefused(f"{refused(f'a record of {name}', answer)}{about}")
