"""Roistat's status dictionary, which must always be uploaded whole. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from receiver import mapping as groups

Status = dict[str, str]

# Where deals go that the CRM deleted or that the filter no longer lets in.
NOT_REGISTERED = "sugar_roistat_not_registered"
NOT_REGISTERED_NAME = "Deleted or filtered out"


@dataclass(frozen=True, slots=True)
class Change:
    """What an upload would do to one status: `what` is added, renamed, regrouped or
    removed; names and groups as they were and as they would be.
    """

    what: str
    id: str
    before: str
    after: str


def missing(known: Iterable[Status], wanted: Iterable[tuple[str, str]]) -> list[str]:
    """The ids, of (id, name) pairs, that the dictionary lacks."""
    ids = {status["id"] for status in known}
    return [id_ for id_, _ in wanted if id_ not in ids]


def merge(
    known: Sequence[Status],
    stages: Mapping[str, str],
    mapping: groups.Mapping,
    *,
    is_ordered: bool = False,
) -> list[Status]:
    """The dictionary with what is new among the stages (id to name) at its end, and all
    that it had as it was: an id left out would stop being recognised, and a group may
    have been chosen by hand.

    `is_ordered`: somebody asked for the stages' names and the mapping's groups, so what
    is known takes them too.
    """
    merged = [dict(status) for status in known]
    for status in merged if is_ordered else []:
        status["name"] = stages.get(status["id"]) or status["name"]
        status["type"] = mapping.statuses.get(status["id"], status["type"])
    for id_ in missing(known, stages.items()):
        group = groups.UNUSED if id_ == NOT_REGISTERED else mapping.group_of(id_)
        merged.append({"id": id_, "name": stages[id_] or id_, "type": group})
    return merged


def without(statuses: Iterable[Status], wanted: Collection[str]) -> list[Status]:
    """The dictionary with nothing but the wanted ids, and our own."""
    keep = {*wanted, NOT_REGISTERED}
    return [status for status in statuses if status["id"] in keep]


def difference(before: Sequence[Status], after: Sequence[Status]) -> list[Change]:
    """What uploading `after` over `before` would change, in the dictionary's order."""
    old = {status["id"]: status for status in before}
    new = {status["id"]: status for status in after}
    changes = []
    for id_, status in {**old, **new}.items():
        if id_ not in new:
            changes.append(Change("removed", id_, status["name"], ""))
        elif id_ not in old:
            changes.append(
                Change("added", id_, "", f"{status['name']}: {status['type']}")
            )
        else:
            changes += [
                Change(what, id_, old[id_][key], status[key])
                for what, key in (("renamed", "name"), ("regrouped", "type"))
                if old[id_][key] != status[key]
            ]
    return changes
