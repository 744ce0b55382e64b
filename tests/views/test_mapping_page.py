"""The mapping is changed by a form, and never unseen."""

from dataclasses import replace

import pytest

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.mapping import Mapping
from receiver.views.dashboard import mapping as page
from tests.events import saved
from tests.live import served
from tests.views.pages import form_of, sends
from tests.views.test_dashboard import PASSWORD, SCRIPT, Person

ADDRESS, STORE = "/mapping", "/mapping/store"


def previews(operator, **changes):
    shown = operator.get(ADDRESS)
    return sends(operator, shown, ADDRESS, **{"action": "preview"} | changes)


def writes(operator, text):
    shown = operator.get(ADDRESS)
    return sends(operator, shown, ADDRESS, last=True, action="json", json=text)


def test_a_mapping_is_changed_in_two_steps(operator, running, put):
    put(saved("d1", fields={"margin_c": "5"}), saved("d2", fields={"margin_c": "5"}))
    shown = previews(operator, **{"price": "margin_c", "group.0": "paid"})
    assert shown.ok
    assert "Of 2 deals that are held" in shown.text
    assert "get another price" in shown.text
    assert "/deals/d1" in shown.text
    assert running.mapping.current() == Mapping()
    stored = sends(operator, shown, STORE)
    assert stored.url.endswith(ADDRESS)
    assert "Stored." in stored.text
    now = running.mapping.current()
    assert now.price == "margin_c"
    assert now.statuses["Prospecting"] == "paid"
    assert now.fields == Mapping().fields


def test_a_form_that_is_sent_as_it_was_changes_nothing(operator, running):
    said = {
        "cost": "margin_c",
        "fields": {"A.b: <c>": "branch_c"},
        "statuses": {"Gone": "unused", "Closed Won": "paid"},
        "filter": {
            "sales_stage": {"not_in": ["Closed Lost", "Prospecting"]},
            "vip_c": {"eq": True},
            "margin_c": {"gte": 12.5, "empty": False},
        },
        "phone_region": "DE",
    }
    running.mapping.keep(Mapping.load(said))
    answer = previews(operator)
    assert "That is the mapping that counts already" in answer.text
    assert running.mapping.current() == Mapping.load(said)


def test_a_mistake_is_named_and_nothing_is_changed(operator, running):
    answer = previews(operator, price="", phone_region="XX", **{"label.0": ""})
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text
    assert answer.text.count('class="wrong"') == 3
    assert 'aria-describedby="wrong-phone_5fregion"' in answer.text
    assert 'id="wrong-phone_5fregion"' in answer.text
    assert 'value="XX"' in answer.text
    assert running.mapping.origin() == "default"


def test_what_does_not_fit_the_crm_is_said_beside_its_field(operator, running):
    running.mapping.keep(Mapping.load({"price": "gone_c", "fields": {"X": "lost_c"}}))
    text = operator.get(ADDRESS).text
    assert "gone_c (not in the CRM)" in text
    assert "The CRM has no field &#34;gone_c&#34;" in text
    shown = previews(operator, phone_region="de")
    assert "What the CRM says of itself does not fit" in shown.text
    assert "Field X: The CRM has no field" in shown.text


def test_more_rows_are_given_without_storing_anything(operator, running):
    before = form_of(operator.get(ADDRESS), ADDRESS)
    answer = sends(
        operator, operator.get(ADDRESS), ADDRESS, action="more", price="cost"
    )
    after = form_of(answer, ADDRESS)
    rows = [sum(name.startswith("label.") for name in one) for one in (before, after)]
    assert rows[1] == rows[0] + 3
    assert after["price"] == "cost"
    assert running.mapping.origin() == "default"


def test_only_the_first_deals_are_looked_at(operator, put, monkeypatch):
    monkeypatch.setattr(page, "LOOKED_AT", 3)
    put(*(saved(f"d{n}") for n in range(5)))
    shown = previews(operator, price="cost")
    assert "Of the first 3 deals that are held" in shown.text


