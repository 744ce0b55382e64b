"""`POST /leads`: kept and answered, or refused by name and not kept."""

import threading
from dataclasses import replace
from urllib.parse import quote

import pytest
import requests

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.store.leads import LeadOutcome
from receiver.views import leads as view
from tests.leads import FORM, KEY, Website, taking_leads, values
from tests.live import served


@pytest.fixture
def serve(config, redis_client):
    """Serves the receiver with some settings of leads; gives a website of it."""
    running = []

    def start(trusted_proxies=0, store_durable=True, **settings):
        changed = replace(
            taking_leads(config, **settings),
            trusted_proxies=trusted_proxies,
            store_durable=store_durable,
        )
        running.append(served(create_app(bootstrap(changed))))
        return Website(running[-1].__enter__())

    yield start
    for one in running:
        one.__exit__(None, None, None)


@pytest.fixture
def website(serve):
    return serve()


@pytest.fixture
def held(services):
    """The only lead that is held, or None."""

    def look():
        found = services.lead_store.list()
        assert len(found) <= 1
        return found[0].lead if found else None

    return look


def refused(answer, status, error):
    told = answer.json()
    assert (answer.status_code, told["status"], told["error"]) == (
        status,
        "error",
        error,
    )
    assert told["description"]
    return told


# --- what is taken ---


def test_a_form_is_kept_whole_and_answered_as_roistats_proxy_does(website, held):
    own = {"fields[branch_c]": "North", "fields[note_c]": "a & b", "unheard": "of"}
    answer = website.form(email="ada@shop.example", company="Engines", **own)
    assert answer.status_code == 200, answer.text
    lead = held()
    assert answer.json() == {"status": "success", "data": lead.id}
    assert (lead.title, lead.name, lead.company) == (
        "Request",
        "Ada Lovelace",
        "Engines",
    )
    assert (lead.email, lead.phone) == ("ada@shop.example", "79111234567")
    assert (lead.visit, lead.comment) == ("4521890", "Please call")
    assert lead.fields == {"branch_c": "North", "note_c": "a & b"}
    assert (lead.contact_id, lead.stage, lead.source, lead.method) == (None,) * 4


def test_json_is_taken_with_numbers_and_choices_as_text(website, held):
    own = {
        "amount": 12.50,
        "seats": 3,
        "is_new": True,
        "colours": ["red", None, "blue"],
    }
    answer = website.json(phone=79111234567, roistat=4521890, fields=own)
    assert answer.status_code == 200, answer.text
    assert held().phone == "79111234567"
    assert held().visit == "4521890"
    assert held().fields == {
        "amount": "12.5",
        "seats": "3",
        "is_new": "1",
        "colours": "red, blue",
    }


def test_a_form_in_parts_is_taken_and_its_files_are_left_out(website, held):
    parts = {name: (None, value) for name, value in values(name="Ada Ж").items()}
    parts["fields[branch_c]"] = (None, "North")
    parts["picture"] = ("me.png", b"\x89PNG\xff")
    answer = requests.post(website.url, files=parts, timeout=20)
    assert answer.status_code == 200, answer.text
    assert (held().name, held().fields) == ("Ada Ж", {"branch_c": "North"})


def test_several_values_of_one_field_are_put_in_a_row(website, held):
    own = quote("fields[colours][]")
    body = f"key={KEY}&phone=79111234567&{own}=red&{own}=blue"
    assert website.body(body).status_code == 200
    assert held().fields == {"colours": "red, blue"}


@pytest.mark.parametrize("name", ["roistat", "roistat_visit", "roistat_c"])
def test_the_visit_may_come_under_any_of_its_names(website, held, name):
    assert website.form(**{"roistat": "", name: " 4521890 "}).status_code == 200
    assert held().visit == "4521890"


@pytest.mark.parametrize("visit", ["", "null", "unknown", "undefined", "7" * 256])
def test_what_stands_for_no_visit_is_none(website, held, visit):
    assert website.form(roistat=visit).status_code == 200
    assert held().visit is None


def test_a_lead_may_be_for_a_person_stage_and_source_that_the_crm_knows(website, held):
    told = {"client_id": "c1", "stage": "Prospecting", "source": "Chat"}
    answer = website.form(phone="", order_creation_method="Form 7", **told)
    assert answer.status_code == 200
    lead = held()
    assert (lead.contact_id, lead.stage, lead.source) == ("c1", "Prospecting", "Chat")
    assert lead.method == "Form 7"


def test_a_lead_without_a_title_gets_one(website, held):
    assert website.form(title=" ").status_code == 200
    assert held().title == "Request from the website"


def test_a_lead_that_is_not_to_be_sent_is_kept_and_wakes_nobody(website, services):
    assert website.form(is_skip_sending="1").status_code == 200
    assert services.lead_store.counts()["kept"] == 1
    assert services.lead_store.next_due() is None
    assert services.background.count == 0


