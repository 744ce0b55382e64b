"""Clients: imported by the CRM's id, listed by Roistat's number."""

import pytest

from receiver.emulators.roistat import Assumptions

IMPORT = "/project/clients/import"
JOHN = {
    "id": "111",
    "name": "John",
    "phone": "78888888888",
    "email": "email1@mail.com",
    "company": "company1",
    "birth_date": "1980-01-01",
    "fields": {"segment": "1"},
}
ARIA = {"id": "222", "name": "Aria", "phone": None, "birth_date": None}


def test_clients_are_kept_by_the_id_of_the_crm(roistat):
    assert roistat.post(IMPORT, [JOHN, ARIA]) == {"status": "success"}
    roistat.post(IMPORT, [ARIA | {"name": "Aria Stark", "typo": 1}])
    clients = roistat.state()["clients"]
    assert clients == {"111": JOHN, "222": ARIA | {"name": "Aria Stark"}}


def test_omitted_keys_of_a_client_may_be_kept(start_prepared):
    roistat = start_prepared(assumptions=Assumptions(omitted_fields_are_kept=True))
    roistat.post(IMPORT, [JOHN])
    roistat.post(IMPORT, [{"id": "111", "name": "Johnny"}])
    assert roistat.state()["clients"] == {"111": JOHN | {"name": "Johnny"}}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"id": ""}, "incorrect_request"),
        ({"name": ""}, "incorrect_request"),
        ({"name": None}, "request_data_validation_error"),
        ({"phone": 78888888888}, "request_data_validation_error"),
        ({"birth_date": "01.01.1980"}, "request_data_validation_error"),
        ({"birth_date": "1980-13-01"}, "request_data_validation_error"),
        ({"fields": []}, "request_data_validation_error"),
    ],
)
def test_a_bad_client_refuses_the_whole_call(roistat, wrong, error):
    answer = roistat.post(IMPORT, [ARIA, JOHN | wrong])
    assert answer["error"] == error
    assert f"1.{next(iter(wrong))}" in answer["description"]
    assert roistat.state()["clients"] == {}


@pytest.mark.parametrize("missing", ["id", "name"])
def test_id_and_name_are_required(roistat, missing):
    client = {key: value for key, value in JOHN.items() if key != missing}
    assert roistat.post(IMPORT, [client])["error"] == "incorrect_request"


def test_listed_clients_show_what_they_have_paid(roistat):
    roistat.post(IMPORT, [JOHN, ARIA])
    order = {"client_id": "111", "price": "10.5", "cost": 3}
    roistat.add(
        {"id": "1", "status": "won"} | order,
        {"id": "2", "status": "new"} | order,
        {"id": "3", "status": "won", "price": "99"},
    )
    answer = roistat.post("/project/clients")
    assert [c["external_id"] for c in answer["clients"]] == ["222", "111"]
    john = answer["clients"][1]
    assert (john["id"], john["birth_date"]) == (1, "1980-01-01")
    assert (john["order_count"], john["revenue"], john["profit"]) == (2, 10.5, 7.5)
    assert answer["clients"][0]["phone"] == ""
    assert answer["total"] == 2


def test_a_client_keeps_its_number(roistat):
    roistat.post(IMPORT, [JOHN, ARIA, JOHN | {"name": "Johnny"}])
    clients = roistat.post("/project/clients")["clients"]
    assert {c["name"]: c["id"] for c in clients} == {"Johnny": 1, "Aria": 2}


def test_clients_are_found_by_phone(roistat):
    roistat.post(IMPORT, [JOHN, ARIA])
    body = {"filters": [["phone", "=", "78888888888"]]}
    answer = roistat.post("/project/clients", body)
    assert [client["name"] for client in answer["clients"]] == ["John"]
    assert answer["total"] == 1
