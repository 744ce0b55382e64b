"""The groups of stages: what an upload would change is shown before it is done."""

from dataclasses import replace

import pytest

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.mapping import Mapping
from tests.events import saved
from tests.live import served
from tests.views.pages import form_of, sends
from tests.views.test_dashboard import PASSWORD, SCRIPT, Person

ADDRESS, UPLOAD = "/statuses", "/statuses/upload"
SET, LIST = "/project/set-statuses", "/project/integration/status/list"
BY_HAND = {"id": "hand_made", "name": "Waste", "type": "unused"}


def compares(operator, **changes):
    return sends(operator, operator.get(ADDRESS), ADDRESS, **changes)


def groups(roistat):
    return {one["id"]: one["type"] for one in roistat.state()["statuses"]}


def has(services, *statuses):
    services.roistat.set_statuses(list(statuses))


def test_roistat_is_asked_only_when_somebody_compares(operator, roistat):
    shown = operator.get(ADDRESS)
    assert "Roistat was not asked lately" in shown.text
    assert roistat.state()["requests"] == {}
    answer = compares(operator)
    assert roistat.state()["requests"] == {LIST: 1}
    assert "What an upload would change" in answer.text
    assert "Roistat was not asked lately" not in operator.get(ADDRESS).text
    assert roistat.state()["requests"] == {LIST: 1}


def test_what_was_shown_is_uploaded(operator, running, roistat):
    has(running, BY_HAND)
    shown = compares(operator, **{"group.0": "canceled"})
    assert "Prospecting, in Rejected" in shown.text
    assert list(groups(roistat)) == ["hand_made"]
    assert running.mapping.origin() == "default"
    answer = sends(operator, shown, UPLOAD)
    assert "Uploaded." in answer.text
    assert groups(roistat) == {
        "hand_made": "unused",
        "Prospecting": "canceled",
        "Closed Won": "paid",
        "Closed Lost": "canceled",
    }
    assert running.mapping.current().statuses["Prospecting"] == "canceled"
    again = compares(operator)
    assert "Nothing: Roistat has every stage" in again.text
    assert "Upload to Roistat" not in again.text


def test_a_status_is_removed_only_where_somebody_says_so(operator, running, roistat):
    has(running, BY_HAND)
    sends(operator, compares(operator), UPLOAD)
    assert "hand_made" in groups(roistat)
    shown = compares(operator, removal="yes")
    assert "removed" in shown.text
    assert "hand_made" in groups(roistat)
    sends(operator, shown, UPLOAD)
    assert "hand_made" not in groups(roistat)


def test_a_status_that_a_deal_has_is_not_removed(operator, running, roistat, put):
    has(running, BY_HAND)
    put(saved("d1", sales_stage="hand_made", sales_stage_label="Waste"))
    assert "removed" not in compares(operator, removal="yes").text


def test_nothing_is_removed_while_the_crm_has_not_told_its_stages(
    operator, running, roistat, told
):
    has(running, BY_HAND)
    running.store.notes.keep_ping(told | {"stages": []})
    shown = compares(operator, removal="yes")
    assert "nothing can be removed" in shown.text
    assert "Upload to Roistat" not in shown.text
    assert groups(roistat) == {"hand_made": "unused"}


def test_what_somebody_else_changed_meanwhile_is_shown_first(
    operator, running, roistat
):
    shown = compares(operator)
    has(running, BY_HAND | {"id": "Closed Won"})
    answer = sends(operator, shown, UPLOAD)
    assert "changed meanwhile" in answer.text
    assert groups(roistat) == {"Closed Won": "unused"}
    sends(operator, answer, UPLOAD)
    assert groups(roistat)["Closed Won"] == "paid"


@pytest.mark.parametrize("agreed", ["", "{", "[1]", '[{"what": "added"}]', "{}"])
def test_nothing_is_uploaded_that_nobody_was_shown(operator, roistat, agreed):
    before = groups(roistat)
    shown = compares(operator)
    assert "changed meanwhile" in sends(operator, shown, UPLOAD, agreed=agreed).text
    assert groups(roistat) == before
    assert roistat.calls(SET) == 0


def test_groups_that_roistat_has_already_are_kept_in_the_mapping(
    operator, running, roistat
):
    sends(operator, compares(operator), UPLOAD)
    shown = compares(operator, **{"group.0": "progress"})
    assert "Keep these groups" in shown.text
    assert "Kept in the mapping" in sends(operator, shown, UPLOAD).text
    assert running.mapping.current().statuses["Prospecting"] == "progress"
    assert roistat.calls(SET) == 1


def test_a_group_that_does_not_exist_is_named(operator, running, roistat):
    answer = compares(operator, **{"group.0": "rich"})
    assert answer.status_code == 422
    assert "Must be one of unused" in answer.text
    assert roistat.state()["requests"] == {}


def test_roistat_s_refusal_is_told_in_words(operator, running, roistat):
    shown = compares(operator)
    fault = {"path": SET, "status": 401, "error": "authentication_failed"}
    roistat.faults(next=[fault])
    answer = sends(operator, shown, UPLOAD)
    assert answer.status_code == 502
    assert "Roistat refuses the key" in answer.text
    assert running.mapping.origin() == "default"


def test_a_mapping_in_the_settings_can_be_uploaded_and_not_changed(
    config, running, roistat
):
    fixed = Mapping.load({"statuses": {"Prospecting": "paid"}})
    own = bootstrap(replace(config, dashboard_password=PASSWORD, mapping=fixed))
    with served(create_app(own)) as url:
        person = Person(url)
        person.logs_in()
        shown = person.get(ADDRESS)
        assert "cannot be changed here" in shown.text
        assert not [one for one in form_of(shown, ADDRESS) if one.startswith("group.")]
        compared = sends(person, shown, ADDRESS, **{"group.0": "unused"})
        assert sends(person, compared, UPLOAD).ok
    assert groups(roistat)["Prospecting"] == "paid"
    assert own.store.notes.mapping() is None


def test_a_stored_mapping_that_cannot_be_read_is_told(operator, running, roistat):
    running.store.notes.keep_mapping('{"price": 7}')
    assert "Nothing is sent" in operator.get(ADDRESS).text
    assert compares(operator).status_code == 422
    assert roistat.calls(SET) == 0


def test_a_status_s_name_is_shown_as_it_stands(operator, running, roistat):
    has(running, {"id": SCRIPT, "name": SCRIPT, "type": "paid"})
    for answer in (compares(operator, removal="yes"), operator.get(ADDRESS)):
        assert answer.ok
        assert SCRIPT not in answer.text
        assert "&lt;script&gt;" in answer.text
