"""The filter holds on every way in, and when it changes itself: what enters, leaves or
comes back ends right in Roistat.
"""

import pytest

from receiver import create_app, remap
from receiver.bootstrap import bootstrap
from receiver.mapping import Mapping
from receiver.reconcile import REPAIR
from receiver.roistat.statuses import NOT_REGISTERED
from tests.conftest import Receiver
from tests.events import batch, client
from tests.live import served
from tests.memory_crm import MemoryCrm

pytestmark = pytest.mark.usefixtures("without_coalescing")

NO_DRAFTS = {"sales_stage": {"not_in": ["Draft"]}}
WRITES = (
    "/project/add-orders",
    "/project/integration/order/{orderId}/delete",
    "/project/integration/order/{orderId}/status/update",
)
STAGES = ("Prospecting", "Closed Won", "Closed Lost", "Draft")


@pytest.fixture
def crm():
    return MemoryCrm()


@pytest.fixture
def ours(config, redis_client, crm, roistat, monkeypatch):
    monkeypatch.setattr(remap, "QUIET_SECONDS", 0)
    roistat.order("assumptions", {"list_quotas_apply": False})
    return bootstrap(config, crm)


@pytest.fixture
def keep(ours):
    return lambda **settings: ours.mapping.keep(Mapping.load(settings))


def by_webhook(ours, crm):
    with served(create_app(ours)) as url:
        told = [crm.told(deal) for deal in crm.rows]
        assert Receiver(url).send(batch(*told)).status_code == 202
    ours.delivery.drain()


def by_sync(ours, crm):
    ours.catch_up.sync.start()
    read(ours, ours.catch_up.sync, ours.catch_up.sync.is_unfinished)


def by_backfill(ours, crm):
    ours.catch_up.backfill.start()
    read(ours, ours.catch_up.backfill, ours.catch_up.backfill.is_unfinished)


def by_repair(ours, crm):
    ours.catch_up.reconcile.start(REPAIR)
    read(ours, ours.catch_up.reconcile, ours.catch_up.reconcile.is_due)


def by_mapping(ours):
    """The walk over what is held, to its end."""
    read(ours, ours.remap, ours.remap.is_needed)


def read(ours, walker, is_unfinished):
    arguments = () if walker is ours.remap else (lambda: None,)
    for _ in range(50):
        if not is_unfinished():
            return
        walker.run(0.05, *arguments)
        ours.delivery.drain()
    raise AssertionError("it never ends")


def shown(ours, roistat):
    """The status of each deal in Roistat, nothing being left to be done."""
    counts = ours.store.counts()
    assert (counts["pending"], counts["parked"]) == (0, 0)
    return {id_: order["status"] for id_, order in roistat.orders.items()}


def left(how, *deals):
    """What Roistat shows of deals that left the filter."""
    return dict.fromkeys(deals, NOT_REGISTERED) if how == "move" else {}


EITHER_WAY = pytest.mark.parametrize("how", ["move", "delete"])
WAYS = pytest.mark.parametrize(
    "arrive",
    [by_webhook, by_sync, by_backfill, by_repair],
    ids=lambda way: way.__name__,
)


# --- deals change ---


@EITHER_WAY
@WAYS
def test_a_deal_that_leaves_the_filter_goes_and_is_back_when_it_enters_again(
    ours, crm, keep, roistat, arrive, how
):
    keep(filter=NO_DRAFTS, left_filter=how)

    def stages(**deals):
        crm.now += 300
        for deal, stage in deals.items():
            crm.save(deal, sales_stage=stage, client=client("c1"))
        arrive(ours, crm)
        return shown(ours, roistat)

    now = stages(a="Prospecting", b="Draft")
    assert now == {"a": "Prospecting"}
    now = stages(a="Draft", b="Prospecting")
    assert now == {"b": "Prospecting"} | left(how, "a")
    now = stages(a="Closed Won", b="Draft")
    assert now == {"a": "Closed Won"} | left(how, "b")
    writes = [roistat.calls(path) for path in WRITES]
    assert stages() == now
    assert [roistat.calls(path) for path in WRITES] == writes


