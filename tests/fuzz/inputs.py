"""Inputs for the two doors that anybody may knock at: built by the schemas, spoilt.

Everything is drawn from one generator of random numbers, so that a seed and a number
say which input it was.
"""

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from marshmallow import Schema, fields

from receiver import website
from receiver.sugarcrm import kinds, schemas
from receiver.sugarcrm.signature import sign
from tests.events import SECRET, batch, client, event, opportunity
from tests.leads import FORM, KEY, values

MAX_DEPTH = 4
CHARSETS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "koi8-r", "latin-1", "cp866"),
    *("utf-7", "ascii"),
)
TEXTS = (
    *("", " ", "\x00", "\ud800", "\u202e", "&amp;#039;", "&amp;amp;", "<b>", "'\";--"),
    *("1e400", "NaN", "-0", "9" * 400, "2026-13-45", "2026-02-30T25:00:00Z", "\n\r\t"),
    *("🚀" * 300, "\ufeff", "e\u0301" * 50, "٣٤٥", "%00", "../..", "null", "[]", "{}"),
    *("0000-00-00", "9999-12-31T23:59:59.999999-23:59", "1" * 15 + ".123456", "-1.5"),
    *("0001-01-01T00:00:00+14:00", "{{7*7}}", "=cmd|' /C calc'!A0", "x" * 5000),
)
NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**29, 1.5, -0.0, 1e308, 1e-320)
HEADERS = {
    "Content-Encoding": ("gzip", "deflate", "identity", "\xff"),
    "Transfer-Encoding": ("chunked", "gzip"),
    "Content-Length": ("0", "-1", "99999999999999999999", "x", "1"),
    "Origin": ("null", "https://shop.example", "\xff\xfe", "x" * 9000),
    "X-Forwarded-For": ("1.2.3.4", "::1, ::2", "\xff", "unknown"),
    "Host": ("", "a b", "[::1", "x" * 300),
    "Content-Type": (
        *("application/json", "application/json; charset=utf-16", FORM, "text/plain"),
        *("multipart/form-data; boundary=x", "multipart/form-data; boundary=", ""),
        *("multipart/form-data", "application/json; charset*=x''%ff", ";;;", "\xff"),
        *(f"{FORM}; charset=hex", f"{FORM}; charset=cp1251", f"{FORM}; charset=idna"),
        f"{FORM}; charset=undefined",
    ),
    "webhook-id": ("", "msg", "\xff", "x" * 9000),
    "webhook-timestamp": ("", "0", "-1", "1e99", "9" * 40, "NaN", "١٢"),
    "webhook-signature": ("", "v1,", "v1", "v1,====", "v1a,x", "v1,\xff", " " * 900),
}


@dataclass
class Input:
    """One request: whatever of it is there."""

    path: str
    body: bytes
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    query: bytes = b""


