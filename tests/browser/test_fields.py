"""The visit in a website's hidden fields."""

import pytest
from playwright.sync_api import expect

from tests.browser.website import FORM, HIDDEN, TRACKER

ALL = {"roistat": "4521890", "roistat_c": "4521890", "roistat_visit": "4521890"}
NONE = dict.fromkeys(ALL, "")
ADA = {"name": "Ada"}
HOOKS = ["roistatVisitCallback", "onRoistatModuleLoaded", "onRoistatAllModulesLoaded"]

# Draws a form a second after the page, as a framework does.
DRAWN_LATER = f"""
<div id="root"></div>
<script>
  setTimeout(() => {{ document.getElementById("root").innerHTML = `{FORM}`; }}, 1000);
</script>
"""
# Sends a form by itself; like a controlled field, it is drawn as the state says.
FETCHED = f"""{FORM}
<script>
  document.forms[0].addEventListener("submit", (event) => {{
    event.preventDefault();
    document.forms[0].elements.roistat_c.value = "";
    fetch("/taken", {{method: "POST", body: new FormData(document.forms[0])}})
      .then(() => {{ document.title = "done"; }});
  }});
</script>
"""


def hidden(name: str, value: str = "") -> str:
    return f"""
    <form action="/taken" method="post">
      <input type="hidden" name="{name}" value="{value}"><button>Send</button>
    </form>"""


def test_a_plain_form_is_sent_with_the_visit_in_each_of_the_three_fields(visitor):
    visitor.has("4521890")
    visitor.opens(FORM)
    assert visitor.submits() == ALL | ADA


@pytest.mark.parametrize("kind", ["async", "defer", 'type="module"'])
def test_the_tag_may_load_as_the_site_likes(visitor, kind):
    visitor.has("4521890", name="acme_visit")
    own = f'<script src="/roistat-visit.js" data-prefix="acme" {kind}></script>'
    visitor.website.html = own + FORM
    visitor.page.goto(visitor.website.url)
    assert visitor.submits() == ALL | ADA


def test_a_form_drawn_a_second_later_has_it_too(visitor):
    visitor.has("4521890")
    visitor.opens(DRAWN_LATER)
    assert visitor.submits() == ALL | ADA


def test_the_cookie_is_read_when_the_form_is_sent(visitor):
    visitor.opens(FORM)
    visitor.page.evaluate("document.cookie = 'roistat_visit=4521890'")
    assert visitor.submits() == ALL | ADA


def test_without_a_cookie_the_tracker_is_asked(visitor):
    visitor.opens(FORM)
    visitor.page.evaluate("window.roistat = {getVisit: () => 4521890}")
    assert visitor.submits() == ALL | ADA


@pytest.mark.parametrize("hook", HOOKS)
def test_each_of_the_trackers_callbacks_fills_the_fields_at_once(visitor, hook):
    visitor.opens(FORM, before=TRACKER)
    assert visitor.sees("roistat") == ""
    options = {"visit": "7", "hooks": [hook]}
    visitor.page.evaluate("options => start(options)", options)
    assert [visitor.sees(name) for name in ALL] == ["7", "7", "7"]


def test_what_only_the_callback_was_given_is_taken(visitor):
    visitor.opens(FORM, before=TRACKER)
    options = {"visit": "4521890", "cookie": False, "getVisit": False, "hooks": HOOKS}
    visitor.page.evaluate("options => start(options)", options)
    assert visitor.submits() == ALL | ADA


def own(way: str) -> str:
    """A page's own callbacks, which note that they were called."""
    script = ""
    for hook in HOOKS:
        note = f"{{ (window.calls = window.calls || []).push(['{hook}', visit]); }}"
        script += {
            "assigned": f"window.{hook} = (visit) => {note};",
            "declared": f"function {hook}(visit) {note}",
            "var": f"var {hook} = function (visit) {note};",
            "chained": f"""(() => {{
                const before = window.{hook};
                window.{hook} = (visit) => {{ if (before) before(visit); {note} }};
            }})();""",
        }[way]
    return f"<script>{script}</script>"


@pytest.mark.parametrize("way", ["assigned", "declared", "var", "chained"])
@pytest.mark.parametrize("place", ["before", "after", "both"])
def test_the_pages_own_callbacks_are_called_as_well(visitor, way, place):
    before = own(way) if place in ("before", "both") else ""
    after = own(way) if place in ("after", "both") else ""
    visitor.opens(after + FORM, before=TRACKER + before)
    options = {"visit": "4521890", "cookie": False, "getVisit": False, "hooks": HOOKS}
    visitor.page.evaluate("options => start(options)", options)
    times = 2 if (way, place) == ("chained", "both") else 1
    calls = [["onRoistatModuleLoaded", None]] * times
    calls += [["roistatVisitCallback", "4521890"]] * times
    calls += [["onRoistatAllModulesLoaded", None]] * times
    assert visitor.page.evaluate("window.calls") == calls
    assert visitor.sees("roistat") == "4521890"


