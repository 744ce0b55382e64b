"""Nothing is lost, stale or made twice, whatever is killed, stopped or cut.

More seeds by hand: `make chaos SEEDS="1-100"`; that the run can fail, too:
`python -m tests.kill 1 3 5 --plant all`.
"""

import pytest

from tests.kill.plan import plan
from tests.kill.run import run, say
from tests.kill.world import World

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

SHORT = (2, 3)  # seeds
PATIENCE = 120.0  # seconds: a busy machine restarts what was killed more slowly


@pytest.mark.parametrize("seed", SHORT)
def test_whatever_goes_wrong_both_sides_agree_in_the_end(world: World, seed, capsys):
    result = run(world, seed, seconds=PATIENCE)
    with capsys.disabled():  # the summary belongs into every log
        say(f"\n{result}")
    assert result.is_fine, (result.difference, result.log)


def test_the_seed_decides_what_goes_wrong_and_when():
    assert plan(7, 5) == plan(7, 5)
    assert plan(7, 5) != plan(8, 5)
