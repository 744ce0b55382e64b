"""One signing scheme in two languages: the vectors that PHP is checked against, too."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from receiver.errors import InvalidSignature
from receiver.sugarcrm import signature
from tests.events import OTHER_SECRET, SECRET

FIXTURES = Path(__file__).parent.parent / "fixtures"
VECTORS = json.loads((FIXTURES / "webhook_signatures.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_signed_as_in_php(vector, monkeypatch):
    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(vector["timestamp"], tz or UTC)

    monkeypatch.setattr(signature, "datetime", Then)
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
