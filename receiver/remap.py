"""The mapping in force, and the walk that maps what is held again when it changes.

Live changes go by a new mapping at once. What is held follows in slices: each compares
what Roistat holds with what the mapping would send, makes pending what differs, and
stops where a batch of it waits, so that live changes never queue behind thousands.

Why no deal stays behind: a drainer asks for the mapping after it looked at what is due.
If it looked before the walk came by, the walk raises the revision, and what was planned
by the mapping before clears nothing; if it looks afterwards, it gets the mapping that
the walk works for. Processes that were started with another MAPPING know nothing of
that: hence the walk waits until they are gone.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import replace

import structlog

from receiver.errors import InvalidMapping, InvalidSettings
from receiver.mapping import Mapping
from receiver.plan import plan
from receiver.room import Room
from receiver.store import DONE, Held, Store, Walk, digest_of

SLICE_SECONDS = 5.0  # then the worker gets to hear that it should stop
QUIET_SECONDS = 60.0  # after a change: a host stops old processes within 30
PAGE = 25

SETTING, STORED, DEFAULT = "MAPPING", "stored", "default"

log = structlog.get_logger()


class MappingSource:
    """The mapping in force: the one in the settings, else the stored one, else the
    default.
    """

    def __init__(self, configured: Mapping | None, store: Store) -> None:
        self._configured = configured
        self._store = store
        self._read: tuple[str | None, Mapping] = (None, Mapping())

    def current(self) -> Mapping:
        """The mapping in force now: one read of the store, parsed only when it changed.

        Raises `InvalidMapping` where the stored one, perhaps another version's, cannot
        be read: nothing must be sent by a guess.
        """
        if self._configured is not None:
            return self._configured
        text = self._store.notes.mapping()
        if text != self._read[0]:
            try:
                self._read = (text, Mapping.load(text) if text else Mapping())
            except InvalidMapping as error:
                mistakes = [f"stored mapping: {mistake}" for mistake in error.mistakes]
                raise InvalidMapping(mistakes) from None
        return self._read[1]

    def origin(self) -> str:
        """Where the mapping in force comes from."""
        if self._configured is not None:
            return SETTING
        return STORED if self._store.notes.mapping() else DEFAULT

    def require_unset(self) -> None:
        """Return if a stored mapping would count. Raises `InvalidSettings`."""
        if self._configured is not None:
            raise InvalidSettings(
                "MAPPING is set and wins over what is stored: change it there, or "
                "unset it first."
            )

    def problems(self, mapping: Mapping) -> list[str]:
        """What is wrong with a mapping in the CRM as it last described itself."""
        ping = self._store.notes.ping() or {}
        pipeline = ping.get("pipeline") or "sales_stage"
        return mapping.problems(ping.get("fields"), ping.get("stages"), pipeline)

    def keep(self, mapping: Mapping) -> None:
        """Store a mapping. Raises `InvalidSettings` while the settings hold one."""
        self.require_unset()
        self._store.notes.keep_mapping(
            json.dumps(mapping.as_json(), ensure_ascii=False)
        )


class Remap:
    """Maps what is held again, a slice at a time, each going on where one stopped."""

    def __init__(self, store: Store, source: MappingSource, room: Room) -> None:
        self._store = store
        self._source = source
        self._room = room

    def is_needed(self) -> bool:
        """Whether what is held has not all been mapped by the mapping in force."""
        walk = self._store.walks.walk()
        digest = _digest(self._source.current())
        return walk is None or (walk.mapping, walk.cursor) != (digest, DONE)

    def run(self, seconds: float = SLICE_SECONDS) -> bool:
        """Go on with the walk, for so long or until a batch waits; True where something
        is pending that was not.
        """
        deadline = time.monotonic() + seconds
        mapping = self._source.current()
        walk = self._walk(_digest(mapping))
        if time.time() < walk.began + QUIET_SECONDS:
            return False
        found = False
        while (
            walk.cursor != DONE and time.monotonic() < deadline and self._room.is_free()
        ):
            following, held = self._store.held(walk.cursor, PAGE)
            changed = list(_changed(held, mapping))
            if not self._store.walks.remap(walk, following, changed):
                break  # somebody else goes on
            found = found or bool(changed)
            walk = replace(walk, cursor=following)
        if walk.cursor == DONE:
            log.info("mapped_again")
        return found

    def _walk(self, digest: str) -> Walk:
        walk = self._store.walks.walk()
        if walk is None or walk.mapping != digest:
            log.info("mapping_changed")
            return self._store.walks.begin_walk(digest)
        if walk.cursor != DONE and walk.server != self._store.host.run():
            return self._store.walks.begin_walk(digest)
        return walk


def _changed(held: Iterable[Held], mapping: Mapping) -> Iterable[str]:
    """Which of what is held the mapping changes; of what is pending nobody knows by
    which mapping somebody is about to send it. What is deleted stays as it is.
    """
    settled = []
    for pending, standing in held:
        if standing == "pending":
            yield pending.member
        elif standing == "parked" or not getattr(pending.thing, "deleted", False):
            settled.append(pending)
    yield from (item.pending.member for item in plan(settled, mapping).changed)


def _digest(mapping: Mapping) -> str:
    return digest_of(json.dumps(mapping.as_json(), sort_keys=True).encode())