def test_only_the_first_of_many_leads_wakes_a_worker(website, services):
    for _ in range(3):
        assert website.form().status_code == 200
    assert services.background.count == 1
    assert services.lead_store.counts()["waiting"] == 3


# --- charsets ---


@pytest.mark.parametrize(
    ("content_type", "more"),
    [
        (f"{FORM}; charset=windows-1251", ""),
        (FORM, "&charset=windows-1251"),
        (FORM, "&_charset_=CP1251"),
    ],
)
def test_windows_1251_is_read_where_it_is_declared(website, held, content_type, more):
    name = quote("Анна Ж".encode("cp1251"))
    body = f"key={KEY}&phone=79111234567&name={name}{more}"
    assert website.body(body, content_type).status_code == 200
    assert held().name == "Анна Ж"


def test_windows_1251_is_read_in_parts_and_in_json_too(website, services):
    parts = [("charset", b"windows-1251"), ("key", KEY.encode()), ("phone", b"7911123")]
    parts.append(("name", "Анна".encode("cp1251")))
    body = b"".join(
        b"--x1x\r\nContent-Disposition: form-data; "
        + f'name="{name}"\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for name, value in parts
    )
    body += b"--x1x--\r\n"
    answer = website.body(body, "multipart/form-data; boundary=x1x")
    assert answer.status_code == 200, answer.text
    body = f'{{"key": "{KEY}", "phone": "79111234567", "name": "Анна"}}'
    answer = website.body(
        body.encode("cp1251"), "application/json; charset=windows-1251"
    )
    assert answer.status_code == 200, answer.text
    assert [one.lead.name for one in services.lead_store.list()] == ["Анна", "Анна"]


def test_other_bytes_than_declared_are_refused_with_advice(website, held):
    name = quote("Анна".encode("cp1251"))
    answer = website.body(f"key={KEY}&phone=79111234567&name={name}")
    assert "windows-1251" in refused(answer, 400, "incorrect_request")["description"]
    assert held() is None


@pytest.mark.parametrize("charset", ["koi8-r", "utf-16", "nonsense", "\x00"])
def test_other_charsets_are_refused(website, charset):
    answer = website.form(charset=charset)
    refused(answer, 415, "incorrect_request")


# --- clean values ---


def test_markup_stays_text_and_what_steers_is_dropped(website, held):
    name = "<script>alert(1)</script>\x00\x1b[31m\u202eevil\r\n"
    answer = website.json(name=name, comment="a\x07\r\nb \ud800<b>")
    assert answer.status_code == 200
    assert held().name == "<script>alert(1)</script>[31mevil"
    assert held().comment == "a\nb <b>"


@pytest.mark.parametrize(
    ("sent", "phone"),
    [
        (" +7 (911) 123-45-67 ", "+7 (911) 123-45-67"),
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("tel: 8 911 123 45 67", "8 911 123 45 67"),
    ],
)
def test_a_phone_number_is_kept_as_written_without_what_is_none_of_it(
    website, held, sent, phone
):
    assert website.form(phone=sent).status_code == 200
    assert held().phone == phone


def test_a_contact_that_cannot_be_used_is_told_in_the_comment(website, held):
    answer = website.form(phone="ask my boss", email="Ada <ada@shop.example>")
    assert answer.status_code == 200
    assert (held().phone, held().email) == ("", "ada@shop.example")
    assert held().comment == (
        "Please call\nPhone as sent: ask my boss\n"
        "E-mail as sent: Ada <ada@shop.example>"
    )


def test_what_is_too_long_is_cut(website, held):
    long = "Ж" * 500
    answer = website.form(title=long, name=long, **{"fields[a_c]": "x" * 6000})
    assert answer.status_code == 200
    lead = held()
    assert (len(lead.title), len(lead.name)) == (255, 200)
    assert len(lead.fields["a_c"]) == 5000


# --- what is refused ---


@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], KEY + "x", "ключ", "\ud800"])
def test_a_wrong_key_is_refused_and_nothing_is_kept(website, held, key):
    refused(website.json(key=key), 403, "access_denied")
    assert held() is None


def test_a_missing_key_or_one_in_the_address_is_refused(website, held):
    refused(website.body("phone=79111234567"), 403, "access_denied")
    answer = requests.post(f"{website.url}?key={KEY}", data={"phone": 1}, timeout=20)
    refused(answer, 403, "access_denied")
    assert held() is None


