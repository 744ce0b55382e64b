"""The API document: what each address takes and answers, as OpenAPI 3.1.

What is taken is described by the schemas that validate it, so that the two cannot part;
what is answered, by the schemas below, which the tests hold against real answers.
"""

from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, validate

from receiver import __version__, website, words
from receiver.sugarcrm import events, schemas
from receiver.sugarcrm.kinds import Instant

Described = dict[str, Any]

JSON = "application/json"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
STATES = (words.OK, words.DEGRADED, words.FAILED, words.UNKNOWN)


class Accepted(Schema):
    """How many events were stored; ignored are those that told nothing new."""

    accepted = fields.Integer(required=True)
    ignored = fields.Integer(required=True)


class Leg(Schema):
    """How one part is doing, in the words of `sugar-roistat check`."""

    state = fields.String(required=True, validate=validate.OneOf(STATES))
    message = fields.String(required=True)
    checked_at = fields.String(allow_none=True)


class Pong(Schema):
    """The answer to a ping."""

    version = fields.String(required=True)
    time = fields.String(required=True)
    store = fields.Nested(Leg, required=True)
    roistat = fields.Nested(Leg, required=True)


class Refusal(Schema):
    """Why a request was refused."""

    error = fields.String(required=True)


class Mistakes(Schema):
    """Each wrong field, by its path."""

    errors = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), required=True
    )


class Taken(Schema):
    """A lead is kept for good: its id, or the deal's where that was waited for."""

    status = fields.String(required=True, validate=validate.Equal("success"))
    data = fields.String(required=True)


class Untaken(Schema):
    """A lead that is not kept, and why; `errors` has each wrong value by its name."""

    status = fields.String(required=True, validate=validate.Equal("error"))
    error = fields.String(required=True)
    description = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class Alive(Schema):
    """The process answers."""

    state = fields.String(required=True, validate=validate.OneOf(STATES))


class Ready(Alive):
    """Whether events can be accepted, and how each part is doing."""

    store = fields.Nested(Leg, required=True)
    roistat = fields.Nested(Leg, required=True)
    queue = fields.Nested(Leg, required=True)


