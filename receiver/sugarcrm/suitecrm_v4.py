"""SuiteCRM's older interface, `service/v4_1/rest.php`, for what V8 cannot tell.

Seen in SuiteCRM 7.14.6. V8 writes moments without their seconds (it uses the API user's
own time format), answers 400 for a page that holds a deleted row, and has neither the
labels of dropdown lists, nor the base currency, nor a contact's role, nor when it was
linked. All of these are here:

- a list takes conditions in SQL, though no subquery, and shows moments as stored;
- `deleted: 1` means "deleted ones too", hence the condition beside it;
- related records can be asked for by a condition on the linking table, whose columns
  it does not show: roles and dates are found by asking.

It wants a user's name and password; there is no other way in.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from receiver.errors import UpstreamError
from receiver.sugarcrm.calls import Calls, refused
from receiver.sugarcrm.rows import Row, moment
from receiver.sugarcrm.session import Session, Token, TokenStore, lasting, name_of

PATH = "/service/v4_1/rest.php"
INVALID_SESSION = "11"
DECIDES = "Primary Decision Maker"
SESSION_SECONDS = (
    1200  # PHP forgets an idle session after 1,440 s unless told otherwise
)

CONTACT = (
    *("id", "first_name", "last_name", "phone_mobile", "phone_work", "phone_home"),
    *("phone_other", "birthdate", "email1", "account_name"),
)
ACCOUNT = ("id", "name", "phone_office", "phone_alternate", "email1")
# How long after a deal was made its contacts are mostly linked.
_GUESSES = (5, 3600, 86_400, 30 * 86_400)


@dataclass(frozen=True, slots=True)
class Linked:
    """A deal's row and the live contacts and accounts linked to it, in no order."""

    row: Row
    contacts: list[Row]
    accounts: list[Row]


