"""From settings to connected services, for whichever process asks."""

from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue

from receiver.config import Config
from receiver.delivery import Delivery
from receiver.errors import InvalidSettings
from receiver.remap import MappingSource, Remap
from receiver.roistat.budget import Budget
from receiver.roistat.client import RoistatClient
from receiver.stages import Stages
from receiver.store import Store

LIVE, BACKGROUND = "live", "background"


@dataclass(frozen=True, slots=True)
class Services:
    """What the views, the jobs and the command line work with."""

    config: Config
    redis: redis.Redis
    store: Store
    budget: Budget
    roistat: RoistatClient
    mapping: MappingSource
    delivery: Delivery
    stages: Stages
    remap: Remap
    live: Queue
    background: Queue


def bootstrap(config: Config) -> Services:
    """Connect everything. Nothing is called yet: Redis and Roistat may be away."""
    client = connect(config)
    budget = Budget(
        client, config.roistat_requests_per_second, config.roistat_requests_per_hour
    )
    roistat = RoistatClient(
        config.roistat_url, config.roistat_api_key, config.roistat_project, budget
    )
    store = Store(client)
    mapping = MappingSource(config.mapping, store)
    batch_size = config.roistat_batch_size
    stages = Stages(store, roistat, mapping.current)
    return Services(
        config=config,
        redis=client,
        store=store,
        budget=budget,
        roistat=roistat,
        mapping=mapping,
        stages=stages,
        delivery=Delivery(store, roistat, mapping.current, stages, batch_size),
        remap=Remap(store, mapping, batch_size),
        live=Queue(LIVE, connection=client),
        background=Queue(BACKGROUND, connection=client),
    )


def connect(config: Config, **options: Any) -> redis.Redis:
    """A Redis client with a pool of its own. Raises `InvalidSettings`."""
    if not config.redis_url:
        raise InvalidSettings(
            "REDIS_URL: Environment variable not set "
            "(only `sugar-roistat serve` brings a store of its own)."
        )
    if config.redis_url.startswith("rediss:") and not config.redis_tls_verify:
        options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    # one more try, at once, for a connection that had gone stale: whoever called comes
    # again, and must not be kept waiting for a store that is away
    options = {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "retry": Retry(NoBackoff(), 1),
    } | options
    try:
        return redis.Redis.from_url(config.redis_url, **options)
    except ValueError:
        raise InvalidSettings(
            "REDIS_URL: Not a redis, rediss or unix address."
        ) from None
