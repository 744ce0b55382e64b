"""SuiteCRM's API, V8 (JSON:API under `/Api`), as SuiteCRM 7.14.6 was seen to answer.

https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/. It logs in as a
user (password grant) or as an OAuth client alone (client_credentials grant).

How deals are walked, for what it lacks:

- **No second sort key, no OR.** A page is asked for by date alone, and only the whole
  minutes in it are taken: the last one may go on. A minute with more deals than a page
  is walked by id instead (`date_modified` within it, `id` above the last). No offset is
  ever used, so no row moves out of sight while we read. Which id comes after which the
  database alone decides.
- **Moments without seconds.** It writes them in the API user's own time format. That is
  why the unit of the walk is a minute, and why a bookmark's moment is one.
- **No deleted rows.** It filters by `deleted`, then answers 400 because it cannot load
  what it found, naming the first such id. That answer is all we need to list them.

What it cannot tell at all comes from the older interface (suitecrm_v4.py), which wants
a user's name and password. With client_credentials alone these remain different from
what the package sends:

- moments are to the minute, unless the API user's time format has seconds;
- of several contacts, the one that was made first is the client, whatever the roles;
- a stage's label is its key, and `about` knows no stages;
- the base currency and those no longer in use are not known;
- a user's name is written in the order of the API user's locale;
- of a deleted deal's moment a lower bound is known.

The rest is the same. A deal's address begins with SUGAR_URL, which should be the CRM's
own `site_url`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from receiver.sugarcrm import rows
from receiver.sugarcrm.around import Around, readable
from receiver.sugarcrm.calls import Answer, Calls, moment_of
from receiver.sugarcrm.pulling import Bookmark, Page, Pulled
from receiver.sugarcrm.rows import Row, Surroundings
from receiver.sugarcrm.session import TokenStore
from receiver.sugarcrm.suitecrm_v4 import Linked, OlderApi, quoted
from receiver.sugarcrm.suitecrm_v8_access import (
    DEALS,
    NOT_FOUND,
    V8,
    detail,
    flat,
    good,
)

ATTEMPTS = 3
BEGINNING = "1970-01-01T00:00:00Z"
WITHIN = "within the minute, up to "  # before the id of a bookmark within a minute


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the walk: from `start` up to `end`, not included; within a minute, the
    ids above `above` up to `upto`. Empty is without a bound.
    """

    start: str = ""
    end: str = ""
    above: str = ""
    upto: str = ""

    def filters(self) -> dict[str, str]:
        """As parameters of V8."""
        bounds = {
            "date_modified][gte": _stored(self.start),
            "date_modified][lt": _stored(self.end),
            "id][gt": self.above,
            "id][lte": self.upto,
        }
        return {f"filter[{key}]": value for key, value in bounds.items() if value}

    def sql(self) -> str:
        """As a condition of the older interface."""
        bounds = (
            ("date_modified >=", _stored(self.start)),
            ("date_modified <", _stored(self.end)),
            ("id >", self.above),
            ("id <=", self.upto),
        )
        return " AND ".join(
            f"opportunities.{one} {quoted([value])}" for one, value in bounds if value
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """What was found in a stretch: ids of live deals and deleted ones with moments."""

    stretch: Stretch
    live: list[Row]
    deleted: list[tuple[str, str]]


class SuiteCrm:
    """One SuiteCRM, as `pulling.Crm` wants it."""

    def __init__(
        self,
        calls: Calls,
        tokens: TokenStore,
        client: tuple[str, str],
        user: tuple[str, str] | None,
    ) -> None:
        """`client` is the OAuth client's id and secret, `user` a name and password."""
        self._calls = calls
        self._api = V8(calls, tokens, client, user)
        self._older = OlderApi(calls, tokens, *user) if user else None
        users = self._older.users if self._older else None
        self._around = Around(self._surroundings, users)

    def page(
        self,
        after: Bookmark | None,
        *,
        since: str | None = None,
        until: str | None = None,
        size: int = 100,
    ) -> Page:
        """Some deals, in order; see the top of this file for how."""
        fence = self._fence()
        bounds = Stretch(since or "", until or "")
        minute = _minute(after.modified) if after else ""
        if after and after.id.startswith(WITHIN):
            above = after.id.removeprefix(WITHIN)
            piece = self._within_minute(minute, above, bounds, size)
        else:
            # a bookmark that we did not make: the whole minute comes again
            bounds = replace(bounds, start=max(minute, bounds.start))
            piece = self._by_date(bounds, size, fence)
        pulled = self._read(piece)
        pulled.sort(key=lambda one: (one.modified, one.deal.id))
        return Page(pulled, fence, _following(piece.stretch, bounds))

    def deal(self, deal_id: str) -> tuple[Pulled | None, int]:
        """One deal, and the fence of the read; None where the CRM has no such row."""
        fence = self._fence()
        one = {"filter[id][eq]": deal_id}
        if self._older:
            found = self._older.deals([deal_id]).get(deal_id)
            return (self._whole(found) if found else None), fence
        live = self._rows(one, size=1)
        if live:
            return self._from_v8(live[0]), fence
        is_deleted = self._nth_deleted(one, 0) is not None
        return (rows.gone(deal_id, BEGINNING) if is_deleted else None), fence

    def about(self) -> dict[str, Any]:
        """What a ping of the package tells; see above for client_credentials."""
        around = self._around.now()
        described = self._older.fields() if self._older else {}
        options = _options(described.get("sales_stage", {}))
        version = self._older.version() if self._older else ""
        return {
            "version": f"SuiteCRM {version}".strip(),
            "stages": [{"key": k, "label": v} for k, v in options.items() if k],
            "fields": [
                {
                    "name": name,
                    "label": _labelled(described.get(name, {}), name),
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
        """How many deals there are; without the deleted ones where V8 is alone."""
        bounds = Stretch(since or "", until or "")
        if self._older:
            return self._older.count(bounds.sql())
        params = bounds.filters() | {"page[size]": "1", **_ONLY_DATE}
        body = self._get(DEALS, params)
        return int(body["meta"]["total-pages"]) if body["data"] else 0

    # --- the walk ---

    def _by_date(self, bounds: Stretch, size: int, fence: int) -> Piece:
        """Whole minutes from the start on, as many as a page holds."""
        live = self._rows(bounds.filters(), sort="date_modified", size=size)
        end = _minute(_modified(live[-1])) if len(live) == size else bounds.end
        first = _minute(bounds.start or BEGINNING)
        deleted: list[tuple[str, str]] = []
        if not end or first < end:
            whole = replace(bounds, end=end)
            end, deleted = self._deleted(whole, size, fence)
        live = [row for row in live if not end or _modified(row) < end]
        if end != bounds.end and not (live or deleted):
            # cut before anything came: that minute alone holds more than a page
            return self._within_minute(max(end, first), "", bounds, size)
        return Piece(replace(bounds, end=end), live, deleted)

    def _within_minute(
        self, minute: str, above: str, bounds: Stretch, size: int
    ) -> Piece:
        """Deals of one minute by id. How two ids compare the database alone knows, so
        the page ends at an id that it is asked to end at.
        """
        end = min(filter(None, (_next(minute), bounds.end)))
        stretch = Stretch(max(minute, bounds.start), end, above)
        live = self._rows(stretch.filters(), sort="id", size=size)
        if len(live) == size:
            stretch = replace(stretch, upto=live[-1]["id"])
        deleted = self._list_deleted(stretch, "id", size + 1)
        if len(deleted) > size:
            deleted = deleted[:size]
            stretch = replace(stretch, upto=deleted[-1][0])
            live = self._rows(stretch.filters(), sort="id", size=size)
        return Piece(stretch, live, deleted)

    def _deleted(
        self, stretch: Stretch, size: int, fence: int
    ) -> tuple[str, list[tuple[str, str]]]:
        """The deleted deals of a stretch, and where it must end to hold no more than
        `size` of them.
        """
        if self._older:
            found = self._list_deleted(stretch, "date_modified", size + 1)
            if len(found) <= size:
                return stretch.end, found
            end = _minute(found[-1][1])
            return end, [one for one in found if one[1] < end]
        end = stretch.end
        if self._nth_deleted(stretch.filters(), size) is not None:
            low = _minute(stretch.start or BEGINNING)
            high = end or _next(_minute(moment_of(fence)))
            while (middle := _between(low, high)) != low:
                shorter = replace(stretch, end=middle)
                many = self._nth_deleted(shorter.filters(), size) is not None
                low, high = (low, middle) if many else (middle, high)
            end = low
        return end, self._list_deleted(replace(stretch, end=end), "id", size)

    def _list_deleted(
        self, stretch: Stretch, order: str, most: int
    ) -> list[tuple[str, str]]:
        if self._older:
            return self._older.deleted(stretch.sql(), order, most)
        found: list[tuple[str, str]] = []
        while len(found) < most:
            one = self._nth_deleted(stretch.filters(), 0)
            if one is None:
                break
            found.append((one, stretch.start or BEGINNING))
            stretch = replace(stretch, above=one)
        return found

    def _nth_deleted(self, filters: Mapping[str, str], number: int) -> str | None:
        """The id of a deleted deal, counted from 0, in order of ids."""
        params = {
            **filters,
            **_ONLY_DATE,
            "filter[deleted][eq]": "1",
            "sort": "id",
            "page[size]": "1",
            "page[number]": str(number + 1),
        }
        answer = self._ask(DEALS, params)
        if answer.status == 400:
            said = NOT_FOUND.search(detail(answer))
            if said:
                return said[1]
        body = good(answer, "the deleted deals")
        return str(body["data"][0]["id"]) if body["data"] else None

    # --- reading what was found ---

    def _read(self, piece: Piece) -> list[Pulled]:
        gone = [rows.gone(*one) for one in piece.deleted]
        if not self._older:
            return [*readable(piece.live, self._from_v8, dict), *gone]
        ids = [row["id"] for row in piece.live]
        found = list(self._older.deals(ids).values()) if ids else []
        self._around.of(one.row for one in found)  # all users in one call
        return [*readable(found, self._whole, lambda one: one.row), *gone]

    def _whole(self, found: Linked) -> Pulled:
        """A deal from the older interface; it was perhaps deleted a moment ago."""
        assert self._older  # noqa: S101 - it came from there
        row = found.row
        if row["deleted"] == "1":
            return rows.gone(row["id"], rows.moment(row["date_modified"]) or BEGINNING)
        client = self._older.client(found)
        return rows.pulled(
            row, self._around.of([row]), self._api.link(row["id"]), client
        )

    def _from_v8(self, row: Row) -> Pulled:
        client = self._client_from_v8(row)
        return rows.pulled(row, self._around.now(), self._api.link(row["id"]), client)

    def _client_from_v8(self, row: Row) -> Row | None:
        path = f"{DEALS}/{quote(row['id'], safe='')}/relationships/contacts"
        contacts = [flat(one) for one in self._get(path, {})["data"]]
        if contacts:
            first = min(contacts, key=lambda one: (one["date_entered"], one["id"]))
            return first | {"email": first["email1"], "company": first["account_name"]}
        account = rows.text(row.get("account_id"))
        if account is None:
            return None
        params = {"filter[id][eq]": account}
        found = self._get("/Api/V8/module/Accounts", params)["data"]
        one = flat(found[0]) if found else None
        return one and one | {"email": one["email1"], "company": one["name"]}

    def _rows(
        self, filters: Mapping[str, str], *, sort: str = "id", size: int
    ) -> list[Row]:
        """Live deals. Where the older interface reads them, their ids are enough."""
        params = {**filters, "sort": sort, "page[size]": str(size)}
        if self._older:
            params |= _ONLY_DATE
        return [flat(one) for one in self._get_settled(params)["data"]]

    def _surroundings(self) -> Surroundings:
        path = "/Api/V8/meta/fields/Opportunities"
        fields = self._get(path, {})["data"]["attributes"]
        around = Surroundings(kinds=rows.stored_kinds(fields))
        if self._older:
            stages = self._older.fields().get("sales_stage", {})
            return replace(
                around,
                labels={"sales_stage": _options(stages)},
                base_currency=self._older.base_currency(),
                currencies=self._older.currencies(),
            )
        found = self._get("/Api/V8/module/Currencies", {})["data"]
        codes = {one["id"]: one["attributes"]["iso4217"] for one in found}
        return replace(around, currencies=codes)

    # --- asking ---

    def _fence(self) -> int:
        if not self._calls.knows_time:
            self._get("/Api/V8/current-user", {})
        return self._calls.fence()

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return good(self._ask(path, params), path.removeprefix("/Api/V8/"))

    def _get_settled(self, params: Mapping[str, str]) -> dict[str, Any]:
        """A page of live deals; one that was deleted while it was made spoils it."""
        for _ in range(ATTEMPTS):
            answer = self._ask(DEALS, params)
            if answer.status != 400 or not NOT_FOUND.search(detail(answer)):
                break
        return good(answer, "the deals")

    def _ask(self, path: str, params: Mapping[str, str]) -> Answer:
        return self._api.ask("GET", path, params=params)


_ONLY_DATE = {"fields[Opportunities]": "date_modified"}


def _options(described: Mapping[str, Any]) -> dict[str, str]:
    options = described.get("options") or {}
    return {str(key): str(one["value"]) for key, one in dict(options).items()}


def _labelled(described: Mapping[str, Any], name: str) -> str:
    label = str(described.get("label") or name)
    # a key that nobody put into words is no label
    return name if label.startswith("LBL_") else label.rstrip(": ")


def _following(stretch: Stretch, bounds: Stretch) -> Bookmark | None:
    """Where the walk goes on after a stretch; nowhere, at the end of it all."""
    if stretch.upto:
        return Bookmark(_minute(stretch.start), WITHIN + stretch.upto)
    if not stretch.end or (bounds.end and stretch.end >= bounds.end):
        return None
    return Bookmark(stretch.end, "")


def _modified(row: Row) -> str:
    return rows.moment(row.get("date_modified")) or BEGINNING


def _minute(moment: str) -> str:
    return f"{moment[:16]}:00Z"


def _next(minute: str) -> str:
    return _written(_parsed(minute) + timedelta(minutes=1))


def _between(low: str, high: str) -> str:
    """The minute halfway; `low` itself where there is none."""
    minutes = (_parsed(high) - _parsed(low)) / timedelta(minutes=1)
    return _written(_parsed(low) + timedelta(minutes=math.ceil(minutes) // 2))


def _parsed(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stored(moment: str) -> str:
    """A moment as the database writes it."""
    return moment.removesuffix("Z").replace("T", " ")
