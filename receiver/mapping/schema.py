"""A mapping as people write it, checked before it counts.

Every mistake is reported together, named by its path: `filter.sales_stage.not_inn`.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from marshmallow import Schema, ValidationError, fields
from phonenumbers import SUPPORTED_REGIONS

from receiver.errors import InvalidMapping
from receiver.mapping.conditions import OPERATORS, moment, number
from receiver.mapping.kinds import MOMENT, NUMBER, OWN

# Roistat's groups, in its own words (help-en.roistat.com/API/methods/orders)
GROUPS = UNUSED, PROGRESS, PAID, CANCELED = "unused", "progress", "paid", "canceled"
MOVE, DELETE = "move", "delete"

_MANY = ("in", "not_in")
_ORDERING = ("gt", "gte", "lt", "lte")
_NULL: Any = {"null": "must not be null"}


class Name(fields.Field[str]):
    """Text that is not empty."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValidationError("must be text that is not empty")
        return value.strip()


class Amount(Name):
    """The name of a field that holds an amount. Of the CRM's own fields only the CRM
    knows whether they do: see `Mapping.problems`.
    """

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        if OWN.get(name, NUMBER) != NUMBER:
            raise ValidationError(f"{name} is no number")
        return name


class Choice(fields.Field[str]):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        super().__init__(error_messages=_NULL)
        self._words = words

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if value not in self._words:
            raise ValidationError(f"must be one of {', '.join(self._words)}")
        return str(value)


class Region(fields.Field[str]):
    """A country, by the two letters of ISO 3166."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value.upper() not in SUPPORTED_REGIONS:
            raise ValidationError("must be a country's two letters, such as DE")
        return value.upper()


class Table(fields.Field[dict[str, Any]]):
    """An object with any keys, and values of one form."""

    def __init__(self, form: fields.Field[Any], **options: Any) -> None:
        super().__init__(error_messages=_NULL, **options)
        self._form = form

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        def read(key: str, below: Any) -> Any:
            if not key.strip():
                raise ValidationError("a name must not be empty")
            return self._form.deserialize(below)

        return _each(value, read)


class Filter(fields.Field[dict[str, Any]]):
    """Fields of a deal, each with its conditions."""

    def __init__(self) -> None:
        super().__init__(error_messages=_NULL)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _each(value, _conditions)


def _conditions(name: str, conditions: Any) -> dict[str, Any]:
    if not name.strip():
        raise ValidationError("a name must not be empty")
    if not conditions:
        raise ValidationError('needs a condition, such as {"eq": "…"}')
    return _each(conditions, lambda operator, wanted: _wanted(name, operator, wanted))


def _wanted(name: str, operator: str, wanted: Any) -> Any:
    """What a condition names, where it is fit for the operator and the field."""
    if operator not in OPERATORS:
        raise ValidationError(f"no such condition: use {', '.join(OPERATORS)}")
    if operator == "empty":
        if not isinstance(wanted, bool):
            raise ValidationError("must be true or false")
        return wanted
    if operator in _MANY:
        if not isinstance(wanted, list) or not wanted:
            raise ValidationError("must be a list that is not empty")
        return [_scalar(name, one) for one in wanted]
    if operator in _ORDERING and isinstance(wanted, bool):
        raise ValidationError("must be a number, a date or text")
    return _scalar(name, wanted)


def _scalar(name: str, wanted: Any) -> Any:
    is_number = isinstance(wanted, (int, float)) and math.isfinite(wanted)
    if not is_number and not isinstance(wanted, str):
        raise ValidationError("must be text, a number, true or false")
    if wanted == "":
        raise ValidationError('must not be empty: {"empty": true} asks for that')
    if unfit := unfit_for(OWN.get(name), wanted):
        raise ValidationError(unfit)
    return wanted


def unfit_for(kind: str | None, wanted: Any) -> str:
    """Why a field of this kind cannot be compared with what is wanted, or nothing."""
    shown = json.dumps(wanted, ensure_ascii=False)
    if kind == NUMBER and (isinstance(wanted, bool) or number(wanted) is None):
        return f"{shown} is no number such as 1234.56"
    if kind == MOMENT and moment(wanted) is None:
        return f"{shown} is no date such as 2026-12-31 or 2026-12-31T07:42:10Z"
    return ""


def _each(value: Any, read: Any) -> dict[str, Any]:
    """An object with each of its values read, the mistakes of all of them together."""
    if not isinstance(value, dict):
        raise ValidationError("must be an object")
    result, mistakes = {}, {}
    for key, below in value.items():
        try:
            result[str(key)] = read(str(key), below)
        except ValidationError as error:
            mistakes[str(key)] = error.messages
    if mistakes:
        raise ValidationError(mistakes)
    return result


class MappingSchema(Schema):
    """All settings of a mapping; what is left out stays as it is by default."""

    error_messages = {  # noqa: RUF012
        "unknown": "no such setting",
        "type": "must be an object",
    }

    price = Amount(error_messages=_NULL)
    cost = Amount(allow_none=True)
    fields_ = Table(Name(error_messages=_NULL), data_key="fields", attribute="fields")
    statuses = Table(Choice(*GROUPS))
    filter = Filter()
    left_filter = Choice(MOVE, DELETE)
    deleted = Choice(DELETE, MOVE)
    phone_region = Region(allow_none=True)


_schema = MappingSchema()


def read(content: Any) -> dict[str, Any]:
    """The settings that `content`, an object or its JSON, gives a mapping.

    Raises `InvalidMapping`.
    """
    if isinstance(content, str):
        content = _parse(content)
    try:
        loaded: dict[str, Any] = _schema.load(content)
    except ValidationError as error:
        raise InvalidMapping(sorted(_lines(error.messages))) from None
    return loaded


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidMapping([f"not JSON: {error.msg}, {where}"]) from None
    except (ValueError, RecursionError):
        mistake = "not JSON, or nested or numbered beyond reason"
        raise InvalidMapping([mistake]) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidMapping([f"{key}: given twice"])
        found[key] = value
    return found


def _lines(messages: Any, path: str = "") -> Iterator[str]:
    """Marshmallow's nested messages, one line each."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            name = "" if key == "_schema" else str(key)
            yield from _lines(below, ".".join(filter(None, (path, name))))
    else:
        yield from (f"{path or 'mapping'}: {message}" for message in messages)
