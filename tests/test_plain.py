"""What somebody else wrote moves nobody's terminal."""

import json
import unicodedata

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from receiver.plain import plain, plain_json
from receiver.reports import no_formula
from tests.leads import lead
from tests.live import served

# A title for the terminal's window, a cleared screen, red by one character of the
# second set, the line's beginning overwritten, the direction turned
COMMANDS = "\x1b]0;owned\x07\x1b[2J\x9b31m\roverwritten\u202egnp.exe"
SEEN = "owned"


def commands_in(text):
    return {
        one
        for one in text
        if (unicodedata.category(one) == "Cc" and one not in "\t\n")
        or unicodedata.bidirectional(one)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    }


@given(st.text())
def test_no_text_commands_a_terminal(text):
    shown = plain(text)
    assert not commands_in(shown)
    assert len(shown) == len(text)
    if not commands_in(text):
        assert shown == text


@given(st.dictionaries(st.text(), st.text()))
def test_json_commands_no_terminal_and_says_the_same(content):
    told = plain_json(json.dumps(content, ensure_ascii=False, indent=2))
    assert not commands_in(told)
    assert json.loads(told) == content


@pytest.mark.parametrize(
    "name", ["=1+1", "+7", "-1", "@a", "\t=1", "\n=1", "\uff1d1+1"]
)
def test_a_spreadsheet_takes_no_text_for_a_formula(name):
    assert no_formula(name) == f"'{name}"
    assert no_formula(f"Deal {name}") == f"Deal {name}"


def test_what_the_crm_says_of_itself_is_only_shown(cli, services):
    field = {"name": COMMANDS, "label": COMMANDS, "type": COMMANDS}
    services.store.notes.keep_ping(
        {
            "stages": [{"key": COMMANDS, "label": COMMANDS}],
            "fields": [field],
            "pipeline": "sales_stage",
            "base_currency": COMMANDS,
        }
    )
    for command in (("mapping", "show"), ("statuses", "show"), ("check",)):
        output = cli(*command).output
        assert SEEN in output or command == ("check",)
        assert not commands_in(output), command


@pytest.mark.parametrize("form", [(), ("--csv",)])
def test_what_a_visitor_typed_is_only_shown(cli, services, form):
    services.lead_store.put(lead("x", title=COMMANDS, name=COMMANDS))
    output = cli("leads", *form).output
    assert SEEN in output
    assert not commands_in(output)


def test_what_roistat_answers_is_only_shown(cli, monkeypatch):
    words = {"status": "error", "error": COMMANDS, "description": COMMANDS}
    liar = Flask("liar")
    liar.add_url_rule(
        "/<path:any>", methods=["POST"], view_func=lambda any: (words, 400)
    )
    with served(liar) as url:
        monkeypatch.setenv("ROISTAT_URL", url)
        result = cli("statuses", "show")
    assert result.exit_code == 1
    assert SEEN in result.output
    assert not commands_in(result.output)
