"""`POST /webhooks/sugarcrm`: verify the bytes, load the schema, store, answer.

Roistat is never called from here. The answers and their order are the contract's
(docs/webhook.md): 413, 401, 415, 400, 422, 503, then 202 or 200.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import structlog
from flask import Blueprint, abort, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wsgi import get_input_stream

from receiver import __version__, health, jobs, logs
from receiver.bootstrap import Services
from receiver.errors import StoreUnavailable
from receiver.stages import told_by
from receiver.store import DirectPut, Record, record_of
from receiver.sugarcrm.events import Event, Ping, load
from receiver.sugarcrm.signature import HEADERS, verify

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/webhooks/sugarcrm"
MAX_BODY = 1024 * 1024
MAX_DIGITS = 30

_HEADERS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in HEADERS}
_HEADERS["content-type"] = "CONTENT_TYPE"
_FAILED = "receiver.failed"  # in a request's environment

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook that can be taken: what is to be stored of it, and of which of its
    events each record is.
    """

    webhook_id: str
    events: Sequence[Event]
    records: Sequence[Record]
    owners: Sequence[int]

    def counted(self, taken: Sequence[bool]) -> dict[str, int]:
        """How many of its events were taken, given which of its records were."""
        owners = zip(self.owners, taken, strict=True)
        accepted = len({owner for owner, took in owners if took})
        return {"accepted": accepted, "ignored": len(self.events) - accepted}


class Stored(NamedTuple):
    """What the fast path brings in the place of a body, which it has read and stored:
    what was received, and which of its records were taken.
    """

    received: Received
    taken: Sequence[bool]


class Webhooks:
    """Before Flask, as WSGI: what is a webhook that can be taken is answered here.

    Flask's contexts, routing and signals take longer than to verify, read and pack a
    webhook. Whatever is no webhook goes on to Flask; a webhook that could not be taken
    does, too, with what it failed for, because Flask has the words for errors.
    """

    def __init__(self, services: Services, flask: "WSGIApplication") -> None:
        self._services = services
        self._flask = flask

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return self._flask(environ, start_response)
        try:
            content, status = self._take(environ)
        except Exception as error:
            environ[_FAILED] = error
            return self._flask(environ, start_response)
        answer = json.dumps(content).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(answer))),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [answer]

    # --- for the fast path (see receiver.fast_path) ---

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Received | None:
        """What is to be stored of a webhook, None for a ping; the names of its headers
        are in lower case. Raises what it is refused for.
        """
        content = self._read(body, headers)
        return content if isinstance(content, Received) else None

    def direct_put(self) -> DirectPut:
        """What stores it."""
        return self._services.store.direct_put()

    def wake(self) -> None:
        """Wake a worker."""
        jobs.wake(self._services.live)

    # --- for every server ---

    def _take(self, environ: "WSGIEnvironment") -> tuple[dict[str, Any], HTTPStatus]:
        """Take one webhook from the CRM; what to answer. Raises what it is refused
        for.
        """
        stored = environ["wsgi.input"]
        if not isinstance(stored, Stored):
            # one more than we take: a body of unsaid length is cut there without a word
            stream = get_input_stream(environ, max_content_length=MAX_BODY + 1)
            headers = {name: environ.get(key, "") for name, key in _HEADERS.items()}
            content = self._read(stream.read(), headers)
            if isinstance(content, Ping):
                log.info("pinged", webhook_id=logs.known_id(headers["webhook-id"]))
                return answer_ping(self._services, content), HTTPStatus.OK
            stored = self._store(content)
        received, taken = stored
        counted = received.counted(taken)
        # from here on a deal is known by its id: ten saves make one order
        members = _members(received.events)
        log.info("accepted", webhook_id=received.webhook_id, of=members, **counted)
        return counted, HTTPStatus.ACCEPTED

    def _read(self, body: bytes, headers: Mapping[str, str]) -> Received | Ping:
        if len(body) > MAX_BODY:
            abort(413)
        verify(body, headers, self._services.config.webhook_secrets)
        mimetype, _, _ = headers.get("content-type", "").partition(";")
        if mimetype.strip().lower() != "application/json":
            abort(415, "The body must be application/json.")
        content = load(parse(body))
        if isinstance(content, Ping):
            return content
        webhook_id = logs.known_id(headers["webhook-id"])
        return Received(webhook_id, content, *_records(content))

    def _store(self, received: Received) -> Stored:
        """Store what was received in one step, and wake a worker if none is on its
        way.
        """
        wake, taken = self._services.store.put(received.records)
        if wake:
            self.wake()
        return Stored(received, taken)


@blueprint.post(PATH)
def refuse() -> NoReturn:
    """Have the error answered for which a webhook could not be taken."""
    # Flask takes "post" for POST
    raise request.environ.get(_FAILED) or MethodNotAllowed(["POST"])


def _members(events: Sequence[Event]) -> list[str]:
    """The deals and the clients that events are about."""
    things = [event.deal or event.client for event in events]
    return [thing.id for thing in things if thing]


def parse(body: bytes) -> Any:
    """The JSON in a body. Aborts with 400 where it is not JSON, or absurd."""
    try:
        return _decode(body.decode())
    except UnicodeDecodeError:
        abort(400, "The body is not UTF-8.")
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON, or is nested or numbered beyond reason.")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _sane(number: Any) -> Any:
    def read(text: str) -> Any:
        value = number(text) if len(text) <= MAX_DIGITS else None
        if value is None or value in (float("inf"), float("-inf")):
            raise ValueError(text)
        return value

    return read


_decode = json.JSONDecoder(
    parse_constant=_refuse, parse_float=_sane(float), parse_int=_sane(int)
).decode


def _records(events: Sequence[Event]) -> tuple[list[Record], list[int]]:
    """What is to be stored of events, and which event each record is of."""
    records, owners = [], []
    for number, event in enumerate(events):
        for thing in (event.client, event.deal):
            if thing is not None:
                records.append(record_of(thing, event.fence))
                owners.append(number)
    return records, owners


def answer_ping(services: Services, ping: Ping) -> dict[str, Any]:
    """Say how each leg is doing, even where the store is away."""
    try:
        services.store.notes.keep_ping(ping.about)
        if services.stages.unknown(told_by(ping.about)):
            jobs.learn_stages(services.background)
    except StoreUnavailable:
        log.warning("ping_not_kept")
    return {
        "version": __version__,
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "store": health.of_store(services),
        "roistat": health.of_roistat(services),
    }