class OlderApi:
    """One user's way into `service/v4_1`. Raises `UpstreamError`."""

    def __init__(
        self, calls: Calls, tokens: TokenStore, username: str, password: str
    ) -> None:
        self._calls = calls
        self._username, self._password = username, password
        name = name_of("suitecrm_v4", calls.url, username)
        self._session = Session(tokens, name, self._log_in)

    def deals(self, ids: Sequence[str]) -> dict[str, Linked]:
        """Deals by id, deleted ones included, as they are stored."""
        body = self._list(
            "Opportunities",
            f"opportunities.id IN ({quoted(ids)})",
            fields=(),
            links={"contacts": CONTACT, "accounts": ACCOUNT},
            most=len(ids),
        )
        # either as many lists as deals, or none where no deal has a link
        links = body.get("relationship_list") or []
        found = {}
        for number, entry in enumerate(body["entry_list"]):
            row = _row(entry["name_value_list"])
            lists = links[number]["link_list"] if number < len(links) else []
            by_name = {one["name"]: _linked(one["records"]) for one in lists}
            contacts, accounts = by_name.get("contacts", []), by_name.get("accounts")
            found[row["id"]] = Linked(row, contacts, accounts or [])
        return found

    def deleted(self, condition: str, order: str, most: int) -> list[tuple[str, str]]:
        """Id and moment of deleted deals that fit a condition, in an order."""
        query = " AND ".join(filter(None, ("opportunities.deleted = 1", condition)))
        fields = ("id", "date_modified")
        body = self._list("Opportunities", query, fields, order=order, most=most)
        rows = [_row(entry["name_value_list"]) for entry in body["entry_list"]]
        return [(row["id"], moment(row["date_modified"]) or "") for row in rows]

    def count(self, condition: str) -> int:
        """How many deals fit a condition, deleted ones included."""
        arguments = {"module_name": "Opportunities", "query": condition, "deleted": "1"}
        return int(self._call("get_entries_count", arguments)["result_count"])

    def client(self, deal: Linked) -> Row | None:
        """The deciding contact, else the contact linked first, else the account."""
        found = self._first(deal, "contacts", "opportunities_contacts", deal.contacts)
        if found:
            return found | {"email": found["email1"], "company": found["account_name"]}
        found = self._first(deal, "accounts", "accounts_opportunities", deal.accounts)
        if found:
            return found | {"email": found["email1"], "company": found["name"]}
        return None

    def users(self, ids: Iterable[str]) -> list[Row]:
        """Users by id, those who left included."""
        query = f"users.id IN ({quoted(ids)})"
        body = self._list("Users", query, ("id", "first_name", "last_name"), most=1000)
        return [_row(entry["name_value_list"]) for entry in body["entry_list"]]

    def currencies(self) -> dict[str, str]:
        """ISO codes by id, of currencies that are no longer in use too."""
        body = self._list("Currencies", "", ("id", "iso4217"), most=1000)
        rows = [_row(entry["name_value_list"]) for entry in body["entry_list"]]
        return {row["id"]: row["iso4217"] for row in rows}

    def base_currency(self) -> str | None:
        """The ISO code of the base currency."""
        arguments = {
            "module_name": "Currencies",
            "id": "-99",
            "select_fields": ["id", "iso4217"],
            "link_name_to_fields_array": [],
            "track_view": False,
        }
        entries = self._call("get_entry", arguments)["entry_list"]
        return _row(entries[0]["name_value_list"]).get("iso4217") if entries else None

    def fields(self) -> dict[str, dict[str, Any]]:
        """The deal's fields: each with its label, and the options of a dropdown list,
        in the default language of the CRM.
        """
        arguments = {"module_name": "Opportunities", "fields": []}
        fields = self._call("get_module_fields", arguments)["module_fields"]
        return {str(name): one for name, one in fields.items()}

    def version(self) -> str:
        """SuiteCRM's own version."""
        answer = self._ask("get_server_info", {})
        return str(answer.get("suitecrm_version") or answer.get("version") or "")

    def _first(
        self, deal: Linked, link: str, table: str, rows: Sequence[Row]
    ) -> Row | None:
        """The one that the package takes: by role, date of the link, and id."""
        by_id = {row["id"]: row for row in rows}
        if len(by_id) < 2:
            return next(iter(by_id.values()), None)
        role = ""
        if link == "contacts":
            role = f"{table}.contact_role = {quoted([DECIDES])}"
            deciding = self._related(deal.row["id"], link, role)
            role = role if deciding else ""
            by_id = {one: by_id[one] for one in deciding if one in by_id} or by_id
        if len(by_id) == 1:
            return next(iter(by_id.values()))
        first = self._earliest(deal.row, link, table, role)
        return by_id[min(first & set(by_id) or by_id)]

    def _earliest(self, row: Row, link: str, table: str, role: str) -> set[str]:
        """Ids of those linked first: more than one only within the same second.

        Half the time that is left is asked about each time, beginning around the deal's
        own date, where most links are made.
        """
        low = datetime(1970, 1, 1)
        high = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=2)
        entered = datetime.fromisoformat(row["date_entered"] or str(low))
        guesses = [entered + timedelta(seconds=seconds) for seconds in _GUESSES]
        linked: set[str] = set()
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            middle = next((one for one in guesses if low < one < high), middle)
            date = f"{table}.date_modified"
            earlier = f"({date} < '{middle}' OR {date} IS NULL)"
            condition = " AND ".join(filter(None, (role, earlier)))
            found = self._related(row["id"], link, condition)
            if len(found) == 1:
                return found
            low, high = (low, middle) if found else (middle, high)
            linked = found or linked
        return linked

    def _related(self, deal_id: str, link: str, condition: str) -> set[str]:
        arguments = {
            "module_name": "Opportunities",
            "module_id": deal_id,
            "link_field_name": link,
            "related_module_query": condition,
            "related_fields": ["id"],
            "related_module_link_name_to_fields_array": [],
            "deleted": 0,
            "order_by": "",
            "offset": 0,
            "limit": 1000,
        }
        entries = self._call("get_relationships", arguments)["entry_list"]
        return {entry["id"] for entry in entries}

    def _list(
        self,
        module: str,
        query: str,
        fields: Sequence[str],
        *,
        links: Mapping[str, Sequence[str]] | None = None,
        order: str = "",
        most: int,
    ) -> dict[str, Any]:
        wanted = [{"name": k, "value": v} for k, v in (links or {}).items()]
        arguments = {
            "module_name": module,
            "query": query,
            "order_by": order,
            "offset": 0,
            "select_fields": fields,
            "link_name_to_fields_array": wanted,
            "max_results": most,
            "deleted": 1,
            "favorites": False,
        }
        return self._call("get_entry_list", arguments)

    def _call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        access = self._session.access()
        body = self._ask(method, {"session": access} | arguments)
        if body.get("number") == INVALID_SESSION:
            access = self._session.renew(access)
            body = self._ask(method, {"session": access} | arguments)
        if "number" in body:
            number = str(body["number"])[:10]
            message = f"the CRM refuses {method} of service/v4_1 (error {number})"
            raise UpstreamError(message, permanent=number != INVALID_SESSION)
        return body

    def _ask(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The order of the arguments counts: theirs have no names on the other side."""
        form = {
            "method": method,
            "input_type": "JSON",
            "response_type": "JSON",
            "rest_data": json.dumps(arguments),
        }
        answer = self._calls.send("POST", PATH, data=form)
        if not answer.is_good or not isinstance(answer.body, dict):
            raise refused(f"{method} of service/v4_1", answer)
        return answer.body

    def _log_in(self, before: Token | None) -> Token:
        """Their protocol wants the password's MD5, which they compare to a hash of it.

        Without a language the session speaks the CRM's default one.
        """
        digest = hashlib.md5(self._password.encode(), usedforsecurity=False)
        user = {"user_name": self._username, "password": digest.hexdigest()}
        arguments = {
            "user_auth": user,
            "application_name": "sugar-roistat",
            "name_value_list": [],
        }
        body = self._ask("login", arguments)
        if not isinstance(body.get("id"), str):
            raise UpstreamError(
                "the CRM refuses the login to service/v4_1: look at SUGAR_USERNAME and "
                "SUGAR_PASSWORD",
                permanent=True,
            )
        return Token(body["id"], lasting(SESSION_SECONDS))


def quoted(values: Iterable[str]) -> str:
    """Values as SQL, with commas between them."""
    escaped = (one.replace("\\", "\\\\").replace("'", "''") for one in values)
    return ", ".join(f"'{one}'" for one in escaped)


def _row(values: Any) -> Row:
    """Their lists of names and values as a row."""
    return {str(name): one["value"] for name, one in dict(values).items()}


def _linked(records: Iterable[dict[str, Any]]) -> list[Row]:
    return [_row(record["link_value"]) for record in records]
