"""HTTP to other systems: one kept-alive session, short time-outs, errors translated.

It never tries twice: whoever calls knows whether that is safe and when it is due.
"""

import time
from typing import Any

import requests
import urllib3

from receiver.errors import UpstreamError

CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0
MAX_ANSWER = 32 * 1024 * 1024

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.SSLError,
)


class HttpClient:
    """Requests to one system, whose `name` stands in the messages of its errors."""

    def __init__(
        self,
        name: str,
        headers: dict[str, str],
        read_seconds: float | None = None,
    ) -> None:
        """An answer may take `read_seconds` in all, or else READ_SECONDS."""
        self._name = name
        self._own_seconds = read_seconds
        self._session = requests.Session()
        # answers are small: as they come, they can be read piece by piece
        self._session.headers.update({"Accept-Encoding": "identity"} | headers)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Give the answer, whatever its status, its body read within the read time-out.

        Raises `UpstreamError`, its `sent` true where the other side may have acted.
        """
        try:
            answer = self._session.request(
                method,
                url,
                timeout=(CONNECT_SECONDS, self._read_seconds),
                allow_redirects=False,
                stream=True,
                **options,
            )
            answer._content = self._read(answer)
        except requests.ConnectTimeout as error:
            raise self._failed("did not answer in time", sent=False) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise self._failed("did not answer in time", sent=True) from error
        except requests.RequestException as error:
            reason = getattr(error.args[0] if error.args else None, "reason", None)
            if isinstance(reason, _NEVER_SENT):
                raise self._failed("cannot be reached", sent=False) from error
            raise self._failed("broke off", sent=True) from error
        except urllib3.exceptions.HTTPError as error:
            raise self._failed("broke off", sent=True) from error
        return answer

    @property
    def _read_seconds(self) -> float:
        return self._own_seconds or READ_SECONDS

    def _read(self, answer: requests.Response) -> bytes:
        """The whole body: requests' own time-out is for each drop, not for the sum."""
        body, deadline = bytearray(), time.monotonic() + self._read_seconds
        while piece := answer.raw.read1(64 * 1024):
            body += piece
            if time.monotonic() > deadline or len(body) > MAX_ANSWER:
                answer.close()
                raise requests.Timeout
        answer.raw.release_conn()
        return bytes(body)

    def _failed(self, what: str, *, sent: bool) -> UpstreamError:
        return UpstreamError(f"{self._name} {what}", sent=sent)