@pytest.mark.parametrize("way", ["assigned", "var", "chained"])
def test_even_where_the_page_defines_them_long_after(visitor, way):
    visitor.opens(FORM, before=TRACKER)
    script = own(way).removeprefix("<script>").removesuffix("</script>")
    visitor.page.add_script_tag(content=script)
    options = {"visit": "4521890", "cookie": False, "getVisit": False}
    visitor.page.evaluate(
        "options => start(options)", options | {"hooks": ["roistatVisitCallback"]}
    )
    assert visitor.page.evaluate("window.calls") == [
        ["roistatVisitCallback", "4521890"]
    ]
    assert visitor.sees("roistat") == "4521890"


def test_a_callback_that_is_taken_back_leaves_ours_in_place(visitor):
    visitor.opens(FORM, before=TRACKER)
    visitor.page.evaluate("window.roistatVisitCallback = undefined")
    visitor.page.evaluate(
        "options => start(options)",
        {"visit": "7", "getVisit": False, "hooks": HOOKS},
    )
    assert visitor.sees("roistat") == "7"


def test_a_page_that_sends_its_form_by_fetch_sends_the_visit(visitor):
    visitor.has("4521890")
    visitor.opens(FETCHED)
    visitor.page.click("button")
    expect(visitor.page).to_have_title("done")
    assert visitor.website.taken == [ALL | ADA]


def test_a_form_that_a_script_submits_has_it_too(visitor):
    visitor.opens(FORM)
    visitor.has("4521890")
    with visitor.page.expect_navigation():
        visitor.page.evaluate("document.forms[0].submit()")
    assert visitor.website.taken == [ALL | ADA]


def test_a_form_as_the_crm_makes_it_for_web_to_lead_has_it_too(visitor):
    visitor.opens(
        """
        <form action="/taken" method="post" name="WebToLeadForm" id="WebToLeadForm">
          <input name="last_name" value="Lovelace">
          <input type="hidden" name="roistat_c">
          <input type="button" name="Submit" value="Submit" onclick="check_and_go()">
        </form>
        <script>function check_and_go() { document.WebToLeadForm.submit(); }</script>
        """
    )
    visitor.has("4521890")
    with visitor.page.expect_navigation():
        visitor.page.click("[type=button]")
    taken = {"last_name": "Lovelace", "roistat_c": "4521890"}
    assert visitor.website.taken == [taken]


def test_a_script_that_reads_the_fields_on_a_click_finds_it(visitor):
    visitor.has("4521890")
    visitor.opens("<main></main>")
    visitor.page.evaluate(
        """html => {
            document.querySelector("main").innerHTML = html + "<b>Send</b>";
            document.querySelector("b").onclick = () => {
                document.title = document.querySelector("[name=roistat_visit]").value;
            };
        }""",
        HIDDEN,
    )
    visitor.page.click("b")
    expect(visitor.page).to_have_title("4521890")


def test_a_script_that_reads_the_fields_on_submit_finds_it(visitor):
    visitor.opens(FORM)
    visitor.has("4521890")
    visitor.page.evaluate(
        """() => {
            document.forms[0].onsubmit = (event) => {
                event.preventDefault();
                document.title = document.forms[0].elements.roistat_visit.value;
            };
            document.forms[0].requestSubmit();
        }"""
    )
    expect(visitor.page).to_have_title("4521890")


def test_a_form_in_a_web_component_has_it_too(visitor):
    visitor.opens("<main></main>")
    visitor.page.evaluate(
        """html => {
            const root = document.querySelector("main").attachShadow({mode: "open"});
            root.innerHTML = html;
        }""",
        FORM,
    )
    visitor.has("4521890")
    assert visitor.submits() == ALL | ADA


def test_what_the_site_has_put_there_stays(visitor):
    visitor.has("4521890")
    visitor.opens(hidden("roistat", "seo_yandex"))
    assert visitor.submits() == {"roistat": "seo_yandex"}


def test_what_the_site_puts_in_place_of_ours_stays(visitor):
    visitor.has("4521890")
    visitor.opens(FORM)
    visitor.page.evaluate("document.forms[0].elements.roistat.value = 'seo_yandex'")
    assert visitor.submits() == ALL | ADA | {"roistat": "seo_yandex"}


def test_a_field_for_a_person_is_left_to_the_person(visitor):
    visitor.has("4521890")
    visitor.opens('<form action="/taken"><input name="roistat"><button>Send</button>')
    assert visitor.submits() == {"roistat": ""}


