"""SIGTERM, as every deploy sends it: under load nothing is lost, a call that was on its
way is made again, and the process is gone before the host would kill it.
"""

import threading

import pytest

from tests.kill.crm import Crm
from tests.kill.run import Sender, bodies, settle
from tests.kill.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

ADD_ORDERS = "/project/add-orders"
SAVES = 300
HOST_WAITS = 10.0  # seconds from SIGTERM to SIGKILL
# Nobody waits for it as long as it takes, and in the end it was not taken
NEVER = {"path": ADD_ORDERS, "latency_ms": 25_000, "status": 500}


class Load:
    """Saves that are sent, each until it is taken, while something happens."""

    def __init__(self, world: World, crm: Crm) -> None:
        sender = Sender(world, bodies(list(crm.saves(SAVES)), 1))
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(sender,))

    def _run(self, sender: Sender) -> None:
        try:
            sender.run()
        except BaseException as error:
            self._failed.append(error)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        assert not self._failed, self._failed


def nothing_is_lost(world: World, crm: Crm) -> None:
    assert settle(world) == 0, world.log()
    difference = crm.compare(world.roistat())
    assert not difference, (difference, world.log())


def test_all_at_once_under_load_and_in_the_middle_of_a_call():
    crm = Crm(1)
    with World() as world:
        with Load(world, crm):
            world.wait_until(lambda: world.calls(ADD_ORDERS), 20, "delivery")
            before = world.calls(ADD_ORDERS)
            world.faults(NEVER)
            world.wait_until(
                lambda: world.calls(ADD_ORDERS) > before, 20, "call under way"
            )
            assert world.stop_receiver() < HOST_WAITS
            assert crm.compare(world.roistat()), "nothing was left to send"
            world.start_receiver()
        nothing_is_lost(world, crm)


@pytest.mark.parametrize("kind", ["web", "worker", "background", "clock"])
def test_one_process_under_load(kind):
    crm = Crm(2)
    with World() as world:
        with Load(world, crm):
            world.wait_until(lambda: world.calls(ADD_ORDERS), 20, "delivery")
            if kind == "worker":
                before = world.calls(ADD_ORDERS)
                world.faults(NEVER)
                world.wait_until(lambda: world.calls(ADD_ORDERS) > before, 20, "call")
            assert world.terminate(kind) < HOST_WAITS
            world.wait_until(lambda: world.runs(kind), 10, f"{kind} again")
        nothing_is_lost(world, crm)
