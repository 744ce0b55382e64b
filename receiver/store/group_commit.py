"""Group commit: what several threads want to write at the same moment is one write."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Wish(Generic[Item, Answer]):
    """What one thread wants to be written, and what came of it."""

    items: Sequence[Item]
    answers: Sequence[Answer] = ()
    error: Exception | None = None
    done: bool = False


class GroupCommit(Generic[Item, Answer]):
    """Writes the items of several threads by one call of `write`.

    Whoever finds nobody writing writes at once, so that nothing waits for company. Who
    comes meanwhile waits, and the first of these then writes for all of them. `write`
    gives one answer for each item, in their order; what it raises, everybody raises
    whose items it was given.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Answer]]) -> None:
        self._write = write
        self._writing = threading.Lock()
        self._wishes: deque[_Wish[Item, Answer]] = deque()

    def __call__(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Write these items; give the answers to them."""
        mine: _Wish[Item, Answer] = _Wish(items)
        self._wishes.append(mine)
        with self._writing:
            if not mine.done:
                self._write_all()
        if mine.error:
            raise mine.error
        return mine.answers

    def _write_all(self) -> None:
        """Write what everybody wants who is here by now."""
        wishes = [self._wishes.popleft() for _ in range(len(self._wishes))]
        try:
            answers = self._write([one for wish in wishes for one in wish.items])
        except Exception as error:
            for wish in wishes:
                wish.error, wish.done = error, True
            return
        at = 0
        for wish in wishes:
            wish.answers = answers[at : at + len(wish.items)]
            wish.done = True
            at += len(wish.items)
