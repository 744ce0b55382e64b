"""Won, lost, opened again, deleted, restored: in Roistat as in a real CRM."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.crm.conftest import SECRET, connect
from tests.crm.crm import Crm
from tests.crm.product import Product, free_port, running_product

UNUSED, PROGRESS, PAID, CANCELED = "unused", "progress", "paid", "canceled"


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with running_product(tmp_path, SECRET, free_port()) as product:
        yield product


@pytest.fixture
def deal(crm: Crm, installed: None, product: Product) -> str:
    connect(crm, product.receiver)
    saved = crm.save_deal()
    move(crm, saved["id"], "Prospecting")
    product.wait_for_group(saved["id"], PROGRESS)
    return saved["id"]


def move(crm: Crm, deal: str, stage: str) -> None:
    crm.save("Opportunities", id=deal, sales_stage=stage)


def test_a_deal_goes_through_its_life_in_roistat_as_in_the_crm(
    crm: Crm, product: Product, deal: str
) -> None:
    price = product.orders()[deal]["price"]

    for stage, group in (
        ("Closed Won", PAID),
        ("Closed Lost", CANCELED),
        ("Negotiation/Review", PROGRESS),
        ("Closed Won", PAID),
    ):
        move(crm, deal, stage)
        product.wait_for_group(deal, group)
        assert product.orders()[deal]["status"] == stage
        assert product.orders()[deal]["price"] == price, "the price moves with no stage"

    crm.run("delete", module="Opportunities", id=deal)
    product.wait_for_group(deal, None)

    crm.run("restore", module="Opportunities", id=deal)
    product.wait_for_group(deal, PAID)
    assert product.orders()[deal]["price"] == price


def test_where_roistat_deletes_nothing_a_deleted_deal_counts_no_more_and_comes_back(
    crm: Crm, product: Product, deal: str
) -> None:
    switch = {"integration": "crm"}
    url = f"{product.roistat}/_emulator/assumptions"
    assert requests.post(url, json=switch, timeout=5).ok

    crm.run("delete", module="Opportunities", id=deal)
    product.wait_for_group(deal, UNUSED)

    crm.run("restore", module="Opportunities", id=deal)
    product.wait_for_group(deal, PROGRESS)


def test_a_deal_that_leaves_the_filter_counts_no_more_and_comes_back(
    crm: Crm, installed: None, tmp_path: Path
) -> None:
    mapping = json.dumps({"filter": {"sales_stage": {"ne": "Id. Decision Makers"}}})
    with running_product(tmp_path, SECRET, free_port(), MAPPING=mapping) as product:
        connect(crm, product.receiver)
        deal = crm.save_deal()["id"]
        move(crm, deal, "Prospecting")
        product.wait_for_group(deal, PROGRESS)

        move(crm, deal, "Id. Decision Makers")
        product.wait_for_group(deal, UNUSED)

        move(crm, deal, "Closed Won")
        product.wait_for_group(deal, PAID)


def test_the_stages_of_the_crm_are_in_roistat_after_a_ping(
    crm: Crm, installed: None, product: Product
) -> None:
    connect(crm, product.receiver)
    crm.run("settings", pinged_at="0")
    crm.run("sweep")

    def known() -> set[str]:
        return {status["id"] for status in product.state()["statuses"]}

    told = {"Prospecting", "Closed Won", "Closed Lost", "Negotiation/Review"}
    for _ in range(100):
        if told <= known():
            return
        requests.get(f"{product.receiver}/healthz", timeout=5)
    assert told <= known()
