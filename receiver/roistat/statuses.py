"""Roistat's status dictionary, which must always be uploaded whole. Pure."""

from collections.abc import Iterable

from receiver.mapping import Mapping

Status = dict[str, str]


def missing(known: list[Status], wanted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The stages, id to name, that the dictionary lacks."""
    ids = {status["id"] for status in known}
    return {id_: name for id_, name in wanted if id_ not in ids}


def merge(known: list[Status], new: dict[str, str], mapping: Mapping) -> list[Status]:
    """The dictionary with the new stages at its end, and all it had as it was: an id
    left out would stop being recognised, and a group may have been chosen by hand.
    """
    kept = [{key: status[key] for key in ("id", "name", "type")} for status in known]
    added = [
        {"id": id_, "name": name, "type": mapping.group_of(id_)}
        for id_, name in new.items()
    ]
    return kept + added
