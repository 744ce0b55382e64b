"""One world for all that need not have one of their own."""

from collections.abc import Iterator

import pytest

from tests.kill.copies import copy_of_receiver
from tests.kill.world import WITH_TWO_WORKERS, World


@pytest.fixture(scope="package")
def fast_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two workers of the faster copy (see copies)."""
    code = copy_of_receiver(tmp_path_factory.mktemp("faster"))
    with World(code, WITH_TWO_WORKERS) as world:
        yield world


@pytest.fixture
def world(fast_world: World) -> Iterator[World]:
    """Well, and settled."""
    yield fast_world
    fast_world.go_on()
    fast_world.network.heal()
    fast_world.skips()
    fast_world.faults()
