"""Roistat's status dictionary survives whatever is uploaded, by whomever."""

import json
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rq import SimpleWorker

from receiver import jobs
from receiver.bootstrap import bootstrap
from receiver.errors import UpstreamError
from receiver.mapping import Mapping
from receiver.roistat.statuses import difference, merge, without
from receiver.store.notes import DICTIONARY
from tests.events import event, saved
from tests.processes import eventually

pytestmark = pytest.mark.usefixtures("without_coalescing")

SET = "/project/set-statuses"

NEW = {"id": "New", "name": "New", "type": "progress"}
BY_HAND = {"id": "hand_made", "name": "Waste", "type": "unused"}
STAGES = [
    {"key": "New", "label": "New"},
    {"key": "Closed Won", "label": "Won"},
    {"key": "Closed Lost", "label": "Lost"},
]


def ping(stages=STAGES, **more):
    about = {"version": "1.0.0", "stages": stages, "pipeline": "sales_stage"}
    return event(about | more, "ping")


@pytest.fixture
def told(services):
    """The CRM has told of its stages."""
    services.store.notes.keep_ping(ping()["data"])


def groups(roistat):
    return {one["id"]: one["type"] for one in roistat.state()["statuses"]}


def names(roistat):
    return {one["id"]: one["name"] for one in roistat.state()["statuses"]}


# --- the commands ---


def test_a_push_uploads_the_crms_stages_in_the_mappings_groups(cli, told, roistat):
    result = cli("statuses", "push")
    assert result.exit_code == 0, result.output
    assert groups(roistat) == {
        "New": "progress",
        "Closed Won": "paid",
        "Closed Lost": "canceled",
    }
    assert names(roistat)["Closed Won"] == "Won"


def test_a_second_push_changes_nothing(cli, told, roistat):
    cli("statuses", "push")
    result = cli("statuses", "push")
    assert "would change nothing" in result.output
    assert roistat.calls(SET) == 1


def test_what_somebody_made_by_hand_in_roistat_stays(cli, told, services, roistat):
    services.roistat.set_statuses([BY_HAND, NEW | {"type": "unused"}])
    cli("statuses", "push")
    assert groups(roistat)["hand_made"] == "unused"
    assert groups(roistat)["New"] == "unused", "moved though the mapping is silent"


def test_the_mapping_moves_the_stages_that_it_names(
    cli, told, services, roistat, monkeypatch
):
    services.roistat.set_statuses([NEW])
    monkeypatch.setenv("MAPPING", json.dumps({"statuses": {"New": "unused"}}))
    cli("statuses", "push")
    assert groups(roistat)["New"] == "unused"


def test_a_stage_that_the_crm_renamed_is_renamed(cli, told, services, roistat):
    services.roistat.set_statuses([NEW | {"name": "Old name"}])
    result = cli("statuses", "push")
    assert "renamed" in result.output
    assert names(roistat)["New"] == "New"


def test_a_stage_that_the_crm_removed_stays_unless_told_to_go(
    cli, told, services, roistat
):
    services.roistat.set_statuses([NEW | {"id": "removed"}])
    cli("statuses", "push")
    assert "removed" in groups(roistat)
    result = cli("statuses", "push", "--allow-removal")
    assert "removed" in result.output
    assert "removed" not in groups(roistat)


def test_a_stage_that_a_deal_has_is_not_removed(cli, told, put, services, roistat):
    put(saved("d1", sales_stage="Kept by a deal"))
    services.delivery.drain()
    cli("statuses", "push", "--allow-removal")
    assert "Kept by a deal" in groups(roistat)


def test_nothing_is_removed_before_the_crm_has_told_of_its_stages(
    cli, services, roistat
):
    services.roistat.set_statuses([NEW])
    result = cli("statuses", "push", "--allow-removal")
    assert result.exit_code == 1
    assert "New" in groups(roistat)


@pytest.mark.parametrize("command", [("push", "--dry-run"), ("show",)])
def test_the_difference_is_shown_and_nothing_changed(cli, told, roistat, command):
    result = cli("statuses", *command)
    assert result.exit_code == 0, result.output
    assert "Closed Won" in result.output
    assert "added" in result.output
    assert roistat.calls(SET) == 0


