"""The status dictionary, and the methods that only an API integration has."""

import pytest

from receiver.emulators.roistat import Assumptions

SET = "/project/set-statuses"
LIST = "/project/integration/status/list"
NEW = {"id": "new", "name": "New", "type": "progress"}
WON = {"id": "won", "name": "Won", "type": "paid"}
ODD_IDS = ["1", "a/b", "/a//b/", "ü ?#%2F&", "x/status/update", "'\"<>"]


def order_path(order_id, action):
    quoted = "".join(f"%{byte:02X}" for byte in order_id.encode())
    return f"/project/integration/order/{quoted}/{action}"


def test_the_dictionary_is_empty_at_first(bare):
    assert bare.post(LIST) == {"data": [], "total": 0, "status": "success"}


def test_the_whole_list_replaces_the_dictionary(bare):
    bare.post(SET, [NEW, WON])
    assert bare.post(SET, [WON | {"name": "Closed Won"}]) == {"status": "success"}
    assert bare.post(LIST)["data"] == [WON | {"name": "Closed Won"}]
    assert bare.state()["statuses"] == [WON | {"name": "Closed Won"}]


def test_a_deal_keeps_a_status_that_fell_out_of_the_dictionary(bare):
    bare.post(SET, [NEW])
    bare.post("/project/add-orders", [{"id": "1", "status": "new"}])
    bare.post(SET, [WON])
    assert bare.orders()["1"]["status"] == "new"
    row = bare.post("/project/integration/order/list")["data"][0]
    assert row["status"] == {"id": "new", "type": "unused", "name": ""}


def test_omitted_statuses_may_be_kept(start):
    roistat = start(assumptions=Assumptions(omitted_statuses_are_forgotten=False))
    roistat.post(SET, [NEW])
    roistat.post(SET, [WON])
    assert roistat.post(LIST)["data"] == [NEW, WON]


def test_setting_statuses_regroups_unless_told_otherwise(start):
    kept = start(assumptions=Assumptions(set_statuses_regroups=False))
    for roistat, expected in ((start(), "paid"), (kept, "progress")):
        roistat.post(SET, [NEW])
        roistat.post(SET, [NEW | {"type": "paid"}])
        assert roistat.post(LIST)["data"][0]["type"] == expected


def test_a_status_without_a_group_starts_unregistered(bare):
    bare.post(SET, [{"id": 5}])
    assert bare.post(LIST)["data"] == [{"name": "5", "type": "unused", "id": "5"}]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"statuses": [NEW]}, "incorrect_request"),
        ([{"name": "New"}], "incorrect_request"),
        ([NEW | {"type": "in progress"}], "request_data_validation_error"),
        ([NEW | {"type": ["paid"]}], "request_data_validation_error"),
        ([NEW | {"name": 1}], "request_data_validation_error"),
    ],
)
def test_a_bad_list_changes_nothing(bare, body, error):
    bare.post(SET, [WON])
    assert bare.post(SET, body)["error"] == error
    assert bare.state()["statuses"] == [WON]


@pytest.mark.parametrize("order_id", ODD_IDS)
def test_a_status_update_reaches_the_stored_deal(roistat, order_id):
    roistat.add({"id": order_id, "status": "new", "price": "5"})
    answer = roistat.post(order_path(order_id, "status/update"), {"status_id": "won"})
    assert answer == {"status": "success"}
    stored = {"id": order_id, "status": "won", "price": "5"}
    assert roistat.orders() == {order_id: stored}


@pytest.mark.parametrize(
    ("order_id", "body", "error"),
    [
        ("1", {}, "incorrect_request"),
        ("1", [], "incorrect_request"),
        ("1", {"status_id": {}}, "request_data_validation_error"),
        ("2", {"status_id": "won"}, "resource_not_found"),
    ],
)
def test_a_bad_status_update_is_refused(roistat, order_id, body, error):
    roistat.add({"id": "1", "status": "new"})
    answer = roistat.post(order_path(order_id, "status/update"), body)
    assert answer["error"] == error
    assert roistat.orders()["1"]["status"] == "new"


def test_an_update_to_an_unknown_status_may_be_refused(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(unknown_status_is_stored=False))
    roistat.add({"id": "1", "status": "new"})
    answer = roistat.post(order_path("1", "status/update"), {"status_id": "nope"})
    assert answer["error"] == "request_data_validation_error"
    answer = roistat.post(order_path("1", "status/update"), {"status_id": "won"})
    assert answer["status"] == "success"


@pytest.mark.parametrize("order_id", ODD_IDS)
def test_a_deleted_deal_is_gone(roistat, order_id):
    roistat.add({"id": order_id, "status": "new"})
    assert roistat.post(order_path(order_id, "delete")) == {"status": "success"}
    assert roistat.orders() == {}
    assert roistat.state()["arrived"] == {}
    assert roistat.post(order_path(order_id, "delete"))["error"] == "resource_not_found"


@pytest.mark.parametrize(
    ("integration", "updates", "deletes"),
    [("api", True, True), ("goals", True, False), ("crm", False, False)],
)
def test_some_methods_are_for_some_integrations(
    start_prepared, integration, updates, deletes
):
    roistat = start_prepared(integration=integration)
    roistat.add({"id": "1", "status": "new"})
    update = roistat.post(order_path("1", "status/update"), {"status_id": "won"})
    delete = roistat.post(order_path("1", "delete"))
    expected = {True: None, False: "integration_error"}
    assert update.get("error") == expected[updates]
    assert delete.get("error") == expected[deletes]
    assert bool(roistat.orders()) is not deletes
