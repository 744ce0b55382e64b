"""What Roistat silently skips ends as the right words on the right deal."""

import pytest

from receiver import words
from tests.events import batch, client, saved
from tests.waiting import hurry

pytestmark = pytest.mark.usefixtures("without_coalescing")

ADD = "/project/add-orders"
CLIENTS = "/project/clients/import"
BAD = "d042"


def hundred(**changes):
    return batch(*(saved(f"d{n:03}", **changes) for n in range(100)))


def outcome(services, deal="d1"):
    return services.store.history(f"deal:{deal}")[0]["outcome"]


def settled(services):
    counts = services.store.counts()
    return (counts["pending"], counts["parked"]) == (0, 0)


# --- dividing a batch ---


def poisoned(put, services):
    """A hundred deals of which Roistat refuses one, and with it the whole call."""
    put(hundred())
    order = services.roistat.add_orders

    def with_poison(self, orders):
        spoiled = [
            one | {"date_create": "poison"} if one["id"] == BAD else one
            for one in orders
        ]
        return order.__func__(self, spoiled)

    return with_poison


def test_one_bad_deal_among_a_hundred_is_found_in_fifteen_calls(
    put, drain, services, roistat, monkeypatch
):
    poison = poisoned(put, services)
    monkeypatch.setattr(type(services.roistat), "add_orders", poison)
    drain()
    assert [member for member, _ in services.store.parked()] == [f"deal:{BAD}"]
    assert len(roistat.orders) == 99
    assert services.store.counts()["pending"] == 0
    assert roistat.calls(ADD) <= 15


def test_the_reason_stands_on_the_bad_deal_alone(put, drain, services, monkeypatch):
    poison = poisoned(put, services)
    monkeypatch.setattr(type(services.roistat), "add_orders", poison)
    drain()
    assert outcome(services, BAD) == "refused"
    assert outcome(services, "d041") == "delivered"
    ((_, reason),) = services.store.parked()
    assert reason.startswith("request_data_validation_error")


def test_an_edit_during_the_search_goes_in_its_newest_state(
    put, drain, services, roistat, monkeypatch
):
    poison = poisoned(put, services)
    calls = []

    def with_edit(self, orders):
        calls.append(len(orders))
        if len(calls) == 3:
            put(saved("d000", at=1, name="Edited"), saved(BAD, at=1, name="Edited"))
        return poison(self, orders)

    monkeypatch.setattr(type(services.roistat), "add_orders", with_edit)
    drain()
    assert roistat.orders["d000"]["name"] == "Edited"
    assert [member for member, _ in services.store.parked()] == [f"deal:{BAD}"]


def test_where_all_are_refused_alike_the_search_ends_early(
    put, drain, services, roistat
):
    put(hundred())
    refusal = {"path": ADD, "status": 400, "error": "incorrect_request"}
    roistat.faults(next=[refusal] * 100)
    drain()
    assert services.store.counts()["parked"] == 100
    assert roistat.calls(ADD) <= 9


def test_a_refusal_of_the_project_costs_one_call(put, drain, services, roistat):
    put(hundred())
    roistat.faults(next=[{"path": ADD, "status": 400, "error": "integration_error"}])
    drain()
    assert services.store.counts()["parked"] == 100
    assert roistat.calls(ADD) == 1


def test_dividing_uses_no_more_than_its_share_of_the_hour(
    put, config, services, roistat
):
    from dataclasses import replace

    from receiver.bootstrap import bootstrap

    poor = bootstrap(replace(config, roistat_requests_per_hour=60))
    put(hundred())
    roistat.order("skips", {"skipped_by_internal_error": [BAD]})
    poor.delivery.drain()
    waiting = dict(services.store.pending())
    assert roistat.calls(ADD) <= 1 + 6
    assert f"deal:{BAD}" in waiting
    assert words.deals.NOT_DIVIDED in waiting.values()
    put(saved("live"))
    poor.delivery.drain()
    assert "live" in roistat.orders