def document(served: Iterable[str]) -> Described:
    """The document of the addresses that are served."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        title="Roistat for SugarCRM: the receiver",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": INTRODUCTION, "license": {"name": "MIT"}},
        plugins=[plugin],
    )
    if plugin.converter:  # there since the line above
        plugin.converter.add_attribute_function(_described)  # type: ignore[no-untyped-call]
    for one in (*TAKEN, *ANSWERED):
        spec.components.schema(_name(one), schema=one)
    for name, body in _bodies().items():
        spec.components.schema(name, body)
    for path in sorted(PATHS.keys() & set(served)):
        spec.path(path, operations=PATHS[path]())
    return spec.to_dict()


INTRODUCTION = (
    "Deals come from the CRM by a signed webhook, leads from websites. "
    "Whatever an answer names as stored or kept is on its way for good."
)

TAKEN = (
    schemas.ClientSchema,
    schemas.OpportunitySchema,
    schemas.GoneSchema,
    schemas.StageSchema,
    schemas.FieldSchema,
    schemas.OutboxSchema,
    schemas.PingSchema,
    website.Form,
)
ANSWERED = (Accepted, Leg, Pong, Refusal, Mistakes, Taken, Untaken, Alive, Ready)


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__).removesuffix("Schema")


def _described(self: Any, field: fields.Field[Any], ret: Described) -> Described:
    """What a field of ours says of itself, null included where it may be."""
    told: Described = dict(getattr(field, "described", {}))
    if field.allow_none and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    if field.allow_none and "$ref" in told:
        return {"anyOf": [told, {"type": "null"}]}
    if isinstance(field, fields.Dict) and "maxLength" in ret:  # text has a length
        ret["maxProperties"] = ret.pop("maxLength")
    return told


# --- what is taken ---


def _bodies() -> Described:
    """The envelopes of the webhook, and what a website sends with its form."""
    saved = {
        "allOf": [_ref("Opportunity")],
        "properties": {"deleted": {"const": False}},
    }
    gone = {
        "allOf": [_ref("Gone")],
        "properties": {"deleted": {"type": "boolean"}},
    }
    marked = {**gone, "properties": {"deleted": {"const": True}}}
    marked["required"] = ["deleted"]
    some = {"type": "array", "items": _ref("Event"), "minItems": 1}
    some["maxItems"] = events.MAX_EVENTS
    batch = {"type": "object", "properties": {"events": some}, "required": ["events"]}
    return {
        "Event": {
            "description": "One state of one deal or client. `timestamp` is the fence: "
            "the CRM database's clock, taken before the row was read.",
            "anyOf": [
                _envelope(events.SAVED, saved),
                _envelope(events.SAVED, marked),
                _envelope([events.DELETED], gone),
                _envelope([events.CLIENT_SAVED], _ref("Client")),
            ],
        },
        "Webhook": {
            "anyOf": [
                _ref("Event"),
                _envelope(["batch"], batch),
                _envelope(["ping"], _ref("Ping")),
            ]
        },
        "Lead": {
            "description": "The key, a way to reach somebody, and whatever the form "
            "asked; other names are ignored.",
            "allOf": [_ref("Form")],
            "properties": {
                "key": {"type": "string"},
                "website": {
                    "type": "string",
                    "maxLength": 0,
                    "description": "A field that no person sees: must be empty.",
                },
            },
            "required": ["key"],
            "anyOf": [{"required": [one]} for one in ("phone", "email", "client_id")],
        },
    }


def _envelope(kinds: Iterable[str], data: Described) -> Described:
    return {
        "type": "object",
        "properties": {
            "type": {"enum": list(kinds)},
            "timestamp": Instant.described,
            "data": data,
        },
        "required": ["type", "timestamp", "data"],
    }


def _ref(name: str) -> Described:
    return {"$ref": f"#/components/schemas/{name}"}


# --- the addresses ---


def _webhook() -> Described:
    proof = [
        _header("webhook-id", "Belongs to one body."),
        _header("webhook-timestamp", "UNIX time, at most five minutes from ours."),
        _header("webhook-signature", "`v1,<base64>`, several with blanks between."),
    ]
    return {
        "post": {
            "summary": "Take what changed in the CRM",
            "description": "Signed as the Standard Webhooks specification says: "
            "HMAC-SHA256 over `id.timestamp.body`. Nothing of a refused request is "
            "stored. The answers are decided in the order 413, 401, 415, 400, 422, "
            "503, 202.",
            "operationId": "receiveWebhook",
            "parameters": proof,
            "requestBody": {"required": True, "content": _json("Webhook")},
            "responses": {
                "200": _answer("A ping was answered, even with the store away", "Pong"),
                "202": _answer("Stored", "Accepted"),
                "400": _answer("Not JSON, not UTF-8, or beyond reason", "Refusal"),
                "401": _answer("The signature proves nothing", "Refusal"),
                "413": _answer("Over 1 MiB", "Refusal"),
                "415": _answer("Not application/json", "Refusal"),
                "422": _answer(
                    "A field is wrong, a day does not exist, or the fence is more than "
                    "five minutes ahead",
                    "Mistakes",
                ),
                "503": _away("Refusal"),
            },
        }
    }


def _leads() -> Described:
    lead = {"schema": _ref("Lead")}
    spread = {"encoding": {"fields": {"style": "deepObject", "explode": True}}}
    content = {JSON: lead, **dict.fromkeys(FORMS, lead | spread)}
    return {
        "post": {
            "summary": "Take a lead from a website",
            "operationId": "receiveLead",
            "requestBody": {"required": True, "content": content},
            "responses": {
                "200": _answer("Kept for good", "Taken"),
                "400": _answer("Not what its content type says", "Untaken"),
                "403": _answer("A wrong key, or a site that is not listed", "Untaken"),
                "404": _answer("No leads are taken here", "Untaken"),
                "413": _answer("Over 64 KiB", "Untaken"),
                "415": _answer("Another content type or charset", "Untaken"),
                "422": _answer("No contact, or a wrong value", "Untaken"),
                "429": _later("Too many from this address", "Untaken"),
                "503": _away("Untaken"),
            },
        }
    }


def _visit_script() -> Described:
    return {
        "get": {
            "summary": "The script that brings the visit into a website's forms",
            "operationId": "visitScript",
            "responses": {
                "200": _text("The script", "text/javascript"),
                "304": {"description": "Unchanged since it was last asked for"},
            },
        }
    }


def _healthz() -> Described:
    return {
        "get": {
            "summary": "Whether the process answers",
            "operationId": "alive",
            "responses": {"200": _answer("It does", "Alive")},
        }
    }


def _readyz() -> Described:
    return {
        "get": {
            "summary": "Whether events can be accepted",
            "operationId": "ready",
            "responses": {
                "200": _answer("They can", "Ready"),
                "503": _answer("They cannot: the store is away", "Ready"),
            },
        }
    }


def _metrics() -> Described:
    return {
        "get": {
            "summary": "Figures for Prometheus",
            "description": "With `Authorization: Bearer <token>` where METRICS_TOKEN "
            "is set.",
            "operationId": "metrics",
            "responses": {
                "200": _text("The figures", "text/plain"),
                "401": _answer("The token is missing or wrong", "Refusal"),
                "503": _away("Refusal"),
            },
        }
    }


PATHS = {
    "/webhooks/sugarcrm": _webhook,
    "/leads": _leads,
    "/roistat-visit.js": _visit_script,
    "/healthz": _healthz,
    "/readyz": _readyz,
    "/metrics": _metrics,
}


def _header(name: str, description: str) -> Described:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }


def _json(name: str) -> Described:
    return {JSON: {"schema": _ref(name)}}


def _answer(description: str, name: str) -> Described:
    return {"description": description, "content": _json(name)}


def _text(description: str, kind: str) -> Described:
    content = {kind: {"schema": {"type": "string"}}}
    return {"description": description, "content": content}


def _later(description: str, name: str) -> Described:
    wait = {"description": "Seconds", "schema": {"type": "integer"}}
    return {**_answer(description, name), "headers": {"Retry-After": wait}}


def _away(name: str) -> Described:
    return _later("The store is away or full: come again", name)
