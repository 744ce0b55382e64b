"""Deals that Roistat should no longer count, by whatever way the project allows."""

from dataclasses import replace

import pytest

from receiver.bootstrap import bootstrap
from receiver.mapping import Mapping
from receiver.roistat.statuses import NOT_REGISTERED
from tests.events import client, event, saved

pytestmark = pytest.mark.usefixtures("without_coalescing")

ADD = "/project/add-orders"
DELETE = "/project/integration/order/{orderId}/delete"
UPDATE = "/project/integration/order/{orderId}/status/update"
CLIENTS = "/project/clients/import"


@pytest.fixture
def drain_with(config):
    """Drains as a receiver with that mapping does."""

    def drain(**mapping):
        bootstrap(replace(config, mapping=Mapping(**mapping))).delivery.drain()

    return drain


def status(roistat, deal="d1"):
    return roistat.orders[deal]["status"]


def group(roistat, status):
    return {one["id"]: one["type"] for one in roistat.state()["statuses"]}[status]


def gone(services):
    counts = services.store.counts()
    return (counts["pending"], counts["parked"]) == (0, 0)


def deleted(deal="d1", at=1):
    return event(saved(deal)["data"] | {"deleted": True}, "opportunity.deleted", at=at)


def test_a_deleted_deal_is_deleted(put, drain, roistat, services):
    put(saved("d1", at=-5))
    drain()
    put(deleted())
    drain()
    assert roistat.orders == {}
    assert gone(services)


@pytest.mark.parametrize(
    ("integration", "calls"),
    [("goals", {DELETE: 1, UPDATE: 1}), ("crm", {DELETE: 1, UPDATE: 1, ADD: 2})],
)
def test_where_deleting_is_refused_the_deal_is_moved_out_of_the_reports(
    put, drain, roistat, services, integration, calls
):
    put(saved("d1", at=-5))
    drain()
    roistat.order("assumptions", {"integration": integration})
    put(deleted())
    drain()
    assert status(roistat) == NOT_REGISTERED
    assert group(roistat, NOT_REGISTERED) == "unused"
    assert {path: roistat.calls(path) for path in calls} == calls
    assert gone(services)


def test_a_refused_method_is_not_tried_for_each_deal(put, drain, roistat):
    roistat.order("assumptions", {"integration": "crm"})
    put(*(saved(f"d{n}", at=-5) for n in range(10)))
    drain()
    put(*(deleted(f"d{n}") for n in range(10)))
    drain()
    assert roistat.calls(DELETE) + roistat.calls(UPDATE) <= 20
    put(deleted("d11"))
    tried = roistat.calls(DELETE)
    drain()
    assert roistat.calls(DELETE) == tried
    assert {one["status"] for one in roistat.orders.values()} == {NOT_REGISTERED}


@pytest.mark.parametrize("integration", ["api", "goals", "crm"])
def test_a_restored_deal_is_back_in_its_stage(put, drain, roistat, integration):
    roistat.order("assumptions", {"integration": integration})
    put(saved("d1", at=-5))
    drain()
    put(deleted(at=-4))
    drain()
    put(event(saved("d1")["data"], "opportunity.restored", at=-3))
    drain()
    assert status(roistat) == "Prospecting"


def test_the_mapping_can_ask_to_move_what_is_deleted(put, drain_with, roistat):
    put(saved("d1", at=-5))
    drain_with(deleted="move")
    put(deleted())
    drain_with(deleted="move")
    assert status(roistat) == NOT_REGISTERED
    assert roistat.calls(DELETE) == 0


def test_a_moved_deal_costs_no_second_call(put, drain_with, roistat):
    put(saved("d1", at=-5))
    drain_with(deleted="move")
    put(deleted(at=1))
    drain_with(deleted="move")
    put(event(saved("d1", name="x")["data"] | {"deleted": True}, at=2))
    drain_with(deleted="move")
    assert roistat.calls(UPDATE) == 1


# --- the filter ---

KEPT = {"sales_stage": {"not_in": ["Draft"]}}


def test_a_deal_outside_the_filter_is_never_sent(put, drain_with, roistat, services):
    put(saved("d1", sales_stage="Draft"))
    drain_with(filter=KEPT)
    assert roistat.orders == {}
    assert roistat.calls(ADD) + roistat.calls(DELETE) + roistat.calls(UPDATE) == 0
    assert services.store.noted("left_out") == 1
    assert gone(services)


def test_a_deal_that_leaves_the_filter_is_moved_and_comes_back(
    put, drain_with, roistat, services
):
    put(saved("d1", at=-5))
    drain_with(filter=KEPT)
    put(saved("d1", at=-4, sales_stage="Draft"))
    drain_with(filter=KEPT)
    assert status(roistat) == NOT_REGISTERED
    assert services.store.noted("moved") == 1
    put(saved("d1", at=-3, sales_stage="Closed Won"))
    drain_with(filter=KEPT)
    assert status(roistat) == "Closed Won"
    assert services.store.noted("moved") == 0


def test_a_deal_that_leaves_the_filter_is_deleted_where_the_mapping_says_so(
    put, drain_with, roistat
):
    put(saved("d1", at=-5))
    drain_with(filter=KEPT, left_filter="delete")
    put(saved("d1", at=-4, sales_stage="Draft"))
    drain_with(filter=KEPT, left_filter="delete")
    assert roistat.orders == {}


# --- won, lost, opened again ---


@pytest.mark.parametrize(
    ("stage", "in_group"),
    [("Closed Won", "paid"), ("Closed Lost", "canceled"), ("Prospecting", "progress")],
)
def test_revenue_follows_the_group_and_the_price_stays(
    put, drain, roistat, stage, in_group
):
    put(saved("d1", at=-5, sales_stage="Qualification"))
    drain()
    put(saved("d1", at=-4, sales_stage=stage))
    drain()
    assert group(roistat, status(roistat)) == in_group
    assert roistat.orders["d1"]["price"] == "1350.00"


# --- clients ---


def test_a_project_that_takes_no_clients_gets_its_deals_all_the_same(
    put, drain, roistat, services
):
    refusal = {"path": CLIENTS, "status": 402, "error": "option_not_enabled"}
    roistat.faults(next=[refusal] * 5)
    put(saved("d1", client=client("c1")))
    drain()
    assert roistat.orders["d1"]["client_id"] == "c1"
    assert gone(services)
    put(saved("d2", client=client("c2")))
    drain()
    assert roistat.calls(CLIENTS) == 1
