"""The schemas of what the CRM sends, by the contract in docs/webhook.md."""

from contextlib import suppress
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, validate

from receiver.sugarcrm.kinds import (
    Day,
    Fields,
    Id,
    Instant,
    Money,
    Plain,
    Text,
    clean,
)


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


class Embedded(Plain):
    """The client within an Opportunity."""

    described = {"$ref": "#/components/schemas/Client"}  # noqa: RUF012

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return read_client(value)


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
            (
                field.data_key or name,
                field.attribute or name,
                field.allow_none and field.load_default is None,
                isinstance(field, Text),
                field.deserialize,
            )
            for name, field in schema.load_fields.items()
        ]

    def __call__(self, data: Any) -> Any:
        if isinstance(data, dict):
            with suppress(ValidationError):
                return self._read(data)
        return self._schema.load(data)

    def _read(self, data: dict[str, Any]) -> dict[str, Any]:
        loaded: dict[str, Any] = {}
        for key, name, may_lack, is_text, deserialize in self._fields:
            value = data.get(key, missing)
            # most of what comes is text or nothing, which needs no asking the field
            if is_text and isinstance(value, str):
                loaded[name] = clean(value)
            elif may_lack and (value is None or value is missing):
                loaded[name] = None
            else:
                loaded[name] = deserialize(value)
        return loaded


read_client, read_opportunity = _Reader(ClientSchema()), _Reader(OpportunitySchema())
read_gone, read_ping = GoneSchema().load, PingSchema().load
