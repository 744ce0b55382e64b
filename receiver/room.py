"""Whether there is room for what can wait.

What a backfill makes pending goes behind live changes, but a drainer sees only so much
at a time, and Roistat takes only so many calls. Whoever makes something pending that
can wait asks here first, and comes again where there is no room.
"""

from collections.abc import Callable

from receiver import words
from receiver.store import Store

SOON_SECONDS = 3.0  # what is due by then counts as waiting


class Room:
    """Room for so many things beside all that waits already. `may_send` says whether
    the budget would allow a call in the background now.
    """

    def __init__(
        self, store: Store, limit: int, may_send: Callable[[], bool] | None = None
    ) -> None:
        self._store = store
        self._limit = limit
        self._may_send = may_send

    def is_free(self) -> bool:
        """Whether something may be made pending now."""
        return self._store.soon(SOON_SECONDS) < self._limit and not self.is_shut()

    def is_shut(self) -> bool:
        """Whether it will take longer than a moment until there is room: Roistat takes
        nothing, or our share of its requests is used up.
        """
        verdict = self._store.notes.verdict()
        if verdict is not None and verdict["state"] != words.OK:
            return bool(self._store.counts()["pending"])
        return self._may_send is not None and not self._may_send()