@pytest.mark.parametrize(
    ("phone", "email"),
    [("", ""), ("-", ""), ("1234", "nobody@"), ("9" * 50, "a@b"), ("", "<script>")],
)
def test_a_lead_without_any_contact_is_refused_by_name(website, held, phone, email):
    answer = website.form(phone=phone, email=email)
    assert set(refused(answer, 422, "validation_error")["errors"]) == {"phone", "email"}
    assert held() is None


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"a_c": {"b": {"c": 1}}}, "fields.a_c"),
        ({"a_c": [["x"]]}, "fields.a_c"),
        ({"a c": "x"}, "fields.a c"),
        ({"": "x"}, "fields."),
        ({"deleted": "1"}, "fields.deleted"),
        ({"ID": "1"}, "fields.ID"),
        ("text", "fields"),
        ([{"a_c": "x"}], "fields"),
        ({f"a{number}": "x" for number in range(101)}, "fields"),
    ],
)
def test_fields_that_are_none_are_refused_by_name(website, held, fields, path):
    told = refused(website.json(fields=fields), 422, "validation_error")
    assert list(told["errors"]) == [path]
    assert held() is None


def test_nested_fields_of_a_form_are_refused_by_name(website, held):
    told = refused(website.form(**{"fields[a][b][c]": "x"}), 422, "validation_error")
    assert list(told["errors"]) == ["fields.a"]
    assert held() is None


def test_no_fields_at_all_as_php_writes_them_are_fine(website):
    assert website.json(fields=[]).status_code == 200
    assert website.json(fields=None).status_code == 200
    assert website.form(fields="").status_code == 200


