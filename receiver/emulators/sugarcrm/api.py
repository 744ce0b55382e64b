"""`/rest/v11`: what a client that pulls deals and sends leads needs of SugarCRM's API.

https://support.sugarcrm.com/documentation/sugar_developer/, "Web Services", "REST API"
"""

import json
import time
from collections import ChainMap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import Blueprint, Response, jsonify, request

from receiver.emulators.sugarcrm import formats, writing
from receiver.emulators.sugarcrm.errors import ApiError
from receiver.emulators.sugarcrm.faults import Fault, FaultPlan, Refusal
from receiver.emulators.sugarcrm.filters import earliest, matches, only
from receiver.emulators.sugarcrm.sessions import Sessions
from receiver.emulators.sugarcrm.state import (
    MADE_UP,
    OTHER_FIELDS,
    State,
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: method, path below the version, arguments of query and body."""

    method: str
    path: str
    arguments: Json

    @property
    def parts(self) -> list[str]:
        return [unquote(part) for part in self.path.strip("/").split("/")]


@dataclass(frozen=True)
class Gate:
    """What every call passes before it is answered."""

    state: State
    sessions: Sessions
    faults: FaultPlan

    def answer(self, path: str) -> Response:
        """Count the call, delay it, admit it, and let it fail where that was asked."""
        raw = request.get_data()
        path = f"/{path}"
        with self.state.lock:
            self.state.requests[_documented(path)] += 1
        time.sleep(self.faults.latency)
        self.faults.admit()
        fault = self.faults.take(_documented(path))
        if fault and not fault.after_commit:
            self._fail(fault)
            if fault.page:
                return Response("<html>One moment, please</html>", mimetype="text/html")
        arguments = dict(request.args) | _body(raw)
        if path == "/oauth2/token":
            return jsonify(self.sessions.grant(arguments, self.state.assumptions))
        self.sessions.require(_token())
        answer = jsonify(self._handle(Call(request.method, path, arguments)))
        if fault and fault.after_commit:
            self._fail(fault)
        return answer

    def _fail(self, fault: Fault) -> None:
        time.sleep(fault.latency_ms / 1000)
        if fault.expire:
            self.sessions.expire(refresh_too=False)
        if fault.status:
            raise Refusal(fault.status, fault.retry_after)

    def _handle(self, call: Call) -> Any:
        if call.path == "/bulk":
            return [self._one_of_bulk(one) for one in call.arguments["requests"]]
        with self.state.lock:
            return _handler(call)(self.state, call)

    def _one_of_bulk(self, wanted: Json) -> Json:
        parts = urlsplit(wanted["url"])
        path = "/" + parts.path.strip("/").partition("/")[2]
        arguments = dict(parse_qsl(parts.query)) | _body(wanted.get("data") or b"")
        try:
            call = Call(wanted.get("method", "GET"), path, arguments)
            contents, status = self._handle(call), 200
        except ApiError as error:
            contents = {"error": error.code, "error_message": error.message}
            status = error.status
        return {"contents": contents, "headers": {}, "status": status}


def api(gate: Gate) -> Blueprint:
    """Everything under `/rest/v11`."""
    blueprint = Blueprint("api", __name__)

    @blueprint.route("/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
    def view(path: str) -> Response:
        return gate.answer(path)

    @blueprint.errorhandler(ApiError)
    def refuse(error: ApiError) -> tuple[Response, int]:
        answer = jsonify(error=error.code, error_message=error.message)
        if isinstance(error, Refusal) and error.retry_after:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer, error.status

    return blueprint


def _handler(call: Call) -> Callable[[State, Call], Any]:
    simple = {
        "/ping": _ping,
        "/metadata": _metadata,
        "/Opportunities/config": _config,
    }
    if call.path in simple:
        return simple[call.path]
    match call.parts:
        case ["lang", _]:
            return _language
        case [_, "filter"]:
            return _filter
        case [_, "filter", "count"]:
            return _count
        case ["Opportunities", "enum", _]:
            return _enum
        case ["Opportunities", _, "link", "contacts"]:
            return _contacts
    if call.method == "POST" and (writer := writing.of(call.parts)):
        return lambda state, call: writer(state, call.parts, call.arguments)
    raise ApiError("no_method", "Could not find a route")


def _ping(state: State, call: Call) -> Any:
    return "pong"


def _config(state: State, call: Call) -> Json:
    return {"opps_view_by": state.assumptions.opps_view_by}


def _filter(state: State, call: Call) -> Json:
    """A page of records that fit, in order of (date_modified, id) or of ids."""
    module = call.parts[0]
    if module not in state.records:
        raise ApiError("no_method", "Could not find a route")
    names, links = formats.asked(call.arguments.get("fields"))
    most = min(int(call.arguments.get("max_num", 20)), state.assumptions.most_rows)
    offset = int(call.arguments.get("offset", 0))
    found = []
    for record in _fitting(state, module, call.arguments):
        found.append(record)
        if len(found) > offset + most:
            break
    page = found[offset : offset + most]
    following = offset + most if len(found) > offset + most else -1
    if module == "Opportunities":
        records = [
            formats.deal(_joined(one, state), names, links, state) for one in page
        ]
    else:
        records = [formats.written(one, names, state) for one in page]
    return {"next_offset": following, "records": records}


def _joined(record: Json, state: State) -> Json:
    """A deal with what SugarCRM fills in from other tables."""
    user = state.records["Users"].get(record.get("assigned_user_id") or "", {})
    name = f"{user.get('first_name', '')} {user.get('last_name', '')}".strip()
    return {"account_id": "", "assigned_user_name": name} | record


def _fitting(state: State, module: str, arguments: Json) -> Any:
    order = arguments.get("order_by", "date_modified:ASC,id:ASC")
    fitting = _unordered(state, module, arguments)
    if order in ("date_entered:ASC", "date_entered:DESC"):
        is_falling = order.endswith("DESC")
        return sorted(fitting, key=itemgetter("date_entered"), reverse=is_falling)
    if order != "date_modified:ASC,id:ASC":
        raise ApiError("invalid_parameter", "that order is not emulated")
    return fitting


def _unordered(state: State, module: str, arguments: Json) -> Iterator[Json]:
    """Deals come by (date_modified, id) all the same."""
    wanted = arguments.get("filter", [])
    deleted = arguments.get("deleted") in (True, "true", "1")
    candidates: Any
    if (one := only(wanted)) is not None:
        candidates = filter(None, [state.records[module].get(one)])
    elif module == "Opportunities":
        candidates = state.deals_from(earliest(wanted))
    else:
        candidates = state.records[module].values()
    for record in candidates:
        if deleted or not record["deleted"]:
            related = state.related(module, record)
            if matches(ChainMap(related, record), wanted):
                yield record


def _count(state: State, call: Call) -> Json:
    found = _fitting(state, call.parts[0], call.arguments)
    return {"record_count": sum(1 for _ in found)}


def _enum(state: State, call: Call) -> Json:
    name = call.parts[2]
    if name not in state.lists:
        raise ApiError("not_found", "no such list")
    return state.lists[name]


def _contacts(state: State, call: Call) -> Json:
    deal = state.records["Opportunities"].get(call.parts[1])
    if deal is None or deal["deleted"]:
        raise ApiError("not_found", "Could not find record")
    names, _ = formats.asked(call.arguments.get("fields"))
    found = formats.contacts(call.parts[1], names, state)
    most = int(call.arguments.get("max_num", 20))
    offset = int(call.arguments.get("offset", 0))
    following = offset + most if len(found) > offset + most else -1
    return {"next_offset": following, "records": found[offset : offset + most]}


def _metadata(state: State, call: Call) -> Json:
    """The parts of the metadata that are asked for by name."""
    fields: Json = {
        name: {"name": name, "type": kind, "vname": f"LBL_{name.upper()}"}
        for name, kind in state.fields.items()
    }
    for name in state.fields:
        if name.endswith("_c"):
            fields[name]["source"] = "custom_fields"
    for name, kind in MADE_UP.items():
        fields[name] = {"name": name, "type": kind, "source": "non-db"}
    fields["contacts"] = {"name": "contacts", "type": "link", "source": "non-db"}
    others = {
        module: {
            "fields": {one: {"name": one, "type": kind} for one, kind in kinds.items()}
        }
        for module, kinds in OTHER_FIELDS.items()
    }
    whole: Json = {
        "server_info": {"flavor": "ENT", "version": "14.0.0", "build": "999"},
        "currencies": {
            key: {"iso4217": code, "status": "Active"}
            for key, code in state.currencies.items()
        },
        "modules": {"Opportunities": {"fields": {**fields, "_hash": "0"}}, **others},
        "labels": {"default": "en_us", "en_us": "cache/api/metadata/lang_en_us.json"},
    }
    wanted = str(call.arguments.get("type_filter", "")).split(",")
    return {key: value for key, value in whole.items() if key in wanted}


def _language(state: State, call: Call) -> Json:
    words = {
        f"LBL_{name.upper()}": f"{name.removesuffix('_c').replace('_', ' ').title()}:"
        for name in state.fields
    }
    return {"mod_strings": {"Opportunities": words}}


def _token() -> str:
    header = request.headers.get("Authorization", "")
    return request.headers.get("OAuth-Token") or header.removeprefix("Bearer ")


def _body(raw: bytes | str) -> Json:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ApiError("invalid_parameter", "the body must be JSON") from error
    if not isinstance(body, dict):
        raise ApiError("invalid_parameter", "the body must be a JSON object")
    return body


def _documented(path: str) -> str:
    """A path as the documents write it; faults and the count of requests go by it."""
    parts = path.strip("/").split("/")
    if len(parts) == 4 and parts[2] == "link":
        return f"/{parts[0]}/:record/link/{parts[3]}"
    if len(parts) == 3 and parts[2] == "link":
        return f"/{parts[0]}/:record/link"
    return path
