"""The CRM's deals, read page by page: all of them once, and every few minutes those
that changed.

They enter by the same door as webhooks, behind live changes. Pages follow each other by
(date_modified, id): what is edited meanwhile moves to the end and is met again there,
and rows that share a second are told apart by their ids. How far a walk has come is
written down in the step that takes its page, so that whoever is killed has either taken
a page and moved on, or neither.

What the CRM dates before it commits can appear behind a walk that has just passed.
Hence a walk ends with another look at its last minutes, and the next one begins there.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

import structlog

from receiver.deal import Deal
from receiver.room import Room
from receiver.store import Pulling, Reading, Store, reading_of
from receiver.sugarcrm.pulling import Bookmark, Crm, Page, Pulled

SLICE_SECONDS = 5.0  # then the worker gets to hear that it should stop
PAGE = 100
OVERLAP = 120  # seconds that are read again
UNHEARD_SECONDS = 60  # after which a webhook should have told of a change
NO_ROOM = 0.02  # seconds between two looks whether there is room

BACKFILL, SYNC = "backfill", "sync"

log = structlog.get_logger()

Wake = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a walk has come, as the store keeps it.

    `fence`: the CRM's clock when its first page was read. `before`: what all walks of
    that name had found when it began. `last`: when the walk before it ended, and what
    that one found. Moments of ours are UNIX time.
    """

    began: float
    since: str | None = None
    until: str | None = None
    after: tuple[str, str] | None = None
    is_tail: bool = False
    fence: int = 0
    done: int = 0
    total: int | None = None
    moved: float = 0
    ended: float | None = None
    before: dict[str, int] = field(default_factory=dict)
    last: tuple[float, dict[str, int]] | None = None

    @classmethod
    def read(cls, walk: dict[str, Any]) -> Self:
        """What the store keeps, read back."""
        after, last = walk["after"], walk["last"]
        pairs = {"after": after and tuple(after), "last": last and tuple(last)}
        return cls(**walk | pairs)

    def next(self, page: Page) -> Self:
        """The same walk after one more page."""
        now = time.time()
        done = self.done + (0 if self.is_tail else len(page.deals))
        moved = replace(self, moved=now, done=done, fence=self.fence or page.fence)
        if page.following:
            after = (page.following.modified, page.following.id)
            return replace(moved, after=after)
        if self.is_tail or self.until:
            return replace(moved, ended=now)
        since = instant_of(page.fence - OVERLAP * 1_000_000)
        return replace(moved, is_tail=True, after=None, since=since)


class Puller:
    """One kind of walk over the CRM's deals."""

    def __init__(
        self,
        name: str,
        store: Store,
        crm: Crm,
        room: Room,
        counts: Callable[[Pulled, Page], bool],
    ) -> None:
        self._name = name
        self._store = store
        self._crm = crm
        self._room = room
        self._counts = counts

    def progress(self) -> Progress | None:
        """How far the walk has come; None before the first one."""
        walk = self._store.walks.pulling(self._name).walk
        return Progress.read(walk) if walk else None

    def found(self) -> dict[str, int]:
        """What the walk has found until now, by cause."""
        standing = self._store.walks.pulling(self._name)
        before = Progress.read(standing.walk).before if standing.walk else {}
        return {c: n - before.get(c, 0) for c, n in standing.found.items()}

    def last(self) -> tuple[float, dict[str, int]] | None:
        """When a walk last came to its end, and what it found; None for never."""
        progress = self.progress()
        if progress is None:
            return None
        return (progress.ended, self.found()) if progress.ended else progress.last

    def is_unfinished(self) -> bool:
        """Whether there is a walk that has not come to its end."""
        progress = self.progress()
        return progress is not None and progress.ended is None

    def begin(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        total: int | None = None,
    ) -> None:
        """Begin a walk anew, wherever the last one stood."""
        progress = Progress(
            began=time.time(),
            since=since,
            until=until,
            total=total,
            before=dict(self._store.walks.pulling(self._name).found),
            last=self.last(),
        )
        self._store.walks.begin_pulling(self._name, asdict(progress))
        log.info("walk_began", walk=self._name)

    def run(self, seconds: float, wake: Wake) -> bool:
        """Go on for so long; True where somebody should go on at once.

        Raises `UpstreamError` where the CRM cannot be read.
        """
        deadline = time.monotonic() + seconds
        with self._store.walks.walking(self._name) as renew:
            while renew and time.monotonic() < deadline:
                standing = self._store.walks.pulling(self._name)
                if not standing.walk or standing.walk["ended"]:
                    return False
                if not has_room(self._room, deadline):
                    return not self._room.is_shut()
                renew()
                self._read_page(standing, Progress.read(standing.walk), wake)
        return renew is not None

    def _read_page(self, standing: Pulling, progress: Progress, wake: Wake) -> None:
        turn = self._store.walks.turn()
        page = self._crm.page(
            Bookmark(*progress.after) if progress.after else None,
            since=progress.since,
            until=progress.until,
            size=PAGE,
        )
        following = progress.next(page)
        readings = list(self._readings(page))
        answer = self._store.walks.pull(readings, turn, standing, asdict(following))
        if answer and answer[0]:
            wake()
        if answer and following.ended:
            done, found = following.done, self.found()
            log.info("walk_ended", walk=self._name, deals=done, **found)

    def _readings(self, page: Page) -> Iterator[Reading]:
        clients = {one.client.id: one.client for one in page.deals if one.client}
        for client in clients.values():
            yield reading_of(client, page.fence)
        for one in page.deals:
            counts = self._counts(one, page)
            yield reading_of(whole(one.deal), page.fence, counts=counts)


