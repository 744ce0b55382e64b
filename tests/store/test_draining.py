"""The lease, the wake-up flag and the settling of attempts, step by step."""

import pytest

from receiver.deal import Deal
from receiver.errors import LeaseLost
from receiver.store import Outcome, record_of
from receiver.store import store as store_module
from tests.events import client, saved

ENTRY = '{"method": "add-orders"}'


pytestmark = pytest.mark.usefixtures("without_coalescing")


def look(store, token="us", limit=10):
    return store.look(token, limit, hold=0)


def begin(store, token="us", attempt="a1", digest="x1"):
    """See what is due and open an attempt on it; gives (pending, revision) pairs."""
    due = look(store, token).due
    sending = [(pending, digest, ENTRY) for pending in due]
    return list(zip(due, store.open(token, attempt, sending), strict=True))


def end(store, opened, attempt="a1", verdict="delivered", digest="x1", **more):
    outcomes = [
        Outcome(pending.member, rev, verdict, digest, entry=ENTRY, **more)
        for pending, rev in opened
    ]
    store.settle(attempt, outcomes)


def pending(store):
    return [member for member, _ in store.pending()]


def expire_lease(redis_client):
    redis_client.delete("roistat:lease")


# --- the lease ---


def test_only_one_drainer_at_a_time(put, store):
    put(saved("d1"))
    assert look(store, "us").state == "due"
    assert look(store, "them").state == "busy"
    assert look(store, "us").state == "due"


def test_the_lease_goes_in_the_step_that_finds_nothing_due(store):
    assert look(store, "us").state == "idle"
    assert look(store, "them").state == "idle"


def test_a_lease_expires_by_itself(put, store, redis_client):
    put(saved("d1"))
    look(store, "us")
    assert 0 < redis_client.pttl("roistat:lease") <= store_module.LEASE


def test_the_lease_is_kept_for_what_is_due_in_a_moment(put, store, monkeypatch):
    put(saved("d1"))
    end(store, begin(store), verdict="retry", delay=0.5)
    seen = store.look("us", 10, hold=1000)
    assert seen.state == "wait"
    assert 0 < seen.wait <= 500
    assert look(store, "them").state == "busy"


def test_what_is_due_at_a_time_of_its_own_waits_for_the_next_call(
    put, store, monkeypatch
):
    put(saved("d1"))
    end(store, begin(store))
    put(saved("d2"))
    monkeypatch.setattr(store_module, "GAP", 500)
    seen = store.look("us", 10, hold=1000)
    assert seen.state == "wait"
    assert 0 < seen.wait <= 500
    assert look(store, "them").state == "busy"


def test_what_fills_a_call_waits_for_nothing(put, store, monkeypatch):
    put(saved("d1"))
    end(store, begin(store))
    put(*(saved(f"e{n}") for n in range(5)))
    monkeypatch.setattr(store_module, "GAP", 500)
    assert store.look("us", 12, hold=1000).state == "wait"
    assert store.look("us", 10, hold=1000).state == "due"


def test_clients_and_deals_each_fill_their_calls(put, store):
    put(*(saved(f"d{n}", client=client(f"c{n}")) for n in range(8)))
    kinds = [one.member.partition(":")[0] for one in look(store, limit=3).due]
    assert sorted(kinds) == ["client"] * 3 + ["deal"] * 3


def test_without_the_lease_nothing_is_opened(put, store, redis_client):
    put(saved("d1"))
    due = look(store, "us").due
    expire_lease(redis_client)
    look(store, "them")
    with pytest.raises(LeaseLost):
        store.open("us", "a1", [(due[0], "x1", ENTRY)])
    with pytest.raises(LeaseLost):
        store.renew("us")


def test_a_lease_is_released_by_its_holder_only(put, store):
    put(saved("d1"))
    look(store, "us")
    store.release("them")
    assert look(store, "them").state == "busy"
    store.release("us")
    assert look(store, "them").state == "due"


# --- the wake-up flag ---


def wakes(store, name):
    return store.put([record_of(Deal("d1", name), 1)])[0]


def test_the_first_change_wakes_and_the_next_do_not(store):
    assert wakes(store, "a")
    assert not wakes(store, "b")


def test_looking_clears_the_flag_before_it_looks(store):
    wakes(store, "a")
    look(store)
    assert wakes(store, "b")


def test_a_spare_look_at_another_drainer_leaves_the_flag(store):
    wakes(store, "a")
    look(store, "us")
    wakes(store, "b")
    look(store, "them")
    assert not wakes(store, "c")


# --- settling ---


def test_a_delivered_deal_is_no_longer_pending(put, store):
    put(saved("d1"))
    end(store, begin(store))
    assert pending(store) == []


