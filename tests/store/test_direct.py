"""A script on a connection of its own, whatever becomes of the connection."""

import time

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from receiver.store.direct import DirectScript

ECHO = "return {KEYS[1], ARGV[1], 7}"
SLOW = "local n = 0 while n < tonumber(ARGV[1]) do n = n + 1 end return ARGV[2]"


@pytest.fixture
def echo(valkey, redis_client):
    once_more = Retry(NoBackoff(), 1)
    with redis.Redis.from_url(valkey.connection_url, retry=once_more) as client:
        yield DirectScript(client, ECHO)


def test_a_script_answers(echo):
    assert echo(["a key"], [b"\xff\x00"]) == [b"a key", b"\xff\x00", 7]


def test_a_store_that_forgot_the_script_is_given_it_again(echo, redis_client):
    echo(["k"], ["v"])
    redis_client.script_flush()
    assert echo(["k"], ["v"]) == [b"k", b"v", 7]


def test_a_connection_that_was_closed_meanwhile_is_opened_again(echo, redis_client):
    echo(["k"], ["v"])
    assert redis_client.client_kill_filter(_type="normal", skipme=True)
    assert echo(["k"], ["v"]) == [b"k", b"v", 7]


def test_an_error_of_the_script_is_told_and_the_next_call_is_answered(redis_client):
    refuse = DirectScript(redis_client, "return redis.error_reply(ARGV[1])")
    for said in ("first", "second"):
        with pytest.raises(redis.ResponseError, match=said):
            refuse([], [said])


def test_an_answer_that_comes_too_late_is_not_the_next_ones(valkey):
    url = valkey.connection_url
    never = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(url, socket_timeout=0.2, retry=never) as impatient:
        slow = DirectScript(impatient, SLOW)
        assert slow([], [1, "first"]) == b"first"
        with pytest.raises(redis.TimeoutError):
            slow([], [30_000_000, "late"])
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                assert slow([], [1, "next"]) == b"next"
                return
            except redis.TimeoutError:
                continue
    pytest.fail("it never answered again")


def test_a_store_that_is_away_is_an_error_each_time(tmp_path):
    nowhere = redis.Redis.from_url(f"unix://{tmp_path}/nobody", retry=None)
    gone = DirectScript(nowhere, ECHO)
    for _ in range(2):
        with pytest.raises(redis.ConnectionError):
            gone(["k"], ["v"])