def test_a_search_that_a_kill_cut_short_begins_again(
    put, services, roistat, monkeypatch
):
    class Killed(BaseException):
        pass

    poison, calls = poisoned(put, services), []

    def dying(self, orders):
        calls.append(len(orders))
        if len(calls) == 5:
            raise Killed
        return poison(self, orders)

    monkeypatch.setattr(type(services.roistat), "add_orders", dying)
    with pytest.raises(Killed):
        services.delivery.drain()
    hurry(services)
    services.delivery.drain()
    assert [member for member, _ in services.store.parked()] == [f"deal:{BAD}"]
    assert len(roistat.orders) == 99


def test_a_bad_client_holds_up_no_deal(put, drain, services, roistat, monkeypatch):
    order = services.roistat.import_clients

    def with_poison(self, clients):
        spoiled = [one | {"name": 1.5} if one["id"] == "c7" else one for one in clients]
        return order.__func__(self, spoiled)

    monkeypatch.setattr(type(services.roistat), "import_clients", with_poison)
    put(batch(*(saved(f"d{n}", client=client(f"c{n}")) for n in range(20))))
    drain()
    assert [member for member, _ in services.store.parked()] == ["client:c7"]
    assert len(roistat.orders) == 20
    assert len(roistat.clients) == 19


# --- each counter ---


def test_a_deal_that_roistat_failed_on_is_told_and_sent_again(
    put, drain, services, roistat
):
    roistat.order("skips", {"skipped_by_internal_error": [BAD]})
    put(hundred())
    drain()
    assert list(services.store.pending()) == [
        (f"deal:{BAD}", words.deals.INTERNAL_ERROR)
    ]
    assert len(roistat.orders) == 99
    roistat.order("skips", {})
    hurry(services)
    drain()
    assert len(roistat.orders) == 100
    assert settled(services)


def test_a_deal_of_a_skipped_status_says_so_in_the_end(put, drain, services, roistat):
    roistat.order("skips", {"skipped_by_status": [BAD]})
    put(hundred())
    for _ in range(5):
        drain()
        hurry(services)
    ((member, reason),) = services.store.parked()
    assert member == f"deal:{BAD}"
    assert "does not count deals in the status Prospecting" in reason
    assert services.store.counts()["pending"] == 0


def test_dropped_fields_are_said_of_their_deal(put, drain, services, roistat):
    put(hundred())
    roistat.order("skips", {"skipped_fields_by_invalid_format": [BAD]})
    drain()
    assert settled(services)
    assert services.store.note_on(f"deal:{BAD}") == "fields_dropped"
    assert services.store.noted("fields_dropped") == 1


def test_what_did_not_change_is_success(put, drain, services, roistat):
    put(saved("d1"))
    drain()
    services.store.redeliver(["deal:d1"])
    drain()
    assert settled(services)
    assert outcome(services) == "delivered"


def test_a_deal_in_a_not_registered_stage_is_said_not_to_count(
    put, drain, services, roistat
):
    services.roistat.set_statuses(
        [{"id": "Prospecting", "name": "Prospecting", "type": "unused"}]
    )
    put(saved("d1"))
    drain()
    assert settled(services)
    assert services.store.note_on("deal:d1") == "not_counted"


def test_what_is_skipped_rightly_costs_no_look_at_the_dictionary(
    put, drain, services, roistat
):
    services.roistat.set_statuses(
        [{"id": "Prospecting", "name": "Prospecting", "type": "unused"}]
    )
    for at in (-3, -2, -1):
        put(saved("d1", at=at, name=f"Name {at}"))
        drain()
    assert roistat.calls("/project/integration/status/list") == 1


