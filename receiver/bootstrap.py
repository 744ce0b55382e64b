"""From settings to connected services, for whichever process asks."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue

from receiver.catchup import CatchUp
from receiver.config import Config, SugarConfig
from receiver.delivery import Delivery
from receiver.embedded import beside
from receiver.errors import InvalidSettings
from receiver.flood import Flood
from receiver.leads import Leads
from receiver.reconcile import Reconcile
from receiver.remap import MappingSource, Remap
from receiver.roistat.budget import HOUR, Budget
from receiver.roistat.client import RoistatClient
from receiver.room import Room
from receiver.stages import Stages
from receiver.store import Store
from receiver.store.leads import LeadStore
from receiver.store.tokens import Tokens
from receiver.sugarcrm.calls import Calls
from receiver.sugarcrm.pace import Pace
from receiver.sugarcrm.pulling import Crm
from receiver.sugarcrm.rest_v11 import SugarCrm
from receiver.sugarcrm.rest_v11_writing import SugarCrmWriter
from receiver.sugarcrm.suitecrm_v8 import SuiteCrm
from receiver.sugarcrm.suitecrm_v8_writing import SuiteCrmWriter
from receiver.sugarcrm.writing import CrmWriter
from receiver.sync import Backfill, Sync

LIVE, BACKGROUND = "live", "background"

# So many calls' worth may wait behind live changes: some are on their way (a drainer
# takes two calls' worth at a time), some wait, so that it never has to.
ROOM = 4

# Seconds that a record may take to be made, less than whoever sends leads holds them.
WRITE_SECONDS = 20.0
# Of one pool. Small plans count connections; whoever needs one more waits for it. One
# writes, one reads, one is for a page that takes longer.
CONNECTIONS = 3


@dataclass(frozen=True, slots=True)
class Services:
    """What the views, the jobs and the command line work with."""

    config: Config
    redis: redis.Redis
    store: Store
    lead_store: LeadStore
    flood: Flood
    budget: Budget
    roistat: RoistatClient
    mapping: MappingSource
    delivery: Delivery
    stages: Stages
    remap: Remap
    live: Queue
    background: Queue
    crm: Crm | None  # None: it only calls, and cannot be read
    catch_up: CatchUp | None  # None where there is no CRM to read
    leads: Leads | None  # None where there is no CRM to write to


def bootstrap(config: Config, crm: Crm | None = None, hour: int = HOUR) -> Services:
    """Connect everything. Nothing is called yet: Redis and Roistat may be away.

    `crm` is the CRM to read, where it is not the one that the settings name; `hour` is
    how many seconds the budget's hour has.
    """
    client = connect(config)
    budget = Budget(
        client,
        config.roistat_requests_per_second,
        config.roistat_requests_per_hour,
        hour,
    )
    store = Store(client)
    roistat = RoistatClient(
        config.roistat_url,
        config.roistat_api_key,
        config.roistat_project,
        budget,
        lambda path, result: store.counters.count("calls", method=path, result=result),
    )
    mapping = MappingSource(config.mapping, store)
    batch_size = config.roistat_batch_size
    stages = Stages(store, roistat, mapping.current)
    if crm is None and config.sugar:
        crm = reach(config.sugar, client)
    may_send = partial(budget.may_spend, "background")
    room = Room(store, ROOM * batch_size, may_send)
    return Services(
        config=config,
        redis=client,
        store=store,
        lead_store=LeadStore(client),
        flood=Flood(client, config.leads.per_minute),
        budget=budget,
        roistat=roistat,
        mapping=mapping,
        stages=stages,
        delivery=Delivery(store, roistat, mapping.current, stages, batch_size),
        remap=Remap(store, mapping, Room(store, batch_size, may_send)),
        live=Queue(LIVE, connection=client),
        background=Queue(BACKGROUND, connection=client),
        crm=crm,
        catch_up=CatchUp(
            store,
            crm,
            Backfill(store, crm, room),
            Sync(store, crm, room, config.sync_interval),
            Reconcile(store, crm, roistat, mapping.current, room),
        )
        if crm
        else None,
        leads=_leads(config, client),
    )


def _leads(config: Config, client: redis.Redis) -> Leads | None:
    if not config.sugar:
        return None
    return Leads(
        LeadStore(client),
        reach_to_write(config.sugar, client),
        repeat_minutes=config.leads.repeat_minutes,
        stage=config.leads.stage,
        source=config.leads.source,
    )


def reach(sugar: SugarConfig, client: redis.Redis) -> Crm:
    """The CRM's own API."""
    calls = Calls(sugar.url, Pace(client, sugar.requests_per_second))
    oauth = (sugar.client_id, sugar.client_secret)
    user = (sugar.username or "", sugar.password or "")
    if sugar.api == "suitecrm_v8":
        known = user if sugar.username else None
        return SuiteCrm(calls, Tokens(client), oauth, known)
    return SugarCrm(calls, Tokens(client), oauth, user, sugar.platform)


def reach_to_write(sugar: SugarConfig, client: redis.Redis) -> CrmWriter:
    """The same, to be written to."""
    pace = Pace(client, sugar.requests_per_second)
    calls = Calls(sugar.url, pace, WRITE_SECONDS)
    oauth = (sugar.client_id, sugar.client_secret)
    user = (sugar.username or "", sugar.password or "")
    if sugar.api == "suitecrm_v8":
        known = user if sugar.username else None
        return SuiteCrmWriter(calls, Tokens(client), oauth, known)
    return SugarCrmWriter(calls, Tokens(client), oauth, user, sugar.platform)


def connect(config: Config, **options: Any) -> redis.Redis:
    """A Redis client with a pool of its own, that of a running `serve` where no other
    is named. Raises `InvalidSettings`.
    """
    url = config.redis_url or beside(config.data_dir)
    if not url:
        raise InvalidSettings(
            "REDIS_URL: Environment variable not set (only `sugar-roistat serve` "
            "brings a store of its own, and none runs in DATA_DIR)."
        )
    if url.startswith("rediss:") and not config.redis_tls_verify:
        options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    # one more try, at once, for a connection that had gone stale: whoever called comes
    # again, and must not be kept waiting for a store that is away
    options = {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "retry": Retry(NoBackoff(), 1),
        "max_connections": CONNECTIONS,
    } | options
    try:
        pool = redis.BlockingConnectionPool.from_url(url, timeout=5, **options)
    except ValueError:
        raise InvalidSettings(
            "REDIS_URL: Not a redis, rediss or unix address."
        ) from None
    return redis.Redis.from_pool(pool)
