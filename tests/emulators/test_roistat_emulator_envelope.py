"""Who may call, and how a success, a failure and an unknown address look."""

import pytest

from receiver.emulators.roistat import Assumptions

STATUS_LIST = "/project/integration/status/list"
HONEST = {"Api-key": "key", "Use-Http-Code": "1"}


def test_a_refused_key_is_still_http_200_without_the_header(start):
    roistat = start(api_key="secret")
    answer = roistat.request("POST", STATUS_LIST)
    assert answer.status_code == 200
    assert answer.json()["status"] == "error"
    assert answer.json()["error"] == "authentication_failed"
    assert answer.json()["description"]


def test_a_refused_key_is_http_401_with_the_header(start):
    answer = start(api_key="secret").request("POST", STATUS_LIST, headers=HONEST)
    assert answer.status_code == 401


def test_any_key_and_project_will_do_unless_told_which(bare):
    assert bare.post(STATUS_LIST)["status"] == "success"


def test_no_key_at_all_is_refused(bare):
    answer = bare.request("POST", STATUS_LIST, headers={})
    assert answer.json()["error"] == "authentication_failed"


def test_the_key_may_come_in_the_query(start):
    roistat = start(api_key="secret")
    params = {"project": "12345", "key": "secret"}
    assert roistat.post(STATUS_LIST, headers={}, params=params)["status"] == "success"


def test_the_project_is_required(bare):
    answer = bare.request("POST", STATUS_LIST, headers=HONEST, params={})
    assert (answer.status_code, answer.json()["error"]) == (400, "incorrect_request")


def test_a_foreign_project_is_refused(start):
    answer = start(project="777").post(STATUS_LIST)
    assert answer["error"] == "authentication_failed"


def test_a_foreign_project_may_be_refused_in_other_words(start):
    assumptions = Assumptions(foreign_project_error="access_denied")
    roistat = start(project="777", assumptions=assumptions)
    answer = roistat.request("POST", STATUS_LIST, headers=HONEST)
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


def test_projects_need_only_the_key(start):
    answer = start(project="777").get("/user/projects", params={})
    assert answer["projects"][0]["id"] == "777"
    assert answer["projects"][0].keys() == {"id", "name", "currency", "creation_date"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/project/orders"),
        ("GET", "/project/add-orders"),
        ("POST", "/project/<script>alert(1)</script>"),
        ("POST", "/"),
    ],
)
def test_what_roistat_does_not_document_is_not_found(bare, method, path):
    answer = bare.request(method, path, headers=HONEST)
    assert (answer.status_code, answer.json()["error"]) == (404, "resource_not_found")
    assert answer.headers["Content-Type"] == "application/json"
    assert "alert" not in answer.text


def test_an_address_outside_the_api_answers_without_html(bare):
    answer = bare.session.get(f"{bare.url}/<b>nothing</b>", timeout=5)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert "nothing" not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[NaN]", b"[" * 100_000, b"1" * 5000]
)
def test_a_body_that_is_no_json_is_an_incorrect_request(bare, body):
    answer = bare.request("POST", "/project/add-orders", data=body, headers=HONEST)
    assert (answer.status_code, answer.json()["error"]) == (400, "incorrect_request")
