"""Forms with `data-roistat-lead`, which the visit script sends by itself."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

GUIDE = Path(__file__).parents[2] / "docs" / "visit-script.md"
KEY = 'data-key="site-key"'
REFUSED = ({"status": "error", "error": "no_contact", "description": "No one."}, 422)
FIELDS = """
  <input name="name" value="Ада"><input name="phone" value="+7 911 123-45-67">
  <input name="fields[branch_c]" value="North"><button>Send</button>
"""
LEAD = {
    "name": "Ада",
    "phone": "+7 911 123-45-67",
    "fields[branch_c]": "North",
    "key": "site-key",
}
# What the form's events said stands in the title.
LISTEN = """
<script>
  for (const kind of ["sent", "failed"]) {
    document.addEventListener(`roistat-lead:${kind}`, (event) => {
      document.title = [kind, ...Object.values(event.detail)].join(" ");
    });
  }
</script>
"""


def form(attributes: str = "data-roistat-lead", fields: str = FIELDS) -> str:
    return f"<form {attributes}>{fields}</form>{LISTEN}"


def test_a_form_is_sent_with_key_and_visit_and_the_page_stays(visitor):
    visitor.has("4521890")
    visitor.opens(form('data-roistat-lead action="/taken" method="post"'), KEY)
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    assert visitor.receiver.leads == [LEAD | {"roistat": "4521890"}]
    assert (visitor.website.taken, visitor.page.url) == ([], f"{visitor.website.url}/")


def test_the_guides_own_example_works_as_it_stands(visitor):
    visitor.has("4521890")
    blocks = re.findall(r"(?m)(?:^ {4}.*\n|^\n)+", GUIDE.read_text())
    (example,) = (one for one in blocks if "<form" in one)
    own = example.replace("https://receiver.example", visitor.receiver.url)
    visitor.website.html = LISTEN + own
    visitor.page.goto(visitor.website.url)
    visitor.page.fill("[name=phone]", "+7 911 123-45-67")
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    (lead,) = visitor.receiver.leads
    assert {name: text for name, text in lead.items() if text} == {
        "phone": "+7 911 123-45-67",
        "title": "Call me back",
        "key": "KEY",
        "roistat": "4521890",
    }


def test_it_is_a_plain_request_without_cookies_in_utf_8(visitor):
    visitor.has("4521890")
    charset = '<input type="hidden" name="charset" value="windows-1251">'
    visitor.website.headers["Content-Type"] = "text/html; charset=windows-1251"
    visitor.opens(form(fields=charset + '<input name="name"><button>Send</button>'))
    visitor.page.fill("[name=name]", "Ада")
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    (headers,) = visitor.receiver.requests
    kind = "application/x-www-form-urlencoded;charset=UTF-8"
    assert headers["Content-Type"] == kind
    assert headers["Origin"] == visitor.website.url
    assert "Cookie" not in headers
    assert visitor.receiver.leads == [{"name": "Ада", "roistat": "4521890"}]


def test_without_a_visit_none_is_sent(visitor):
    visitor.opens(form(), KEY)
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    assert visitor.receiver.leads == [LEAD]


@pytest.mark.parametrize("name", ["roistat", "roistat_c", "roistat_visit"])
def test_what_the_site_calls_the_visit_goes_as_the_visit(visitor, name):
    visitor.has("4521890")
    own = f'<input type="hidden" name="{name}" value="seo_yandex">'
    visitor.opens(form(fields=own + FIELDS), KEY)
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    assert visitor.receiver.leads[0]["roistat"] == "seo_yandex"


def test_key_and_address_may_be_the_forms_and_the_tags_own(visitor):
    key = '<input type="hidden" name="key" value="other-key">'
    away = f'data-to="{visitor.receiver.url}/leads"'
    visitor.website.html = form(fields=key + FIELDS)
    visitor.website.html += f'<script src="/roistat-visit.js" {KEY} {away}></script>'
    visitor.page.goto(visitor.website.url)
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    assert visitor.receiver.leads == [LEAD | {"key": "other-key"}]


def test_files_are_left_out(visitor):
    visitor.opens(form(fields='<input type="file" name="photo">' + FIELDS), KEY)
    file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"text"}
    visitor.page.set_input_files("[name=photo]", [file])
    visitor.page.click("button")
    expect(visitor.page).to_have_title("sent lead-1")
    assert visitor.receiver.leads == [LEAD]


def test_a_copy_is_sent_while_the_form_goes_its_own_way(visitor):
    visitor.has("4521890")
    visitor.opens(form('data-roistat-lead="copy" action="/taken" method="post"'), KEY)
    visitor.page.evaluate(
        """() => {
            const own = fetch;
            window.fetch = (address, options) => {
                sessionStorage.outlives = options.keepalive;
                return own(address, options);
            };
        }"""
    )
    visitor.submits()
    assert visitor.page.evaluate("sessionStorage.outlives") == "true"
    assert visitor.receiver.arrived.wait(5)
    assert visitor.receiver.leads == [LEAD | {"roistat": "4521890"}]
    assert visitor.website.taken == [{k: v for k, v in LEAD.items() if k != "key"}]


def test_where_it_cannot_be_sent_the_form_goes_its_own_way(visitor):
    visitor.receiver.answer = REFUSED
    visitor.opens(form('data-roistat-lead action="/taken" method="post"'), KEY)
    assert visitor.submits() == {k: v for k, v in LEAD.items() if k != "key"}
    assert len(visitor.receiver.leads) == 1


def test_even_with_a_field_called_submit(visitor):
    visitor.receiver.answer = REFUSED
    own = 'data-roistat-lead action="/taken" method="post"'
    visitor.opens(form(own, '<button name="submit">Send</button>'), KEY)
    assert visitor.submits() == {}


def test_unless_the_site_prevents_it(visitor):
    visitor.receiver.answer = REFUSED
    visitor.opens(
        form('data-roistat-lead action="/taken" method="post"')
        + """<script>
          document.addEventListener("roistat-lead:failed", (event) => {
            event.preventDefault();
          });
        </script>""",
        KEY,
    )
    visitor.page.click("button")
    expect(visitor.page).to_have_title("failed no_contact No one.")
    visitor.page.wait_for_timeout(300)
    assert visitor.website.taken == []


@pytest.mark.parametrize("action", ["", 'action=""', 'action="{to}" method="post"'])
def test_without_a_way_of_its_own_the_form_stays_and_nothing_is_in_the_address(
    visitor, action
):
    visitor.receiver.answer = REFUSED
    own = action.format(to=f"{visitor.receiver.url}/leads")
    visitor.opens(form(f"data-roistat-lead {own}"), KEY)
    visitor.page.click("button")
    expect(visitor.page).to_have_title("failed no_contact No one.")
    visitor.page.wait_for_timeout(300)
    assert visitor.page.url == f"{visitor.website.url}/"
    assert len(visitor.receiver.leads) == 1


def test_a_receiver_that_is_away_is_a_failure(visitor):
    visitor.opens(form(), f'{KEY} data-to="http://127.0.0.1:9/leads"')
    visitor.page.click("button")
    expect(visitor.page).to_have_title("failed unreachable The lead could not be sent.")


@pytest.mark.parametrize(
    "answer", [("<h1>Bad gateway</h1>", 502), ("null", 200), ("[]", 200)]
)
def test_an_answer_that_says_nothing_of_success_is_a_failure(visitor, answer):
    visitor.receiver.answer = answer
    visitor.opens(form(), KEY)
    visitor.page.click("button")
    visitor.page.wait_for_function("document.title.startsWith('failed')")


def test_a_hung_receiver_is_given_up_after_ten_seconds(visitor):
    page = visitor.page
    visitor.receiver.may_answer.clear()
    visitor.website.html = visitor.receiver.tag(KEY) + form()
    with page.context.browser.new_page() as page:
        page.clock.install()
        page.goto(visitor.website.url)
        with page.expect_request("**/leads"):
            page.click("button")
        page.clock.run_for(9_900)
        assert page.title() == ""
        page.clock.run_for(200)
        page.wait_for_function("document.title.startsWith('failed unreachable')")


def test_a_form_that_the_site_has_stopped_is_not_sent(visitor):
    visitor.opens(
        form()
        + "<script>document.forms[0].onsubmit = (event) => {"
        + " event.preventDefault(); document.title = 'invalid'; }</script>",
        KEY,
    )
    visitor.page.click("button")
    expect(visitor.page).to_have_title("invalid")
    visitor.page.wait_for_timeout(300)
    assert visitor.receiver.leads == []


def test_a_form_without_the_attribute_is_not_sent(visitor):
    visitor.opens(form('action="/taken" method="post"'), KEY)
    visitor.submits()
    assert visitor.receiver.leads == []


def test_a_second_click_sends_nothing_twice(visitor):
    visitor.receiver.may_answer.clear()
    visitor.opens(form('data-roistat-lead action="/taken"'), KEY)
    visitor.page.click("button")
    visitor.page.click("button")
    visitor.receiver.may_answer.set()
    expect(visitor.page).to_have_title("sent lead-1")
    assert len(visitor.receiver.leads) == 1
    visitor.page.click("button")  # another lead, after the first has arrived
    visitor.page.wait_for_timeout(300)
    assert (len(visitor.receiver.leads), visitor.website.taken) == (2, [])


@pytest.mark.parametrize(
    ("answer", "is_sent"), [(({"status": "success", "data": "x"}, 200), True),
                            (REFUSED, False)]
)  # fmt: skip
def test_a_script_can_send_a_form_that_it_handles(visitor, answer, is_sent):
    visitor.receiver.answer = answer
    visitor.has("4521890")
    visitor.opens(form('onsubmit="return false"'), KEY)
    sent = visitor.page.evaluate("sugarRoistat.send(document.forms[0])")
    assert sent is is_sent
    assert visitor.receiver.leads == [LEAD | {"roistat": "4521890"}]
    assert visitor.page.title().startswith("sent" if is_sent else "failed")


def test_a_form_outside_the_page_can_be_sent_too(visitor):
    visitor.has("4521890")
    visitor.opens("", KEY)
    sent = visitor.page.evaluate("sugarRoistat.send(document.createElement('form'))")
    assert sent is True
    assert visitor.receiver.leads == [{"key": "site-key", "roistat": "4521890"}]


def test_a_strict_content_security_policy_needs_two_words_for_it(visitor):
    visitor.has("4521890")
    policy = (
        f"default-src 'none'; script-src {visitor.receiver.url}; form-action 'self'"
    )
    visitor.website.headers["Content-Security-Policy"] = (
        f"{policy}; connect-src {visitor.receiver.url}"
    )
    visitor.opens(form(), KEY)
    with visitor.page.expect_response("**/leads"):
        visitor.page.click("button")
    assert visitor.receiver.leads == [LEAD | {"roistat": "4521890"}]
