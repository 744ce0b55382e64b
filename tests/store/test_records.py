"""A deal or a client comes out of the store as it went in, known by its content."""

import zlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from receiver.deal import Client, Deal
from receiver.store import record_of
from receiver.store.records import _EXPECTED, pack, unpack

TEXTS = st.text(st.characters(codec=None), max_size=60)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
FIELDS = st.dictionaries(TEXTS, SCALARS, max_size=6)


@given(TEXTS, TEXTS | st.none(), FIELDS)
def test_a_deal_comes_out_as_it_went_in(name, visit, fields):
    deal = Deal("d1", name, roistat=visit, fields=fields)
    record = record_of(deal, 1)
    assert unpack(record.member, record.packed) == deal


@given(TEXTS, TEXTS | st.none())
def test_a_client_comes_out_as_it_went_in(name, company):
    client = Client("c1", name, company=company)
    record = record_of(client, 1)
    assert unpack(record.member, record.packed) == client


@given(st.binary(max_size=600))
def test_whatever_its_length_a_text_is_packed_as_deflate(text):
    unpacker = zlib.decompressobj(wbits=-15, zdict=_EXPECTED)
    assert unpacker.decompress(pack(text)) == text
    assert unpacker.eof


@given(FIELDS)
def test_the_order_of_a_deals_fields_is_no_difference(fields):
    deal = Deal("d1", fields=fields)
    other = replace(deal, fields=dict(reversed(fields.items())))
    assert record_of(deal, 1).digest == record_of(other, 1).digest


@given(st.integers(-(2**70), 2**70), st.integers(-(2**70), 2**70))
def test_other_numbers_are_another_content(one, other):
    first, second = (Deal("d1", fields={"n": n}) for n in (one, other))
    same = record_of(first, 1).digest == record_of(second, 1).digest
    assert same == (one == other)
