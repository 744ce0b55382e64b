"""What we are measured by: the obvious way, one durable write, an empty view.

The obvious way checks the signature by the scheme's own library and the same schema as
the receiver does, then enqueues one RQ job for each event; each job makes one
`add-orders` call. Its worker is `rq worker` as RQ's documentation has it, which forks
for every job, and the fork imports what the job needs. The tuned way differs in its
worker alone, `python -m bench.baselines`: it has imported everything before it forks.
Their Redis client is one as it comes, without our bound on connections.
"""

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
from receiver.sugarcrm.events import load
from receiver.views.webhooks import parse

OBVIOUS, TUNED = "obvious", "tuned"
LIST = "bench:durable"
ACCEPTED = {"accepted": 1, "ignored": 0}, 202


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

    return app


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
