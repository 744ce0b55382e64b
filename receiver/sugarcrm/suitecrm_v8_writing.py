"""Writing into SuiteCRM through its API V8, as SuiteCRM 7.14.6 was seen to take it.

- It keeps an id that we choose, and answers 400 "is already exist" where there is one,
  a deleted one too: the database itself makes no second record of an id.
- A contact's `email1` is stored as its primary address. A filter by `email1` finds all
  of a contact's addresses, in capitals or not.
- A deal's `account_id` and `contact_id` are linked in the same request, so that the
  package tells of the deal once, with its client.
- A field that it does not have it refuses by name. It demands no field, cuts what is
  too long for a column (so do we, visibly), and takes any key for a stage: the list of
  stages comes from the older interface, where a user is known.
- It decodes entities and takes tags out (see `entries.plain`), and its tables hold no
  character beyond the first 65,536.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from receiver.deal import Lead
from receiver.errors import ContentRefused
from receiver.sugarcrm import entries
from receiver.sugarcrm.calls import Answer, Calls, refused
from receiver.sugarcrm.entries import Fields, Values
from receiver.sugarcrm.remembered import Remembered
from receiver.sugarcrm.rows import Row, text
from receiver.sugarcrm.session import TokenStore
from receiver.sugarcrm.suitecrm_v4 import OlderApi
from receiver.sugarcrm.suitecrm_v8_access import DEALS, MODULE, V8, detail, flat, good
from receiver.sugarcrm.writing import Person

MOST = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
_THERE = "is already exist"
_UNKNOWN = re.compile(r"Property (\w{1,64}) in \w+ module is invalid", re.ASCII)
_BEYOND = re.compile("[\U00010000-\U0010ffff]+")


class SuiteCrmWriter:
    """One SuiteCRM, as `writing.CrmWriter` wants it."""

    def __init__(
        self,
        calls: Calls,
        tokens: TokenStore,
        client: tuple[str, str],
        user: tuple[str, str] | None,
    ) -> None:
        """As `SuiteCrm` is made."""
        self._api = V8(calls, tokens, client, user)
        self._older = OlderApi(calls, tokens, *user) if user else None
        self._fields = Remembered(self._described)
        self._stages = Remembered(self._options)

    def person(
        self,
        *,
        contact_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
    ) -> Person | None:
        """The contact of that id, or with that address or number, the first made."""
        if contact_id:
            is_id = _ID.fullmatch(contact_id)
            found = self._contacts({"filter[id][eq]": contact_id}) if is_id else []
        elif email:
            found = self._contacts({"filter[email1][eq]": email})
        else:
            found = self._with_phone(entries.digits_of(phone or ""))
        if not found:
            return None
        return Person(found[0]["id"], text(found[0].get("account_id")))

    def account(self, name: str) -> str | None:
        """The id of the account of that name."""
        wanted = self._stored({"name": entries.plain(name)})["name"]
        found = self._list("Accounts", {"filter[name][eq]": wanted}, "name")
        return found[0]["id"] if found else None

    def open_deal(self, contact_id: str, since: str) -> str | None:
        """The newest deal of a contact that was made since then and is open."""
        path = f"{MODULE}/Contacts/{quote(contact_id, safe='')}/relationships"
        params = {
            "filter[date_entered][gte]": since.removesuffix("Z").replace("T", " "),
            "sort": "-date_entered",
            "page[size]": str(MOST),
        }
        deals = map(flat, self._get(f"{path}/opportunities", params)["data"])
        is_open = (one for one in deals if one["sales_stage"] not in entries.CLOSED)
        return next((one["id"] for one in is_open), None)

    def create_account(self, account_id: str, lead: Lead) -> None:
        """Make the account of the lead's company."""
        values = entries.account_of(lead, self._fields.of("Accounts"))
        self._create("Accounts", account_id, values)

    def create_contact(
        self, contact_id: str, lead: Lead, account_id: str | None
    ) -> None:
        """Make the contact that the lead tells of."""
        values = entries.contact_of(lead, account_id, self._fields.of("Contacts"))
        if lead.email:
            values["email1"] = lead.email
        self._create("Contacts", contact_id, values)

    def create_deal(self, deal_id: str, lead: Lead, person: Person) -> None:
        """Make the deal, linked to its contact and account. One that is there already
        is linked to the contact once more: what made it may have been cut off.
        """
        stage = entries.stage_of(lead.stage, self._stages.of("sales_stage"))
        fields = self._fields.of("Opportunities")
        today = datetime.now(UTC).date()
        values = entries.deal_of(lead, stage, person.is_new, fields, today)
        values["contact_id"] = person.contact_id
        if person.account_id:
            values["account_id"] = person.account_id
        if not self._create("Opportunities", deal_id, values):
            link = {"data": {"type": "Contacts", "id": person.contact_id}}
            path = f"{DEALS}/{quote(deal_id, safe='')}/relationships"
            # refused where somebody has deleted the deal, which is his business
            self._api.ask("POST", path, json=link, once=True)

    def note(self, note_id: str, deal_id: str, lead: Lead) -> None:
        """Make a note on a deal that says all that the lead does."""
        fields = self._fields.of("Notes")
        self._create("Notes", note_id, entries.note_of(lead, deal_id, fields))

    def deal_url(self, deal_id: str) -> str:
        """The deal's page in the CRM."""
        return self._api.link(deal_id)

    def _with_phone(self, digits: str | None) -> list[Row]:
        """Whose number has these digits in this order, whatever stands between them;
        with more digits between them it is another number.
        """
        if not digits:
            return []
        like = f"%{'%'.join(digits)}%"
        filters = {f"filter[{one}][like]": like for one in entries.PHONES}
        found = self._contacts({"filter[operator]": "or"} | filters)
        return [row for row in found if entries.has_phone(row, digits)]

    def _contacts(self, filters: Mapping[str, str]) -> list[Row]:
        fields = ("account_id", *entries.PHONES)
        return self._list("Contacts", filters, ",".join(fields))

    def _list(self, module: str, filters: Mapping[str, str], fields: str) -> list[Row]:
        params = {
            **filters,
            f"fields[{module}]": fields,
            "sort": "date_entered",
            "page[size]": str(MOST),
        }
        return [flat(one) for one in self._get(f"{MODULE}/{module}", params)["data"]]

    def _create(self, module: str, record_id: str, values: Values) -> bool:
        """Make a record; False where it is there already."""
        record = {"type": module, "id": record_id, "attributes": self._stored(values)}
        answer = self._api.ask("POST", MODULE, json={"data": record}, once=True)
        if answer.is_good:
            return True
        if _THERE in detail(answer):
            return False
        raise _refused(module, answer)

    def _stored(self, values: Values) -> Values:
        return {name: _BEYOND.sub("?", value) for name, value in values.items()}

    def _described(self, module: str) -> Fields:
        path = f"/Api/V8/meta/fields/{module}"
        return entries.fields_of(self._get(path, {})["data"]["attributes"])

    def _options(self, name: str) -> dict[str, str]:
        if not self._older:
            return {}
        options = self._older.fields().get(name, {}).get("options") or {}
        return {str(key): str(one["value"]) for key, one in dict(options).items()}

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        answer = self._api.ask("GET", path, params=params, once=True)
        return good(answer, path.removeprefix("/Api/V8/"))


def _refused(module: str, answer: Answer) -> Exception:
    """The error for a record that was not made. Only what V8 says of a field is the
    content's fault.
    """
    unknown = _UNKNOWN.search(detail(answer))
    if unknown:
        return ContentRefused(f"the CRM has no field {unknown[1]} in {module}")
    return refused(f"a record of {module}", answer)
