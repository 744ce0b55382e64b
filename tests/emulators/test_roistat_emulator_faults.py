"""Quotas, and failures to order."""

import threading
import time

import pytest

from receiver.emulators.roistat import Assumptions

ADD = "/project/add-orders"
STATUSES = "/project/integration/status/list"
HONEST = {"Api-key": "key", "Use-Http-Code": "1"}
DEAL = {"id": "1", "status": "new"}


def fail_next(roistat, **entry):
    faults = {"next": [{"path": ADD} | entry]}
    assert roistat.control("faults", faults).status_code == 200


def test_the_eleventh_call_within_a_second_is_refused(bare):
    errors = [bare.post(STATUSES).get("error") for _ in range(11)]
    assert errors == [None] * 10 + ["request_limit_error"]
    answer = bare.request("POST", STATUSES, headers=HONEST)
    assert answer.status_code == 429
    time.sleep(1)
    assert bare.post(STATUSES)["status"] == "success"


def test_refused_calls_are_counted_by_the_documents_path(bare):
    for _ in range(12):
        bare.post("/project/integration/order/a%2Fb/delete")
    bare.post("/project/no-such-method")
    bare.post(STATUSES, headers={})
    assert bare.state()["requests"] == {
        "/project/integration/order/{orderId}/delete": 12,
        STATUSES: 1,
    }


def test_the_quota_is_each_projects_own(bare):
    bare.control("faults", {"quotas": {"per_hour": 1}})
    assert bare.post(STATUSES)["status"] == "success"
    assert bare.post(STATUSES)["error"] == "request_limit_error"
    assert bare.post(STATUSES, params={"project": "2"})["status"] == "success"


def test_the_quota_is_shared_by_all_methods(bare):
    bare.control("faults", {"quotas": {"per_hour": 1}})
    bare.post(STATUSES)
    assert bare.add(DEAL)["error"] == "request_limit_error"
    assert bare.orders() == {}


def test_a_new_quota_starts_afresh_and_the_same_one_goes_on(bare):
    bare.control("faults", {"quotas": {"per_hour": 1}})
    bare.post(STATUSES)
    bare.control("faults", {"quotas": {"per_hour": 1}, "latency_ms": 1})
    assert bare.post(STATUSES)["error"] == "request_limit_error"
    bare.control("faults", {"quotas": {"per_second": 1}})
    assert bare.post(STATUSES)["status"] == "success"


@pytest.mark.parametrize("spends", [True, False])
def test_refused_calls_may_use_the_quota(start, spends):
    roistat = start(assumptions=Assumptions(refused_calls_use_quota=spends))
    roistat.control("faults", {"quotas": {"per_second": 1}})
    deadline = time.monotonic() + 1.3
    answers = []
    while time.monotonic() < deadline:
        answers.append(roistat.post(STATUSES)["status"])
        time.sleep(0.05)
    assert answers.count("success") == (1 if spends else 2)


