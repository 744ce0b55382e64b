"""What deals' rows say only by a key, remembered for a minute."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import structlog

from receiver.errors import InvalidPayload
from receiver.sugarcrm.pulling import Pulled
from receiver.sugarcrm.rows import Row, Surroundings, full_name, text

SECONDS = 60.0

Found = TypeVar("Found")
log = structlog.get_logger()


class Around:
    """The surroundings as `read` gives them, and users' names as `users` does."""

    def __init__(
        self,
        read: Callable[[], Surroundings],
        users: Callable[[Sequence[str]], Iterable[Row]] | None,
    ) -> None:
        self._read, self._users = read, users
        self._known: tuple[float, Surroundings] | None = None

    def now(self) -> Surroundings:
        """The surroundings, at most a minute old."""
        if self._known is None or time.monotonic() - self._known[0] > SECONDS:
            self._known = time.monotonic(), self._read()
        return self._known[1]

    def of(self, deals: Iterable[Row]) -> Surroundings:
        """The same, with the names of everybody whom these deals are assigned to."""
        around = self.now()
        met = {text(row.get("assigned_user_id")) for row in deals}
        unknown = sorted(one for one in met if one and one not in around.users)
        if unknown and self._users and self._known:
            found = {one["id"]: one for one in self._users(unknown)}
            names = {one: full_name(found.get(one, {})) for one in unknown}
            around = replace(around, users={**around.users, **names})
            self._known = self._known[0], around
        return around


def readable(
    found: Iterable[Found], read: Callable[[Found], Pulled], row: Callable[[Found], Row]
) -> list[Pulled]:
    """What was found, read. A deal that breaks the contract, which would be refused
    from the package too, is said by its id, and the others go on.
    """
    pulled = []
    for one in found:
        try:
            pulled.append(read(one))
        except InvalidPayload as error:
            wrong = sorted(error.errors)
            log.warning("unreadable_deal", deal=row(one).get("id"), fields=wrong)
    return pulled
