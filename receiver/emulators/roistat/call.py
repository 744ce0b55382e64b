"""One call of the API, as its handler sees it."""

import json
from dataclasses import dataclass
from typing import Any

from receiver.emulators.roistat.errors import ApiError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """The project, the raw body, and what the address names: an order, a client."""

    project: str
    raw: bytes
    order_id: str = ""
    client: str = ""

    def json(self) -> Any:
        return parse_json(self.raw)

    def object(self) -> Json:
        """The body as an object; no body is an empty one."""
        body = self.json() if self.raw else {}
        if not isinstance(body, dict):
            raise ApiError("incorrect_request", "the body must be a JSON object")
        return body


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN, nothing nested beyond reason."""
    try:
        return json.loads(raw.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ApiError("incorrect_request", "the body must be JSON") from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)