class Inputs:
    """All kinds of inputs, at random."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._wrong = 10  # one field in so many is wrong
        self._kinds: list[tuple[Callable[[], Input], int]] = [
            (self._webhook, 10),
            (self._signed_bytes, 2),
            (self._json_lead, 5),
            (self._form_lead, 5),
            (self._parts_lead, 3),
            (self._query_lead, 2),
            (self._lead_bytes, 2),
        ]

    def next(self) -> Input:
        """One more."""
        self._wrong = self._pick((10, 400))
        kinds, weights = zip(*self._kinds, strict=True)
        made = self._random.choices(kinds, weights)[0]()
        if self._one_in(12):
            name = self._pick(tuple(HEADERS))
            made.headers[name] = self._pick(HEADERS[name])
        if self._one_in(60):
            made.method = self._pick(("GET", "PUT", "OPTIONS", "HEAD", "DELETE", "X"))
        return made

    # --- webhooks ---

    def _webhook(self) -> Input:
        body = self._event()
        for _ in range(self._random.choice((0, 0, 1, 1, 2, 4))):
            body = self._spoilt(body)
        return self._signed(self._written(body))

    def _event(self) -> Any:
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: event(self._deal()),
            lambda: event(self._like(schemas.ClientSchema), "client.saved"),
            lambda: event(self._like(schemas.GoneSchema), "opportunity.deleted"),
            lambda: event(self._like(schemas.PingSchema), "ping"),
            lambda: event(opportunity(client=client()), at=self._random.uniform(-9, 9)),
            lambda: batch(*(event(self._deal()) for _ in range(self._number(5)))),
        )
        return self._pick(kinds)()

    def _deal(self) -> Any:
        deal = self._like(schemas.OpportunitySchema)
        if isinstance(deal, dict) and self._one_in(2):
            deal["client"] = self._like(schemas.ClientSchema)
        return deal

    def _signed_bytes(self) -> Input:
        body = self._written(self._event())
        return self._signed(self._damaged(body))

    def _signed(self, body: bytes) -> Input:
        if self._one_in(500):
            body += b" " * (1024 * 1024 - len(body) + self._number(3) - 1)
        headers = sign(body, f"msg_{self._number(9)}", SECRET)
        headers["Content-Type"] = "application/json"
        return Input("/webhooks/sugarcrm", body, headers=headers)

    # --- leads ---

    def _lead(self) -> dict[str, Any]:
        lead = values() | (self._like(website.Form) if self._one_in(2) else {})
        if not self._one_in(30):
            lead["key"] = KEY
        lead.pop("sync", None)  # who waits for a deal waits for seconds
        return lead

    def _json_lead(self) -> Input:
        lead: Any = self._lead()
        for _ in range(self._number(3)):
            lead = self._spoilt(lead)
        if isinstance(lead, dict):
            lead.pop("sync", None)
        return self._lead_of(self._written(lead), "application/json")

    def _pairs(self) -> list[tuple[bytes, bytes]]:
        charset = self._charset()
        pairs = []
        for name, value in self._lead().items():
            for key, one in self._flat(name, value):
                pairs.append((self._coded(key, charset), self._coded(one, charset)))
        for _ in range(self._number(3)):
            pairs.append((self._name(), self._coded(self._text(), charset)))
        if self._one_in(3):
            pairs.append((b"charset", charset.encode()))
        if self._one_in(300):
            pairs *= 40
        self._random.shuffle(pairs)
        return pairs

    def _flat(self, name: str, value: Any) -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [(f"{name}[{key}]", str(one)) for key, one in value.items()]
        if isinstance(value, list):
            return [(f"{name}[]", str(one)) for one in value]
        return [(name, str(value))]

    def _name(self) -> bytes:
        names = ("fields[", "fields[]", "fields[a][]", "fields[a][b]", "[", "]", "key")
        return self._coded(self._pick((*names, self._text())), "utf-8")

    def _form(self) -> bytes:
        pairs = ((quote_from_bytes(n), quote_from_bytes(v)) for n, v in self._pairs())
        body = "&".join(f"{name}={value}" for name, value in pairs).encode()
        return self._damaged(body) if self._one_in(4) else body

    def _form_lead(self) -> Input:
        charset = f"; charset={self._charset()}" if self._one_in(4) else ""
        return self._lead_of(self._form(), FORM + charset)

    def _query_lead(self) -> Input:
        return Input("/leads", b"", "GET", query=self._form()[:8000])

    def _parts_lead(self) -> Input:
        part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        extras = (
            b"",
            b"",
            b"",
            b'; filename="a.txt"',
            b"\r\nContent-Type: text/x",
            b";",
        )
        body = b"".join(part % (n, self._pick(extras), v) for n, v in self._pairs())
        body += self._pick((b"--x--\r\n", b"--x--", b"--x", b""))
        if self._one_in(3):
            body = self._damaged(body)
        return self._lead_of(body, "multipart/form-data; boundary=x")

    def _lead_bytes(self) -> Input:
        kind = self._pick(HEADERS["Content-Type"])
        return self._lead_of(self._damaged(self._written(self._lead())), kind)

    def _lead_of(self, body: bytes, content_type: str) -> Input:
        if self._one_in(500):
            body += b"x" * (64 * 1024 - len(body) + self._number(3) - 1)
        return Input("/leads", body, headers={"Content-Type": content_type})

    # --- by the schemas ---

    def _like(self, schema: type[Schema]) -> dict[str, Any]:
        """What a schema describes: each field right, at its limits, or wrong."""
        made = {}
        for name, one in schema().load_fields.items():
            if one.required or not self._one_in(3):
                made[one.data_key or name] = self._value(one)
        return made

    def _value(self, one: Any) -> Any:
        if self._one_in(self._wrong):
            return self._anything()
        if one.allow_none and self._one_in(5):
            return None
        if isinstance(one, fields.Nested):
            return self._like(type(one.schema))
        if isinstance(one, fields.List):
            return [self._value(one.inner) for _ in range(self._number(4))]
        if isinstance(one, fields.Dict | kinds.Fields):
            some = range(self._number(4))
            return {self._own_field(): self._anything(MAX_DEPTH) for _ in some}
        return self._right(one)

    def _right(self, one: Any) -> Any:
        right: dict[type, tuple[Any, ...]] = {
            kinds.Id: ("d1", "d2", "ä" * 255, "x" * 255, "a/b?c"),
            kinds.Instant: ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.5+03:00"),
            kinds.Day: ("2026-12-31", "0001-01-01", "2024-02-29"),
            kinds.Money: ("1234.56", "-0.000001", "9" * 15, "1." + "0" * 6),
            schemas.Embedded: (client(), client("c2", email="x")),
            fields.Integer: (0, 1, 10**20),
        }
        if one.validate:
            return self._pick(("sales_stage", "sales_status"))
        texts = ("Ada", "Prospecting", "79111234567", "ada@shop.example", self._text())
        return self._pick(right.get(type(one), texts))

    def _own_field(self) -> str:
        return "branch_c" if self._one_in(2) else self._text()

    # --- by mutation ---

    def _spoilt(self, body: Any) -> Any:
        """The same, with one thing in it changed, gone, doubled or moved."""
        body = copy.deepcopy(body)
        places = list(_places(body))
        if not places:
            return self._anything()
        holder, key = self._pick(places)
        what = self._number(6)
        if what == 0:
            del holder[key]
        elif what == 1:
            other, there = self._pick(places)
            holder[key] = copy.deepcopy(other[there])
        elif what == 2:
            holder[key] = [holder[key]] * self._pick((0, 1, 2, 101))
        elif what == 3 and isinstance(holder[key], str):
            holder[key] = self._changed(holder[key])
        elif what == 4 and isinstance(holder, dict):
            holder[self._text()] = self._anything()
        else:
            holder[key] = self._anything()
        return body

    def _changed(self, text: str) -> str:
        at = self._number(len(text) + 1)
        return text[:at] + self._text() + text[at + self._number(3) :]

    def _damaged(self, body: bytes) -> bytes:
        """The same bytes, with some changed, gone, doubled or put in."""
        damaged = bytearray(body)
        for _ in range(1 + self._number(4)):
            at = self._number(len(damaged) + 1)
            until = at + self._number(20)
            what = self._number(5)
            if what == 0:
                del damaged[at:until]
            elif what == 1:
                damaged[at:at] = damaged[at:until]
            elif what == 2:
                damaged[at:at] = self._random.randbytes(1 + self._number(8))
            elif what == 3 and at < len(damaged):
                damaged[at] ^= 1 << self._number(8)
            else:
                damaged[at:at] = self._pick(
                    (b"[" * 3000, b"%", b"\\u", b"\x00", b"\r\n")
                )
        return bytes(damaged)

    def _written(self, body: Any) -> bytes:
        text = json.dumps(body, ensure_ascii=self._one_in(2))
        if self._one_in(12):
            return self._coded(text, self._charset())
        if self._one_in(200):
            depth = self._pick((50, 900, 1100, 100_000))
            text = text[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
        return text.encode("utf-8", "surrogatepass")

    def _coded(self, text: str, charset: str) -> bytes:
        try:
            return text.encode(charset, "replace")
        except UnicodeError:
            return text.encode("utf-8", "surrogatepass")

    # --- small things ---

    def _anything(self, depth: int = 0) -> Any:
        what = self._number(8)
        if depth < MAX_DEPTH and what == 0:
            return [self._anything(depth + 1) for _ in range(self._number(4))]
        if depth < MAX_DEPTH and what == 1:
            return {
                self._text(): self._anything(depth + 1) for _ in range(self._number(4))
            }
        return self._pick((None, True, False, self._pick(NUMBERS), *[self._text()] * 3))

    def _text(self) -> str:
        if self._one_in(2):
            return self._pick(TEXTS)
        some = range(self._number(12))
        return "".join(chr(self._number(self._pick((128, 2048, 65536)))) for _ in some)

    def _charset(self) -> str:
        return "utf-8" if self._one_in(2) else self._pick(CHARSETS)

    def _pick(self, some: Any) -> Any:
        return self._random.choice(some)

    def _number(self, below: int) -> int:
        return self._random.randrange(below)

    def _one_in(self, chance: int) -> bool:
        return self._random.randrange(chance) == 0


def _places(value: Any) -> Any:
    """Every place inside a body: what holds it, and under which key."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, below in inside:
        yield value, key
        yield from _places(below)
