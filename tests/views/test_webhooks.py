"""`POST /webhooks/sugarcrm`: every answer of the contract's table, in its order."""

import base64
import json
import time

import pytest
import requests

from receiver.sugarcrm.signature import sign
from tests.events import (
    OTHER_SECRET,
    SECRET,
    as_body,
    batch,
    client,
    event,
    instant,
    opportunity,
    saved,
)

MIB = 1024 * 1024


def held(services):
    return sorted(services.redis.keys("roistat:meta:*"))


def ping(**changes):
    data = {"version": "0.1.0", "stages": [{"key": "New", "label": "New"}]} | changes
    return event(data, "ping")


# --- 202 ---


def test_a_saved_deal_is_accepted_and_held(receiver, services):
    answer = receiver.send(saved("d1", name="Annual support"))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "ignored": 0})
    assert services.store.state("deal:d1").name == "Annual support"


def test_a_deal_brings_its_client(receiver, services):
    answer = receiver.send(saved("d1", client=client("c1", name="Ada")))
    assert answer.json() == {"accepted": 1, "ignored": 0}
    assert services.store.state("client:c1").name == "Ada"
    assert services.store.state("deal:d1").client_id == "c1"


def test_a_client_may_come_alone(receiver, services):
    answer = receiver.send(event(client("c1"), "client.saved"))
    assert answer.json() == {"accepted": 1, "ignored": 0}
    assert services.store.state("client:c1").id == "c1"


def test_a_replayed_webhook_is_ignored(receiver):
    body = saved("d1")
    assert receiver.send(body).json() == {"accepted": 1, "ignored": 0}
    assert receiver.send(body).json() == {"accepted": 0, "ignored": 1}


def test_a_batch_counts_its_events(receiver):
    old, new = saved("d1", at=-10, name="Old"), saved("d1", at=-5, name="New")
    answer = receiver.send(batch(new, old, saved("d2")))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "ignored": 1})


def test_a_batch_holds_a_hundred_events(receiver, services):
    events = [saved(f"d{number}") for number in range(100)]
    assert receiver.send(batch(*events)).json() == {"accepted": 100, "ignored": 0}
    assert len(held(services)) == 100


def test_a_deletion_needs_no_more_than_an_id(receiver, services):
    answer = receiver.send(event({"id": "d1"}, "opportunity.deleted"))
    assert answer.status_code == 202
    assert services.store.state("deal:d1").deleted


@pytest.mark.parametrize("kind", ["opportunity.saved", "opportunity.restored"])
def test_a_deleted_deal_is_a_deletion_under_any_type(receiver, services, kind):
    assert receiver.send(event({"id": "d1", "deleted": True}, kind)).status_code == 202
    assert services.store.state("deal:d1").deleted


def test_unknown_keys_are_ignored(receiver):
    body = saved("d1", surprise={"deep": [1]}) | {"more": True}
    assert receiver.send(body).status_code == 202


def test_only_the_first_of_many_events_wakes_a_worker(receiver, services):
    for number in range(5):
        receiver.send(saved(f"d{number}"))
    assert services.live.count == 1


def test_an_ignored_event_wakes_nobody(receiver, services):
    body = saved("d1")
    receiver.send(body)
    services.live.empty()
    services.redis.delete("roistat:woken")
    receiver.send(body)
    assert services.live.count == 0


# --- 401 ---


def test_each_of_several_secrets_will_do(receiver, services):
    object.__setattr__(services.config, "webhook_secrets", (OTHER_SECRET, SECRET))
    assert receiver.send(saved("d1"), SECRET).status_code == 202
    assert receiver.send(saved("d2"), OTHER_SECRET).status_code == 202


def test_a_forged_webhook_is_refused(receiver, services):
    answer = receiver.send(saved("d1"), OTHER_SECRET)
    assert answer.status_code == 401
    assert held(services) == []


def test_a_signature_is_over_the_very_bytes(receiver):
    body = as_body(saved("d1"))
    headers = sign(body, "msg_1", SECRET)
    assert receiver.post(body + b" ", headers).status_code == 401
    assert receiver.post(body, headers).status_code == 202


def test_one_good_signature_of_several_is_enough(receiver):
    body = as_body(saved("d1"))
    headers = sign(body, "msg_1", SECRET)
    wrong = sign(body, "msg_1", OTHER_SECRET)["webhook-signature"]
    headers["webhook-signature"] = f"v1a,x {wrong} {headers['webhook-signature']}"
    assert receiver.post(body, headers).status_code == 202


