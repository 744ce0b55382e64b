"""SugarCRM's REST API, v11, from the vendor's documents.

https://support.sugarcrm.com/documentation/sugar_developer/, "Web Services", "REST API".
Not tried on a licensed instance; the emulator beside it is made from the same pages.

- **Nobody is logged out.** SugarCRM keeps one session per user and platform; ours is
  SUGAR_PLATFORM, which an administrator registers under Admin > API Platforms (our
  package does it). One login serves all workers (session.py).
- **The walk** is one filter on (date_modified, id), in the order of both. No offset is
  needed but for one thing:
- **A deleted deal has no date.** With `deleted` the list holds deleted rows, of which
  an answer says nothing but the id. Their place in the order is all that is known: they
  are given the moment of the row before, and a page ends with a row that has one. Where
  a whole page has none, the next ones are read too.

What remains different from what the package sends:

- of several contacts with the same claim, the one that was made first is the client,
  not the one that was linked first: the API does not show when that was;
- labels are in the language of the API's user, who should have the CRM's default one;
- currencies no longer in use are not known.

A deal's address begins with SUGAR_URL, which should be the CRM's own `site_url`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from receiver.errors import UpstreamError
from receiver.sugarcrm import rows
from receiver.sugarcrm.around import Around, readable
from receiver.sugarcrm.calls import Answer, Calls, refused
from receiver.sugarcrm.pulling import Bookmark, Page, Pulled
from receiver.sugarcrm.rest_v11_access import DEALS, V11, good
from receiver.sugarcrm.rows import Row, Surroundings
from receiver.sugarcrm.session import TokenStore

BULK = 25  # requests in one
MOST_LINKED = 100
DECIDES = "Primary Decision Maker"
CONTACT = (
    *("id", "first_name", "last_name", "phone_mobile", "phone_work", "phone_home"),
    *("phone_other", "birthdate", "email", "account_name", "date_entered"),
    "opportunity_role",
)
# The contacts of each deal within the list of deals.
NESTED = json.dumps({"name": "contacts", "fields": CONTACT, "max_num": MOST_LINKED})
ACCOUNT = ("id", "name", "phone_office", "phone_alternate", "email")
BEGINNING = "1970-01-01T00:00:00Z"

Filter = list[dict[str, Any]]


class SugarCrm:
    """One SugarCRM, as `pulling.Crm` wants it."""

    def __init__(
        self,
        calls: Calls,
        tokens: TokenStore,
        client: tuple[str, str],
        user: tuple[str, str],
        platform: str,
    ) -> None:
        """`client` is the OAuth key and its secret, `user` a name and password."""
        self._calls = calls
        self._api = V11(calls, tokens, client, user, platform)
        self._around = Around(self._surroundings, self._users)

    def page(
        self,
        after: Bookmark | None,
        *,
        since: str | None = None,
        until: str | None = None,
        size: int = 100,
    ) -> Page:
        """Some deals, in order."""
        fence = self._fence()
        wanted = [*_following(after), *_between(since, until)]
        found, is_last = self._rows_with_an_end(wanted, size)
        before = max(after.modified if after else "", since or "") or BEGINNING
        deals = self._read(found, before)
        if is_last:
            return Page(deals, fence, None)
        last = found[-1]
        bookmark = Bookmark(rows.moment(last["date_modified"]) or "", last["id"])
        return Page(deals, fence, bookmark)

    def deal(self, deal_id: str) -> tuple[Pulled | None, int]:
        """One deal, and the fence of the read; None where the CRM has no such row."""
        fence = self._fence()
        found, _ = self._page([{"id": deal_id}], 1, 0)
        return (self._read(found, BEGINNING)[0] if found else None), fence

    def about(self) -> dict[str, Any]:
        """What a ping of the package tells."""
        around = self._around.now()
        server = self._get("/metadata?type_filter=server_info")["server_info"]
        options = self._get(f"{DEALS}/enum/{around.pipeline}")
        fields = self._fields()
        words = self._words()
        return {
            "version": f"SugarCRM {server.get('version', '')}".strip(),
            "stages": [{"key": k, "label": str(v)} for k, v in options.items() if k],
            "fields": [
                {
                    "name": name,
                    "label": words.get(fields[name].get("vname"), name).rstrip(": "),
                    "type": kind,
                }
                for name, kind in around.kinds.items()
                if kind not in rows.PRIVATE
            ],
            "pipeline": around.pipeline,
            "base_currency": around.base_currency,
        }

    def count(
        self, *, since: str | None = None, until: str | None = None
    ) -> int | None:
        """How many deals there are; None where the CRM does not say."""
        body = {"filter": _between(since, until), "deleted": True}
        answer = self._ask("POST", f"{DEALS}/filter/count", body)
        if answer.status == 404:
            return None
        return int(good(answer, "the number of deals")["record_count"])

    # --- the walk ---

    def _rows_with_an_end(self, wanted: Filter, size: int) -> tuple[list[Row], bool]:
        """A page that ends with a row whose date is known, or with the last row."""
        found: list[Row] = []
        offset = 0
        while True:
            some, following = self._page(wanted, size, offset)
            found += some
            if following < 0:
                return found, True
            dated = [i for i, row in enumerate(found) if row.get("date_modified")]
            if dated:
                return found[: dated[-1] + 1], False
            if following <= offset:
                raise UpstreamError("the CRM's pages do not go on")
            offset = following

    def _page(self, wanted: Filter, size: int, offset: int) -> tuple[list[Row], int]:
        stored = [
            name
            for name, kind in self._around.now().kinds.items()
            if kind not in rows.PRIVATE
        ]
        body = {
            "filter": wanted,
            "fields": ",".join([*stored, "account_id", "assigned_user_name", NESTED]),
            "max_num": size,
            "offset": offset,
            "order_by": "date_modified:ASC,id:ASC",
            "deleted": True,
        }
        return _page(self._post(f"{DEALS}/filter", body))

    def _read(self, found: Sequence[Row], before: str) -> list[Pulled]:
        live = [row for row in found if row.get("deleted") is not True]
        clients = self._clients(live)
        around = self._around.of(live)

        def read(row: Row) -> Pulled:
            nonlocal before
            before = rows.moment(row.get("date_modified")) or before
            if row.get("deleted") is True:
                return rows.gone(row["id"], before)
            client = clients.get(row["id"])
            return rows.pulled(row, around, self._api.link(row["id"]), client)

        return readable(found, read, dict)

    # --- clients ---

    def _clients(self, deals: Sequence[Row]) -> dict[str, Row]:
        """The client of each deal: the deciding contact, else the first, else the
        account.
        """
        contacts = {row["id"]: _nested(row) for row in deals}
        apart = [deal_id for deal_id, linked in contacts.items() if linked is None]
        contacts |= self._contacts(apart)
        clients: dict[str, Row] = {}
        for deal_id, linked in contacts.items():
            if first := _first(linked or ()):
                company = {"company": first.get("account_name")}
                clients[deal_id] = _with_email(first) | company
        others = [row for row in deals if row["id"] not in clients]
        ids = sorted(
            {str(row["account_id"]) for row in others if row.get("account_id")}
        )
        accounts = self._by_id("/Accounts", ids, ACCOUNT)
        for row in others:
            account = accounts.get(str(row.get("account_id")))
            if account:
                named = _with_email(account) | {"company": account.get("name")}
                clients[row["id"]] = named
        return clients

    def _contacts(self, ids: Sequence[str]) -> dict[str, list[Row]]:
        """The live contacts of each deal, many deals in one request."""
        linked: dict[str, list[Row]] = {}
        for start in range(0, len(ids), BULK):
            some = ids[start : start + BULK]
            wanted = [
                {"url": f"v11{_contacts_of(one, 0)}", "method": "GET"} for one in some
            ]
            answers = self._bulk(wanted)
            for deal_id, answer in zip(some, answers, strict=True):
                linked[deal_id] = self._all_contacts(deal_id, answer)
        return linked

    def _bulk(self, wanted: Sequence[dict[str, str]]) -> list[Answer]:
        answer = self._ask("POST", "/bulk", {"requests": wanted})
        body = answer.body
        if not answer.is_good or not isinstance(body, list) or len(body) != len(wanted):
            raise refused("several requests in one", answer)
        return [Answer(int(one["status"]), one["contents"]) for one in body]

    def _all_contacts(self, deal_id: str, answer: Answer) -> list[Row]:
        if answer.status == 404:
            return []  # the deal was deleted a moment ago
        found, following = _page(good(answer, "contacts of a deal"))
        while following > 0:
            more, following = _page(self._get(_contacts_of(deal_id, following)))
            found += more
        return [row for row in found if row.get("deleted") is not True]

    # --- surroundings ---

    def _surroundings(self) -> Surroundings:
        settings = self._get(f"{DEALS}/config")
        by_lines = settings.get("opps_view_by") == "RevenueLineItems"
        money = self._get("/metadata?type_filter=currencies")["currencies"]
        codes = {
            name: str(one["iso4217"])
            for name, one in money.items()
            if isinstance(one, dict) and one.get("iso4217")
        }
        kinds = rows.stored_kinds(self._fields())
        labels: dict[str, dict[str, str]] = {
            str(name): {key: str(label) for key, label in options.items()}
            for name in ("sales_stage", "sales_status")
            if name in kinds
            for options in [self._get(f"{DEALS}/enum/{name}")]
        }
        return Surroundings(
            kinds=kinds,
            pipeline="sales_status" if by_lines else "sales_stage",
            labels=labels,
            base_currency=codes.get(rows.BASE_CURRENCY),
            currencies=codes,
        )

    def _fields(self) -> dict[str, Any]:
        path = "/metadata?type_filter=modules&module_filter=Opportunities"
        fields = self._get(path)["modules"]["Opportunities"]["fields"]
        return {name: one for name, one in fields.items() if isinstance(one, dict)}

    def _words(self) -> dict[Any, str]:
        """The deal's labels in the CRM's default language, where they can be had."""
        labels = self._get("/metadata?type_filter=labels").get("labels", {})
        language = quote(str(labels.get("default", "en_us")), safe="")
        answer = self._ask("GET", f"/lang/{language}")
        if not answer.is_good or not isinstance(answer.body, dict):
            return {}
        words = answer.body.get("mod_strings", {}).get("Opportunities", {})
        return {key: text for key, text in words.items() if isinstance(text, str)}

    def _users(self, ids: Sequence[str]) -> list[Row]:
        found = self._by_id("/Users", ids, ("id", "first_name", "last_name"))
        return list(found.values())

    def _by_id(
        self, module: str, ids: Sequence[str], fields: Iterable[str]
    ) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for start in range(0, len(ids), MOST_LINKED):
            some = ids[start : start + MOST_LINKED]
            body = {
                "filter": [{"id": {"$in": some}}],
                "fields": ",".join(fields),
                "max_num": len(some),
            }
            page, _ = _page(self._post(f"{module}/filter", body))
            found |= {row["id"]: row for row in page}
        return found

    # --- asking ---

    def _fence(self) -> int:
        if not self._calls.knows_time:
            self._ask("GET", "/ping")
        return self._calls.fence()

    def _get(self, path: str) -> dict[str, Any]:
        return good(self._ask("GET", path), path.partition("?")[0])

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return good(self._ask("POST", path, body), path)

    def _ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self._api.ask(method, path, body)


def _page(body: Mapping[str, Any]) -> tuple[list[Row], int]:
    return list(body["records"]), int(body["next_offset"])


def _following(after: Bookmark | None) -> Filter:
    """What comes after a bookmark. A moment is compared by bounds: an `$equals` of it
    is nowhere promised to mean the second.
    """
    if after is None:
        return []
    moment = _asked(after.modified)
    if not after.id:
        return [{"date_modified": {"$gte": moment}}]
    same = [
        {"date_modified": {"$gte": moment}},
        {"date_modified": {"$lte": moment}},
        {"id": {"$gt": after.id}},
    ]
    return [{"$or": [{"date_modified": {"$gt": moment}}, {"$and": same}]}]


def _between(since: str | None, until: str | None) -> Filter:
    bounds = (("$gte", since), ("$lt", until))
    return [{"date_modified": {op: _asked(at)}} for op, at in bounds if at]


def _asked(moment: str) -> str:
    """A moment as the API itself writes it."""
    return moment.removesuffix("Z") + "+00:00"


def _contacts_of(deal_id: str, offset: int) -> str:
    query = {"fields": ",".join(CONTACT), "max_num": MOST_LINKED, "offset": offset}
    return f"{DEALS}/{quote(deal_id, safe='')}/link/contacts?{urlencode(query)}"


def _nested(row: Row) -> list[Row] | None:
    """The contacts that came with a deal; None where they did not, or not all. The
    documents show a bare list, the answers of today say whether there are more.
    """
    found = row.get("contacts")
    if isinstance(found, dict):
        more = str(found.get("next_offset", "-1")) not in ("-1", "0")
        found = None if more else found.get("records")
    if not isinstance(found, list):
        return None
    return [one for one in found if one.get("deleted") is not True]


def _first(contacts: Sequence[Row]) -> Row | None:
    deciding = [one for one in contacts if one.get("opportunity_role") == DECIDES]
    return min(deciding or contacts, key=_made, default=None)


def _made(row: Row) -> tuple[str, str]:
    return rows.moment(row.get("date_entered")) or "", row["id"]


def _with_email(row: Row) -> Row:
    """The primary address, else the first."""
    addresses = row.get("email")
    if not isinstance(addresses, list):
        return row
    primary = [one for one in addresses if one.get("primary_address")]
    first: Row = next(iter(primary or addresses), {})
    return row | {"email": first.get("email_address")}
