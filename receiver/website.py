"""What a website sends, turned into a lead: refused by name, or clean.

The names are those of Roistat's guide; docs/leads.md explains each. Nothing here knows
a request: what comes in are the bytes of a body (or of an address's query) and what its
content type says.
"""

import codecs
import json
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn
from urllib.parse import unquote_to_bytes

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from receiver.deal import Lead
from receiver.errors import InvalidPayload, UnknownForm, UnreadableBody

MAX_PAIRS = 300
MAX_FIELDS = 100
MAX_DIGITS = 30
LONGEST_VISIT = 255
LONGEST_FIELD = 5_000
UNTITLED = "Request from the website"

# What scripts and the guide's own snippets send where there was no cookie
NO_VISIT = frozenset({"", "null", "none", "undefined", "unknown", "nocookie", "false"})
YES = frozenset({"1", "true", "yes", "on"})
# What a deal owes to the CRM, and no visitor may choose
NOT_TO_SET = frozenset(
    {
        *("id", "deleted", "date_entered", "date_modified", "created_by"),
        *("modified_user_id", "new_with_id", "update_date_entered"),
        *("update_date_modified", "set_created_by", "module", "module_name"),
    }
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MAIL = re.compile(r"""[^\s@<>"'(),;:[\]\\]{1,64}@(?:[\w-]+\.)+[^\W\d_][\w-]+""")
_LONGEST_MAIL = 254
_NOT_OF_A_PHONE = re.compile(r"[^0-9+()\-.,;/#* ]+")
_DIGITS_OF_A_PHONE = range(5, 41)  # with an extension, or a second number
_LONGEST_PHONE = 60
_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
# What changes the order in which the letters around it are shown
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Values = dict[str, Any]
Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Submission:
    """A lead, and whether whoever sent it waits for its deal."""

    lead: Lead
    is_awaited: bool


# --- from bytes to values ---


def read(body: bytes, mimetype: str, options: Mapping[str, str]) -> Values:
    """The values of a body. Raises `UnreadableBody`; and `UnknownForm` for a content
    type or a charset that is not ours.
    """
    charset = options.get("charset")
    if mimetype == "application/json":
        return _from_json(_decoded(body, codec_of(charset)))
    if mimetype == "application/x-www-form-urlencoded":
        return read_query(body, charset)
    if mimetype == "multipart/form-data":
        return _from_pairs(_parts(body, options.get("boundary", "")), charset)
    raise UnknownForm("Send a form, or JSON as application/json.")


def read_query(query: bytes, charset: str | None = None) -> Values:
    """The values of an address's query, or of a form's body that is written like one.
    Raises as `read` does.
    """
    pairs = []
    for pair in query.split(b"&", MAX_PAIRS):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        pairs.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return _from_pairs(pairs, charset)


def codec_of(charset: str | None) -> str:
    """Python's name of a charset that we take. Raises `UnknownForm`."""
    try:
        name = codecs.lookup((charset or "utf-8").strip()).name
    except (LookupError, ValueError):
        name = ""
    if name in ("utf-8", "utf-8-sig", "ascii"):
        return "utf-8-sig"  # a mark at the beginning is no letter
    if name == "cp1251":
        return name
    raise UnknownForm("The charset must be UTF-8 or windows-1251.")


def _decoded(text: bytes, codec: str) -> str:
    try:
        return text.decode(codec)
    except UnicodeDecodeError:
        message = "The text is not {}."
        if codec == "utf-8-sig":
            message = "The text is not UTF-8: if it is windows-1251, declare charset."
        raise UnreadableBody(message.format(codec)) from None


def _from_json(text: str) -> Values:
    try:
        values = json.loads(
            text, parse_constant=_refuse, parse_int=_number, parse_float=_number
        )
    except (ValueError, RecursionError):
        message = "The body is not JSON, or is nested or numbered beyond reason."
        raise UnreadableBody(message) from None
    if not isinstance(values, dict):
        raise UnreadableBody("The JSON must be an object.")
    return values


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _number(text: str) -> str:
    if len(text) > MAX_DIGITS:
        raise ValueError
    return text


def _parts(body: bytes, boundary: str) -> Pairs:
    """The parts of a form that is sent in parts, files left out."""
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=300)
    pairs: Pairs = []
    name, value = None, b""
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, (Field, File)):
                is_file = isinstance(event, File)
                name, value = None if is_file else event.name or "", b""
            elif isinstance(event, Data):
                value += event.data
                if not event.more_data and name is not None:
                    pairs.append((name.encode("utf-8", "replace"), value))
    except (ValueError, RequestEntityTooLarge):
        raise UnreadableBody("The form is not sent in parts as it says.") from None
    return pairs


