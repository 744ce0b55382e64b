"""What we are measured by: the obvious way, one durable write, an empty view.

The obvious way checks the signature by the scheme's own library and the same schema as
the receiver does, then enqueues one RQ job for each event; each job makes one
`add-orders` call. Its worker is `rq worker` as RQ's documentation has it, which forks
for every job, and the fork imports what the job needs. The tuned way differs in its
worker alone, `python -m bench.baselines`: it has imported everything before it forks.
Their Redis client is one as it comes, without our bound on connections.

The limit of the receiver itself is one durable write in the web worker's loop, where
its webhooks are answered (see receiver.fast_path), with nothing done about them.
"""

from functools import partial
from typing import Any, NamedTuple

import redis
import requests
from flask import Flask, request
from rq import Queue, Worker
from standardwebhooks import Webhook

from receiver.bootstrap import connect
from receiver.config import Config
from receiver.deal import Deal
from receiver.mapping import Mapping
from receiver.roistat.schemas import as_bytes, order_of
from receiver.store import DirectPut
from receiver.sugarcrm.events import load
from receiver.views.webhooks import Stored, parse

OBVIOUS, TUNED = "obvious", "tuned"
LIST = "bench:durable"
ACCEPTED = {"accepted": 1, "ignored": 0}, 202


class Body(NamedTuple):
    """A webhook's, as it came."""

    records: list[bytes]


def _nothing(_: object) -> tuple[bool, list[bool]]:
    return False, []


class Loop:
    """One durable write for the bodies that have come, on the receiver's fast path."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def receive(self, body: bytes, _: object) -> Body:
        """What is to be stored."""
        return Body([body])

    def direct_put(self) -> DirectPut:
        """What stores it."""
        push = "return redis.call('LPUSH', KEYS[1], unpack(ARGV))"
        return DirectPut(self._client, push, lambda all_: ([LIST], all_), _nothing)

    def wake(self) -> None:
        """Nobody is woken."""


def create_app() -> Flask:
    """The baselines' views, to be served under the receiver's gunicorn settings."""
    config = Config.from_environment()
    client = redis.Redis.from_url(config.redis_url)
    webhook = Webhook(config.webhook_secrets[0])
    queues = {name: Queue(name, connection=client) for name in (OBVIOUS, TUNED)}
    app = Flask(__name__)

    @app.post("/empty")
    def empty() -> tuple[dict[str, int], int]:
        return ACCEPTED

    @app.post("/durable")
    def durable() -> tuple[dict[str, int], int]:
        client.lpush(LIST, request.get_data(cache=False))
        return ACCEPTED

    @app.post("/queue/<name>")
    def enqueue(name: str) -> tuple[dict[str, int], int]:
        body = request.get_data(cache=False)
        webhook.verify(body, dict(request.headers), json_parse=False)
        for event in load(parse(body)):
            queues[name].enqueue(push, event.deal)
        return ACCEPTED

    app.webhooks = Loop(client)  # type: ignore[attr-defined]
    app.wsgi_app = partial(_answer_in_the_loop, app.wsgi_app)  # type: ignore[method-assign]
    return app


def _answer_in_the_loop(flask: Any, environ: Any, start_response: Any) -> Any:
    if not isinstance(environ["wsgi.input"], Stored):
        return flask(environ, start_response)
    headers = [("Content-Type", "application/json"), ("Content-Length", "29")]
    start_response("202 ACCEPTED", headers)
    return [b'{"accepted": 1, "ignored": 0}']


def push(deal: Deal) -> None:
    """The job of the obvious way."""
    config = Config.from_environment()
    requests.post(
        f"{config.roistat_url}/project/add-orders",
        params={"project": config.roistat_project},
        headers={"Api-key": config.roistat_api_key, "Use-Http-Code": "1"},
        data=as_bytes([order_of(deal, Mapping())]),
        timeout=10,
    ).raise_for_status()


def clear(client: redis.Redis) -> None:
    """Forget what the baselines have piled up."""
    for name in (OBVIOUS, TUNED):
        Queue(name, connection=client).empty()
    client.delete(LIST)


def main() -> None:
    """Work off the tuned way's queue until told to stop."""
    client = connect(Config.from_environment())
    worker = Worker([Queue(TUNED, connection=client)], connection=client)
    worker.work(logging_level="ERROR")


if __name__ == "__main__":
    main()