def test_many_callers_at_once_get_no_more_than_the_quota(bare):
    bare.control("faults", {"quotas": {"per_second": 10, "per_hour": 10}})
    answers = []
    calls = [
        threading.Thread(target=lambda: answers.append(bare.post(STATUSES)["status"]))
        for _ in range(30)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert sorted(answers) == ["error"] * 20 + ["success"] * 10


def test_the_next_call_fails_and_the_one_after_it_does_not(roistat):
    fail_next(roistat, status=503, error="internal_error")
    answer = roistat.request("POST", ADD, json=[DEAL], headers=HONEST)
    assert (answer.status_code, answer.json()["error"]) == (503, "internal_error")
    assert roistat.orders() == {}
    assert roistat.add(DEAL)["status"] == "success"


def test_an_ordered_failure_is_http_200_without_the_header(roistat):
    fail_next(roistat, status=503)
    answer = roistat.request("POST", ADD, json=[DEAL])
    assert answer.status_code == 200
    assert answer.json()["error"] == "internal_error"


def test_failures_are_consumed_in_order_path_by_path(roistat):
    entries = [
        {"path": ADD, "error": "project_frozen"},
        {"path": STATUSES, "error": "unknown_error"},
        {"path": ADD, "status": 429},
        {"path": ADD},
    ]
    roistat.control("faults", {"next": entries})
    assert roistat.post(STATUSES)["error"] == "unknown_error"
    errors = [roistat.add(DEAL).get("error") for _ in range(4)]
    assert errors == ["project_frozen", "request_limit_error", "internal_error", None]


def test_a_failure_after_the_commit_leaves_the_deal_stored(roistat):
    fail_next(roistat, error="internal_error", after_commit=True)
    assert roistat.add(DEAL)["error"] == "internal_error"
    assert roistat.orders() == {"1": DEAL}


def test_new_faults_replace_all_and_none_clears(roistat):
    fail_next(roistat)
    roistat.control("faults", {"latency_ms": 1})
    assert roistat.add(DEAL)["status"] == "success"
    roistat.control("faults", {"error_rate": 1})
    assert roistat.add(DEAL)["error"] == "internal_error"
    roistat.control("faults", {})
    assert roistat.add(DEAL)["status"] == "success"


def test_an_error_rate_fails_some_calls(roistat):
    quotas = {"per_second": 1000, "per_hour": 1000}
    roistat.control("faults", {"error_rate": 0.5, "quotas": quotas})
    answers = [roistat.post(STATUSES)["status"] for _ in range(60)]
    assert 0 < answers.count("error") < 60


def test_a_deal_arrives_after_the_latency(roistat):
    roistat.control("faults", {"latency_ms": 200})
    sent = time.time()
    roistat.add(DEAL)
    assert 0.2 <= roistat.state()["arrived"]["1"] - sent < 1


@pytest.mark.parametrize("after_commit", [True, False])
def test_one_late_answer_commits_before_or_after_the_wait(roistat, after_commit):
    fail_next(roistat, latency_ms=300, after_commit=after_commit)
    sent = time.time()
    assert roistat.add(DEAL)["status"] == "success"
    assert time.time() - sent >= 0.3
    waited = roistat.state()["arrived"]["1"] - sent
    assert (waited < 0.3) is after_commit


def test_a_late_answer_holds_up_nobody_else(roistat):
    fail_next(roistat, latency_ms=1000)
    late = threading.Thread(target=roistat.add, args=(DEAL,))
    late.start()
    time.sleep(0.1)
    began = time.monotonic()
    assert roistat.add(DEAL | {"id": "2"})["status"] == "success"
    assert time.monotonic() - began < 0.7
    late.join()


def test_the_emulators_own_addresses_know_no_quota_and_no_fault(bare):
    faults = {"latency_ms": 2000, "error_rate": 1, "quotas": {"per_second": 1}}
    began = time.monotonic()
    for _ in range(5):
        assert bare.control("faults", faults).status_code == 200
        assert bare.state()["requests"] == {}
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "the body"),
        ({"latncy_ms": 1}, "the body"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": "50"}, "latency_ms"),
        ({"error_rate": 2}, "error_rate"),
        ({"error_rate": True}, "error_rate"),
        ({"next": {}}, "next"),
        ({"next": ["x"]}, "next.0"),
        ({"next": [{"path": ADD}, {"path": "/nowhere"}]}, "next.1.path"),
        ({"next": [{"path": [ADD]}]}, "next.0.path"),
        ({"next": [{"path": ADD, "status": 200}]}, "next.0.status"),
        ({"next": [{"path": ADD, "error": "oops"}]}, "next.0.error"),
        ({"next": [{"path": ADD, "error": {}}]}, "next.0.error"),
        ({"next": [{"path": ADD, "after_commit": 1}]}, "next.0.after_commit"),
        ({"next": [{"path": ADD, "latency_ms": None}]}, "next.0.latency_ms"),
        ({"next": [{"path": ADD, "when": 1}]}, "next.0"),
        ({"quotas": []}, "quotas"),
        ({"quotas": {"per_minute": 1}}, "quotas"),
        ({"quotas": {"per_second": 0}}, "quotas.per_second"),
    ],
)
def test_bad_faults_are_refused_by_name_and_change_nothing(roistat, body, field):
    fail_next(roistat)
    answer = roistat.control("faults", body)
    assert answer.status_code == 400
    assert answer.json()["description"].startswith(f"{field}: ")
    assert roistat.add(DEAL)["error"] == "internal_error"


@pytest.mark.parametrize("body", [{}, {"visits": "123"}, [None], "123"])
def test_bad_visits_are_refused(roistat, body):
    answer = roistat.control("visits", body)
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("visits: ")


def test_a_control_body_that_is_no_json_is_refused(roistat):
    url = f"{roistat.url}/_emulator/faults"
    answer = roistat.session.post(url, data="{", timeout=5)
    assert answer.status_code == 400
    assert answer.json()["description"] == "the body must be JSON"
