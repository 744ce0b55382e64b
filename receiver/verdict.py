"""What a call's end means for what it carried. Pure."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

from receiver import words
from receiver.errors import BudgetExhausted, RoistatError, UpstreamError
from receiver.mapping import UNUSED
from receiver.plan import Item
from receiver.roistat.statuses import Status

FIRST_DELAY, LONGEST_DELAY = 2.0, 900.0

# Minutes after which what waits for its visit is sent again. The first rounds go
# together; then each is looked at for itself; then it is let be.
ROUNDS = (5, 15, 60, 360, 1440, 2880)
TOGETHER = 2

# Roistat skips a deal by its status so often before it is parked
STATUS_TRIES = 3

# Refusals of the project, not of anything in the call: dividing it finds no culprit.
_OF_THE_PROJECT = frozenset({"integration_error"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a call for one thing, by the names that `Outcome` lists; why, in
    words; and what a success leaves to be said (a note, see words).
    """

    name: str
    reason: str = ""
    wait: float | None = None
    note: str = ""

    def delay(self, tries: int) -> float:
        """Seconds until the next try, after `tries` failures in a row before this."""
        if self.wait is not None:
            return self.wait
        return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(tries, 20)))


# Some of a call's things were refused, and only a smaller call can say which.
DIVIDE = Verdict("later", "Roistat refused some of a call; which, is being found", 0)


def judge(error: UpstreamError, items: Sequence[Item]) -> list[Verdict]:
    """Whether what a failed call carried is sent again: decided here alone."""
    return [_of(error, len(items))] * len(items)


def _of(error: UpstreamError, count: int) -> Verdict:
    reason = str(error)[:300]
    if isinstance(error, BudgetExhausted):
        return Verdict("later", reason, wait=error.wait)
    if not error.permanent:
        return Verdict("unknown" if error.sent else "retry", reason)
    about_project = isinstance(error, RoistatError) and error.code in _OF_THE_PROJECT
    if count > 1 and not about_project:
        return DIVIDE
    return Verdict("refused", reason)


def judge_counters(
    counters: dict[str, int], items: Sequence[Item], known: Sequence[Status]
) -> list[Verdict]:
    """What an accepted `add-orders` did to each order. What Roistat skipped it only
    counts: a count that is neither none nor all of those whom it can mean asks for the
    call to be divided. "Not changed" is success.
    """
    unused = {status["id"] for status in known if status["type"] == UNUSED}
    verdicts = [_success(item, unused) for item in items]
    for skip in _skips(counters, items, unused):
        if not skip.count:
            continue
        if skip.count < len(skip.candidates) and not skip.together:
            return [DIVIDE] * len(items)
        for number in skip.candidates:
            if verdicts[number].name == items[number].success:
                verdicts[number] = skip.verdict(items[number])
    return verdicts


@dataclass(frozen=True, slots=True)
class _Skip:
    """A counter: how many were skipped, which items it can mean, what that means for
    one of them, and whether all of them may be taken for skipped for now.
    """

    count: int
    candidates: list[int]
    verdict: Callable[[Item], Verdict]
    together: bool = False


def _skips(
    counters: dict[str, int], items: Sequence[Item], unused: Set[str]
) -> Iterator[_Skip]:
    numbered = list(enumerate(items))
    yield _Skip(
        counters.get("skipped_by_internal_error", 0),
        [number for number, _ in numbered],
        lambda _: Verdict("retry", words.deals.INTERNAL_ERROR),
    )
    counted = [number for number, item in numbered if not _is_in(item, unused)]
    rightly = len(items) - len(counted)
    yield _Skip(
        max(0, counters.get("skipped_by_status", 0) - rightly), counted, _by_status
    )
    visited = [number for number, item in numbered if item.body.get("roistat")]
    yield _Skip(
        counters.get("skipped_by_waiting_visit_info", 0),
        visited,
        _by_visit,
        together=all(items[number].pending.waits < TOGETHER for number in visited),
    )
    with_fields = [n for n, item in numbered if any(item.body["fields"].values())]
    yield _Skip(
        counters.get("skipped_fields_by_invalid_format", 0),
        with_fields,
        lambda item: Verdict(item.success, note="fields_dropped"),
    )


def _success(item: Item, unused: Set[str]) -> Verdict:
    is_aside = _is_in(item, unused) and item.note != "moved"
    return Verdict(item.success, note="not_counted" if is_aside else item.note)


def _by_status(item: Item) -> Verdict:
    """The dictionary is read again, for somebody may have changed it: what is missing
    there is added before the next try.
    """
    name = "retry" if item.pending.tries < STATUS_TRIES else "refused"
    return Verdict(name, words.deals.status_skipped(item.body["status"]))


def _by_visit(item: Item) -> Verdict:
    waits = item.pending.waits
    if waits >= len(ROUNDS):
        return Verdict(item.success, note="visit_unknown")
    reason = (
        words.deals.VISIT_AWAITED if waits >= TOGETHER else words.deals.VISITS_AWAITED
    )
    return Verdict("waiting", reason, wait=ROUNDS[waits] * 60)


def _is_in(item: Item, statuses: Set[str]) -> bool:
    return item.body["status"] in statuses