def test_a_deal_without_a_visit_is_counted_and_said_to_be_direct(
    put, drain, services, roistat
):
    put(saved("d1", roistat=None), saved("d2", at=-5))
    drain()
    assert services.store.noted("direct") == 1
    assert "direct traffic" in words.deals.of_note(services.store.note_on("deal:d1"))
    put(saved("d1", at=1, roistat="77"))
    drain()
    assert services.store.noted("direct") == 0
    assert services.store.note_on("deal:d1") == ""


# --- visits that Roistat does not know yet ---


def test_a_deal_whose_visit_is_awaited_is_no_failure_and_comes_by_itself(
    put, drain, services, roistat
):
    roistat.order("visits", ["1"])
    put(saved("d1", roistat="2"))
    drain()
    assert outcome(services) == "waiting"
    assert "d1" in roistat.orders
    ((_, reason),) = services.store.pending()
    assert "does not know yet the visit" in reason
    hurry(services, 299)
    drain()
    assert roistat.calls(ADD) == 1, "sent again too early"
    roistat.order("visits", ["2"])
    hurry(services, 301)
    drain()
    assert settled(services)
    assert roistat.calls(ADD) == 2


def test_deals_that_wait_together_cost_one_call_a_round(put, drain, services, roistat):
    roistat.order("visits", ["1"])
    put(hundred(roistat="2"))
    drain()
    hurry(services)
    drain()
    assert roistat.calls(ADD) == 2


def test_only_a_last_remainder_of_waiting_deals_is_told_apart(
    put, drain, services, roistat
):
    roistat.order("visits", ["1"])
    put(
        batch(*(saved(f"d{n:03}", roistat="2" if n == 42 else "1") for n in range(100)))
    )
    for calls in (1, 2):
        drain()
        assert roistat.calls(ADD) == calls
        hurry(services)
    drain()
    assert list(services.store.pending()) == [
        (f"deal:{BAD}", words.deals.VISIT_AWAITED)
    ]
    assert roistat.calls(ADD) <= 2 + 15


def test_a_visit_that_never_comes_ends_with_a_note(put, drain, services, roistat):
    roistat.order("visits", ["1"])
    put(saved("d1", roistat="2"))
    for _ in range(7):
        drain()
        hurry(services)
    assert settled(services)
    assert services.store.note_on("deal:d1") == "visit_unknown"


def test_an_edit_of_a_waiting_deal_goes_at_once(put, drain, services, roistat):
    roistat.order("visits", ["1"])
    put(saved("d1", at=-5, roistat="2"))
    drain()
    put(saved("d1", at=-4, roistat="1", name="Edited"))
    drain()
    assert roistat.orders["d1"]["name"] == "Edited"
    assert settled(services)


def test_an_edit_of_a_deal_that_failed_before_it_waited_goes_at_once(
    put, drain, services, roistat
):
    roistat.order("visits", ["1"])
    roistat.order("skips", {"skipped_by_internal_error": ["d1"]})
    put(saved("d1", at=-5, roistat="2"))
    drain()
    roistat.order("skips", {})
    hurry(services)
    drain()
    assert outcome(services) == "waiting"
    put(saved("d1", at=-4, roistat="2", name="Edited"))
    drain()
    assert roistat.orders["d1"]["name"] == "Edited"


def test_another_visit_is_waited_for_from_the_beginning(put, drain, services, roistat):
    roistat.order("visits", ["1"])
    put(saved("d1", at=-5, roistat="2"))
    for _ in range(3):
        drain()
        hurry(services)
    put(saved("d1", at=-4, roistat="3"))
    drain()
    hurry(services, 299)
    calls = roistat.calls(ADD)
    drain()
    assert roistat.calls(ADD) == calls
    hurry(services, 301)
    drain()
    assert roistat.calls(ADD) == calls + 1


def test_what_waits_for_its_visit_does_not_mix_with_live_changes(
    put, drain, services, roistat
):
    roistat.order("visits", ["1"])
    put(saved("d1", roistat="2"))
    drain()
    hurry(services)
    put(saved("d2", roistat="1"))
    drain()
    assert outcome(services, "d2") == "delivered"