def test_an_edit_during_its_push_stays_pending(put, store):
    put(saved("d1", at=-2, name="Old"))
    opened = begin(store)
    put(saved("d1", at=-1, name="New"))
    end(store, opened)
    assert pending(store) == ["deal:d1"]
    assert look(store).due[0].thing.name == "New"


def test_an_edit_between_look_and_open_is_not_sent_in_its_old_state(put, store):
    put(saved("d1", at=-2, name="Old"))
    due = look(store).due
    put(saved("d1", at=-1, name="New"))
    assert store.open("us", "a1", [(due[0], "x1", ENTRY)]) == [-1]
    assert store.history("deal:d1") == []


def test_what_was_delivered_is_remembered_until_something_is_sent_again(put, store):
    put(saved("d1", at=-2, name="One"))
    end(store, begin(store, digest="x1"), digest="x1")
    put(saved("d1", at=-1, name="Two"))
    assert look(store).due[0].delivered == "x1"
    begin(store, attempt="a2", digest="x2")
    assert look(store).due[0].delivered == ""


def test_who_sent_nothing_and_comes_back_late_says_nothing_of_what_is_held(
    put, store, redis_client
):
    put(saved("d1", at=-5))
    end(store, begin(store, digest="first"), digest="first")
    put(saved("d1", at=-4, name="other"), saved("d1", at=-3))
    (unchanged,) = look(store).due
    put(saved("d1", at=-2, name="newest"))
    expire_lease(redis_client)
    end(store, begin(store, "them", digest="newest"), digest="newest")
    assert pending(store) == []
    end(store, [(unchanged, unchanged.rev)], attempt="", digest="first")
    assert pending(store) == []
    put(saved("d1", at=-1))
    (again,) = look(store, "them").due
    assert again.delivered == "newest"


def test_a_new_holder_adopts_an_open_attempt(put, store, redis_client):
    put(saved("d1"))
    dead = begin(store, "us", "a1")
    expire_lease(redis_client)
    adopted = begin(store, "them", "a2")
    assert adopted[0][1] == dead[0][1] + 1
    end(store, adopted, "a2")
    assert pending(store) == []


def test_a_drainer_that_was_replaced_clears_nothing(put, store, redis_client):
    put(saved("d1"))
    slow = begin(store, "us", "a1")
    expire_lease(redis_client)
    adopted = begin(store, "them", "a2")
    end(store, slow, "a1")
    assert pending(store) == ["deal:d1"]
    end(store, adopted, "a2")
    assert pending(store) == ["deal:d1"]


def test_a_drainer_that_comes_back_after_the_end_makes_it_pending_again(
    put, store, redis_client
):
    put(saved("d1"))
    slow = begin(store, "us", "a1")
    expire_lease(redis_client)
    end(store, begin(store, "them", "a2"), "a2")
    assert pending(store) == []
    end(store, slow, "a1")
    assert pending(store) == ["deal:d1"]
    assert look(store, "them").due[0].delivered == ""


# --- failures ---


def test_a_failure_waits_and_is_counted(put, store):
    put(saved("d1"))
    end(store, begin(store), verdict="retry", delay=60, reason="busy")
    assert look(store).state == "idle"
    assert list(store.pending()) == [("deal:d1", "busy")]


def test_failures_in_a_row_are_told_to_the_next_look(put, store):
    put(saved("d1"))
    end(store, begin(store), verdict="retry")
    end(store, begin(store, attempt="a2"), "a2", verdict="retry")
    assert look(store).due[0].tries == 2
    end(store, begin(store, attempt="a3"), "a3")
    store.redeliver(["deal:d1"])
    assert look(store).due[0].tries == 0


def test_what_was_not_even_tried_is_no_failure(put, store):
    put(saved("d1"))
    end(store, begin(store), verdict="later")
    assert look(store).due[0].tries == 0


def test_a_refused_deal_is_parked_with_its_reason(put, store):
    put(saved("d1"))
    end(store, begin(store), verdict="refused", reason="incorrect_request: no")
    assert pending(store) == []
    assert list(store.parked()) == [("deal:d1", "incorrect_request: no")]


def test_a_deal_that_changed_meanwhile_is_not_parked(put, store):
    put(saved("d1", at=-2, name="Bad"))
    opened = begin(store)
    put(saved("d1", at=-1, name="Good"))
    end(store, opened, verdict="refused", reason="bad name")
    assert (list(store.parked()), pending(store)) == ([], ["deal:d1"])


def test_redelivering_takes_a_deal_out_of_the_park(put, store):
    put(saved("d1"))
    end(store, begin(store), verdict="refused", reason="no")
    wake, known = store.redeliver(["deal:d1", "deal:unknown"])
    assert (wake, known) == (True, [True, False])
    assert (list(store.parked()), pending(store)) == ([], ["deal:d1"])
    assert look(store).due[0].delivered == ""


