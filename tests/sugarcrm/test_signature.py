"""One signing scheme in two languages: the vectors that PHP is checked against, too."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from receiver.errors import InvalidSignature
from receiver.sugarcrm import signature
from tests.events import OTHER_SECRET, SECRET

FIXTURES = Path(__file__).parent.parent / "fixtures"
VECTORS = json.loads((FIXTURES / "webhook_signatures.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_signed_as_in_php(vector, monkeypatch):
    monkeypatch.setattr(signature.time, "time", lambda: vector["timestamp"] + 0.9)
    headers = signature.sign(vector["body"].encode(), vector["id"], vector["secret"])
    assert headers == {
        "webhook-id": vector["id"],
        "webhook-timestamp": str(vector["timestamp"]),
        "webhook-signature": vector["signature"],
    }


def test_bytes_that_are_no_text_are_proved_all_the_same():
    body = bytes(range(256))
    headers = signature.sign(body, "msg_1", SECRET)
    signature.verify(body, headers, [OTHER_SECRET, SECRET])
    with pytest.raises(InvalidSignature):
        signature.verify(body[:-1], headers, [OTHER_SECRET, SECRET])
    with pytest.raises(InvalidSignature):
        signature.verify(body, headers, [OTHER_SECRET])


HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
# not at the very edge, where a second may pass between the two
SECONDS = st.integers(-400, 400).filter(lambda seconds: abs(abs(seconds) - 300) > 1)
ID = st.text("abc._-0123456789", min_size=1, max_size=20)


@given(st.text(), ID)
def test_what_we_sign_the_schemes_own_library_verifies(text, message_id):
    headers = signature.sign(text.encode(), message_id, SECRET)
    Webhook(SECRET).verify(text, headers, json_parse=False)


@given(st.text(), ID, SECONDS, st.sampled_from([SECRET, OTHER_SECRET]))
def test_we_verify_what_the_schemes_own_library_does(text, message_id, ago, secret):
    at = int(time.time()) - ago
    moment = datetime.fromtimestamp(at, UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": Webhook(secret).sign(message_id, moment, text),
    }
    assert _verified(text, headers) == _verified_by_library(text, headers)


@given(st.text(), st.sampled_from(signature.HEADERS), HEADER)
def test_a_header_that_was_changed_is_never_taken(text, name, value):
    headers = signature.sign(text.encode(), "msg_1", SECRET)
    if value != headers[name]:
        assert not _verified(text, headers | {name: value})


def _verified(text, headers):
    try:
        signature.verify(text.encode(), headers, [SECRET])
    except InvalidSignature:
        return False
    return True


def _verified_by_library(text, headers):
    try:
        Webhook(SECRET).verify(text, headers, json_parse=False)
    except WebhookVerificationError:
        return False
    return True
