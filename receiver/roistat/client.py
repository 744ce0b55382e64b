"""Roistat's API, one thin method for each call, named as Roistat names it.

https://help-en.roistat.com/API/methods/about
"""

from typing import Any
from urllib.parse import quote

from receiver.errors import RoistatError
from receiver.http_client import HttpClient
from receiver.roistat.budget import Budget
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


class RoistatClient:
    """One project in Roistat.

    Every method raises `RoistatError` where Roistat refuses, `UpstreamError` where no
    answer came, and `BudgetExhausted` before a call that our budget does not allow.
    """

    def __init__(self, url: str, api_key: str, project: str, budget: Budget) -> None:
        self._url = url.rstrip("/")
        self._params = {"project": project}
        self._budget = budget
        headers = {
            "Api-key": api_key,
            "Accept": "application/json",
            "Content-Type": "application/json",
            # without it every failure comes as a 200
            "Use-Http-Code": "1",
        }
        self._http = HttpClient("Roistat", headers)

    def add_orders(self, orders: list[dict[str, Any]]) -> dict[str, int]:
        """Create or update orders by id; give Roistat's counters of what it did."""
        answer = self._call("/project/add-orders", orders)
        return {key: value for key, value in answer.items() if isinstance(value, int)}

    def delete_order(self, order_id: str) -> None:
        """Delete one order; only projects integrated by API allow it."""
        self._call(f"/project/integration/order/{quote(order_id, safe='')}/delete")

    def import_clients(self, clients: list[dict[str, Any]]) -> None:
        """Create or update clients by id; the answer says no more than success."""
        self._call("/project/clients/import", clients)

    def statuses(self) -> list[Status]:
        """The status dictionary as it stands."""
        answer = self._call("/project/integration/status/list")
        return [
            {key: str(status.get(key) or "") for key in ("id", "name", "type")}
            for status in answer.get("data") or []
        ]

    def set_statuses(self, statuses: list[Status]) -> None:
        """Replace the whole status dictionary: whatever is left out is gone."""
        self._call("/project/set-statuses", statuses)

    def _call(self, path: str, body: Any = None) -> dict[str, Any]:
        self._budget.spend()
        data = None if body is None else as_bytes(body)
        url = self._url + path
        answer = self._http.request("POST", url, params=self._params, data=data)
        return _success(answer.status_code, _parse(answer))


def _parse(answer: Any) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _success(status: int, body: Any) -> dict[str, Any]:
    """The body of a success. An error is an error under any HTTP status, even 200."""
    if isinstance(body, dict) and body.get("status") == "error":
        code = str(body.get("error") or "unknown_error")
        message = str(body.get("description") or "")[:300]
        raise RoistatError(code, message, permanent=code in PERMANENT)
    if not 200 <= status < 300:
        code = f"http_{status}"
        raise RoistatError(code, permanent=code in PERMANENT)
    if not isinstance(body, dict) or body.get("status") != "success":
        message = "neither success nor error"
        raise RoistatError("unreadable_answer", message, permanent=False, sent=True)
    return body
