"""No wake-up is lost: every state that the protocol of wake-up flag, queue, lease and
settle can reach with two saves, two workers and one death; and the search can fail.
"""

import pytest

from receiver.store.edge import script
from tests.store.search import Search

pytestmark = pytest.mark.usefixtures("time_in_our_hands")


def planted(store, redis_client, name, old, new):
    """Take a part out of a script."""
    text = script(name)
    assert text.count(old) == 1, f"{name}.lua has changed: plant it anew"
    changed = redis_client.register_script(text.replace(old, new))
    setattr(store, f"_{name}", changed)


def test_where_nobody_dies_no_timer_is_needed(store, redis_client):
    found = Search(store, redis_client, timer=False).run()
    assert found.states == 224
    assert found.wrong == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("deaths", [0, 1])
def test_the_timer_makes_good_whoever_dies_and_whatever_expires(
    store, redis_client, deaths
):
    """Where nobody dies, a drainer may sleep for longer than any push is unsure."""
    found = Search(store, redis_client, timer=True, deaths=deaths, expiry=True).run()
    assert found.states > 70_000
    assert found.wrong == []


# --- the search can fail ---


def test_without_the_timer_a_death_loses_a_deal(store, redis_client):
    found = Search(store, redis_client, timer=False, deaths=1, expiry=True).run()
    assert found.wrong


def test_a_flag_that_is_cleared_after_looking_loses_a_deal(store, redis_client):
    planted(store, redis_client, "look", "redis.call('DEL', woken)", "")
    found = Search(store, redis_client, timer=False, late_flag=True).run()
    assert found.wrong


def test_a_lease_that_is_released_before_looking_loses_a_deal(store, redis_client):
    released = "redis.call('DEL', woken) redis.call('DEL', lease)"
    planted(store, redis_client, "look", "redis.call('DEL', woken)", released)
    found = Search(store, redis_client, timer=False).run()
    assert found.wrong


def test_a_lease_that_is_released_a_step_after_looking_loses_a_deal(
    store, redis_client
):
    old = "redis.call('DEL', lease)\n  return {'idle'}"
    planted(store, redis_client, "look", old, "return {'idle'}")
    found = Search(store, redis_client, timer=False, late_lease=True).run()
    assert found.wrong


def test_a_settle_that_does_not_look_at_the_revision_loses_a_save(store, redis_client):
    looked = "local decided = mine and held[1] == rev"
    planted(store, redis_client, "settle", looked, "local decided = mine")
    found = Search(store, redis_client, timer=True).run()
    assert found.wrong


def test_a_push_that_a_late_one_may_have_undone_leaves_a_deal_stale(
    store, redis_client
):
    taken = "if held[2] then"
    planted(store, redis_client, "settle", taken, "if false then")
    found = Search(store, redis_client, timer=True, expiry=True).run()
    assert found.wrong
