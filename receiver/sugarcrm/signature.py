"""Proof that a webhook comes from our CRM: the public Standard Webhooks scheme.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from standardwebhooks import Webhook

from receiver.errors import InvalidSignature

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Return if one of `secrets` signed these very bytes within five minutes of now.

    Raises `InvalidSignature`, whatever it is that the headers have wrong.
    """
    lossless = body.decode("latin-1")
    for secret in secrets:
        try:
            _webhook(secret).verify(lossless, dict(headers), json_parse=False)
        except Exception:  # noqa: S112 - the library lets malformed headers raise anything
            continue
        return
    raise InvalidSignature("missing, wrong, malformed or stale signature")


def sign(body: bytes, message_id: str, secret: str) -> dict[str, str]:
    """The three headers that prove `body`, stamped now."""
    now = datetime.now(UTC)
    signature = _webhook(secret).sign(message_id, now, body.decode("latin-1"))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


class _BytesWebhook(Webhook):
    """The library signs text, we sign bytes: a body that is not UTF-8 can still be
    proved authentic, and is then refused as what it is, a bad body (400, not 401).
    """

    def sign(self, msg_id: str, timestamp: datetime, data: str) -> str:
        seconds = int(timestamp.replace(tzinfo=UTC).timestamp())
        signed = f"{msg_id}.{seconds}.".encode() + data.encode("latin-1")
        digest = hmac.digest(self._whsecret, signed, "sha256")
        return f"v1,{base64.b64encode(digest).decode()}"


@cache
def _webhook(secret: str) -> _BytesWebhook:
    return _BytesWebhook(secret)