@pytest.mark.parametrize("seconds", [-310, 310])
def test_a_stale_or_early_signature_is_refused(receiver, seconds):
    body, at = as_body(saved("d1")), int(time.time()) + seconds
    headers = signed_at(body, at)
    assert receiver.post(body, headers).status_code == 401


def test_a_signature_of_four_minutes_ago_is_fresh(receiver):
    body = as_body(saved("d1"))
    headers = signed_at(body, int(time.time()) - 240)
    assert receiver.post(body, headers).status_code == 202


def signed_at(body, seconds):
    """Headers by the specification itself, made without our code."""
    import hashlib
    import hmac

    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"m.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": "m",
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@pytest.mark.parametrize("missing", ["id", "timestamp", "signature"])
def test_each_header_is_needed(receiver, missing):
    body = as_body(saved("d1"))
    headers = sign(body, "msg_1", SECRET)
    del headers[f"webhook-{missing}"]
    assert receiver.post(body, headers).status_code == 401


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1,%%%"),
        ("webhook-signature", "v1,abc"),
        ("webhook-signature", ",,,, ,,"),
        ("webhook-signature", "v1,\xff\xfe"),
        ("webhook-timestamp", "nan"),
        ("webhook-timestamp", "1e400"),
        ("webhook-timestamp", "-99999999999999999999"),
        ("webhook-timestamp", "yesterday"),
        ("webhook-timestamp", ""),
        ("webhook-id", ""),
    ],
)
def test_malformed_headers_are_unproved_not_errors(receiver, header, value):
    body = as_body(saved("d1"))
    headers = sign(body, "msg_1", SECRET) | {header: value}
    assert receiver.post(body, headers).status_code == 401


def test_the_signature_comes_before_everything_but_the_size(receiver):
    answer = receiver.post(b"not json", {"Content-Type": "text/plain"})
    assert answer.status_code == 401


# --- 413, 415, 400 ---


def test_more_than_a_mebibyte_is_too_large_before_it_is_unproved(receiver):
    assert receiver.post(b"x" * (MIB + 1), {}).status_code == 413
    assert receiver.post(b"x" * MIB, {}).status_code == 401


def test_a_body_of_unsaid_length_is_measured_all_the_same(receiver):
    def pieces():
        for _ in range(17):
            yield b"x" * (64 * 1024)

    url = f"{receiver.url}/webhooks/sugarcrm"
    assert requests.post(url, data=pieces(), timeout=20).status_code == 413


def test_another_content_type_is_415(receiver, services):
    body = as_body(saved("d1"))
    headers = sign(body, "m", SECRET) | {"Content-Type": "text/plain"}
    assert receiver.post(body, headers).status_code == 415
    assert held(services) == []


