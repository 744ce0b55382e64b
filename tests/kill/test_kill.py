"""Nothing is lost, stale or made twice, whatever is killed, stopped or cut; and
the run can fail: each part of the protocol that makes it so is taken out of a copy
of the receiver, and the same seeds find it.

More seeds by hand: `make chaos SEEDS="1-100"`.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kill.copies import PLANTS
from tests.kill.plan import plan
from tests.kill.run import Result, is_caught, run, run_all, say
from tests.kill.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

SHORT = (3, 2)  # the seeds, within which each planted bug must be caught


@pytest.mark.parametrize("seed", SHORT)
def test_whatever_goes_wrong_both_sides_agree_in_the_end(world: World, seed, capsys):
    result = run(world, seed)
    with capsys.disabled():  # the summary belongs into every log
        say(f"\n{result}")
    assert result.is_fine, (result.difference, result.log)


@pytest.fixture(scope="module")
def caught() -> dict[str, list[Result]]:
    """What the seeds found of each planted bug, until one was caught."""

    def hunt(plant: str) -> list[Result]:
        return run_all(SHORT, plant, until_caught=True)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(PLANTS, pool.map(hunt, PLANTS), strict=True))


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(caught, plant):
    assert any(is_caught(plant, one) for one in caught[plant]), caught[plant]


def test_the_seed_decides_what_goes_wrong_and_when():
    assert plan(7, 5) == plan(7, 5)
    assert plan(7, 5) != plan(8, 5)
