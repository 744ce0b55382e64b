"""Records as the API writes them."""

import json
from datetime import datetime
from typing import Any

from receiver.emulators.sugarcrm.errors import ApiError
from receiver.emulators.sugarcrm.state import Record, State

_MOMENTS = ("date_modified", "date_entered")


def written(record: Record, names: set[str], state: State) -> Record:
    """The fields asked for, and the two that always come. Of a deleted record nothing
    is shown but its id.
    """
    if record["deleted"]:
        shown = {"id": record["id"], "deleted": True}
        if state.assumptions.deleted_rows_have_dates:
            shown["date_modified"] = _moment(record["date_modified"], state)
        return shown
    always = {"id", "date_modified"}
    shown = {
        name: _moment(value, state) if name in _MOMENTS else value
        for name, value in record.items()
        if not names or name in names or name in always
    }
    return {**shown, "_acl": {"fields": {}}}


def deal(
    record: Record, names: set[str], links: list[dict[str, Any]], state: State
) -> Record:
    """A deal, with its contacts where a map among the fields asks for them."""
    shown = written(record, names, state)
    if record["deleted"] or not state.assumptions.links_are_nested:
        return shown
    for link in links:
        if link.get("name") == "contacts":
            wanted = set(link.get("fields", ()))
            most = int(link.get("max_num", 5))
            found = contacts(record["id"], wanted, state)
            following = most if len(found) > most else -1
            shown["contacts"] = {"next_offset": following, "records": found[:most]}
    return shown


def contacts(deal_id: str, names: set[str], state: State) -> list[Record]:
    """The contacts linked to a deal."""
    return [written(one, names, state) for one in state.linked(deal_id)]


def asked(text: Any) -> tuple[set[str], list[dict[str, Any]]]:
    """Names and maps in a list of fields: `name,{"name":"contacts",…},amount`."""
    names: set[str] = set()
    links = []
    rest = str(text or "").strip()
    while rest:
        if rest.startswith("{"):
            try:
                link, end = json.JSONDecoder().raw_decode(rest)
            except ValueError as error:
                raise ApiError("invalid_parameter", "fields: no JSON") from error
            links.append(link)
            rest = rest[end:].lstrip(", ")
        else:
            name, _, rest = rest.partition(",")
            names.add(name.strip())
    return names, links


def _moment(text: str, state: State) -> str:
    """In the zone of the API's user."""
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{state.assumptions.zone}").tzinfo
    return datetime.fromisoformat(text).astimezone(zone).isoformat()