def test_a_mapping_can_be_written_as_json(operator, running):
    wrong = writes(operator, '{"pirce": 1}')
    assert wrong.status_code == 422
    assert "pirce: no such setting" in wrong.text
    assert "{&#34;pirce&#34;: 1}" in wrong.text
    shown = writes(operator, '{"cost": "amount"}')
    assert sends(operator, shown, STORE).ok
    assert running.mapping.current() == Mapping.load({"cost": "amount"})


def test_a_preview_can_be_edited_further(operator, running):
    shown = previews(operator, price="cost")
    again = sends(operator, shown, ADDRESS, action="edit")
    assert form_of(again, ADDRESS)["price"] == "cost"
    assert running.mapping.origin() == "default"


def test_what_somebody_changed_meanwhile_is_not_overwritten(operator, running):
    shown = previews(operator, price="cost")
    running.mapping.keep(Mapping.load({"price": "margin_c"}))
    again = sends(operator, shown, STORE)
    assert "changed the mapping meanwhile" in again.text
    assert running.mapping.current().price == "margin_c"
    assert sends(operator, again, STORE).ok
    assert running.mapping.current().price == "cost"


def test_nonsense_is_not_stored(operator, running):
    token = operator.token(ADDRESS)
    answer = operator.post(STORE, proof=token, json="{", was="")
    assert answer.status_code == 422
    assert running.mapping.origin() == "default"


def test_a_mapping_in_the_settings_is_shown_and_not_changed(config, running):
    fixed = Mapping.load({"price": "margin_c"})
    own = bootstrap(replace(config, dashboard_password=PASSWORD, mapping=fixed))
    with served(create_app(own)) as url:
        person = Person(url)
        person.logs_in()
        shown = person.get(ADDRESS)
        assert "MAPPING wins over what is stored" in shown.text
        assert "Show what would change" not in shown.text
        assert set(form_of(shown, ADDRESS)) <= {"csrf_token", *stages_in(shown)}
        token = person.token("/")
        for path in (ADDRESS, STORE):
            said = {"json": "{}", "action": "json", "was": page_digest(own)}
            answer = person.post(path, proof=token, **said)
            assert "MAPPING is set and wins" in answer.text
    assert own.store.notes.mapping() is None


def stages_in(answer):
    return {name for name in form_of(answer, ADDRESS) if name.startswith("stage.")}


def page_digest(services):
    return page._digest(services)


def test_a_stored_mapping_that_cannot_be_read_can_be_mended(operator, running):
    running.store.notes.keep_mapping('{"price": 7}')
    shown = operator.get(ADDRESS)
    assert "Nothing is sent" in shown.text
    answer = sends(operator, shown, ADDRESS, action="preview")
    assert "There is nothing to compare with" in answer.text
    assert sends(operator, answer, STORE).ok
    assert running.mapping.current() == Mapping()


def test_fields_are_typed_where_the_crm_has_not_told_them(operator, running, told):
    running.store.notes.keep_ping(told | {"fields": []})
    text = operator.get(ADDRESS).text
    assert "press Test there" in text
    assert '<input id="price" name="price"' in text
    assert previews(operator, price="any_c").ok


@pytest.mark.parametrize("what", ["label", "stage", "value", "json"])
def test_what_is_written_is_shown_as_it_stands(operator, running, told, what):
    stage = {"key": SCRIPT, "label": SCRIPT}
    field = {"name": SCRIPT, "label": SCRIPT, "type": "enum"}
    running.store.notes.keep_ping(told | {"stages": [stage], "fields": [field]})
    said = {
        "label": {"fields": {SCRIPT: SCRIPT}},
        "stage": {"statuses": {SCRIPT: "paid"}},
        "value": {"filter": {"name": {"in": [SCRIPT, "</textarea>"]}}},
        "json": {"price": SCRIPT},
    }[what]
    running.mapping.keep(Mapping.load(said))
    for answer in (operator.get(ADDRESS), previews(operator, cost="amount")):
        assert answer.ok
        assert SCRIPT not in answer.text
    assert running.mapping.current() == Mapping.load(said)
