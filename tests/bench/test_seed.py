"""Deals that are seeded in bulk are in the store what delivered ones are."""

import json

import pytest

from bench.saves import Crm, things_of
from bench.seed import deliver
from receiver.store import Store
from receiver.sugarcrm.events import load

# what no two deliveries have in common: when it was, and which turn and attempt it had
OF_THE_MOMENT = (b"fence", b"moved")
OF_THE_WAY = ("calls", "ignored")  # a client that came with several deals


@pytest.fixture
def everything(redis_client):
    """All that lies under the keys of a kind, without what belongs to the moment."""

    def read(pattern):
        return {key: _content(redis_client, key) for key in redis_client.keys(pattern)}

    return read


def _content(redis_client, key):
    ages = redis_client.ttl(key) > 0
    match redis_client.type(key):
        case b"hash":
            held = redis_client.hgetall(key)
            kept = {k: v for k, v in held.items() if k not in OF_THE_MOMENT}
            return ages, list(held), kept
        case b"list":
            return ages, [
                _without_moment(one) for one in redis_client.lrange(key, 0, -1)
            ]
        case b"zset":
            return ages, redis_client.zrange(key, 0, -1)
        case b"set":
            return ages, redis_client.smembers(key)
        case _:
            return ages, redis_client.get(key)


def _without_moment(line):
    attempt, _, text = line.partition(b" ")
    entry = json.loads(text)
    moments = [len(entry.pop(name)) for name in ("opened", "closed")]
    return len(attempt), moments, list(json.loads(text)), entry


OF_THEM = ("roistat:meta:*", "roistat:state:*", "roistat:history:*")
OF_ALL = ("roistat:due", "roistat:parked", "roistat:reasons", "roistat:index",
          "roistat:noted:*", "roistat:lease", "roistat:woken")  # fmt: skip


@pytest.mark.parametrize("clients", [0, 3, 7])
def test_a_seeded_deal_lies_in_the_store_as_a_delivered_one(
    put, drain, store: Store, redis_client, everything, without_coalescing, clients
):
    events = [Crm("deals", 7, clients).save(number) for number in range(7)]
    put(*events)
    drain()
    keys = (*OF_THEM, *OF_ALL)
    delivered = {pattern: everything(pattern) for pattern in keys}
    sizes = {
        key: redis_client.memory_usage(key) for key in redis_client.keys(OF_THEM[0])
    }
    counted = [one for one in store.counters.all() if one.name not in OF_THE_WAY]
    listed = redis_client.zrange("roistat:listed", 0, -1)

    redis_client.flushall()
    things = [thing for event in events for thing in things_of(event)]
    deliver(store, {thing.id: thing for thing in things}.values())
    for pattern in keys:
        assert everything(pattern) == delivered[pattern], pattern
    assert len(delivered[OF_THEM[0]]) == 7 + clients
    for key, size in sizes.items():  # what an allocator rounds differs
        assert abs(redis_client.memory_usage(key) - size) <= 32, key
    assert store.counters.all() == counted
    assert sorted(redis_client.zrange("roistat:listed", 0, -1)) == sorted(listed)


@pytest.mark.parametrize("clients", [0, 2])
def test_a_save_is_read_quickly_as_it_is_read_carefully(clients):
    crm = Crm("any", 5, clients)
    for number in range(5):
        event = crm.save(number)
        (read,) = load(event)
        things = [thing for thing in (read.client, read.deal) if thing]
        assert list(things_of(event)) == things


def test_more_than_one_piece_is_seeded(store, redis_client, monkeypatch):
    monkeypatch.setattr("bench.seed.PIECE", 4)
    crm = Crm("many", 11, 4)
    deliver(store, crm.states(range(11)))
    assert all(store.state(f"deal:{deal_id}") for deal_id in crm.deals)
    assert store.index.count() == 11
    assert len(redis_client.keys("roistat:meta:client:*")) == 4
    assert store.counts() == {"pending": 0, "parked": 0, "overdue": 0.0}
