"""Roistat's API, one thin method for each call.

https://help-en.roistat.com/API/methods/about, .../orders and .../clients. What becomes
of each error that is documented there stands in docs/roistat-coverage.md.
"""

import copy
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote

from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.http_client import HttpClient
from receiver.plain import plain
from receiver.roistat.answers import (
    COUNTERS,
    OLD_COUNTERS,
    CampaignContact,
    ClientRow,
    FeedEntry,
    Order,
    OrderInfo,
    Project,
)
from receiver.roistat.budget import Budget, Kind, ListQuota
from receiver.roistat.filters import Filters, sendable
from receiver.roistat.schemas import as_bytes
from receiver.roistat.statuses import Status

# What the request itself has wrong, so that sending it again cannot help. The rest is
# Roistat's trouble (`internal_error`, `request_limit_error`) or the account's
# (`authentication_failed`, `project_frozen`), and passes without the deal changing.
PERMANENT = frozenset(
    {
        "incorrect_request",
        "integration_error",
        "request_data_validation_error",
        "resource_already_exists",
        "http_400",
        "http_413",
        "http_422",
    }
)

PAGE = 1000  # rows; up to 5,000 have been seen to come back whole
PATIENCE = 90.0  # seconds: longer than the quotas of order/list make anybody wait
THROTTLED = 0.1  # seconds: how long to wait then is the budget's to say
DECIMALS = 6  # of money, as deals have it

# What came of a call, beside Roistat's own words for its refusals
WENT_WELL, NO_ANSWER, NOT_REACHED = "ok", "no_answer", "not_reached"

# Is told of every call that was made: its path, and what came of it.
Tell = Callable[[str, str], None]


