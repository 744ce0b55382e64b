"""Why things are parked, counted."""

from collections import Counter
from itertools import islice

from receiver import words
from receiver.store import Store

LOOKED_AT = 5000  # of more only the number is told, for whoever asks must not wait


def by_cause(store: Store) -> Counter[str]:
    """How many are parked, by cause (see words)."""
    reasons = islice(store.parked(), LOOKED_AT)
    causes = Counter(words.parked.label(reason) for _, reason in reasons)
    rest = store.counts()["parked"] - causes.total()
    if rest > 0:
        causes[words.parked.NOT_LOOKED_AT] += rest
    return causes
