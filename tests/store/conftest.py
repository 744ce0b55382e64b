"""The store's clock, held still."""

import pytest

from receiver.store import store as store_module


@pytest.fixture
def time_in_our_hands(
    without_coalescing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing rests, and an unknown outcome stays unknown until the test says."""
    monkeypatch.setattr(store_module, "CONFIRM", 3_600_000)
