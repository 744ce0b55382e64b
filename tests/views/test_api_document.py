"""The API document, held against the receiver: by its addresses, and by a fuzzer."""

import json
import re

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.sugarcrm import kinds
from receiver.sugarcrm.signature import sign
from receiver.views import api
from tests.events import SECRET, as_body, batch, instant, saved
from tests.leads import KEY, taking_leads
from tests.live import served

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
AS_DOCUMENTED = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# Answered by nothing of ours, or pages for people
PAGES = ("static", "api.", "dashboard", "login", "pages")

REACHABLE = {"phone": "+7 911 123-45-67", "email": "ada@shop.example"}

# What JSON Schema cannot say: days that no month has, what cannot be printed, which
# fields are not a website's, what makes an address or a number of a text
BEYOND = re.compile(
    "Not a usable id|Not a moment|Not a day|Longer than 255|five minutes ahead"
    "|Is no |is needed"
)

gently = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.generate],  # a failure shows itself as it is: shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def url(config, redis_client):
    with served(create_app(bootstrap(taking_leads(config)))) as url:
        yield url


@pytest.fixture
def described(url):
    return schemathesis.openapi.from_dict(
        requests.get(f"{url}/openapi.json", timeout=20).json()
    )


@pytest.fixture
def app(services):
    return create_app(services)


def fuzz(described, url, path, method, mode, call):
    """Have the receiver asked whatever the document allows, or does not; each answer
    is one that the document knows. Gives how many were taken.
    """
    operation = described[path][method]
    strategy = operation.as_strategy(generation_mode=mode)
    if mode is POSITIVE:  # a form has no null: what the document allows goes as JSON
        strategy = strategy.filter(lambda case: case.media_type == "application/json")
    taken = []

    @gently
    @given(st.data())
    def ask(data):
        case = data.draw(strategy)
        answer = call(case, url)
        case.validate_response(answer, checks=AS_DOCUMENTED)
        if mode is POSITIVE and answer.status_code >= 400:
            if b"numbered beyond reason" in answer.content:
                return
            assert answer.status_code == 422, (answer.status_code, answer.content)
            told = [why for one in answer.json()["errors"].values() for why in one]
            assert all(BEYOND.search(why) for why in told), (
                told,
                case.media_type,
                case.body,
            )
        taken.append(answer.status_code < 300)

    ask()
    return sum(taken)


def as_the_crm(case, url):
    """Sent as the CRM sends: stamped and signed."""
    case.body = stamped(case.body)
    request = case.as_transport_kwargs(base_url=url)
    prepared = requests.Request(
        request["method"],
        request["url"],
        headers={},
        data=request.get("data"),
        json=request.get("json"),
    ).prepare()
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = sign(body, "msg_1", SECRET) | {"Content-Type": "application/json"}
    return requests.post(prepared.url, data=body, headers=headers, timeout=20)


def stamped(body):
    """A body whose moments are now: those of the future would all be refused alike."""
    if not isinstance(body, dict):
        return body
    body = dict(body)
    if isinstance(body.get("timestamp"), str):
        body["timestamp"] = instant()
    data = body.get("data")
    if isinstance(data, dict) and isinstance(data.get("events"), list):
        events = [stamped(one) for one in data["events"]]
        body["data"] = {**data, "events": events}
    return body


def as_a_website(case, url):
    """Sent as a website sends: with its key. What makes an address or a number of a
    text, the document cannot say: what it allows is sent by somebody who has both.
    """
    if isinstance(case.body, dict):
        reached = REACHABLE if case.meta.generation.mode is POSITIVE else {}
        case.body = {**case.body, **reached, "key": KEY}
    return case.call(base_url=url, timeout=20)


def as_anybody(case, url):
    return case.call(base_url=url, timeout=20)


@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE])
@pytest.mark.parametrize(
    ("path", "call"), [("/webhooks/sugarcrm", as_the_crm), ("/leads", as_a_website)]
)
def test_whatever_is_sent_is_answered_as_documented(described, url, path, call, mode):
    taken = fuzz(described, url, path, "POST", mode, call)
    if mode is POSITIVE:
        assert taken, "nothing that the document allows was taken"


PLAIN = [kinds.Money, kinds.Day, kinds.Instant, kinds.Id]
NEARLY = st.text("0123456789-+:.TZ ", max_size=30)


@pytest.mark.parametrize("kind", PLAIN)
@given(data=st.data())
def test_what_a_pattern_allows_is_taken_and_what_is_taken_it_allows(kind, data):
    told = re.compile(kind.described["pattern"])
    allowed = st.from_regex(told) if "$" not in told.pattern else _whole(told)
    text = data.draw(allowed | NEARLY)
    try:
        kind().deserialize(text)
    except ValidationError as error:
        if not BEYOND.search(str(error)):
            assert not told.search(text) or text.endswith("\n")
    else:
        assert told.search(text)


def _whole(told):
    return st.from_regex(told.pattern.strip("^$"), fullmatch=True)


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/roistat-visit.js"]
)
def test_what_is_asked_is_answered_as_documented(described, url, path):
    case = described[path]["GET"].Case()
    answer = requests.get(url + path, timeout=20)
    assert answer.ok
    case.validate_response(answer, checks=AS_DOCUMENTED)


def test_every_address_of_ours_is_documented(app):
    documented = app.test_client().get("/openapi.json").json["paths"]
    ours = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(PAGES)
    }
    assert set(documented) == ours


def test_the_documents_own_examples_are_taken(described, url):
    for content in (saved("d1"), batch(saved("d2"), saved("d3"))):
        body = as_body(content)
        headers = sign(body, "msg_1", SECRET) | {"Content-Type": "application/json"}
        address = f"{url}/webhooks/sugarcrm"
        answer = requests.post(address, data=body, headers=headers, timeout=20)
        case = described["/webhooks/sugarcrm"]["POST"].Case(body=content)
        assert answer.status_code == 202
        case.validate_response(answer, checks=AS_DOCUMENTED)


def test_a_field_that_is_validated_stands_in_the_document(app):
    found = app.test_client().get("/openapi.json").json["components"]["schemas"]
    deal = found["Opportunity"]
    assert sorted(deal["required"]) == ["date_modified", "id", "name"]
    assert deal["properties"]["amount"]["type"] == ["string", "null"]
    assert re.fullmatch(deal["properties"]["amount"]["pattern"], "1234.56")
    assert "comment" in found["Form"]["properties"]
    assert "Ping" in json.dumps(found["Webhook"])


def test_the_page_shows_every_address_and_needs_no_script(app):
    client = app.test_client()
    answer = client.get("/docs")
    page = answer.text
    for path in client.get("/openapi.json").json["paths"]:
        assert path in page
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert f"<style>{api.STYLE}</style>" in page


def test_a_store_that_is_away_is_answered_as_documented(without_store, config):
    found = requests.get(f"{without_store.url}/openapi.json", timeout=20).json()
    described = schemathesis.openapi.from_dict(found)
    answers = {
        ("/readyz", "GET"): without_store.get("/readyz"),
        ("/webhooks/sugarcrm", "POST"): without_store.send(saved("d1")),
    }
    for (path, method), answer in answers.items():
        assert answer.status_code == 503
        case = described[path][method].Case()
        # that it is a fault of the server's is what it says
        case.validate_response(answer, checks=AS_DOCUMENTED[1:])
