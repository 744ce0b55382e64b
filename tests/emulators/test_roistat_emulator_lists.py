"""Reading deals back: rows, filters, pages, quotas of the list."""

import pytest

from receiver.emulators.roistat import Assumptions

LIST = "/project/integration/order/list"


@pytest.fixture
def filled(roistat):
    """Three deals, a day apart; the middle one is the oldest."""
    roistat.add(
        {"id": "a", "status": "new", "date_create": "2024-01-02 00:00", "price": "5"},
        {
            "id": "b",
            "status": "won",
            "date_create": "2024-01-01 00:00",
            "price": "10.5",
            "cost": 3,
            "client_id": "Client 7",
            "roistat": "4336465",
            "fields": {"Manager": "John Doe"},
        },
        {"id": "c", "status": "lost", "date_create": "2024-01-03 00:00", "price": "0"},
    )
    return roistat


def test_a_row_looks_as_documented(filled):
    answer = filled.post(LIST, {"filters": [["id", "=", "b"]]})
    assert answer == {
        "data": [
            {
                "id": "b",
                "url": "",
                "source_type": "standard",
                "creation_date": "2024-01-01T00:00:00+0000",
                "update_date": None,
                "revenue": 10.5,
                "cost": 3,
                "client_id": "Client 7",
                "visit_id": "4336465",
                "custom_fields": {
                    "Manager": "John Doe",
                    "roistat": "4336465",
                    "status_name": "Won",
                },
                "status": {"id": "won", "name": "Won", "type": "paid"},
                "visit": None,
            }
        ],
        "total": 1,
        "status": "success",
    }


def test_a_visit_is_shown_when_asked_for(filled):
    rows = filled.post(LIST, {"extend": ["visit"]})["data"]
    assert [row["visit"] for row in rows] == [None, None, {"id": "4336465"}]


def test_the_newest_deal_comes_first_and_pages_count_rows(filled):
    assert filled.listed() == ["c", "a", "b"]
    assert filled.listed(limit=1, offset=1) == ["a"]
    assert filled.post(LIST, {"limit": 1})["total"] == 3


def test_of_two_deals_of_one_date_the_later_stored_comes_first(roistat):
    deal = {"status": "new", "date_create": "2024-01-02 00:00"}
    roistat.add({"id": "a"} | deal, {"id": "b"} | deal)
    assert roistat.listed() == ["b", "a"]


def test_a_list_without_a_limit_has_one(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(list_limit_when_omitted=1))
    roistat.add({"id": "a", "status": "new"}, {"id": "b", "status": "new"})
    assert roistat.listed() == ["b"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], "cab"),
        ({}, "cab"),
        ([["id", "!=", "a"]], "cb"),
        ([["id", "in", ["a", "b"]]], "ab"),
        ([["client_id", "like", "%client%"]], "b"),
        ([["client_id", "null", True]], "ca"),
        ([["client_id", "null", False]], "b"),
        ([["client_id", "!=", "x"]], "b"),
        ([["revenue", ">", 0]], "ab"),
        ([["revenue", "<=", "5"]], "ca"),
        ([["status", "=", "0"]], "a"),
        ([["status", "=", 1]], "b"),
        ([["status", "in", ["1", "2"]]], "cb"),
        ([["creation_date", ">=", "2024-01-02T00:00:00+0000"]], "ca"),
        ([["creation_date", "<", "2024-01-02T03:00:00+0300"]], "b"),
        ([["creation_date", "<", 1704153600]], "b"),
        ([{"field": "id", "operator": "=", "value": "c"}], "c"),
        ({"and": [["revenue", ">", 0], ["status", "=", "1"]]}, "b"),
        ({"or": [["id", "=", "a"], ["id", "=", "c"]]}, "ca"),
        ({"or": [["id", "=", "c"]]}, "c"),
        ({"or": [["id", "=", "c"], {"and": [["id", "=", "a"]] * 2}]}, "ca"),
    ],
)
def test_filters_find_deals(filled, filters, found):
    assert "".join(filled.listed(filters=filters)) == found