def test_a_charset_beside_the_content_type_is_fine(receiver):
    body = as_body(saved("d1"))
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert receiver.post(body, sign(body, "m", SECRET) | headers).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"type": "ping"',
        b"\xff\xfe",
        as_body(saved("d1")).replace(b"Annual", b"Annu\xe4l"),
        b"\xef\xbb\xbf{}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"n": NaN}',
        b'{"n": -Infinity}',
        b'{"n": 1e400}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"n": 0.' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_json_or_absurd_is_400(receiver, services, body):
    answer = receiver.send(body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert held(services) == []


# --- 422 ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "12,50"),
        ("amount", "1_000"),
        ("amount", "NaN"),
        ("amount", "1e400"),
        ("amount", "1" * 16),
        ("amount", "1.1234567"),
        ("amount", " 1"),
        ("amount", "1\n"),
        ("amount", "١٢"),
        ("amount", ""),
        ("amount", 12.5),
        ("amount_base", "--1"),
        ("cost", "1."),
        ("date_modified", "2026-02-01T10:00:00"),
        ("date_modified", "2026-02-01"),
        ("date_modified", "2026-02-30T10:00:00Z"),
        ("date_modified", 1769900000),
        ("date_modified", None),
        ("date_entered", "yesterday"),
        ("date_closed", "31.12.2026"),
        ("date_closed", "2026-12-31T00:00:00Z"),
        ("id", ""),
        ("id", None),
        ("id", 7),
        ("id", "a\x00b"),
        ("id", "a\ud800b"),
        ("id", "x" * 256),
        ("name", None),
        ("name", ["x"]),
        ("roistat", "x" * 256),
        ("roistat", 4521890),
        ("pipeline", "sideways"),
        ("deleted", "no"),
        ("fields", ["x"]),
        ("client", "Ada"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(receiver, services, field, value):
    answer = receiver.send(saved("d1", **{field: value}))
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [f"data.{field}"]
    assert held(services) == []


def test_every_wrong_field_is_named_at_once(receiver):
    answer = receiver.send(saved("d1", amount="12,50", date_closed="soon", name=None))
    assert sorted(answer.json()["errors"]) == [
        "data.amount",
        "data.date_closed",
        "data.name",
    ]


@pytest.mark.parametrize("field", ["id", "name", "date_modified"])
def test_a_saved_deal_needs_its_required_fields(receiver, field):
    data = opportunity("d1")
    del data[field]
    assert list(receiver.send(event(data)).json()["errors"]) == [f"data.{field}"]


@pytest.mark.parametrize("field", ["id", "name"])
def test_a_client_needs_its_required_fields(receiver, field):
    data = client("c1")
    del data[field]
    path = f"data.client.{field}"
    assert list(receiver.send(saved("d1", client=data)).json()["errors"]) == [path]
    answer = receiver.send(event(data, "client.saved"))
    assert list(answer.json()["errors"]) == [f"data.{field}"]


@pytest.mark.parametrize("field", ["version", "stages"])
def test_a_ping_needs_its_required_fields(receiver, field):
    body = ping()
    del body["data"][field]
    assert list(receiver.send(body).json()["errors"]) == [f"data.{field}"]


def test_one_wrong_event_refuses_its_whole_batch(receiver, services):
    events = [saved("d1"), saved("d2"), saved("d3"), saved("d4", amount="12,50")]
    answer = receiver.send(batch(*events))
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["data.events.3.data.amount"]
    assert held(services) == []


@pytest.mark.parametrize("kind", ["ping", "batch", "opportunity.lost", None, 5, [], {}])
def test_inside_a_batch_only_states_are_allowed(receiver, kind):
    answer = receiver.send(batch(saved("d1"), event({}, kind)))
    assert "data.events.1.type" in answer.json()["errors"]


def test_a_batch_of_101_is_refused(receiver, services):
    answer = receiver.send(batch(*(saved(f"d{number}") for number in range(101))))
    assert list(answer.json()["errors"]) == ["data.events"]
    assert held(services) == []


@pytest.mark.parametrize("body", [[], "x", 1, None, True])
def test_a_body_that_is_no_object_is_named_so(receiver, body):
    answer = receiver.send(as_body(body))
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["body"])


@pytest.mark.parametrize("missing", ["type", "timestamp", "data"])
def test_an_event_needs_its_envelope(receiver, missing):
    body = saved("d1")
    del body[missing]
    assert list(receiver.send(body).json()["errors"]) == [missing]


@pytest.mark.parametrize(
    "moment",
    ["2026-02-01T10:00:00", "now", 1769900000, "", "9999-12-31T23:59:59-23:59"],
)
def test_a_fence_is_a_moment_with_its_zone(receiver, moment):
    body = saved("d1") | {"timestamp": moment}
    assert list(receiver.send(body).json()["errors"]) == ["timestamp"]


def test_a_fence_more_than_five_minutes_ahead_is_refused(receiver, services):
    answer = receiver.send(saved("d1", at=330))
    assert list(answer.json()["errors"]) == ["timestamp"]
    assert held(services) == []
    assert receiver.send(saved("d1", at=270)).status_code == 202


# --- text that is odd, and taken ---


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            "Tom &amp; Jerry &lt;b&gt; &quot;x&quot; &#039;y&#039;",
            "Tom & Jerry <b> \"x\" 'y'",
        ),
        ("&amp;lt;", "&lt;"),
        ("&copy; &nbsp; AT&T", "&copy; &nbsp; AT&T"),
        ("null\x00byte", "null\ufffdbyte"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("Привет 🚀", "Привет 🚀"),
        ("x" * 10_000, "x" * 10_000),
        ("", ""),
    ],
)
def test_odd_names_are_taken_clean(receiver, services, sent, kept):
    assert receiver.send(saved("d1", name=sent)).status_code == 202
    assert services.store.state("deal:d1").name == kept


