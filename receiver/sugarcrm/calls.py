"""Requests to the CRM: paced, repeated where that may help, their clock noted."""

import json
import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from receiver.errors import UpstreamError
from receiver.http_client import HttpClient
from receiver.sugarcrm.pace import Pace

READ_SECONDS = 30.0  # a page of a hundred deals can take a busy CRM this long
WAITS = (0.5, 1.0, 2.0)  # seconds between the attempts
LONGEST_WAIT = 30.0  # the most that a Retry-After is heeded
PASSING = frozenset({429, 500, 502, 503, 504})
CLOCK_SECONDS = 300.0  # how long what an answer told of the time counts
NO_CLOCK = 5.0  # seconds that we stay behind our own clock where the CRM shows none


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no passing failure; `body` is None where it is no JSON.

    Numbers are text in it, digit by digit as they came.
    """

    status: int
    body: Any

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300 and self.body is not None


class Calls:
    """All requests to one CRM."""

    def __init__(
        self, url: str, pace: Pace, read_seconds: float = READ_SECONDS
    ) -> None:
        self.url = url.rstrip("/")
        self._pace = pace
        headers = {"Accept": "application/json"}
        self._http = HttpClient("the CRM", headers, read_seconds)
        self._clock: tuple[float, float] | None = None

    def send(
        self, method: str, path: str, *, once: bool = False, **options: Any
    ) -> Answer:
        """Give the answer. What only reads is sent again where it fails, a few times,
        ever later; what writes must be sent `once`: it may have been carried out.

        Raises `UpstreamError` where there is no answer, or 429 or 5xx to the end.
        """
        for wait in (None,) if once else (*WAITS, None):
            self._pace.wait()
            try:
                answer = self._http.request(method, self.url + path, **options)
            except UpstreamError:
                if wait is None:
                    raise
            else:
                self._note_clock(answer)
                if answer.status_code not in PASSING:
                    return Answer(answer.status_code, _parse(answer))
                if wait is None:
                    raise UpstreamError(f"the CRM answers HTTP {answer.status_code}")
                wait = max(wait, _asked(answer))
            time.sleep(wait * random.uniform(1, 1.25))  # noqa: S311 - no secret
        raise AssertionError  # the last attempt returns or raises

    @property
    def knows_time(self) -> bool:
        """Whether an answer has told the time lately."""
        return bool(self._clock) and _since(self._clock) < CLOCK_SECONDS

    def fence(self) -> int:
        """The CRM's clock now or a moment ago, in UTC microseconds of a whole second.

        Every answer shows it (its `Date`), rounded down and before we saw it; counted
        on from there it never runs ahead of the CRM.
        """
        now = time.time() - NO_CLOCK
        if self._clock:
            now = self._clock[0] + _since(self._clock)
        return int(now) * 1_000_000

    def _note_clock(self, answer: requests.Response) -> None:
        try:
            moment = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError):
            return
        self._clock = moment.timestamp(), time.monotonic()


def moment_of(fence: int) -> str:
    """A fence as the moment that it is."""
    moment = datetime.fromtimestamp(fence // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(what: str, answer: Answer) -> UpstreamError:
    """The error for an answer that is no success: with the CRM's code for it, where it
    has one, never in its own words, for these may hold somebody's name.
    """
    if 200 <= answer.status < 300:
        return UpstreamError(f"the CRM answers {what} with something unreadable")
    code = answer.body.get("error") if isinstance(answer.body, dict) else None
    known = isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code)
    why = f"HTTP {answer.status}, {code}" if known else f"HTTP {answer.status}"
    message = f"the CRM refuses {what} ({why})"
    return UpstreamError(message, permanent=answer.status not in (401, 408))


def _since(clock: tuple[float, float] | None) -> float:
    return time.monotonic() - clock[1] if clock else 0


def _asked(answer: requests.Response) -> float:
    """How long the CRM asks us to wait, within reason."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST_WAIT) if text.isdigit() else 0


def _parse(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
