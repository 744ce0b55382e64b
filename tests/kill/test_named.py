"""The worst moments, one by one: whatever happens then, Roistat ends as the CRM is."""

import contextlib
from collections.abc import Sequence

import psutil
import pytest
import requests
from rq import Queue

from receiver.store.keys import WOKEN
from tests.kill.crm import Crm, Difference, Save, compare
from tests.kill.plan import ADD_ORDERS
from tests.kill.run import as_body, of_seed, settle
from tests.kill.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

SETTLE_SECONDS = 25.0
# What takes four and six seconds in the faster copy
LONGER_THAN_CONFIRMING, LONGER_THAN_CHANGING = 5.0, 11.0
# A web worker looks for its master each second, and ends what it has in hand within 8
PORT_SECONDS = 5.0
SET_STATUSES = "/project/set-statuses"


@pytest.fixture
def crm(world, request) -> Crm:
    """A CRM whose stages Roistat knows, with deals of its own."""
    seed = 1000 + sum(map(ord, request.node.name))
    crm = Crm(seed, url=world.crm_url)
    saves = [crm.save(crm.ids[n]) for n in range(50, 90)]
    tell(world, saves)
    agree(world, crm)
    return crm


def test_an_edit_during_its_own_push_is_pushed_after_it(world, crm):
    world.faults({"path": ADD_ORDERS, "latency_ms": 1200})
    before = world.calls(ADD_ORDERS)
    tell(world, [crm.save(one) for one in alone(crm, 10)])
    under_way(world, before)
    tell(world, [crm.save(one) for one in alone(crm, 5)])
    assert difference(world, crm).lost, "the push was over before the edits"
    agree(world, crm)


def test_a_worker_killed_between_the_call_and_the_settling_settles_nothing(world, crm):
    world.faults({"path": ADD_ORDERS, "latency_ms": 1200, "after_commit": True})
    network = world.network
    network.catch()
    tell(world, [crm.save(one) for one in alone(crm, 10)])
    world.wait_until(lambda: network.caught, 10, "call")
    sender = world.worker_at(network.caught)
    network.let_go()
    world.wait_until(lambda: not difference(world, crm), 10, "order in Roistat")
    sender.kill()
    (attempt,) = world.store.history(f"deal:{crm.ids[0]}")
    assert "closed" not in attempt, "it had settled"
    tell(world, [crm.save(one) for one in alone(crm, 5)])
    agree(world, crm)


def test_a_drainer_that_is_stopped_replaced_and_resumed_leaves_nothing_stale(
    world, crm
):
    stopped_and_replaced(world, crm)
    calls = world.calls(ADD_ORDERS)
    world.network.let_go()
    world.go_on()
    world.wait_until(lambda: world.calls(ADD_ORDERS) > calls, 10, "late call")
    agree(world, crm)


def test_what_it_sends_before_it_is_killed_only_reconcile_heals(world, crm):
    """The residue that is known: the late call lands when nobody expects it any more,
    and nobody is left to tell of it.
    """
    sender = stopped_and_replaced(world, crm)
    settle(world, SETTLE_SECONDS)
    calls = world.calls(ADD_ORDERS)
    sender.kill()
    world.network.let_go()
    world.wait_until(lambda: world.calls(ADD_ORDERS) > calls, 10, "late call")
    settle(world, LONGER_THAN_CONFIRMING)
    assert len(difference(world, crm).stale) == 5
    told = world.reconcile()
    assert "5 differ, 5 sent again" in told.stdout, told
    agree(world, crm)


def test_a_redis_that_restarts_during_a_push_loses_nothing(world, crm):
    world.faults({"path": ADD_ORDERS, "latency_ms": 1200})
    before = world.calls(ADD_ORDERS)
    tell(world, [crm.save(one) for one in alone(crm, 10)])
    under_way(world, before)
    assert world.kill("valkey")
    tell(world, [crm.save(one) for one in alone(crm, 5)])
    agree(world, crm)


