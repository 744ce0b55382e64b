"""How a deal or a client is written down: packed small, read back whole."""

import json
import struct
import zlib
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any

import orjson

from receiver.deal import Client, Deal

# Deflate finds what it is told to expect: half a kilobyte of JSON shrinks to a third.
# Changing this text makes what is stored unreadable; add a version byte first.
_EXPECTED = (
    b'{"birth_date":null,"company":,"email":"@gmail.com","phone":"+7'
    b'"description":"","next_step":"","probability":"","opportunity_type":"Existing '
    b'Business","New Business","campaign_id":"","modified_user_id":"1","created_by":"1"'
    b'"amount_usdollar":"Closed Lost","Negotiation/Review","Proposal/Price Quote"'
    b'"Perception Analysis","Id. Decision Makers","Value Proposition","Needs Analysis"'
    b'"Qualification","Prospecting"{"amount":".00","amount_base":".00","assigned_user_n'
    b'ame":"","client_id":"","cost":null,"currency":"EUR","USD","date_closed":"2026-1"'
    b'"date_entered":"2026-1T00:00:00Z","date_modified":"2026-1T00:00:00Z","deleted":fa'
    b'lse,"fields":{},"id":"","lead_source":"","name":"","pipeline":"sales_stage","rois'
    b'tat":"","sales_stage":"Closed Won","sales_stage_label":"Closed Won","sales_status'
    b'":null,"sales_status_label":null,"url":"https://index.php?module=Opportunities&ac'
    b"tion=DetailView&record="
)

_SHORT = 255  # bytes
_STORED = struct.Struct("<BHH")  # the last block, its length, and that once more

_NAMES = {kind: [one.name for one in fields(kind)] for kind in (Deal, Client)}
_as_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Record:
    """A deal or a client as it enters the store; `member` is its name there."""

    member: str
    fence: int
    digest: str
    packed: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """A state that was read from the CRM. `gone` is the digest of the same deal when
    deleted, empty of a client; `counts` whether the walk counts what comes of it;
    `again` that it goes to Roistat even if we hold the same.
    """

    record: Record
    gone: str = ""
    counts: bool = False
    again: bool = False


def record_of(thing: Deal | Client, fence: int) -> Record:
    """The record of one state, as of `fence` (UTC microseconds)."""
    text = _text_of(thing)
    return Record(member_of(thing), fence, digest_of(text), pack(text))


def reading_of(
    thing: Deal | Client, fence: int, *, counts: bool = False, again: bool = False
) -> Reading:
    """The reading of one state, as of `fence` (UTC microseconds)."""
    record = record_of(thing, fence)
    if isinstance(thing, Client):
        return Reading(record, again=again)
    gone = digest_of(_text_of(Deal(thing.id, deleted=True)))
    return Reading(record, gone, counts, again)


def _text_of(thing: Deal | Client) -> bytes:
    state = {name: getattr(thing, name) for name in _NAMES[type(thing)]}
    try:
        return orjson.dumps(state, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # what 64 bits do not hold, or UTF-8 does not know
        return _as_json(state).encode()


def member_of(thing: Deal | Client) -> str:
    """The name of a deal or client in the store."""
    return f"{'deal' if isinstance(thing, Deal) else 'client'}:{thing.id}"


def digest_of(content: bytes) -> str:
    """A short name for some content, the same wherever it is computed."""
    return blake2b(content, digest_size=8).hexdigest()


def pack(text: bytes) -> bytes:
    """As a deflate stream; a short text, such as most clients are, as one that holds it
    as it is (RFC 1951, 3.2.4): to deflate it would save sixty bytes.
    """
    if len(text) <= _SHORT:
        return _STORED.pack(1, len(text), len(text) ^ 0xFFFF) + text
    # 4 KiB hold both texts; the usual window takes longer to clear than they to pack
    packer = zlib.compressobj(level=1, wbits=-12, memLevel=5, zdict=_EXPECTED)
    return packer.compress(text) + packer.flush()


def unpack(member: str, packed: bytes) -> Deal | Client:
    """What `record_of` packed."""
    unpacker = zlib.decompressobj(wbits=-15, zdict=_EXPECTED)
    state: dict[str, Any] = json.loads(unpacker.decompress(packed))
    return Deal(**state) if member.startswith("deal:") else Client(**state)