def _from_pairs(pairs: Pairs, charset: str | None) -> Values:
    if len(pairs) > MAX_PAIRS:
        raise UnreadableBody(f"The form has more than {MAX_PAIRS} values.")
    told = {name: value for name, value in pairs if name in (b"charset", b"_charset_")}
    for declared in told.values():
        charset = charset or declared.decode("ascii", "replace")
    codec = codec_of(charset)
    values: Values = {}
    for name, value in pairs:
        _add(values, _decoded(name, codec), _decoded(value, codec))
    return values


def _add(values: Values, name: str, value: str) -> None:
    """Add one value of a form. Of two of one name the last that says something counts;
    fields[a] is one of the deal's own fields, fields[a][] one of its several values.
    """
    base, bracket, rest = name.partition("[")
    keys = _IN_BRACKETS.findall(bracket + rest)
    if base != "fields" or not keys:
        if value or name not in values:
            values[name] = value
        return
    held = values.setdefault("fields", {})
    if not isinstance(held, dict):  # there was a plain value of that name
        held = values["fields"] = {}
    if keys[1:] == [""]:
        several = held.setdefault(keys[0], [])
        if isinstance(several, list):
            several.append(value)
    else:
        held[keys[0]] = {} if keys[1:] else value


# --- from values to a lead ---


class Text(fields.Field[str]):
    """Text, cleaned and cut; a number or a choice as its text. Several values, where
    they are allowed, are put in a row. `described` is for the API document.
    """

    described: ClassVar[dict[str, Any]] = {
        "type": ["string", "number", "boolean", "null"]
    }
    default_error_messages = {"invalid": "Must be text."}  # noqa: RUF012

    def __init__(
        self, longest: int, *, lines: bool = False, many: bool = False
    ) -> None:
        super().__init__(load_default="", allow_none=True)
        self._longest, self._lines, self._many = longest, lines, many

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if self._many and isinstance(value, list):
            value = ", ".join(filter(None, map(self._text, value)))
        return clean(self._text(value), self._longest, lines=self._lines)

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(int(value))
        if not isinstance(value, str):  # a number was read as its text
            raise self.make_error("invalid")
        return value


def _is_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.lower() in NOT_TO_SET:
        raise ValidationError("Is no field that a website can set.")


class Form(Schema):
    """Roistat's names and ours; whatever else a form holds is left alone."""

    class Meta:
        unknown = EXCLUDE

    roistat = Text(LONGEST_VISIT + 1)
    roistat_visit = Text(LONGEST_VISIT + 1)
    roistat_c = Text(LONGEST_VISIT + 1)
    title = Text(255)
    name = Text(200)
    email = Text(1000)
    phone = Text(1000)
    company = Text(150)
    comment = Text(20_000, lines=True)
    text = Text(20_000, lines=True)
    client_id = Text(65)
    stage = Text(100)
    source = Text(100)
    order_creation_method = Text(255)
    is_skip_sending = Text(10)
    sync = Text(10)
    fields_ = fields.Dict(
        keys=fields.String(validate=_is_name),
        values=Text(LONGEST_FIELD, lines=True, many=True),
        validate=validate.Length(max=MAX_FIELDS),
        data_key="fields",
        load_default=dict,
        allow_none=True,
    )


_form = Form()


