"""What the CRM sends, checked field by field and turned into our own records.

The one place where SugarCRM's words become ours. `load` takes any webhook body,
already parsed; the contract stands in docs/webhook.md.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, validate

from receiver.deal import Client, Deal
from receiver.errors import InvalidPayload

MAX_EVENTS = 100
MAX_AHEAD = timedelta(minutes=5)
FIELD_TEXT_LIMIT = 1000

SAVED = ("opportunity.saved", "opportunity.restored")
DELETED = "opportunity.deleted"
CLIENT_SAVED = "client.saved"
SINGLE = (*SAVED, DELETED, CLIENT_SAVED)

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#039;": "'"}
_ENTITY = re.compile("|".join(map(re.escape, _ENTITIES)))
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)
# A moment that is written like one of these is given back as it came
_CANONICAL = ("2026-11-21T07:42:10Z", "2026-11-21T07:42:10.123456Z")
_MONEY = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"  # for the document


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


class _Plain(fields.Field[str]):
    """A field whose `_deserialize` says all there is to say about a value that is
    there; marshmallow builds a chain of validators for every single one, empty or not.

    `described` says the same to readers of the API document, as JSON Schema.
    """

    described: ClassVar[dict[str, Any]] = {"type": "string"}
    default_error_messages = {"invalid": "Not a valid string."}  # noqa: RUF012

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Read one value; a missing one or a wrong null is marshmallow's business."""
        if value is None and self.allow_none:
            return None
        if value is missing or value is None:
            return super().deserialize(value, *args, **kwargs)
        return self._deserialize(value, *args, **kwargs)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value


class Text(_Plain):
    """Text as people read it: the CRM's entities decoded once more for senders that
    did not, what no store or JSON can carry replaced.
    """

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Read one value: most of what comes is text, and clean."""
        if isinstance(value, str):
            return clean(value)
        return super().deserialize(value, *args, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        raise self.make_error("invalid")


class Id(_Plain):
    """The CRM's own id: any visible text, kept to the letter."""

    described = {  # noqa: RUF012
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "[!-~]",
        "description": "Any printable text, kept to the letter.",
    }
    default_error_messages = {"id": "Not a usable id."}  # noqa: RUF012

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = self._text(value)
        if not text.isprintable() or not text.strip() or len(text) > 255:
            raise self.make_error("id")
        return text


class Instant(_Plain):
    """A moment with its zone, given back in UTC to the microsecond where it has one."""

    described = {  # noqa: RUF012
        "type": "string",
        "pattern": f"^{_DAY}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{{1,6}})?"
        "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        "examples": ["2026-11-21T07:42:10.123456Z"],
    }
    default_error_messages = {  # noqa: RUF012
        "instant": "Not a moment such as 2026-11-21T07:42:10Z, zone included."
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        moment = self.moment(value)
        if value[-1] == "Z" and len(value) == len(_CANONICAL[moment.microsecond > 0]):
            return str(value)
        return moment.isoformat().replace("+00:00", "Z")

    def moment(self, value: Any) -> datetime:
        """The moment itself, in UTC."""
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("instant")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.make_error("instant") from error


class Day(_Plain):
    """A calendar day, `YYYY-MM-DD`."""

    described = {  # noqa: RUF012
        "type": "string",
        "pattern": f"^{_DAY}$",
        "examples": ["2026-12-31"],
    }
    default_error_messages = {"day": "Not a day such as 2026-12-31."}  # noqa: RUF012

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        try:
            if not _DATE.fullmatch(value):
                raise self.make_error("day")
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError) as error:
            raise self.make_error("day") from error


class Money(_Plain):
    """An amount as decimal text."""

    described = {  # noqa: RUF012
        "type": "string",
        "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$",
        "examples": ["1234.56"],
    }
    default_error_messages = {"money": 'Not money such as "1234.56".'}  # noqa: RUF012

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = self._text(value)
        if not _MONEY.fullmatch(text):
            raise self.make_error("money")
        return text


class Fields(fields.Field[dict[str, Any]]):
    """The deal's own fields by name; only scalars, and long text is left out."""

    described: ClassVar[dict[str, Any]] = {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }
    default_error_messages = {"fields": "Not an object of scalars."}  # noqa: RUF012

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("fields")
        kept = {}
        for name, scalar in value.items():
            if isinstance(scalar, str):
                scalar = clean(scalar)
                if len(scalar) > FIELD_TEXT_LIMIT:
                    continue
            elif isinstance(scalar, (list, dict)):
                raise ValidationError({name: ["Not a scalar."]})
            kept[_clean_name(name)] = scalar
        return kept