def test_show_says_which_group_each_status_is_in(cli, told, services):
    services.roistat.set_statuses([BY_HAND])
    assert "Not registered" in cli("statuses", "show").output


def test_a_name_that_looks_like_markup_is_shown_as_it_stands(cli, services):
    name = "[red]Waste[/red]"
    services.roistat.set_statuses([BY_HAND | {"name": name}])
    assert name in cli("statuses", "show").output


# --- by themselves ---


def test_stages_that_a_ping_tells_of_are_added_by_themselves(
    receiver, services, roistat, redis_client, monkeypatch
):
    monkeypatch.setattr(jobs, "services", lambda: services)
    services.roistat.set_statuses([BY_HAND])
    assert receiver.send(ping()).status_code == 200
    SimpleWorker([services.background], connection=redis_client).work(burst=True)
    assert groups(roistat) == {
        "hand_made": "unused",
        "New": "progress",
        "Closed Won": "paid",
        "Closed Lost": "canceled",
    }


def test_known_stages_cost_no_job(receiver, services, roistat):
    known = [
        {"id": one["key"], "name": one["label"], "type": "progress"} for one in STAGES
    ]
    services.store.notes.keep_statuses(known)
    receiver.send(ping())
    assert services.background.count == 0


def test_two_receivers_on_one_store_undo_nothing_of_each_other(
    config, redis_client, roistat
):
    roistat.faults(latency_ms=20)
    both = [bootstrap(replace(config)) for _ in range(2)]

    def add(services, first):
        for number in range(first, 12, 2):
            services.stages.add({f"stage {number}": "Stage"})

    threads = [
        threading.Thread(target=add, args=(services, first))
        for first, services in enumerate(both)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: len(groups(roistat)) == 12)


def test_who_slept_while_changing_the_dictionary_undoes_nothing(
    config, redis_client, services, roistat, monkeypatch
):
    another = bootstrap(replace(config))
    read = services.roistat.statuses

    def read_and_sleep():
        known = read()
        redis_client.delete(DICTIONARY)  # as after its time
        another.stages.add({"another": "Another's"})
        return known

    monkeypatch.setattr(services.roistat, "statuses", read_and_sleep)
    with pytest.raises(UpstreamError, match="somebody else"):
        services.stages.add({"ours": "Ours"})
    monkeypatch.undo()
    services.stages.add({"ours": "Ours"})
    assert set(groups(roistat)) == {"another", "ours"}


# --- pure ---

IDS = st.sampled_from(["a", "b", "c", "d", "e"])
GROUPS = st.sampled_from(["unused", "progress", "paid", "canceled"])
STATUSES = st.dictionaries(IDS, st.tuples(st.text(min_size=1), GROUPS)).map(
    lambda found: [{"id": i, "name": n, "type": t} for i, (n, t) in found.items()]
)


@given(STATUSES, st.dictionaries(IDS, st.text()), st.dictionaries(IDS, GROUPS))
def test_adding_changes_nothing_that_was_there(known, stages, named):
    merged = merge(known, stages, Mapping(statuses=named))
    assert merged[: len(known)] == known
    assert {one["id"] for one in merged} == {one["id"] for one in known} | set(stages)
    assert merge(merged, stages, Mapping(statuses=named)) == merged


@given(STATUSES, st.dictionaries(IDS, st.text()), st.dictionaries(IDS, GROUPS))
def test_a_push_keeps_every_id_and_moves_only_what_the_mapping_names(
    known, stages, named
):
    merged = merge(known, stages, Mapping(statuses=named), is_ordered=True)
    after = {one["id"]: one for one in merged}
    for status in known:
        assert after[status["id"]]["type"] == named.get(status["id"], status["type"])
    moved = [c for c in difference(known, merged) if c.what == "regrouped"]
    assert {change.id for change in moved} <= set(named)


@given(STATUSES, STATUSES)
def test_the_difference_is_empty_only_where_nothing_differs(before, after):
    by_id = [{one["id"]: one for one in both} for both in (before, after)]
    assert (difference(before, after) == []) == (by_id[0] == by_id[1])


@given(STATUSES, st.sets(IDS))
def test_only_what_is_not_wanted_is_removed(known, wanted):
    left = without(known, wanted)
    assert [one for one in known if one["id"] in wanted] == left
