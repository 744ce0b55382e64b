"""`sugar-roistat mapping`: which one counts, what another would change, storing it."""

import json

import pytest

from receiver.mapping import Mapping
from tests.events import event, saved

FIELDS = [
    {"name": "margin_c", "label": "Margin", "type": "currency"},
    {"name": "branch_c", "label": "Branch [east]", "type": "enum"},
]
STAGES = [
    {"key": key, "label": key} for key in ("Prospecting", "Closed Won", "Closed Lost")
]


@pytest.fixture
def ping(store):
    store.notes.keep_ping({"version": "1", "stages": STAGES, "fields": FIELDS})


@pytest.fixture
def propose(cli):
    """Proposes a mapping on standard input."""

    def run(*options, **settings):
        return cli("mapping", "set", "-", *options, input=json.dumps(settings))

    return run


def row(result, respect):
    """The count and the examples of one respect."""
    lines = result.output.splitlines()
    (first,) = [number for number, line in enumerate(lines) if respect in line]
    cells = [cell.strip() for cell in lines[first].split("│")[1:-1]]
    return int(cells[1]), cells[2]


# --- show ---


def test_show_says_that_the_default_counts(cli, store):
    result = cli("mapping", "show")
    assert result.exit_code == 0, result.output
    assert "The default mapping counts" in result.output
    assert "press Test" in result.output


def test_show_says_that_the_stored_one_counts(cli, propose):
    propose(price="amount")
    result = cli("mapping", "show")
    assert "The stored mapping counts." in result.output
    assert '"price": "amount"' in result.output


def test_show_says_that_the_setting_counts_whatever_is_stored(
    cli, propose, monkeypatch
):
    propose(price="amount")
    monkeypatch.setenv("MAPPING", '{"price": "margin_c"}')
    result = cli("mapping", "show")
    assert "The mapping in the setting MAPPING counts." in result.output
    assert '"price": "margin_c"' in result.output


def test_show_offers_the_crm_s_fields_and_says_what_uses_them(cli, propose, ping):
    propose(
        price="margin_c", fields={"B": "branch_c"}, filter={"branch_c": {"ne": "x"}}
    )
    lines = cli("mapping", "show").output.splitlines()
    (margin,) = [line for line in lines if line.startswith("│ margin_c")]
    (branch,) = [line for line in lines if line.startswith("│ branch_c")]
    assert "currency" in margin
    assert "price" in margin
    assert "Branch [east]" in branch
    assert "B, filter" in branch


def test_show_says_what_is_wrong_with_it_in_this_crm(cli, ping, monkeypatch):
    monkeypatch.setenv("MAPPING", '{"price": "marge_c"}')
    result = cli("mapping", "show")
    assert 'Problem: price: the CRM has no field "marge_c".' in result.output


def test_what_show_prints_as_json_is_what_set_reads(cli, tmp_path):
    file = tmp_path / "mapping.json"
    file.write_text(cli("mapping", "show", "--json").output)
    assert Mapping.load(file.read_text()) == Mapping()
    assert cli("mapping", "set", str(file)).exit_code == 0


# --- set ---


def test_a_stored_mapping_counts_from_then_on(propose, services):
    assert services.mapping.current() == Mapping()
    result = propose(price="amount", phone_region="DE")
    assert result.exit_code == 0, result.output
    assert services.mapping.current() == Mapping(price="amount", phone_region="DE")
    assert "phone numbers" in result.output
    assert propose().exit_code == 0
    assert services.mapping.current() == Mapping()


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    propose, put, services, redis_client
):
    put(saved("d1"))
    before = redis_client.dbsize()
    result = propose("--dry-run", price="amount")
    assert row(result, "another price") == (1, "d1")
    assert "Nothing was changed." in result.output
    assert services.mapping.current() == Mapping()
    assert redis_client.dbsize() == before


def test_what_would_change_is_counted_in_each_respect(propose, put):
    put(
        saved("same", fields={"margin_c": "1350.00"}),
        saved("price", fields={"margin_c": "1.00"}),
        saved("branch", fields={"margin_c": "1350.00", "branch_c": "North"}),
        saved("won", fields={"margin_c": "1350.00"}, sales_stage="Closed Won"),
        saved("draft", fields={"margin_c": "1.00"}, sales_stage="Draft"),
        saved("cost", fields={"margin_c": "1350.00", "paid_c": "5"}, cost="1"),
        event({"id": "gone"}, "opportunity.deleted"),
    )
    every_branch = {**Mapping().fields, "Branch": "branch_c"}
    settings = {"price": "margin_c", "statuses": {}, "cost": "paid_c"}
    settings |= {"filter": {"sales_stage": {"ne": "Draft"}}}
    result = propose(**settings)
    assert "Of 6 deals" in result.output
    assert row(result, "another price") == (1, "price")
    assert row(result, "another cost") == (1, "cost")
    assert row(result, "other fields") == (0, "")
    assert row(result, "another group") == (1, "won")
    assert row(result, "leave the filter") == (1, "draft")
    result = propose(fields=every_branch)
    assert row(result, "enter the filter") == (1, "draft")
    assert row(result, "other fields")[0] == 5


def test_at_most_ten_examples_are_shown(propose, put):
    put(*(saved(f"deal-{number}") for number in range(12)))
    result = propose("--dry-run", price="amount")
    assert row(result, "another price")[0] == 12
    assert result.output.count("deal-") == 10


def test_every_mistake_is_told_and_nothing_is_stored(propose, services):
    result = propose(price="name", deleted="keep")
    assert result.exit_code == 1
    assert "price: name is no number" in result.output
    assert "deleted: must be one of" in result.output
    assert services.store.notes.mapping() is None


def test_a_problem_with_the_crm_is_said_and_hinders_nothing(propose, ping):
    result = propose(price="marge_c")
    assert result.exit_code == 0
    assert 'Problem: price: the CRM has no field "marge_c".' in result.output


def test_set_is_refused_while_the_setting_counts(propose, services, monkeypatch):
    monkeypatch.setenv("MAPPING", "{}")
    for options in ([], ["--dry-run"]):
        result = propose(*options, price="amount")
        assert result.exit_code == 1
        assert "MAPPING is set" in result.output
    assert services.store.notes.mapping() is None


def test_a_file_that_is_no_text_is_refused(cli, tmp_path):
    file = tmp_path / "mapping.json"
    file.write_bytes(b'{"price": "\xff"}')
    result = cli("mapping", "set", str(file))
    assert (result.exit_code, "not UTF-8" in result.output) == (1, True)


def test_a_stored_mapping_that_cannot_be_read_is_mended_by_storing_another(
    cli, propose, store, services
):
    store.notes.keep_mapping('{"prise": "amount"}')
    result = cli("mapping", "show")
    assert result.exit_code == 1
    assert "stored mapping: prise: no such setting" in result.output
    result = propose(price="amount")
    assert result.exit_code == 0
    assert "Nothing to compare with" in result.output
    assert services.mapping.current() == Mapping(price="amount")