def _text(**options: Any) -> Text:
    return Text(load_default=None, allow_none=True, **options)


def _money() -> Money:
    return Money(load_default=None, allow_none=True)


def _pipeline() -> fields.String:
    known = validate.OneOf(["sales_stage", "sales_status"])
    return fields.String(load_default="sales_stage", validate=known)


class ClientSchema(Schema):
    """A contact or an account, as the client of a deal."""

    class Meta:
        unknown = EXCLUDE

    id = Id(required=True)
    name = Text(required=True)
    phone = _text()
    email = _text()
    company = _text()
    birth_date = Day(load_default=None, allow_none=True)


class Embedded(_Plain):
    """The client within an Opportunity."""

    described = {"$ref": "#/components/schemas/Client"}  # noqa: RUF012

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return _client(value)


class OpportunitySchema(Schema):
    """A saved or restored Opportunity."""

    class Meta:
        unknown = EXCLUDE

    id = Id(required=True)
    name = Text(required=True)
    url = _text()
    roistat = _text()
    sales_stage = _text()
    sales_stage_label = _text()
    sales_status = _text()
    sales_status_label = _text()
    pipeline = _pipeline()
    amount = _money()
    currency = _text()
    amount_base = _money()
    cost = _money()
    date_entered = Instant(load_default=None, allow_none=True)
    date_modified = Instant(required=True)
    date_closed = Day(load_default=None, allow_none=True)
    lead_source = _text()
    assigned_user_name = _text()
    fields_ = Fields(data_key="fields", attribute="fields", load_default=dict)
    client = Embedded(load_default=None, allow_none=True)


class GoneSchema(Schema):
    """A deleted Opportunity: nothing but its id counts."""

    class Meta:
        unknown = EXCLUDE

    id = Id(required=True)


class StageSchema(Schema):
    """One stage of the pipeline, in its order."""

    class Meta:
        unknown = EXCLUDE

    key = Text(required=True)
    label = Text(required=True)


class FieldSchema(Schema):
    """One field of the deal, as the CRM describes it."""

    class Meta:
        unknown = EXCLUDE

    name = Text(required=True)
    label = _text()
    type = _text()


class OutboxSchema(Schema):
    """What waits in the CRM."""

    class Meta:
        unknown = EXCLUDE

    waiting = fields.Integer(load_default=None, allow_none=True)
    refused = fields.Integer(load_default=None, allow_none=True)
    last_sweep = _text()


class PingSchema(Schema):
    """What the CRM says of itself."""

    class Meta:
        unknown = EXCLUDE

    version = Text(required=True)
    stages = fields.List(fields.Nested(StageSchema), required=True)
    fields_ = fields.List(
        fields.Nested(FieldSchema),
        data_key="fields",
        attribute="fields",
        load_default=list,
    )
    pipeline = _pipeline()
    base_currency = _text()
    outbox = fields.Nested(OutboxSchema, load_default=None, allow_none=True)


class _Reader:
    """A schema's `load`, without what only errors need. Whatever is wrong goes the long
    way, which names every wrong field.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._fields = [
            (field.data_key or name, field.attribute or name, field.deserialize)
            for name, field in schema.load_fields.items()
        ]

    def __call__(self, data: Any) -> Any:
        if isinstance(data, dict):
            with suppress(ValidationError):
                return {
                    name: deserialize(data.get(key, missing))
                    for key, name, deserialize in self._fields
                }
        return self._schema.load(data)


_client, _opportunity = _Reader(ClientSchema()), _Reader(OpportunitySchema())
_EPOCH = datetime.fromtimestamp(0, UTC)
_gone, _ping, _instant = GoneSchema(), PingSchema(), Instant()


def clean(text: str) -> str:
    """Text without the CRM's entities and without what cannot be stored."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)


# A CRM has so many fields, and sends them every time
_clean_name = lru_cache(1024)(clean)


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
        return Ping(_under("data", _ping.load, data))
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
        return Event(fence, client=Client(**_under("data", _client, data)))
    if not isinstance(data.get("deleted", False), bool):
        raise ValidationError({"data": {"deleted": ["Not true or false."]}})
    if kind == DELETED or data.get("deleted"):
        return Event(fence, deal=Deal(**_under("data", _gone.load, data), deleted=True))
    loaded = _under("data", _opportunity, data)
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