def test_an_and_of_one_condition_breaks_roistat(filled):
    headers = filled.headers | {"Use-Http-Code": "1"}
    body = {"filters": {"and": [["id", "=", "a"]]}}
    answer = filled.request("POST", LIST, json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")


@pytest.mark.parametrize(
    "filters",
    [
        "text",
        {"not": []},
        {"or": {}},
        [["id", "="]],
        [["custom_fields", "=", "x"]],
        [["source_type", "=", "standard"]],
        [["id", "~", "x"]],
        [["id", ["="], "x"]],
        ["id"],
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(filled, filters):
    answer = filled.post(LIST, {"filters": filters})
    assert answer["error"] == "incorrect_request"


def test_filters_nested_beyond_reason_are_refused(filled):
    deep = '{"or":[' * 300 + '["id","=","a"]' + "]}" * 300
    answer = filled.request("POST", LIST, data=f'{{"filters": {deep}}}')
    assert answer.json()["error"] == "incorrect_request"


@pytest.mark.parametrize(
    "body",
    [
        {"limit": "10"},
        {"limit": -1},
        {"offset": True},
        {"filters": [["status", "=", "won"]]},
        {"filters": [["creation_date", ">", "yesterday"]]},
        {"filters": [["revenue", ">", None]]},
        {"filters": [["revenue", ">", 10**400]]},
        {"filters": [["id", "in", "abc"]]},
    ],
)
def test_a_wrong_value_in_a_list_call_is_refused(filled, body):
    assert filled.post(LIST, body)["error"] == "request_data_validation_error"


def test_an_updated_deal_says_when(filled):
    filled.add({"id": "a", "status": "won", "date_create": "2024-01-02 00:00"})
    filled.post("/project/integration/order/c/status/update", {"status_id": "won"})
    rows = filled.post(LIST)["data"]
    updated = {row["id"] for row in rows if row["update_date"]}
    assert updated == {"a", "c"}
    assert rows[0]["creation_date"] == "2024-01-03T00:00:00+0000"


def test_revenue_may_count_only_when_paid(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(revenue_only_when_paid=True))
    roistat.add(
        {"id": "a", "status": "new", "price": 5},
        {"id": "b", "status": "won", "price": 7},
    )
    rows = roistat.post(LIST)["data"]
    assert {row["id"]: row["revenue"] for row in rows} == {"a": 0, "b": 7}


def test_one_deal_can_be_read_with_its_client(filled):
    filled.post("/project/clients/import", [{"id": "Client 7", "name": "John"}])
    answer = filled.get("/project/orders/b/info")
    order = answer["order"]
    assert (order["status"], order["status_original"]) == ("paid", "won")
    assert (order["price"], order["cost"]) == (10.5, 3)
    assert (order["client_name"], order["client_external_id"]) == ("John", "Client 7")
    assert answer["visits"] == [{"id": "4336465"}]
    assert filled.get("/project/orders/a/info")["order"]["client_id"] is None
    assert filled.get("/project/orders/x/info")["error"] == "resource_not_found"


@pytest.mark.parametrize(
    ("body", "quota"),
    [
        ({}, 20),
        ({"extend": ["visit"], "limit": 100}, 10),
        ({"extend": ["visit"], "limit": 101}, 5),
        ({"extend": ["visit"], "limit": 1001}, 1),
    ],
)
def test_the_list_has_quotas_of_its_own(roistat, body, quota):
    for _ in range(quota):
        assert roistat.post(LIST, body)["status"] == "success"
    assert roistat.post(LIST, body)["error"] == "request_limit_error"


def test_the_quotas_of_the_list_may_be_lifted(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(list_quotas_apply=False))
    answers = [roistat.post(LIST)["status"] for _ in range(21)]
    assert set(answers) == {"success"}