def load(values: Values) -> Submission:
    """A lead of its own id. Raises `InvalidPayload`, which names each wrong value."""
    if values.get("fields") in ("", []):  # which is how PHP writes none of them
        values = {**values, "fields": None}
    try:
        told = _form.load(values)
    except ValidationError as error:
        raise InvalidPayload(dict(_flat(error.messages_dict))) from None
    email, phone = email_of(told["email"] or ""), phone_of(told["phone"] or "")
    _require_contact(told, email, phone)
    visits = (told["roistat"], told["roistat_visit"], told["roistat_c"])
    lead = Lead(
        id=str(uuid.uuid4()),
        received=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        title=told["title"] or UNTITLED,
        name=told["name"] or "",
        email=email,
        phone=phone,
        company=told["company"] or "",
        comment=_with_what_was_sent(told, email, phone),
        visit=next((one for one in visits if _is_visit(one)), None),
        contact_id=told["client_id"] or None,
        stage=told["stage"] or None,
        source=told["source"] or None,
        method=told["order_creation_method"] or None,
        fields={name: text for name, text in (told["fields_"] or {}).items() if text},
        is_kept_only=_is_yes(told["is_skip_sending"]),
    )
    return Submission(lead, _is_yes(told["sync"]))


def _flat(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Marshmallow's messages by the path of the field: fields.branch_c."""
    if not isinstance(messages, dict):
        yield path, list(messages)
        return
    for key, below in messages.items():
        is_level = key in ("key", "value") and path.startswith("fields.")
        name = clean(str(key), 64)
        yield from _flat(below, path if is_level else f"{path}.{name}".lstrip("."))


def _require_contact(told: Values, email: str, phone: str) -> None:
    contact = told["client_id"]
    if contact and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", contact):
        raise InvalidPayload({"client_id": ["Is no id of a contact in the CRM."]})
    if contact or email or phone:
        return
    raise InvalidPayload(
        {
            "phone": [_lacking(told["phone"], "phone number")],
            "email": [_lacking(told["email"], "e-mail address")],
        }
    )


def _lacking(sent: str | None, kind: str) -> str:
    if sent:
        return f"Is no {kind}."
    return "A phone number or an e-mail address is needed."


def _with_what_was_sent(told: Values, email: str, phone: str) -> str:
    """The comment, with whatever of a contact could not be taken as it was: somebody
    may still make sense of it.
    """
    lines = [told["comment"] or told["text"] or ""]
    for name, taken in (("Phone", phone), ("E-mail", email)):
        sent = told[name.lower().replace("-", "")] or ""
        if sent != taken:
            lines.append(f"{name} as sent: {sent}")
    return "\n".join(filter(None, lines))


def _is_visit(text: str | None) -> bool:
    return bool(text) and len(str(text)) <= LONGEST_VISIT and _is_told(str(text))


def _is_told(text: str) -> bool:
    return text.lower() not in NO_VISIT


def _is_yes(text: str | None) -> bool:
    return (text or "").lower() in YES


# --- single values ---


def clean(text: str, longest: int, *, lines: bool = False) -> str:
    """Text as somebody may read it: nothing that no store can carry, nothing that is
    not seen but steers, no more than so many characters. Markup is text like any other.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    kept = (_seen(letter, lines) for letter in text[: 4 * longest])
    return unicodedata.normalize("NFC", "".join(kept)).strip()[:longest].strip()


def _seen(letter: str, lines: bool) -> str:
    if letter in "\n\t":
        return letter if lines else " "
    if letter in _TURNS or unicodedata.category(letter) in ("Cc", "Cs"):
        return ""
    return letter


def email_of(text: str) -> str:
    """The first e-mail address in a text; nothing where there is none."""
    found = _MAIL.search(text)
    return found[0] if found and len(found[0]) <= _LONGEST_MAIL else ""


def phone_of(text: str) -> str:
    """A phone number as it was written, without what is none of it; nothing where there
    are too few digits for one, or far too many.
    """
    plain = (str(unicodedata.decimal(letter, letter)) for letter in text)
    only = _NOT_OF_A_PHONE.sub(" ", "".join(plain).replace("\uff0b", "+"))
    number = " ".join(only.split())
    digits = sum(letter.isdigit() for letter in number)
    is_one = digits in _DIGITS_OF_A_PHONE and len(number) <= _LONGEST_PHONE
    return number if is_one else ""
