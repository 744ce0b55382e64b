"""SIGTERM, as every deploy sends it: under load nothing is lost, a call that was on its
way is made again, and the process is gone before the host would kill it.
"""

import threading
from collections.abc import Sequence

import pytest

from tests.kill.crm import Crm, Difference, compare
from tests.kill.plan import ADD_ORDERS
from tests.kill.run import Sender, bodies, of_seed
from tests.kill.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

SAVES = 100
SETTLE_SECONDS = 60.0
HOST_WAITS = 10.0  # seconds from SIGTERM to SIGKILL
# Nobody waits for it as long as it takes, and in the end it was not taken
NEVER = {"path": ADD_ORDERS, "latency_ms": 25_000, "status": 500}


class Load:
    """Saves that are sent, each until it is taken, while something happens."""

    def __init__(self, world: World, crm: Crm) -> None:
        events = [save.event for save in crm.saves(SAVES)]
        told = bodies(events, 1)
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(world, told))

    def _run(self, world: World, told: Sequence[bytes]) -> None:
        try:
            assert Sender(world).tell(told) == 0, "some got no 202"
        except BaseException as error:
            self._failed.append(error)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        assert not self._failed, self._failed


@pytest.fixture(scope="module")
def world():
    """The receiver as it is, with the times that it has."""
    with World() as world:
        yield world


def nothing_is_lost(world: World, crm: Crm) -> None:
    def differs() -> Difference:
        return compare(crm.state, of_seed(world.roistat(), crm.seed))

    # what is sent once more, only to be sure, is not waited for
    world.wait_until(lambda: not differs(), SETTLE_SECONDS)
    assert not differs(), (differs(), world.log())


def test_all_at_once_under_load_and_in_the_middle_of_a_call():
    crm = Crm(1)
    with World() as world:
        with Load(world, crm):
            world.wait_until(lambda: world.calls(ADD_ORDERS), 20, "delivery")
            before = world.calls(ADD_ORDERS)
            world.faults(NEVER)
            world.wait_until(lambda: world.calls(ADD_ORDERS) > before, 20, "call")
            took = world.stop_receiver()
            difference = crm.compare(world.roistat())
            world.start_receiver()
        assert took < HOST_WAITS
        assert difference, "nothing was left to send"
        nothing_is_lost(world, crm)


@pytest.mark.parametrize("kind", ["web", "worker", "background", "clock"])
def test_one_process_under_load(world, kind):
    crm = Crm(sum(map(ord, kind)))
    with Load(world, crm):
        before = world.calls(ADD_ORDERS)
        world.wait_until(lambda: world.calls(ADD_ORDERS) > before, 20, "delivery")
        if kind == "worker":
            before = world.calls(ADD_ORDERS)
            world.faults(NEVER)
            world.wait_until(lambda: world.calls(ADD_ORDERS) > before, 20, "call")
        assert world.terminate(kind) < HOST_WAITS
        world.wait_until(lambda: world.runs(kind), 10, f"{kind} again")
    nothing_is_lost(world, crm)
