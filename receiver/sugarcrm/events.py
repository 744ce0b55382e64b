"""What the CRM tells us: `load` turns a webhook body, already parsed, into our records.

The one place where SugarCRM's words become ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import ValidationError

from receiver.deal import Client, Deal
from receiver.errors import InvalidPayload
from receiver.sugarcrm.kinds import Instant, clean
from receiver.sugarcrm.schemas import (
    read_client,
    read_gone,
    read_opportunity,
    read_ping,
)

MAX_EVENTS = 100
MAX_AHEAD = timedelta(minutes=5)

SAVED = ("opportunity.saved", "opportunity.restored")
DELETED = "opportunity.deleted"
CLIENT_SAVED = "client.saved"
SINGLE = (*SAVED, DELETED, CLIENT_SAVED)

_EPOCH = datetime.fromtimestamp(0, UTC)
_instant = Instant()


@dataclass(frozen=True, slots=True)
class Event:
    """One state of one deal, one client, or both. `fence` is in UTC microseconds."""

    fence: int
    deal: Deal | None = None
    client: Client | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life: what the CRM says of itself, as it said it."""

    about: dict[str, Any]


def load(body: Any) -> Ping | list[Event]:
    """The events of a webhook body, or its ping.

    Raises `InvalidPayload` that names every wrong field by its path, such as
    `data.events.3.data.amount`.
    """
    try:
        return _load(body)
    except ValidationError as error:
        raise InvalidPayload(dict(_paths(error.messages))) from error


def load_deal(data: dict[str, Any]) -> tuple[Deal, Client | None]:
    """A saved deal and its client, from an event's `data` that was not sent to us.

    Raises `InvalidPayload` as `load` does.
    """
    try:
        event = _event(SAVED[0], 0, data)
    except ValidationError as error:
        raise InvalidPayload(dict(_paths(error.messages))) from error
    assert event.deal  # noqa: S101 - a saved deal it is
    return event.deal, event.client


def _load(body: Any) -> Ping | list[Event]:
    kind, fence, data = _envelope(body, (*SINGLE, "ping", "batch"))
    if kind == "ping":
        return Ping(_under("data", read_ping, data))
    if kind == "batch":
        return _load_batch(data)
    return [_event(kind, fence, data)]


def _load_batch(data: dict[str, Any]) -> list[Event]:
    events = data.get("events")
    if not isinstance(events, list) or not events:
        raise ValidationError({"data": {"events": ["Not a list of events."]}})
    if len(events) > MAX_EVENTS:
        raise ValidationError({"data": {"events": [f"More than {MAX_EVENTS} events."]}})
    loaded, errors = [], {}
    for number, event in enumerate(events):
        try:
            loaded.append(_event(*_envelope(event, SINGLE)))
        except ValidationError as error:
            errors[number] = error.messages
    if errors:
        raise ValidationError({"data": {"events": errors}})
    return loaded


def _event(kind: str, fence: int, data: dict[str, Any]) -> Event:
    """One event that is neither a ping nor a batch."""
    if kind == CLIENT_SAVED:
        return Event(fence, client=Client(**_under("data", read_client, data)))
    if not isinstance(data.get("deleted", False), bool):
        raise ValidationError({"data": {"deleted": ["Not true or false."]}})
    if kind == DELETED or data.get("deleted"):
        return Event(fence, deal=Deal(**_under("data", read_gone, data), deleted=True))
    loaded = _under("data", read_opportunity, data)
    loaded["roistat"] = _visit(loaded["roistat"])
    client = loaded.pop("client")
    if client is None:
        return Event(fence, deal=Deal(**loaded))
    return Event(fence, Deal(**loaded, client_id=client["id"]), Client(**client))


def _visit(value: str | None) -> str | None:
    visit = (value or "").strip()
    if len(visit) > 255:
        raise ValidationError({"data": {"roistat": ["Longer than 255 characters."]}})
    return visit or None


def _envelope(body: Any, kinds: tuple[str, ...]) -> tuple[str, int, dict[str, Any]]:
    """Type, fence and data of one event; every mistake of the envelope at once."""
    if not isinstance(body, dict):
        raise ValidationError({"_schema": ["Not an object."]})
    errors: dict[str, Any] = {}
    kind, data = body.get("type"), body.get("data")
    if kind not in kinds:
        errors["type"] = [f"Must be one of: {', '.join(kinds)}."]
    if not isinstance(data, dict):
        errors["data"] = ["Not an object."]
    fence = 0
    try:
        fence = _fence(_under("timestamp", _instant.moment, body.get("timestamp")))
    except ValidationError as error:
        errors.update(error.messages_dict)
    if errors:
        raise ValidationError(errors)
    return kind, fence, data  # type: ignore[return-value]


def _fence(moment: datetime) -> int:
    if moment > datetime.now(UTC) + MAX_AHEAD:
        raise ValidationError({"timestamp": ["More than five minutes ahead of us."]})
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _under(key: str, load: Any, value: Any) -> Any:
    try:
        return load(value)
    except ValidationError as error:
        raise ValidationError({key: error.messages}) from error


def _paths(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Marshmallow's nested messages, flat: one entry for each wrong field."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            name = "" if key == "_schema" else clean(str(key))[:100]
            yield from _paths(below, ".".join(filter(None, (path, name))))
    else:
        yield path or "body", list(messages)
