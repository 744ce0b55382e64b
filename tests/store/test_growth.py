"""What a save, its delivery and a page do is the same however many deals are held."""

import uuid

import pytest
from prometheus_client.exposition import generate_latest

from bench.saves import Crm, things_of
from bench.seed import deliver, outcomes, taken
from receiver import metrics, overview
from receiver.mapping import Mapping
from receiver.plan import plan
from receiver.store import record_of

FEW, MANY = 100, 3000
NOW = 2 * 10**15  # a fence that is newer than what is held


@pytest.fixture
def commands(redis_client):
    """How often each command was carried out, scripts' own among them."""

    def count(step):
        redis_client.config_resetstat()
        step()
        told = redis_client.info("commandstats")
        ours = {name: one["calls"] for name, one in told.items()}
        return {n: c for n, c in ours.items() if "config" not in n and "info" not in n}

    return count


def save_and_deliver(store, crm):
    event = crm.save(7)
    store.put([record_of(thing, NOW) for thing in things_of(event)])
    token, attempt = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    items = plan(store.look(token, 200).due, Mapping()).orders
    store.open(token, attempt, [(one.pending, one.digest, "{}") for one in items])
    store.settle(attempt, list(outcomes(items, taken, {})))
    store.release(token)
    assert len(items) == 1


STEPS = {
    "a save and its delivery": lambda services, crm: save_and_deliver(
        services.store, crm
    ),
    "the metrics": lambda services, crm: generate_latest(metrics.Numbers(services)),
    "the overview": lambda services, crm: overview.overview(services),
    "a page of deals": lambda services, crm: services.store.index.newest(0, 50),
    "a search": lambda services, crm: services.store.index.search("warehouse", 0, 50),
    "the timer's look": lambda services, crm: services.store.is_due(),
}


@pytest.mark.parametrize("step", STEPS)
def test_it_takes_as_many_commands_with_many_deals_as_with_few(
    services, store, commands, without_coalescing, step
):
    crm, counted, held = Crm("all", MANY), [], 0
    for size in (FEW, MANY):
        deliver(store, crm.states(range(held, size)))
        held = size
        services.redis.delete("roistat:told", "roistat:rush")  # nobody saves so much
        STEPS[step](services, crm)  # what is asked once, is asked now
        counted.append(commands(lambda: STEPS[step](services, crm)))
    few, many = counted
    assert many == few
    assert sum(few.values()) > 0