class Backfill(Puller):
    """All deals there are, or those of a stretch of time."""

    def __init__(self, store: Store, crm: Crm, room: Room) -> None:
        super().__init__(BACKFILL, store, crm, room, lambda _, page: True)

    def start(self, since: str | None = None, until: str | None = None) -> bool:
        """Begin, unless the same is under way already: then it goes on where it stood,
        and this gives False. Raises `UpstreamError`.
        """
        progress = self.progress()
        is_under_way = progress and not progress.ended and not progress.is_tail
        if is_under_way and _stretch(progress) == (since, until):
            return False
        total = self._crm.count(since=since, until=until)
        self.begin(since=since, until=until, total=total)
        return True


class Sync(Puller):
    """What changed lately. It counts what no webhook has told of in time."""

    def __init__(self, store: Store, crm: Crm, room: Room, minutes: int) -> None:
        super().__init__(SYNC, store, crm, room, _was_unheard)
        self._minutes = minutes

    @property
    def is_on(self) -> bool:
        """Whether the clock has it run at all."""
        return bool(self._minutes)

    def is_due(self) -> bool:
        """Whether the clock should have it go on, or begin."""
        if not self._minutes:
            return self.is_unfinished()
        progress = self.progress()
        if progress is None or progress.ended is None:
            return True
        return time.time() >= progress.began + self._minutes * 60

    def start(self) -> None:
        """Begin where the last walk began, or failing that the backfill, or else now;
        one that has not come to its end goes on. Raises `UpstreamError`.
        """
        if self.is_unfinished():
            return
        fence = self._fence(SYNC) or self._fence(BACKFILL)
        if not fence:
            fence = self._crm.page(None, size=1).fence
        self.begin(since=instant_of(fence - OVERLAP * 1_000_000))

    def _fence(self, name: str) -> int:
        walk = self._store.walks.pulling(name).walk
        return int(walk["fence"]) if walk else 0


def has_room(room: Room, deadline: float) -> bool:
    """Wait until there is room; False where there is none so soon."""
    while not room.is_free():
        if room.is_shut() or time.monotonic() > deadline:
            return False
        time.sleep(NO_ROOM)
    return True


def whole(deal: Deal) -> Deal:
    """The deal as a webhook would tell of it: of a deleted one nothing but its id."""
    return Deal(deal.id, deleted=True) if deal.deleted else deal


def instant_of(fence: int) -> str:
    """A fence as the CRM writes a moment, to the second."""
    moment = datetime.fromtimestamp(fence // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _stretch(progress: Progress | None) -> tuple[str | None, str | None]:
    return (progress.since, progress.until) if progress else (None, None)


def _was_unheard(one: Pulled, page: Page) -> bool:
    return one.modified <= instant_of(page.fence - UNHEARD_SECONDS * 1_000_000)
