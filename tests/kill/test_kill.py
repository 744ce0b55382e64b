"""Nothing is lost, stale or made twice, whatever is killed, stopped or cut.

More seeds by hand: `make chaos SEEDS="1-100"`; what is taken out of the protocol here
is caught by nearly every seed: `python -m tests.kill 1-10 --plant all`.
"""

import pytest

from tests.kill.plan import plan
from tests.kill.run import SEED_SECONDS, is_caught, run, run_all, say
from tests.kill.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

SHORT = (1, 2, 3)  # seeds
PATIENCE = 120.0  # seconds: a busy machine restarts what was killed more slowly


@pytest.mark.parametrize("seed", SHORT)
def test_whatever_goes_wrong_both_sides_agree_in_the_end(world: World, seed, capsys):
    result = run(world, seed, seconds=PATIENCE)
    with capsys.disabled():  # the summary belongs into every log
        say(f"\n{result}")
    assert result.is_fine, (result.difference, result.log)


def test_a_receiver_that_takes_what_comes_late_is_caught():
    assert caught("fence")


def test_a_receiver_that_settles_without_a_look_at_the_revision_is_caught():
    assert caught("revision")


def test_a_receiver_that_acknowledges_before_it_stores_is_caught():
    assert caught("promise")


def test_a_receiver_that_forgets_the_timer_is_caught():
    assert caught("timer", SEED_SECONDS)  # what stays pending is waited for


def test_the_seed_decides_what_goes_wrong_and_when():
    assert plan(7, 5) == plan(7, 5)
    assert plan(7, 5) != plan(8, 5)


def caught(plant: str, seconds: float = PATIENCE) -> bool:
    """Whether the short set of seeds finds a bug."""
    results = run_all(SHORT, plant, until_caught=True, seconds=seconds)
    return any(is_caught(plant, one) for one in results)