def test_a_poisoned_deal_in_a_full_batch_holds_nobody_up(world, crm):
    deals = [crm.ids[n] for n in range(100)]
    poisoned = deals[37]
    world.skips(skipped_by_internal_error=[poisoned])
    before = world.calls(ADD_ORDERS)
    tell(world, [crm.save(one) for one in deals])
    under_way(world, before + 1)  # it is being divided
    assert world.kill("worker")
    world.wait_until(lambda: world.store.counts()["pending"] == 1, 20, "others settled")
    assert [member for member, _ in world.store.pending()] == [f"deal:{poisoned}"]
    assert difference(world, crm).lost == [poisoned]
    world.skips()
    agree(world, crm)


def test_a_wake_up_that_is_lost_is_made_good_by_the_timer(world, crm):
    clock = world.pause("clock")
    workers = world.workers()
    for worker in workers:
        world.pause_one(worker)
    tell(world, [crm.save(one) for one in alone(crm, 10)])
    for worker in workers:
        worker.kill()  # and with it the wake-up that Redis has handed to it
    Queue("live", connection=world.redis).empty()
    assert world.redis.exists(WOKEN), "nobody had been woken"
    world.go_on(clock)
    agree(world, crm)


def test_a_worker_killed_while_it_adds_a_stage_does_not_keep_others_from_it(world, crm):
    """Whoever changes Roistat's dictionary is alone, but not for long after its end."""
    world.faults({"path": SET_STATUSES, "latency_ms": 1000, "status": 500})
    before = world.calls(SET_STATUSES)
    content = {**crm.content(crm.ids[0]), "sales_stage": f"Stage of {crm.seed}"}
    tell(world, [crm.save(crm.ids[0], content)])
    world.wait_until(lambda: world.calls(SET_STATUSES) > before, 10, "stage under way")
    for worker in world.workers():
        worker.kill()
    world.wait_until(
        lambda: not difference(world, crm), LONGER_THAN_CHANGING, "deal in a new stage"
    )
    agree(world, crm)


def test_a_web_process_that_is_killed_leaves_nobody_on_its_port(world, crm):
    """Its workers live on, one of them with half a request that may still be ended."""
    old = world.web_workers()
    with world.connection() as connection:
        connection.sendall(b"POST /webhooks/sugarcrm HTTP/1.1\r\nHost: receiver\r\n")
        assert world.kill("web")
        world.wait_until(lambda: not any(map(listens, old)), PORT_SECONDS, "free port")
        assert any(one.is_running() for one in old), "nobody had a request in hand"
    tell(world, [crm.save(one) for one in alone(crm, 5)])
    agree(world, crm)


# --- the parts of them ---


def stopped_and_replaced(world: World, crm: Crm):
    """A worker that is stopped just before its call, and what it would send is older
    than what another has sent meanwhile.
    """
    network = world.network
    network.catch()
    tell(world, [crm.save(one) for one in alone(crm, 5)])
    world.wait_until(lambda: network.caught, 10, "call")
    sender = world.worker_at(network.caught)
    world.pause_one(sender)
    tell(world, [crm.save(one) for one in alone(crm, 5)])
    world.wait_until(lambda: not difference(world, crm), 15, "other worker's push")
    return sender


def alone(crm: Crm, count: int) -> list[str]:
    """Deals without a client, so that a call of theirs is one of orders."""
    return crm.ids[: 2 * count : 2]


def tell(world: World, saves: Sequence[Save]) -> None:
    """Save in the CRM, and tell of it by one webhook until it is taken."""
    for save in saves:
        world.save(save.change)
    body = as_body([save.event for save in saves])
    with requests.Session() as session:
        world.wait_until(lambda: world.send(session, body, "msg_1"), 15, "202")


def listens(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        listening = psutil.CONN_LISTEN
        return any(one.status == listening for one in process.net_connections("tcp"))
    return False


def under_way(world: World, before: int) -> None:
    world.wait_until(lambda: world.calls(ADD_ORDERS) > before, 10, "call under way")


def agree(world: World, crm: Crm) -> None:
    assert settle(world, SETTLE_SECONDS) == 0, world.log()
    assert not difference(world, crm), (difference(world, crm), world.log())


def difference(world: World, crm: Crm) -> Difference:
    seed = crm.seed
    return compare(of_seed(world.crm(), seed), of_seed(world.roistat(), seed))