@pytest.mark.parametrize(
    "deal_id", ["a/b", "a'b\"c", "../x", "ид", "a b", "{x}", "%2F"]
)
def test_odd_ids_are_kept_to_the_letter(receiver, services, deal_id):
    assert receiver.send(saved(deal_id)).status_code == 202
    assert services.store.state(f"deal:{deal_id}").id == deal_id


@pytest.mark.parametrize(
    ("sent", "kept"), [(" 4521 ", "4521"), ("", None), ("  ", None), (None, None)]
)
def test_a_visit_is_trimmed_and_null_when_empty(receiver, services, sent, kept):
    receiver.send(saved("d1", roistat=sent))
    assert services.store.state("deal:d1").roistat == kept


def test_long_and_nested_own_fields_are_no_danger(receiver, services):
    fields = {"long_c": "x" * 1001, "fits_c": "x" * 1000, "n_c": 5, "none_c": None}
    assert receiver.send(saved("d1", fields=fields)).status_code == 202
    kept = services.store.state("deal:d1").fields
    assert kept == {"fits_c": "x" * 1000, "n_c": 5, "none_c": None}
    answer = receiver.send(saved("d2", fields={"deep_c": {"a": 1}}))
    assert list(answer.json()["errors"]) == ["data.fields.deep_c"]


def test_times_with_an_offset_are_kept_in_utc(receiver, services):
    receiver.send(saved("d1", date_entered="2026-01-31T13:00:00+03:00"))
    assert services.store.state("deal:d1").date_entered == "2026-01-31T10:00:00Z"


# --- 503 ---


def test_without_the_store_events_are_for_later(without_store):
    answer = without_store.send(saved("d1"))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_wrong_event_is_wrong_even_without_the_store(without_store):
    assert without_store.send(saved("d1", amount="x")).status_code == 422


def test_a_full_store_is_503_and_loses_nothing(receiver, services):
    receiver.send(saved("d1"))
    used = services.redis.info("memory")["used_memory"]
    services.redis.config_set("maxmemory", used)
    try:
        answer = receiver.send(saved("d2"))
    finally:
        services.redis.config_set("maxmemory", 0)
    assert answer.status_code == 503
    assert held(services) == [b"roistat:meta:deal:d1"]
    assert receiver.send(saved("d2")).status_code == 202


# --- 200 ---


def test_a_ping_is_answered_with_the_state_of_each_leg(receiver, services):
    answer = receiver.send(ping())
    assert answer.status_code == 200
    told = answer.json()
    assert sorted(told) == ["roistat", "store", "time", "version"]
    assert told["store"] == {
        "state": "ok",
        "message": "The store keeps what it acknowledges.",
    }
    assert told["roistat"]["state"] == "unknown"
    assert told["roistat"]["checked_at"] is None
    assert services.store.notes.ping()["stages"] == [{"key": "New", "label": "New"}]


def test_a_ping_tells_what_roistat_last_said(receiver, services):
    services.store.notes.keep_verdict("failed", "Roistat refuses the key.")
    told = receiver.send(ping()).json()["roistat"]
    assert (told["state"], told["message"]) == ("failed", "Roistat refuses the key.")
    assert told["checked_at"].endswith("Z")


def test_a_ping_is_answered_even_without_the_store(without_store):
    answer = without_store.send(ping())
    assert (answer.status_code, answer.json()["store"]["state"]) == (200, "failed")
    assert answer.json()["roistat"]["state"] == "unknown"


def test_a_ping_may_describe_fields_and_outbox(receiver, services):
    about = {
        "fields": [{"name": "branch_c", "label": "Branch", "type": "enum"}],
        "pipeline": "sales_status",
        "base_currency": "EUR",
        "outbox": {"waiting": 3, "refused": 0, "last_sweep": instant()},
    }
    assert receiver.send(ping(**about)).status_code == 200
    assert services.store.notes.ping()["outbox"]["waiting"] == 3


# --- elsewhere ---


def test_a_wrong_address_or_method_is_answered_in_json(receiver):
    for answer in (receiver.get("/nowhere"), receiver.get("/webhooks/sugarcrm")):
        assert answer.status_code in (404, 405)
        assert "error" in json.loads(answer.text)
