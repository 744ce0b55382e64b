"""`put` in two halves, over a connection of its own, whatever becomes of that."""

import select

import pytest
import redis

from receiver.deal import Deal
from receiver.errors import StoreUnavailable
from receiver.store import Store, record_of


def record(name, fence=1, deal_id="d1"):
    return record_of(Deal(deal_id, name), fence)


@pytest.fixture
def direct(store):
    put = store.direct_put()
    put.connect()
    yield put
    put.disconnect()


def answer(direct):
    assert select.select([direct], [], [], 10)[0]
    return direct.receive()


def put(direct, *records):
    direct.send(records)
    return answer(direct)


def test_it_stores_and_answers_as_a_put_does(direct, store):
    assert put(direct, record("new", 5), record("old", 4)) == (True, [True, False])
    assert store.state("deal:d1").name == "new"
    assert put(direct, record("newer", 6)) == (False, [True])
    assert store.put([record("newest", 7)]) == (False, [True])


def test_a_store_that_forgot_the_script_fails_until_it_is_told_again(
    direct, redis_client
):
    redis_client.script_flush()
    with pytest.raises(StoreUnavailable):
        put(direct, record("a"))
    direct.connect()
    assert put(direct, record("a"))[1] == [True]


def test_a_connection_that_ended_is_seen_and_can_be_had_again(direct, redis_client):
    assert redis_client.client_kill_filter(_type="normal", skipme=True)
    assert select.select([direct], [], [], 10)[0]
    with pytest.raises(StoreUnavailable):
        direct.receive()
    assert not direct.is_connected()
    with pytest.raises(StoreUnavailable):
        direct.send([record("a")])
    direct.connect()
    assert put(direct, record("a"))[1] == [True]


def test_a_full_store_is_an_error_and_the_next_answer_is_the_next_ones(
    direct, redis_client
):
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable):
            put(direct, record("a"))
    finally:
        redis_client.config_set("maxmemory", 0)
    assert put(direct, record("a"))[1] == [True]


def test_a_store_that_is_away_is_an_error_each_time(tmp_path):
    nowhere = redis.Redis.from_url(f"unix://{tmp_path}/nobody", retry=None)
    gone = Store(nowhere).direct_put()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            gone.connect()
        assert not gone.is_connected()
    gone.disconnect()
