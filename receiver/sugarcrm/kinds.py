"""The kinds of values that the CRM sends: how each is read, and how it is described.

A value comes out as text that is safe to keep; one that is wrong raises marshmallow's
`ValidationError`.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, missing

FIELD_TEXT_LIMIT = 1000

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


class Plain(fields.Field[str]):
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


class Text(Plain):
    """Text as people read it: the CRM's entities decoded once more for senders that
    did not, what no store or JSON can carry replaced.
    """

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return clean(self._text(value))


class Id(Plain):
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


class Instant(Plain):
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


class Day(Plain):
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


class Money(Plain):
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


def clean(text: str) -> str:
    """Text without the CRM's entities and without what cannot be stored."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)


# A CRM has so many fields, and sends them every time
_clean_name = lru_cache(1024)(clean)