class RoistatClient:
    """One project in Roistat.

    Every method raises `RoistatError` where Roistat refuses, `UpstreamError` where no
    answer came, and `BudgetExhausted` before a call that our budget does not allow.
    Money is in the project's currency; its floating-point noise is gone. Moments are
    text, `2016-06-19T00:32:12+0000`, in UTC.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        project: str,
        budget: Budget,
        tell: Tell = lambda path, result: None,
    ) -> None:
        self._tell = tell
        self._url = url.rstrip("/")
        self._params = {"project": project}
        self._budget = budget
        self._kind: Kind = "live"
        headers = {
            "Api-key": api_key,
            "Accept": "application/json",
            "Content-Type": "application/json",
            # without it every failure comes as a 200
            "Use-Http-Code": "1",
        }
        self._http = HttpClient("Roistat", headers)

    def drawing(self, kind: Kind) -> Self:
        """The same client, its calls drawn from the budget as of another kind."""
        other = copy.copy(self)
        other._kind = kind
        return other

    def wait(self) -> float | None:
        """Seconds until the budget allows the next call; None where it does now."""
        return self._budget.wait(self._kind)

    # --- orders: https://help-en.roistat.com/API/methods/orders ---

    def add_orders(self, orders: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Create or update orders by id (`POST /project/add-orders`).

        `date_create` is UNIX seconds or `YYYY-MM-DD HH:MM`, `price` and `cost` decimal
        text, each of `fields` at most 1,000 characters; 100 a call is what everybody
        does, no limit is published. One wrong value refuses the whole call.

        Gives Roistat's counters of what it did: all that are documented, 0 where the
        answer lacks one, and any that it adds.
        """
        answer = self._call("POST", "/project/add-orders", orders)
        return _counters(answer)

    def list_orders(
        self,
        filters: Filters = (),
        *,
        limit: int = 100,
        offset: int = 0,
        visits: bool = False,
    ) -> list[Order]:
        """One page of orders, newest first (`POST /project/integration/order/list`).

        `filters` are triples of field, operator (`<`, `<=`, `=`, `!=`, `>`, `>=`, `in`,
        `null`, `like`) and value, all of which must hold, or a tree of `and` and `or`.
        The field `status` knows groups only: 0 in work, 1 paid, 2 cancelled. Visits and
        extra fields cannot be filtered by. `offset` counts rows. `visits` asks for each
        order's visit. `revenue` and `cost` are money, 0 where there is none.

        20 calls a minute; with visits 10, for more than 100 rows 5, for more than 1,000
        one.
        """
        body: dict[str, Any] = {"limit": limit, "offset": offset}
        if tree := sendable(filters):
            body["filters"] = tree
        if visits:
            body["extend"] = ["visit"]
        path = "/project/integration/order/list"
        answer = self._call("POST", path, body, quota=ListQuota(visits, limit))
        rows: list[Order] = _rows(answer, "data")
        return rows

    def walk_orders(
        self, filters: Filters = (), *, page: int = PAGE, visits: bool = False
    ) -> Iterator[Order]:
        """Every order that was there when the walk began and still is, each once.

        Rows move while we page: down where an order is added, so that some come twice;
        up where one is deleted, so that some would be missed. Hence each page begins
        with the last rows of the one before; where none of them is there, we step back.

        Waits where the quotas of the list ask for it; raises `BudgetExhausted` where
        the wait would be longer than a minute and a half.
        """
        page = max(page, 2)
        seen: set[str] = set()
        overlap, offset = min(10, page // 2), 0
        while True:
            rows = self._patiently(filters, limit=page, offset=offset, visits=visits)
            if offset and not (rows and rows[0]["id"] in seen):
                offset = max(0, offset - page)
                continue
            for row in rows:
                if row["id"] not in seen:
                    seen.add(row["id"])
                    yield row
            if len(rows) < page:
                return
            offset += page - overlap

    def _patiently(self, filters: Filters, **options: Any) -> list[Order]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.list_orders(filters, **options)
            except BudgetExhausted as error:
                wait = error.wait
                if time.monotonic() + wait > deadline:
                    raise
            except RoistatError as error:
                wait = THROTTLED
                if error.code != "request_limit_error":
                    raise
            time.sleep(wait)

    def order_info(self, order_id: str) -> OrderInfo:
        """All about one order: its visits, its products, when it was paid; refused with
        `resource_not_found` where there is no such order
        (`GET /project/orders/{orderId}/info`).
        """
        path = "/project/orders/{orderId}/info"
        answer = self._call("GET", path, order_id=order_id)
        return {
            "order": answer.get("order", {}),
            "visits": answer.get("visits") or [],
            "products": answer.get("products") or [],
        }

    def external_url(self, order_id: str) -> str:
        """The order's address in the CRM, empty where Roistat knows none; refused with
        `resource_not_found` where there is no such order
        (`GET /project/orders/{orderId}/external-url`).
        """
        path = "/project/orders/{orderId}/external-url"
        answer = self._call("GET", path, order_id=order_id)
        return str(answer.get("externalUrl") or "")

    def statuses(self) -> list[Status]:
        """The status dictionary as it stands: `id`, `name` and `type`, which is the
        group: unused, progress, paid or canceled
        (`POST /project/integration/status/list`).
        """
        answer = self._call("POST", "/project/integration/status/list")
        return [
            {key: _text(status.get(key)) for key in ("id", "name", "type")}
            for status in answer.get("data") or []
        ]

    def set_statuses(self, statuses: list[Status]) -> None:
        """Replace the whole status dictionary: whatever is left out is gone
        (`POST /project/set-statuses`).
        """
        self._call("POST", "/project/set-statuses", statuses)

    def order_custom_fields(self) -> list[str]:
        """The labels of all extra fields that orders have
        (`POST /project/analytics/order-custom-fields`).
        """
        answer = self._call("POST", "/project/analytics/order-custom-fields")
        fields = answer.get("fields") or []
        # "object" says the table, an array shows the example
        return [str(one) for one in (fields if isinstance(fields, list) else [*fields])]

    def update_status(self, order_id: str, status_id: str) -> None:
        """Give one order another status; refused with `integration_error` but in
        projects integrated by API or with goals
        (`POST /project/integration/order/{orderId}/status/update`).
        """
        path = "/project/integration/order/{orderId}/status/update"
        self._call("POST", path, {"status_id": status_id}, order_id=order_id)

    def delete_order(self, order_id: str) -> None:
        """Delete one order; refused with `integration_error` but in projects integrated
        by API, and with `resource_not_found` where there is no such order
        (`POST /project/integration/order/{orderId}/delete`).
        """
        path = "/project/integration/order/{orderId}/delete"
        self._call("POST", path, order_id=order_id)

    # --- clients: https://help-en.roistat.com/API/methods/clients ---

    def import_clients(self, clients: Sequence[Mapping[str, Any]]) -> None:
        """Create or update clients by id; the answer says no more than success
        (`POST /project/clients/import`).

        `id` and `name` are required, `phone` is digits with the country's code,
        `birth_date` is `YYYY-MM-DD`. One wrong value refuses the whole call.
        """
        self._call("POST", "/project/clients/import", clients)

    def list_clients(
        self, filters: Filters = (), *, limit: int = 100, offset: int = 0
    ) -> list[ClientRow]:
        """One page of clients: `id` is Roistat's own number, `external_id` the CRM's id
        (`POST /project/clients`).

        Without Client Management in the project: `option_not_enabled`.
        """
        body: dict[str, Any] = {"limit": limit, "offset": offset}
        if tree := sendable(filters):
            body["filters"] = tree
        answer = self._call("POST", "/project/clients", body)
        rows: list[ClientRow] = _rows(answer, "clients")
        return rows

    def client_feed(self, client: int | str) -> list[FeedEntry]:
        """What happened to one client, named by Roistat's own number: visits, orders
        and their changes, calls, events; refused with `resource_not_found` where there
        is no such client (`GET /project/clients/detail/feed`).
        """
        path = "/project/clients/detail/feed"
        answer = self._call("GET", path, client=str(client))
        entries: list[FeedEntry] = _rows(answer, "feed")
        return entries

    def campaign_contacts(
        self, metric_ids: Sequence[str], campaign_ids: Sequence[int]
    ) -> list[CampaignContact]:
        """The e-mail addresses that mails of some campaigns were `sent` or `delivered`
        to, or that `opened`, `click`ed, `unsubscribe`d or called them `spam`, with how
        often (`POST /project/clients/campaign/contact/list`).
        """
        body = {"metric_ids": list(metric_ids), "campaign_ids": list(campaign_ids)}
        path = "/project/clients/campaign/contact/list"
        contacts: list[CampaignContact] = _rows(self._call("POST", path, body), "data")
        return contacts

    # --- https://help-en.roistat.com/API/methods/about ---

    def projects(self) -> list[Project]:
        """The projects that the key opens, each with its currency: the cheapest proof
        that a key is right (`GET /user/projects`).
        """
        rows: list[Project] = _rows(self._call("GET", "/user/projects"), "projects")
        return rows

    def _call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        quota: ListQuota | None = None,
        order_id: str | None = None,
        **params: str,
    ) -> dict[str, Any]:
        # the one place where Roistat is called
        named = "" if order_id is None else _part(order_id)
        url = self._url + path.replace("{orderId}", named)
        data = None if body is None else as_bytes(body)
        options = {"params": self._params | params, "data": data}
        with self._budget.calling(self._kind, quota), self._telling(path):
            answer = self._http.request(method, url, **options)
            return _success(answer.status_code, _parse(answer))

    @contextmanager
    def _telling(self, path: str) -> Iterator[None]:
        try:
            yield
        except UpstreamError as error:
            self._tell(path, _result(error))
            raise
        self._tell(path, WENT_WELL)


