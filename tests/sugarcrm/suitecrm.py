"""SuiteCRM's two interfaces, as far as we ask them, with the oddities that were seen.

It is made from what SuiteCRM 7.14.6 answered; tests/crm/test_v8.py holds the client
against the real thing.
"""

import json
import re
import time
from collections import Counter
from typing import Any

from flask import Flask, Response, jsonify, request

PHONES = ("phone_mobile", "phone_work", "phone_home", "phone_other")
MOMENT = "%Y-%m-%d %H:%M:%S"
FIELDS: dict[str, dict[str, str]] = {
    "id": {"type": "id"},
    "name": {"type": "name"},
    "date_entered": {"type": "datetime"},
    "date_modified": {"type": "datetime"},
    "deleted": {"type": "bool"},
    "amount": {"type": "currency"},
    "currency_id": {"type": "id"},
    "assigned_user_id": {"type": "relate"},
    "sales_stage": {"type": "enum"},
    "secret_c": {"type": "encrypt", "source": "custom_fields"},
    "roistat_c": {"type": "varchar", "source": "custom_fields"},
    "account_name": {"type": "relate", "source": "non-db"},
    "contacts": {"type": "link", "source": "non-db"},
}


class SuiteCrm:
    """Deals, contacts and accounts as stored: moments `2026-11-21 07:42:10`, UTC."""

    def __init__(self) -> None:
        self.deals: dict[str, dict[str, Any]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.links: list[dict[str, str]] = []  # table, deal, other, role, at
        self.users = {"u1": {"first_name": "Ann", "last_name": "Jensen"}}
        self.currencies = {"e1": "EUR"}
        self.revoked: set[str] = set()
        self.logins: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.shows_seconds = False
        self.lists_deleted = False  # as a later SuiteCRM may
        self.spoiled = 0  # pages in which a deal is deleted as they are made
        self.failing = 0  # requests for deals that fail
        self.ending = 0  # requests for deals, after the last of which all tokens end

    def add(self, deal_id: str, modified: str, **values: Any) -> None:
        row = {
            "id": deal_id,
            "name": deal_id,
            "date_entered": modified,
            "date_modified": modified,
            "deleted": "0",
            "amount": "1.5",
            "currency_id": "-99",
            "assigned_user_id": "",
            "assigned_user_name": "",
            "sales_stage": "Id. Decision Makers",
            "account_id": "",
        }
        self.deals[deal_id] = row | values

    def contact(self, contact_id: str, entered: str = "2026-01-01 00:00:00") -> None:
        row = {"id": contact_id, "first_name": "C", "last_name": contact_id}
        self.contacts[contact_id] = row | {
            "date_entered": entered,
            "email1": f"{contact_id}@x.example",
            "account_name": "",
        }

    def link(self, deal: str, other: str, at: str, role: str = "") -> None:
        table = "opportunities_contacts"
        if other in self.accounts:
            table = "accounts_opportunities"
        one = {"table": table, "deal": deal, "other": other, "role": role, "at": at}
        self.links.append(one)

    def linked(self, deal: str, table: str) -> list[dict[str, str]]:
        return [o for o in self.links if (o["deal"], o["table"]) == (deal, table)]


def create_app(crm: SuiteCrm, username: str = "sync", password: str = "pw") -> Flask:
    app = Flask(__name__)
    _add_login(app, crm, password)
    _add_lists(app, crm)
    _add_deals(app, crm)
    _add_older(app, crm, username)
    add_writing(app, crm)
    return app


def token(crm: SuiteCrm) -> str:
    return f"t{sum(crm.logins.values())}"


def _add_login(app: Flask, crm: SuiteCrm, password: str) -> None:
    @app.post("/Api/access_token")
    def access_token() -> Any:
        form = request.form
        crm.logins[form["grant_type"]] += 1
        if form["client_secret"] != "secret":
            return jsonify(error="unknown_error", message="secret!"), 401
        if form["grant_type"] == "password" and form["password"] != password:
            return jsonify(error="unknown_error"), 401
        return jsonify(token_type="Bearer", expires_in=3600, access_token=token(crm))

    @app.before_request
    def check() -> Any:
        crm.requests[request.path] += 1
        if request.path.startswith("/Api/V8"):
            known = request.headers["Authorization"].removeprefix("Bearer ")
            if known in crm.revoked:
                return jsonify(error="access_denied"), 401
        if "Opportunities" in request.path or "rest_data" in request.form:
            return trouble(crm)
        return None


def trouble(crm: SuiteCrm) -> Any:
    if crm.ending:
        crm.ending -= 1
        if not crm.ending:
            crm.revoked |= {f"t{n}" for n in range(sum(crm.logins.values()) + 1)}
    if crm.failing:
        crm.failing -= 1
        return jsonify(errors={"status": 500}), 500
    return None


def _add_lists(app: Flask, crm: SuiteCrm) -> None:
    @app.get("/Api/V8/current-user")
    def user() -> Response:
        return jsonify(data={"id": "1"})

    @app.get("/Api/V8/meta/fields/Opportunities")
    def fields() -> Response:
        return jsonify(data={"attributes": FIELDS})

    @app.get("/Api/V8/module/Currencies")
    def currencies() -> Response:
        rows = [
            {"id": key, "attributes": {"iso4217": code}}
            for key, code in crm.currencies.items()
        ]
        return jsonify(data=rows)

    @app.get("/Api/V8/module/Accounts")
    def accounts() -> Response:
        rows = [row for row in crm.accounts.values() if fits(row, request.args)]
        return jsonify(data=[shown(crm, row) for row in rows])


def _add_deals(app: Flask, crm: SuiteCrm) -> None:
    @app.get("/Api/V8/module/Opportunities")
    def deals() -> Any:
        args = request.args
        deleted = args.get("filter[deleted][eq]") == "1"
        rows = [
            row
            for row in crm.deals.values()
            if (row["deleted"] == "1") is deleted and fits(row, args)
        ]
        rows.sort(key=lambda row: row[args.get("sort", "id")])
        size, number = int(args["page[size]"]), int(args.get("page[number]", "1"))
        page = rows[(number - 1) * size : number * size]
        if crm.spoiled and page:
            crm.spoiled -= 1
            return not_found(page[0]["id"])
        if deleted and page and not crm.lists_deleted:
            return not_found(page[0]["id"])
        pages = -(-len(rows) // size)
        meta = {"total-pages": pages} if page else {"message": "no result"}
        return jsonify(meta=meta, data=[shown(crm, row) for row in page])

    @app.get("/Api/V8/module/Opportunities/<deal>/relationships/contacts")
    def related(deal: str) -> Response:
        links = crm.linked(deal, "opportunities_contacts")
        return jsonify(data=[shown(crm, crm.contacts[one["other"]]) for one in links])


def _add_older(app: Flask, crm: SuiteCrm, username: str) -> None:
    @app.post("/service/v4_1/rest.php")
    def older() -> Response:
        arguments = json.loads(request.form["rest_data"])
        method = request.form["method"]
        crm.requests[method] += 1
        if method == "login":
            crm.logins["v4"] += 1
            if arguments["user_auth"]["user_name"] != username:
                return jsonify(name="Invalid Login", number=10)
            return jsonify(id=token(crm))
        if arguments.get("session") in crm.revoked:
            return jsonify(name="Invalid Session ID", number=11)
        return jsonify(OLDER[method](crm, arguments))


def not_found(deal: str) -> Any:
    return bad(f"Opportunities module with id {deal} is not found")


def bad(detail: str) -> Any:
    return jsonify(errors={"status": 400, "title": None, "detail": detail}), 400


def fits(row: dict[str, Any], args: Any) -> bool:
    compare = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
        "eq": lambda a, b: a.casefold() == b.casefold(),
        "like": lambda a, b: re.fullmatch(b.replace("%", ".*"), a) is not None,
    }
    found = [
        compare[key[2]](row.get(key[1]) or "", value)
        for parameter, value in args.items()
        if (key := re.fullmatch(r"filter\[(\w+)\]\[(\w+)\]", parameter))
        if key[1] != "deleted"
    ]
    return any(found) if args.get("filter[operator]") == "or" else all(found)


def shown(crm: SuiteCrm, row: dict[str, Any]) -> dict[str, Any]:
    """In the API user's time format, which has no seconds unless told."""
    attributes = {key: value for key, value in row.items() if key != "id"}
    for key in ("date_entered", "date_modified"):
        if row.get(key):
            text = row[key] if crm.shows_seconds else row[key][:16] + ":00"
            attributes[key] = text.replace(" ", "T") + "+00:00"
    return {"type": "Opportunity", "id": row["id"], "attributes": attributes}


def entry(row: dict[str, Any]) -> dict[str, Any]:
    values = {key: {"name": key, "value": value} for key, value in row.items()}
    return {"id": row["id"], "name_value_list": values}


def holds(condition: str, values: dict[str, str]) -> bool:
    """A condition in SQL, as far as the client writes it."""
    if condition == "":
        return True
    for part in condition.split(" AND "):
        part = part.strip("()")
        found = re.fullmatch(r"[\w]+\.(\w+) (=|<|<=|>|>=|IN) (.+)", part)
        if not found:
            raise AssertionError(part)
        name, operator, given = found.groups()
        given = given.removesuffix(" IS NULL").split(" OR ")[0]
        wanted = re.findall(r"'([^']*)'", given) or [given]
        value = values[name]
        good = {
            "=": value == wanted[0],
            "<": value < wanted[0],
            "<=": value <= wanted[0],
            ">": value > wanted[0],
            ">=": value >= wanted[0],
            "IN": value in wanted,
        }
        if not good[operator]:
            return False
    return True


def entry_list(crm: SuiteCrm, arguments: dict[str, Any]) -> dict[str, Any]:
    module, query = arguments["module_name"], arguments["query"]
    stored: dict[str, Any] = {
        "Opportunities": crm.deals,
        "Users": {key: {"id": key} | one for key, one in crm.users.items()},
        "Currencies": {
            key: {"id": key, "iso4217": code} for key, code in crm.currencies.items()
        },
    }
    rows = [row for row in stored[module].values() if holds(query, row)]
    order = arguments["order_by"]
    rows.sort(key=lambda row: row[order] if order else "")
    rows = rows[: arguments["max_results"]]
    links = []
    for row in rows if module == "Opportunities" else ():
        lists = []
        for name, table, where in (
            ("contacts", "opportunities_contacts", crm.contacts),
            ("accounts", "accounts_opportunities", crm.accounts),
        ):
            linked = [where[one["other"]] for one in crm.linked(row["id"], table)]
            records = [{"link_value": entry(o)["name_value_list"]} for o in linked]
            if linked:
                lists.append({"name": name, "records": records})
        links.append({"link_list": lists})
    return {"entry_list": [entry(row) for row in rows], "relationship_list": links}


def relationships(crm: SuiteCrm, arguments: dict[str, Any]) -> dict[str, Any]:
    table = {
        "contacts": "opportunities_contacts",
        "accounts": "accounts_opportunities",
    }[arguments["link_field_name"]]
    found = [
        one["other"]
        for one in crm.linked(arguments["module_id"], table)
        if holds(
            arguments["related_module_query"],
            {"contact_role": one["role"], "date_modified": one["at"]},
        )
    ]
    return {"entry_list": [{"id": one} for one in found]}


def described(crm: SuiteCrm, arguments: dict[str, Any]) -> dict[str, Any]:
    options = {
        "": {"name": "", "value": ""},
        "Id. Decision Makers": {
            "name": "Id. Decision Makers",
            "value": "Identifying Decision Makers",
        },
    }
    stage = {"label": "Sales Stage:", "options": options}
    return {"module_fields": {"sales_stage": stage, "name": {"label": "Name:"}}}


OLDER = {
    "get_entry_list": entry_list,
    "get_relationships": relationships,
    "get_module_fields": described,
    "get_server_info": lambda crm, _: {"suitecrm_version": "7.14.6"},
    "get_entry": lambda crm, _: {
        "entry_list": [entry({"id": "-99", "iso4217": "USD"})]
    },
    "get_entries_count": lambda crm, given: {
        "result_count": str(
            sum(holds(given["query"], row) for row in crm.deals.values())
        )
    },
}


# --- what is written ---

COLUMNS = {
    "Contacts": {
        **{name: {"type": "varchar", "len": "100"} for name in ("first_name",)},
        "last_name": {"type": "varchar", "len": "100"},
        "id": {"type": "id"},
        **{name: {"type": "phone", "len": 100} for name in PHONES},
        "lead_source": {"type": "enum"},
        "assigned_user_id": {"type": "relate"},
    },
    "Accounts": {"id": {"type": "id"}, "name": {"type": "name", "len": "150"}},
    "Notes": {
        "id": {"type": "id"},
        "name": {"type": "name", "len": "255"},
        "parent_id": {"type": "id"},
        "description": {"type": "text"},
    },
}
# What it takes without a column that is described above.
TAKEN = {
    "Opportunities": {
        *FIELDS,
        *("description", "lead_source", "date_closed", "contact_id", "account_id"),
    },
    "Contacts": {*COLUMNS["Contacts"], "email1", "account_id"},
    "Accounts": set(COLUMNS["Accounts"]),
    "Notes": {*COLUMNS["Notes"], "parent_type"},
}


def add_writing(app: Flask, crm: SuiteCrm) -> None:
    _add_what_is_asked_first(app, crm)
    _add_creating(app, crm)
    _add_relating(app, crm)


def _add_what_is_asked_first(app: Flask, crm: SuiteCrm) -> None:
    @app.get("/Api/V8/meta/fields/<module>")
    def described(module: str) -> Response:
        return jsonify(data={"attributes": COLUMNS[module]})

    @app.get("/Api/V8/module/Contacts")
    def contacts() -> Response:
        rows = [row for row in crm.contacts.values() if fits(row, request.args)]
        return jsonify(data=[shown(crm, row) for row in rows if row["deleted"] == "0"])


def _add_creating(app: Flask, crm: SuiteCrm) -> None:
    tables = {
        "Opportunities": crm.deals,
        "Contacts": crm.contacts,
        "Accounts": crm.accounts,
        "Notes": crm.notes,
    }

    @app.post("/Api/V8/module")
    def create() -> Any:
        data = request.get_json()["data"]
        module, values = data["type"], data["attributes"]
        if data["id"] in tables[module]:
            return bad(f"Bean {module} with id {data['id']} is already exist")
        for name in values:
            if name not in TAKEN[module]:
                return bad(f"Property {name} in {module} module is invalid")
        stored = time.strftime(MOMENT, time.gmtime())
        made = {"deleted": "0", "date_entered": stored, "date_modified": stored}
        row = tables[module][data["id"]] = {"id": data["id"]} | made | values
        if module == "Opportunities" and "contact_id" in values:
            crm.link(data["id"], values["contact_id"], stored)
        return jsonify(data=shown(crm, row)), 201


def _add_relating(app: Flask, crm: SuiteCrm) -> None:
    @app.get("/Api/V8/module/Contacts/<contact>/relationships/opportunities")
    def deals_of(contact: str) -> Response:
        ids = [one["deal"] for one in crm.links if one["other"] == contact]
        rows = [crm.deals[one] for one in ids if fits(crm.deals[one], request.args)]
        rows = [row for row in rows if row["deleted"] == "0"]
        rows.sort(key=lambda row: row["date_entered"], reverse=True)
        return jsonify(data=[shown(crm, row) for row in rows])

    @app.post("/Api/V8/module/Opportunities/<deal>/relationships")
    def relate(deal: str) -> Any:
        contact = request.get_json()["data"]["id"]
        if crm.deals[deal]["deleted"] == "1":
            return not_found(deal)
        if contact not in [one["other"] for one in crm.links if one["deal"] == deal]:
            crm.link(deal, contact, time.strftime(MOMENT, time.gmtime()))
        return jsonify(meta={"message": "added"}, data=[]), 201


def at(second: float) -> str:
    return time.strftime(MOMENT, time.gmtime(1_767_225_600 + second))