@pytest.mark.parametrize("contact", ["../../users", "a b", "x" * 65, "ж"])
def test_an_id_that_is_none_is_refused(website, held, contact):
    answer = website.form(client_id=contact)
    assert list(refused(answer, 422, "validation_error")["errors"]) == ["client_id"]
    assert held() is None


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"phone": NaN}', "application/json", 400),
        (b'{"phone": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"&".join([b"a=b"] * 301), FORM, 400),
        (b"%ff=%ff", FORM, 400),
        (b"--x", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data", 400),
        (b"--\xff\r\n\r\n", "multipart/form-data; boundary=\xff", 400),
        (b"phone=79111234567", "text/plain", 415),
        (b"", "", 415),
        (b"<a/>", "application/xml", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    website, held, body, content_type, status
):
    refused(website.body(body, content_type), status, "incorrect_request")
    assert held() is None


def test_many_parts_are_refused(website, held):
    parts = [(f"a{number}", (None, "x")) for number in range(301)]
    answer = requests.post(website.url, files=parts, timeout=20)
    refused(answer, 400, "incorrect_request")
    assert held() is None


def test_too_long_a_body_is_refused_whether_it_says_its_length_or_not(website, held):
    long = b"comment=" + b"x" * view.MAX_BODY
    refused(website.body(long), 413, "incorrect_request")
    refused(website.body(iter([long])), 413, "incorrect_request")
    assert held() is None


def test_other_methods_are_refused(website, held):
    params = {"params": values(), "timeout": 20}
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert requests.request(method, website.url, **params).status_code == 405
    assert held() is None


# --- get ---


def test_get_is_taken_where_it_is_allowed_and_head_is_not(serve, held):
    website = serve(allow_get=True)
    sent = values(name="Анна", **{"fields[branch_c]": "North"})
    head = requests.head(website.url, params=sent, timeout=20)
    assert (head.status_code, held()) == (405, None)
    answer = requests.get(website.url, params=sent, timeout=20)
    assert answer.json()["status"] == "success"
    assert (held().name, held().fields) == ("Анна", {"branch_c": "North"})
    assert answer.headers["Cache-Control"] == "no-store"


# --- off, away, forgetful ---


def test_without_a_key_leads_are_off(serve):
    website = serve(key=None)
    refused(website.form(), 404, "resource_not_found")
    assert requests.options(website.url, timeout=20).status_code == 404


def test_a_store_that_is_away_is_told(config):
    away = replace(taking_leads(config), redis_url="redis://127.0.0.1:1/0")
    with served(create_app(bootstrap(away))) as url:
        answer = Website(url).form()
    refused(answer, 503, "internal_error")
    assert answer.headers["Retry-After"]


def test_a_store_that_is_known_to_forget_gets_no_lead(serve, held):
    website = serve(store_durable=None)
    refused(website.form(), 503, "internal_error")
    assert held() is None


def test_a_store_that_does_not_say_is_taken(serve, held, monkeypatch):
    monkeypatch.setattr("receiver.store.host.Host.is_durable", lambda _: None)
    assert serve(store_durable=None).form().status_code == 200
    assert held()


# --- bots ---


def test_whoever_fills_in_the_hidden_field_is_thanked_and_dropped(website, held):
    answer = website.form(website="http://spam.example")
    assert answer.json()["status"] == "success"
    assert held() is None


def test_an_address_sends_so_many_a_minute(serve, services):
    website = serve(per_minute=2)
    answers = [website.form() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    refused(answers[2], 429, "request_limit_error")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert services.lead_store.counts()["waiting"] == 2


def forwarded(website, chain):
    body = f"key={KEY}&phone=79111234567"
    return website.body(body, **{"X-Forwarded-For": chain}).status_code


def test_behind_a_proxy_each_visitor_counts(serve):
    website = serve(per_minute=1, trusted_proxies=1)
    assert forwarded(website, "198.51.100.1") == 200
    assert forwarded(website, "198.51.100.2") == 200
    assert forwarded(website, "198.51.100.1") == 429
    # what stands before what our proxy wrote was written by the visitor
    assert forwarded(website, "203.0.113.9, 198.51.100.1") == 429


def test_without_a_proxy_what_is_forwarded_is_not_believed(serve):
    website = serve(per_minute=1)
    assert forwarded(website, "198.51.100.1") == 200
    assert forwarded(website, "198.51.100.2") == 429


def test_a_household_counts_as_one(serve):
    website = serve(per_minute=1, trusted_proxies=1)
    assert forwarded(website, "2001:db8::1") == 200
    assert forwarded(website, "2001:db8::2") == 429
    assert forwarded(website, "2001:db8:0:1::1") == 200
    assert forwarded(website, "nonsense") == 200


def test_there_is_a_ceiling_for_all(serve, monkeypatch):
    monkeypatch.setattr("receiver.flood.OF_ALL", 1)
    website = serve(trusted_proxies=1)
    assert forwarded(website, "198.51.100.1") == 200
    assert forwarded(website, "198.51.100.2") == 429


# --- browsers ---

SHOP, OTHER = "https://shop.example", "https://other.example"


def allowed(answer):
    return answer.headers.get("Access-Control-Allow-Origin")


def test_pages_of_listed_sites_may_send_and_read_every_answer(serve):
    website = serve(origins=(SHOP,))
    ask = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    answer = requests.options(website.url, headers=ask, timeout=20)
    assert (answer.status_code, allowed(answer)) == (204, SHOP)
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"
    for body, status in ((f"key={KEY}&phone=79111234567", 200), ("x=", 403)):
        answer = website.body(body, Origin=SHOP)
        assert (answer.status_code, allowed(answer)) == (status, SHOP)
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [OTHER, "null", f"{SHOP}.evil.example"])
def test_pages_of_other_sites_may_not(serve, held, origin):
    website = serve(origins=(SHOP,))
    answer = requests.options(website.url, headers={"Origin": origin}, timeout=20)
    assert (answer.status_code, allowed(answer)) == (403, None)
    answer = website.body(f"key={KEY}&phone=79111234567", Origin=origin)
    refused(answer, 403, "access_denied")
    assert (allowed(answer), held()) == (None, None)


def test_where_no_site_is_listed_no_page_may_read_the_answer(website):
    answer = website.body(f"key={KEY}&phone=79111234567", Origin=SHOP)
    assert (answer.status_code, allowed(answer)) == (200, None)


# --- waiting for the deal ---


def test_who_waits_gets_the_deal_when_it_is_there(website, services):
    def send_to_crm():
        while (taken := services.lead_store.take("t")).state != "due":
            pass
        outcome = LeadOutcome.sent("deal-7", "https://crm.example/deal-7")
        services.lead_store.settle("t", taken.held.lead.id, outcome)

    crm = threading.Thread(target=send_to_crm)
    crm.start()
    answer = website.form(sync="1")
    crm.join()
    assert answer.json() == {"status": "success", "data": "deal-7"}


def test_who_waits_in_vain_gets_the_leads_id(website, held, monkeypatch):
    monkeypatch.setattr(view, "AWAITED", 0.2)
    answer = website.form(sync="1")
    assert answer.json() == {"status": "success", "data": held().id}


def test_who_waits_keeps_nobody_else_from_being_taken(website, monkeypatch):
    monkeypatch.setattr(view, "AWAITED", 5.0)
    assert view._waiting.acquire(blocking=False)
    try:
        answer = website.form(sync="1")
    finally:
        view._waiting.release()
    assert answer.elapsed.total_seconds() < 2


# --- logs ---


def test_no_key_and_nothing_personal_is_logged(serve, capfd, caplog):
    caplog.set_level(0)
    caplog.set_level("INFO", "urllib3")  # of the website's own client, that is us
    website = serve(allow_get=True)
    secrets = ("Lovelace", "79111234567", KEY, "ada@shop.example", "wrong-key")
    website.form(email="ada@shop.example")
    website.form(key="wrong-key")
    website.form(phone="x", email="Lovelace@")
    website.body(f"key={KEY}&name=Lovelace%ff")
    requests.get(website.url, params=values(), timeout=20)
    out, err = capfd.readouterr()
    assert "lead_accepted" in out + err
    for one in secrets:
        assert one not in out + err + caplog.text
