"""New records and links.

https://support.sugarcrm.com/documentation/sugar_developer/, "/<module> POST" and
"/<module>/:record/link POST"
"""

import uuid
from collections.abc import Callable
from typing import Any

from receiver.emulators.sugarcrm import formats
from receiver.emulators.sugarcrm.errors import ApiError
from receiver.emulators.sugarcrm.state import OTHER_FIELDS, REQUIRED, State

Json = dict[str, Any]


def of(parts: list[str]) -> Callable[[State, list[str], Json], Json] | None:
    """What answers a POST to a path, if it writes."""
    match parts:
        case [_]:
            return _create
        case ["Opportunities", _, "link"]:
            return _link
    return None


def _create(state: State, parts: list[str], given: Json) -> Json:
    """A new record. What is no field of the module is not stored."""
    (module,) = parts
    if module not in ("Opportunities", *OTHER_FIELDS):
        raise ApiError("no_method", "Could not find a route")
    required = REQUIRED.get(module, "name")
    if not given.get(required):
        raise ApiError("missing_parameter", f"Missing required field: {required}")
    wanted = str(given.get("id") or "")
    if wanted in state.records[module]:
        raise ApiError("invalid_parameter", "there is a record of that id")
    kept = wanted if wanted and state.assumptions.ids_are_kept else str(uuid.uuid4())
    known = {*OTHER_FIELDS.get(module, state.fields), "account_id", "email"}
    values = {name: one for name, one in given.items() if name in known}
    account = state.records["Accounts"].get(str(values.get("account_id")))
    if account:
        values["account_name"] = account["name"]
    state.put(module, values | {"id": kept})
    return formats.written(state.records[module][kept], set(), state)


def _link(state: State, parts: list[str], given: Json) -> Json:
    """Links to records that are there already."""
    deal = state.records["Opportunities"].get(parts[1])
    if deal is None or deal["deleted"]:
        raise ApiError("not_found", "Could not find record")
    if given.get("link_name") != "contacts":
        raise ApiError("invalid_parameter", "that link is not emulated")
    ids = [str(one) for one in given.get("ids", [])]
    if not set(ids) <= set(state.records["Contacts"]):
        raise ApiError("not_found", "Could not find related record")
    for contact_id in ids:
        state.link(parts[1], contact_id, "")
    found = [state.records["Contacts"][one] for one in ids]
    shown = [formats.written(one, set(), state) for one in found]
    return {
        "record": formats.written(deal, set(), state),
        "related_records": shown,
    }
