"""Group commit: what several threads want to write at the same moment is one write."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def _held() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class _Wish(Generic[Item, Answer]):
    """What one thread wants to be written, and what came of it. The thread waits for
    `turn` to be let go: then all is done, or it is the one to write.
    """

    items: Sequence[Item]
    answers: Sequence[Answer] = ()
    error: BaseException | None = None
    done: bool = False
    turn: threading.Lock = field(default_factory=_held)


class GroupCommit(Generic[Item, Answer]):
    """Writes the items of several threads by one call of `write`.

    Whoever finds nobody writing writes at once, so that nothing waits for company. Who
    comes meanwhile waits, and the first of these then writes for all of them. `write`
    gives one answer for each item, in their order; what it raises, everybody raises
    whose items it was given.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Answer]]) -> None:
        self._write = write
        self._guard = threading.Lock()  # of the two below; held for no more than a look
        self._is_writing = False
        self._wishes: list[_Wish[Item, Answer]] = []

    def __call__(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Write these items; give the answers to them."""
        mine: _Wish[Item, Answer] = _Wish(items)
        with self._guard:
            self._wishes.append(mine)
            waits, self._is_writing = self._is_writing, True
        if waits:
            mine.turn.acquire()
        if not mine.done:
            self._write_all(mine)
        if mine.error:
            raise mine.error
        return mine.answers

    def _write_all(self, mine: _Wish[Item, Answer]) -> None:
        """Write what everybody wants who is here by now."""
        with self._guard:
            wishes, self._wishes = self._wishes, []
        try:
            answers = self._write([one for wish in wishes for one in wish.items])
            at = 0
            for wish in wishes:
                wish.answers = answers[at : at + len(wish.items)]
                at += len(wish.items)
        except BaseException as error:  # whatever it is, nobody may wait for ever
            for wish in wishes:
                wish.error = error
        self._hand_over()
        for wish in wishes:
            wish.done = True
            if wish is not mine:
                wish.turn.release()

    def _hand_over(self) -> None:
        """Have the first of those write who came meanwhile. Nobody whose items were
        just written stands in its way.
        """
        with self._guard:
            self._is_writing = bool(self._wishes)
            if self._wishes:
                self._wishes[0].turn.release()