@EITHER_WAY
@WAYS
def test_a_deal_deleted_outside_the_filter_is_deleted_and_restored_stays_outside(
    ours, crm, keep, roistat, arrive, how
):
    keep(filter=NO_DRAFTS, left_filter=how)
    for change in (
        lambda: crm.save("a"),
        lambda: crm.save("a", sales_stage="Draft"),
        lambda: crm.delete("a"),
    ):
        crm.now += 300
        change()
        arrive(ours, crm)
    assert shown(ours, roistat) == {}
    crm.now += 300
    crm.save("a")  # restored, as the draft that it was
    arrive(ours, crm)
    assert shown(ours, roistat) == {}


# --- the filter changes ---


@pytest.fixture
def one_of_each(ours, crm):
    """A deal in each stage, told of while some mapping is in force."""
    for stage in STAGES:
        crm.save(stage, sales_stage=stage, sales_stage_label=stage)


def only(*stages):
    return {"sales_stage": {"in": list(stages)}}


@EITHER_WAY
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, NO_DRAFTS),
        (NO_DRAFTS, only("Closed Won")),
        (only("Closed Won"), only("Closed Won", "Draft")),
        (only("Draft"), {}),
        (only("Draft", "Prospecting"), only("Closed Won", "Prospecting")),
    ],
    ids=["begins", "narrower", "wider", "ends", "other"],
)
def test_a_filter_that_changes_takes_out_and_lets_in_and_so_does_changing_it_back(
    ours, crm, one_of_each, keep, roistat, before, after, how
):
    def within(conditions):
        names = Mapping.load({"filter": conditions})
        return {s for s in STAGES if names.lets_in(crm._pulled(s).deal)}

    keep(filter=before, left_filter=how)
    by_webhook(ours, crm)
    by_mapping(ours)
    ever = within(before)
    assert shown(ours, roistat) == {stage: stage for stage in ever}
    for conditions in (after, before, after):
        keep(filter=conditions, left_filter=how)
        by_mapping(ours)
        inside = within(conditions)
        ever |= inside
        gone = left(how, *(ever - inside))
        assert shown(ours, roistat) == {stage: stage for stage in inside} | gone


def test_what_was_moved_is_deleted_once_the_mapping_says_so_and_not_the_other_way(
    ours, crm, one_of_each, keep, roistat
):
    keep()
    by_webhook(ours, crm)
    kept = {stage: stage for stage in STAGES if stage != "Draft"}
    for how, of_drafts in (
        ("move", {"Draft": NOT_REGISTERED}),
        ("delete", {}),
        ("move", {}),
    ):
        keep(filter=NO_DRAFTS, left_filter=how)
        by_mapping(ours)
        assert shown(ours, roistat) == kept | of_drafts


@EITHER_WAY
def test_a_deal_that_waits_for_its_visit_leaves_with_the_filter_at_once(
    ours, crm, keep, roistat, how
):
    roistat.order("visits", ["1"])
    crm.save("a", sales_stage="Draft")
    by_webhook(ours, crm)
    assert roistat.orders["a"]["status"] == "Draft"
    assert ours.store.counts()["pending"] == 1
    keep(filter=NO_DRAFTS, left_filter=how)
    by_mapping(ours)
    assert shown(ours, roistat) == left(how, "a")


@WAYS
def test_what_the_old_filter_kept_out_is_let_in_by_whatever_reads_it_next(
    ours, crm, one_of_each, keep, roistat, arrive
):
    keep(filter=only("Closed Won"))
    arrive(ours, crm)
    keep()
    crm.now += 300
    for stage in STAGES:
        crm.save(stage, name="Anew")
    arrive(ours, crm)
    assert shown(ours, roistat) == {stage: stage for stage in STAGES}