# --- unknown outcomes ---


@pytest.fixture
def _short_confirm(monkeypatch):
    monkeypatch.setattr(store_module, "CONFIRM", 300)


@pytest.mark.usefixtures("_short_confirm")
def test_the_same_content_after_a_time_out_is_its_own_confirmation(put, store):
    put(saved("d1"))
    end(store, begin(store), verdict="unknown")
    end(store, begin(store, attempt="a2"), "a2")
    assert pending(store) == []


@pytest.mark.usefixtures("_short_confirm")
def test_other_content_after_a_time_out_is_confirmed_once(put, store):
    put(saved("d1", at=-2, name="Old"))
    end(store, begin(store), verdict="unknown", digest="x1")
    put(saved("d1", at=-1, name="New"))
    end(store, begin(store, attempt="a2", digest="x2"), "a2", digest="x2")
    seen = store.look("us", 10, hold=1000)
    assert seen.state == "wait"
    import time

    time.sleep(seen.wait / 1000 + 0.01)
    confirming = begin(store, attempt="a3", digest="x2")
    assert len(confirming) == 1
    end(store, confirming, "a3", digest="x2")
    assert pending(store) == []


@pytest.mark.usefixtures("_short_confirm")
def test_what_a_dead_drainer_may_have_sent_is_confirmed_too(put, store, redis_client):
    put(saved("d1", at=-2, name="Old"))
    begin(store, "dead", "a1", digest="x1")
    expire_lease(redis_client)
    put(saved("d1", at=-1, name="New"))
    end(store, begin(store, attempt="a2", digest="x2"), "a2", digest="x2")
    assert pending(store) == ["deal:d1"]
    assert store.look("us", 10, hold=1000).state == "wait"


# --- the log, and growing old ---


def test_every_attempt_is_in_the_log_before_and_after_the_call(put, store):
    put(saved("d1"))
    opened = begin(store)
    before = {"delivery_id": "a1", "method": "add-orders"}
    assert store.history("deal:d1") == [before]
    pending_one, rev = opened[0]
    outcome = Outcome(pending_one.member, rev, "delivered", "x1", entry='{"ms": 5}')
    store.settle("a1", [outcome])
    assert store.history("deal:d1") == [{"delivery_id": "a1", "ms": 5}]


def test_the_log_of_a_deal_is_bounded(put, store, redis_client):
    put(saved("d1"))
    for number in range(30):
        end(store, begin(store, attempt=f"a{number}"), f"a{number}", verdict="retry")
    assert len(store.history("deal:d1")) == store_module.HISTORY_KEPT
    assert redis_client.ttl("roistat:history:deal:d1") > 0


def test_a_delivered_deletion_grows_old_and_a_restored_deal_does_not(
    put, store, redis_client
):
    put(saved("d1", at=-3, deleted=True))
    end(store, begin(store), verdict="gone", digest="gone")
    keys = ("roistat:meta:deal:d1", "roistat:state:deal:d1")
    assert all(redis_client.ttl(key) > 0 for key in keys)
    put(saved("d1", at=-2))
    assert all(redis_client.ttl(key) == -1 for key in keys)


def test_what_was_delivered_twice_may_still_be_met_by_the_first_push(
    put, store, redis_client
):
    """The first push of A timed out, the second one succeeded, then B was delivered:
    the first one may land yet.
    """
    put(saved("d1", at=-3, name="A"))
    end(store, begin(store), verdict="unknown", digest="A")
    end(store, begin(store, attempt="a2", digest="A"), attempt="a2", digest="A")
    assert pending(store) == []
    put(saved("d1", at=-2, name="B"))
    end(store, begin(store, attempt="a3", digest="B"), attempt="a3", digest="B")
    assert pending(store) == ["deal:d1"]
    redis_client.zadd("roistat:due", {"deal:d1": 0})
    redis_client.hset("roistat:meta:deal:d1", "until", 0)
    end(store, begin(store, attempt="a4", digest="B"), attempt="a4", digest="B")
    assert pending(store) == []


def test_whoever_sends_while_a_replaced_drainer_sends_confirms(
    put, store, redis_client
):
    """Nobody knows whose push came last."""
    put(saved("d1", at=-3, name="A"))
    replaced = begin(store, "one", "a1", "A")
    expire_lease(redis_client)
    end(store, begin(store, "two", "a2", "A"), attempt="a2", digest="A")
    redis_client.hset("roistat:meta:deal:d1", "until", 0)  # long ago
    put(saved("d1", at=-2, name="B"))
    sending = begin(store, "two", "a3", "B")
    end(store, replaced, attempt="a1", digest="A")
    end(store, sending, attempt="a3", digest="B")
    (one,) = look(store, "two").due
    assert one.delivered == ""