def _result(error: UpstreamError) -> str:
    """What came of a failed call, in one word that nothing of a deal can be part of."""
    if not isinstance(error, RoistatError):
        return NO_ANSWER if error.sent else NOT_REACHED
    return error.code if re.fullmatch("[a-z0-9_]{1,40}", error.code) else "other"


def _part(order_id: str) -> str:
    """An id as one part of a path, whatever is in it.

    A dot or two cannot be escaped: every server on the way reads them as directions.
    """
    if order_id in ("", ".", ".."):
        message = "an order with such an id has no address"
        raise RoistatError("incorrect_request", message, permanent=True)
    return quote(order_id, safe="")


def _parse(answer: Any) -> Any:
    try:
        return json.loads(answer.content, parse_float=_without_noise)
    except (ValueError, RecursionError):
        return None


def _without_noise(number: str) -> float:
    return round(float(number), DECIMALS)


def _success(status: int, body: Any) -> dict[str, Any]:
    """The body of a success. An error is an error under any HTTP status, even 200."""
    if isinstance(body, dict) and body.get("status") == "error":
        code = plain(str(body.get("error") or "unknown_error")[:100])
        raise RoistatError(code, _described(body), permanent=code in PERMANENT)
    if not 200 <= status < 300:
        code = f"http_{status}"
        raise RoistatError(code, permanent=code in PERMANENT)
    if not isinstance(body, dict) or body.get("status") != "success":
        message = "neither success nor error"
        raise RoistatError("unreadable_answer", message, permanent=False, sent=True)
    return body


def _described(body: dict[str, Any]) -> str:
    """Roistat's words, and the paid feature that it misses, if it names one."""
    details = body.get("details")
    option = details.get("option") if isinstance(details, dict) else None
    text = str(body.get("description") or "")[:300]
    return plain(f"{text} ({str(option)[:100]})" if option else text)


def _counters(answer: dict[str, Any]) -> dict[str, int]:
    counters = dict.fromkeys(COUNTERS, 0)
    for key, value in answer.items():
        if isinstance(value, int) and not isinstance(value, bool):
            name = OLD_COUNTERS.get(key, key)
            counters[name] = max(counters.get(name, 0), value)
    return counters


def _rows(answer: dict[str, Any], key: str) -> Any:
    """The rows of a list, each with its ids as text, for some come as numbers."""
    return [_with_text_ids(row) for row in answer.get(key) or []]


def _with_text_ids(row: dict[str, Any]) -> dict[str, Any]:
    return row | {key: _text(row[key]) for key in ("id", "external_id") if key in row}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