@pytest.mark.parametrize("words", ["nocookie", "Unknown", "undefined", " "])
def test_what_stands_for_no_visit_gives_way_to_one(visitor, words):
    visitor.has("4521890")
    visitor.opens(hidden("roistat", words))
    assert visitor.submits() == {"roistat": "4521890"}


def test_an_earlier_visit_of_ours_gives_way_to_a_later_one(visitor):
    visitor.has("4521890")
    visitor.opens(FORM)
    assert visitor.sees("roistat") == "4521890"
    visitor.has("5000001")
    assert visitor.submits() == dict.fromkeys(ALL, "5000001") | ADA


def test_going_back_to_a_form_does_not_bring_an_old_visit(visitor):
    visitor.has("4521890")
    visitor.opens(FORM + "<script>addEventListener('unload', () => {})</script>")
    visitor.page.fill("[name=name]", "Grace")
    visitor.page.goto(f"{visitor.website.url}/other")
    visitor.has("5000001")
    visitor.page.go_back()
    expect(visitor.page.locator("[name=name]")).to_have_value("Grace")
    off = visitor.page.locator("[name=roistat]").get_attribute("autocomplete")
    assert off == "off"  # for Firefox, which keeps hidden values too
    assert visitor.submits() == dict.fromkeys(ALL, "5000001") | {"name": "Grace"}


@pytest.mark.parametrize("words", ["", "nocookie"])
def test_no_visit_is_invented(visitor, words):
    visitor.opens(hidden("roistat", words))
    assert visitor.submits() == {"roistat": words}


@pytest.mark.parametrize("cookie", ["%E0%A4%A", "", "nocookie"])
def test_a_cookie_that_holds_no_visit_is_no_visit(visitor, cookie):
    visitor.has(cookie)
    visitor.opens(FORM)
    assert visitor.submits() == NONE | ADA


def test_a_cookie_is_known_by_its_whole_name_and_is_decoded(visitor):
    visitor.has("1", name="my_roistat_visit")
    visitor.has("2", name="roistat_visit_cookie_expire")
    visitor.has("a%20b", name="roistat_visit")
    visitor.opens(FORM)
    assert visitor.submits() == dict.fromkeys(ALL, "a b") | ADA


def test_a_white_label_prefix_names_cookie_object_and_callbacks(visitor):
    visitor.has("1")
    visitor.opens(FORM, 'data-prefix="acme"')
    assert visitor.page.evaluate("sugarRoistat.visit()") == ""
    visitor.page.evaluate("window.acme = {getVisit: () => 2}; onAcmeModuleLoaded()")
    assert visitor.sees("roistat") == "2"
    visitor.has("3", name="acme_visit")
    visitor.page.evaluate("acmeVisitCallback(2)")
    assert visitor.sees("roistat") == "3"


def test_a_strict_content_security_policy_has_nothing_against_it(visitor):
    visitor.has("4521890")
    visitor.website.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {visitor.receiver.url}; form-action 'self'; "
        "require-trusted-types-for 'script'"
    )
    visitor.opens(FORM)
    assert visitor.submits() == ALL | ADA
    assert visitor.said == []


def test_a_second_tag_changes_nothing(visitor):
    visitor.has("4521890")
    first = "<script>window.first = window.sugarRoistat</script>"
    visitor.opens(first + visitor.receiver.tag() + FORM)
    assert visitor.page.evaluate("window.first === window.sugarRoistat")
    assert visitor.submits() == ALL | ADA


def test_there_is_one_global_beside_the_trackers_callbacks(visitor):
    names = "<script>window.names = Object.getOwnPropertyNames(window)</script>"
    visitor.opens("", before=names)
    added = visitor.page.evaluate(
        "Object.getOwnPropertyNames(window).filter(n => !names.includes(n))"
    )
    assert set(added) - {"names"} == {"sugarRoistat", *HOOKS}


def test_a_script_can_ask_for_the_visit_or_wait_for_it(visitor):
    visitor.opens("<script>sugarRoistat.ready.then(v => document.title = v)</script>")
    assert visitor.page.evaluate("sugarRoistat.visit()") == ""
    visitor.page.evaluate("roistatVisitCallback(4521890)")
    expect(visitor.page).to_have_title("4521890")
    assert visitor.page.evaluate("sugarRoistat.visit()") == "4521890"


def test_a_frame_without_cookies_is_filled_by_what_the_tracker_says(visitor):
    visitor.website.headers["Content-Security-Policy"] = "sandbox allow-scripts"
    visitor.opens(FORM)
    visitor.page.evaluate("roistatVisitCallback(4521890)")
    assert visitor.sees("roistat") == "4521890"
