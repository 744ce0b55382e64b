"""What a save in SuiteCRM 7.14's own edit page sent, recorded, from end to end."""

import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "fixtures" / "suitecrm_7_14_opportunity_saved.json"


@pytest.fixture
def deal():
    return json.loads(RECORDED.read_text())["data"]


def test_the_recorded_save_arrives_with_its_visit(receiver, services, roistat, deal):
    assert receiver.send(RECORDED.read_bytes()).json() == {"accepted": 1, "ignored": 0}
    services.delivery.drain()
    order = roistat.orders[deal["id"]]
    assert deal["roistat"]
    assert order["roistat"] == deal["roistat"]
    assert order["price"] == deal["amount_base"]
    assert order["status"] == deal["sales_stage"]
    assert order["client_id"] == deal["client"]["id"]
    assert roistat.clients[deal["client"]["id"]]["name"] == deal["client"]["name"]


def test_nothing_of_the_recorded_save_is_left_out(receiver, services, deal):
    receiver.send(RECORDED.read_bytes())
    held = services.store.state(f"deal:{deal['id']}")
    for name, value in deal.items():
        if name == "fields":
            assert held.fields == value
        elif name != "client":
            assert getattr(held, name) == value, name
