"""The whole way: a page of a real CRM, the receiver as run, Roistat's emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crm.conftest import SECRET, connect
from tests.crm.crm import Crm, Pages
from tests.crm.product import Product, free_port, running_product


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with running_product(tmp_path, SECRET, free_port()) as product:
        yield product


@pytest.fixture
def joined(crm: Crm, installed: None, product: Product) -> Crm:
    """The CRM, with the package in it and pointed at the receiver."""
    connect(crm, product.receiver)
    return crm


def test_a_deal_saved_in_its_page_is_in_roistat_with_the_visit_typed_into_it(
    joined: Crm, product: Product, pages: Pages
) -> None:
    deal = joined.save_deal()

    pages.edit_deal(deal["id"], roistat_c="4521890")

    order = product.wait_for_order(deal["id"], "4521890")
    assert order["name"] == 'Tom\'s "big" & 1 < 2'
    assert float(order["price"]) == 1234.56
    assert order["client_id"] == deal["contact"]


def test_a_deal_saved_by_code_is_in_roistat(joined: Crm, product: Product) -> None:
    deal = joined.save("Opportunities", name="By code", roistat_c="promo-7")

    assert product.wait_for_order(deal["id"], "promo-7")["name"] == "By code"
