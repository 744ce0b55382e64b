"""Proof that a webhook comes from our CRM: the public Standard Webhooks scheme.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The scheme's own library signs text, and a fifth of an accept's own work went into its
headers and dates; it is what the tests hold this one against.
"""

import base64
import hmac
import time
from collections.abc import Mapping, Sequence
from functools import cache

from receiver.errors import InvalidSignature

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE = 5 * 60  # seconds, either way


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Return if one of `secrets` signed these very bytes within five minutes of now.

    Raises `InvalidSignature`, whatever it is that the headers have wrong.
    """
    message_id, timestamp, given = (headers.get(name, "") for name in HEADERS)
    if message_id and _is_now(timestamp):
        # several where a secret is being replaced, and perhaps of other versions
        signatures = given.encode("latin-1", "replace").split(b" ")
        for secret in secrets:
            expected = _signature(body, message_id, timestamp, secret)
            if any(hmac.compare_digest(expected, one) for one in signatures):
                return
    raise InvalidSignature("missing, wrong, malformed or stale signature")


def sign(body: bytes, message_id: str, secret: str) -> dict[str, str]:
    """The three headers that prove `body`, stamped now."""
    timestamp = str(int(time.time()))
    signature = _signature(body, message_id, timestamp, secret)
    return dict(zip(HEADERS, (message_id, timestamp, signature.decode()), strict=True))


def _is_now(timestamp: str) -> bool:
    """Whether it is a moment in whole seconds, and close to now."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - time.time()) <= TOLERANCE


def _signature(body: bytes, message_id: str, timestamp: str, secret: str) -> bytes:
    signed = f"{message_id}.{timestamp}.".encode("latin-1", "replace") + body
    digest = hmac.digest(_key(secret), signed, "sha256")
    return b"v1," + base64.b64encode(digest)


@cache
def _key(secret: str) -> bytes:
    # b64decode leaves out what is too much of the padding
    return base64.b64decode(secret.removeprefix("whsec_") + "==")
