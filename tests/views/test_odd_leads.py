"""Whatever a bot sends, the answer is one of the table, and only a 200 is kept."""

import json

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.store.leads import LeadStore
from tests.leads import FORM, KEY, Website, taking_leads, values
from tests.live import served
from tests.views.test_odd_bodies import anything, odd_text

SOME = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
REFUSALS = {400, 403, 413, 415, 422}
NAMES = st.sampled_from(
    [
        *("roistat", "key", "title", "name", "email", "phone", "comment", "company"),
        *("client_id", "fields", "fields[a]", "fields[a][]", "fields[a][b]", "fields["),
        *("fields[]", "fields[][]", "charset", "_charset_", "sync_", "is_skip_sending"),
        *("website", "stage", "", "[", "]"),
    ]
)
TYPES = st.sampled_from(
    [
        *(FORM, "application/json", "multipart/form-data; boundary=x", "text/plain"),
        *(f"{FORM}; charset=cp1251", f"{FORM}; charset=hex", "multipart/form-data", ""),
        'application/json; charset="utf-8', "multipart/form-data; boundary=",
    ]
)  # fmt: skip


@pytest.fixture
def website(config, redis_client):
    with served(create_app(bootstrap(taking_leads(config)))) as url:
        yield Website(url)


@pytest.fixture
def answered(website, redis_client):
    """Checks an answer, and that what was refused is not held."""
    leads = LeadStore(redis_client)

    def check(answer):
        told = answer.json()
        ids = [held.lead.id for held in leads.list()]
        redis_client.flushall()
        if answer.status_code == 200:
            assert told["status"] == "success"
            assert ids in ([told["data"]], [])  # none where the hidden field is filled
        else:
            assert answer.status_code in REFUSALS, answer.text
            assert (told["status"], ids) == ("error", [])
            assert told["error"]

    return check


@SOME
@given(changes=st.dictionaries(NAMES, anything, max_size=5))
def test_json_with_anything_in_it_is_answered(website, answered, changes):
    body = json.dumps(values() | changes)
    answered(website.body(body, "application/json"))


@SOME
@given(pairs=st.lists(st.tuples(NAMES, odd_text | st.binary(max_size=20)), max_size=6))
def test_a_form_with_anything_in_it_is_answered(website, answered, pairs):
    body = f"key={KEY}&phone=79111234567".encode()
    for name, value in pairs:
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")
        body += b"&" + requests.utils.quote(name).encode() + b"="
        body += requests.utils.quote(value).encode()
    answered(website.body(body))


@SOME
@given(body=st.binary(max_size=200), content_type=TYPES)
def test_any_bytes_at_all_are_answered(website, answered, body, content_type):
    answered(website.body(body, content_type))


@SOME
@given(
    head=st.binary(max_size=60),
    value=st.binary(max_size=60),
    tail=st.sampled_from([b"--x--", b"--x", b"", b"--x--\r\n\r\nmore"]),
)
def test_parts_of_any_kind_are_answered(website, answered, head, value, tail):
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n%s\r\n\r\n%s\r\n'
    body = part % (b"key", b"", KEY.encode()) + part % (b"phone", b"", b"79111234567")
    body += part % (head, b"", value) + part % (b"name", head, value) + tail
    answered(website.body(body, "multipart/form-data; boundary=x"))


@SOME
@given(name=odd_text, email=odd_text, phone=odd_text, comment=odd_text)
def test_what_is_kept_is_clean(website, redis_client, name, email, phone, comment):
    sent = {"name": name, "email": email, "comment": comment, "client_id": "c1"}
    answer = website.json(phone=phone, **sent)
    assert answer.status_code == 200, answer.text
    (held,) = LeadStore(redis_client).list()
    redis_client.flushall()
    for text in (held.lead.name, held.lead.email, held.lead.phone, held.lead.comment):
        assert text == text.strip()
        assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in text)
        text.encode()
    assert held.lead.email == "" or held.lead.email in email
    assert set(held.lead.phone) <= set("0123456789+()-.,;/#* ")
