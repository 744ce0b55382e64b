"""The CRM's stages in Roistat's status dictionary, kept whole."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from receiver.mapping import Mapping as OurMapping
from receiver.roistat.client import RoistatClient
from receiver.roistat.statuses import (
    Change,
    Status,
    difference,
    merge,
    missing,
    without,
)
from receiver.store import Store

log = structlog.get_logger()


class Stages:
    """Reads, changes and uploads the dictionary, one at a time on one store."""

    def __init__(
        self, store: Store, roistat: RoistatClient, mapping: Callable[[], OurMapping]
    ) -> None:
        self._store = store
        self._roistat = roistat
        self._mapping = mapping

    def unknown(self, stages: Mapping[str, str]) -> list[str]:
        """The ids, of stages by id, that Roistat is not known to know."""
        return missing(self._store.notes.statuses() or [], stages.items())

    def add(self, stages: Mapping[str, str]) -> None:
        """Add what is new to the dictionary as it stands now, not as it was
        remembered. Raises `UpstreamError`.
        """
        with self._store.notes.changing_statuses() as make_sure:
            known = self._roistat.statuses()
            merged = merge(known, stages, self._mapping())
            self._upload(known, merged, make_sure)

    def of_crm(self) -> dict[str, str]:
        """The CRM's stages as it last told them, id to name."""
        return told_by(self._store.notes.ping() or {})

    def push(
        self,
        used: Mapping[str, str],
        *,
        dry_run: bool,
        allow_removal: bool,
        mapping: OurMapping | None = None,
        agreed: Sequence[Change] | None = None,
    ) -> tuple[list[Status], list[Change]]:
        """Upload the CRM's stages under their names, in the groups that the mapping
        names; give the dictionary as it was, and what that changes in it.

        `used` are the stages of the deals we hold, id to name. `allow_removal` drops
        what neither the CRM nor one of those deals has. `mapping` is the one to go by,
        where it is not the one in force. Where it is known what somebody `agreed` to,
        nothing else is uploaded. Raises `UpstreamError`.
        """
        stages = {**used, **self.of_crm()}
        mapping = mapping or self._mapping()
        with self._store.notes.changing_statuses() as make_sure:
            known = self._roistat.statuses()
            merged = merge(known, stages, mapping, is_ordered=True)
            if allow_removal:
                merged = without(merged, stages)
            changes = difference(known, merged)
            is_other = agreed is not None and list(agreed) != changes
            if dry_run or is_other:
                self._store.notes.keep_statuses(known)
            else:
                self._upload(known, merged, make_sure)
        return known, changes

    def _upload(
        self,
        known: list[Status],
        merged: list[Status],
        make_sure: Callable[[], None],
    ) -> None:
        changes = difference(known, merged)
        if changes:
            make_sure()
            self._roistat.set_statuses(merged)
            log.info("statuses_changed", count=len(changes))
        self._store.notes.keep_statuses(merged)


def told_by(ping: Mapping[str, Any]) -> dict[str, str]:
    """The stages that a ping tells of, id to name."""
    return {stage["key"]: stage["label"] for stage in ping.get("stages") or []}
