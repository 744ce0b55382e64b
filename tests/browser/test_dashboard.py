"""The dashboard as a person uses it: every page and every action, in Chromium."""

import re
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from receiver import create_app, overview
from receiver.bootstrap import bootstrap
from tests.events import client, instant, saved
from tests.live import served
from tests.waiting import hurry

PASSWORD = "correct horse"
WIDE, NARROW = (1300, 900), (390, 844)
PAGES = ("/", "/deals", "/deals?only=waiting", "/deals/d1", "/deals/d2", "/parked")
SCRIPT = "<script>document.title = 'run'</script>"
NO_NUMBER = '{"price": "branch_c"}'


@pytest.fixture
def own(config, redis_client):
    """The services of a receiver with a dashboard."""
    return bootstrap(replace(config, dashboard_password=PASSWORD))


@pytest.fixture
def page(own, browser):
    """A window on the login page. No page may say anything to the console."""
    with served(create_app(own)) as url, browser.new_context(base_url=url) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/")
        yield page
        assert [one for one in said if "Failed to load resource" not in one] == []


@pytest.fixture
def deals(own, put, drain):
    """d1 and d4 in Roistat, d2 parked, d3 waiting; the CRM has told of itself."""
    outbox = {"waiting": 1, "refused": 0, "last_sweep": instant()}
    about = {"version": "1.0.0", "stages": [], "fields": [], "pipeline": "sales_stage"}
    own.store.notes.keep_ping(about | {"base_currency": "EUR", "outbox": outbox})
    put(saved("d1", name="Annual support", client=client(), fields={"branch_c": "5"}))
    put(saved("d4", name=SCRIPT, roistat=None))
    drain()
    own.store.notes.keep_mapping(NO_NUMBER)
    put(saved("d2", name="Warehouse scanners"))
    drain()
    put(saved("d3", name="Website redesign", fields={"branch_c": "7"}))


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def serious(page: Page) -> list[str]:
    """What an accessibility checker finds that is more than a trifle."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html']}"
        for one in found
        if one["impact"] in ("serious", "critical", "moderate")
        for node in one["nodes"]
    ]


def test_whoever_does_not_know_the_password_stays_outside(page):
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("not the name and password")
    log_in(page)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.goto("/deals")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_the_overview_tells_what_waits_what_is_parked_and_leads_there(page, deals):
    log_in(page)
    heading(page, "Deals get through, but not all is well.")
    waiting = page.get_by_role("region", name="Waiting")
    expect(waiting).to_contain_text("On its way")
    waiting.get_by_role("link", name="Deals that wait").click()
    expect(page.get_by_role("link", name="Website redesign")).to_be_visible()
    expect(page.get_by_role("link", name="Annual support")).to_be_hidden()
    page.goto("/")
    page.get_by_role("link", name="1 deal", exact=True).click()
    expect(page.get_by_role("link", name=SCRIPT)).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="What to do about them").click()
    heading(page, "Parked")


def test_how_fresh_roistat_is_is_drawn_and_told_in_numbers(page, deals, monkeypatch):
    hour = overview.Hour(1_800_000_000, 12, 0.8, 3.4)
    monkeypatch.setattr(overview, "freshness", lambda _: ((hour,) * 3, hour))
    log_in(page)
    fresh = page.get_by_role("region", name="How fresh Roistat is")
    expect(fresh.get_by_role("img")).to_be_visible()
    fresh.get_by_text("In numbers").click()
    expect(fresh.get_by_role("row").last).to_contain_text("3.4 s")
    assert serious(page) == []


def test_a_deal_is_found_looked_at_and_sent_again(page, deals, drain, roistat):
    log_in(page)
    page.get_by_role("link", name="Deals", exact=True).click()
    page.get_by_role("searchbox").fill("annual")
    page.get_by_role("searchbox").press("Enter")
    assert "annual" not in page.url
    page.get_by_role("link", name="Annual support").click()
    heading(page, "Annual support")
    expect(page.get_by_role("region", name="Attempts")).to_contain_text("Delivered")
    before = roistat.calls("/project/add-orders")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status")).to_contain_text("on its way to Roistat again")
    drain()
    assert roistat.calls("/project/add-orders") == before + 1
    page.reload()
    expect(page.get_by_role("status")).to_be_hidden()
    expect(
        page.get_by_role("region", name="Attempts").get_by_role("row")
    ).to_have_count(3)


def test_what_roistat_holds_is_asked_for_on_a_click(page, deals, roistat):
    log_in(page)
    page.goto("/deals/d1")
    page.get_by_role("button", name="Ask Roistat").click()
    held = page.get_by_role("region", name="What Roistat holds")
    expect(held).to_contain_text("4521890")
    assert serious(page) == []


def test_what_roistat_refuses_to_show_is_told_in_words(page, deals, roistat):
    log_in(page)
    page.goto("/deals/d2")
    page.get_by_role("button", name="Ask Roistat").click()
    expect(page.get_by_role("status")).to_have_text("Roistat has no such deal.")
    roistat.faults(next=[{"path": "/project/orders/{orderId}/info", "status": 401,
                          "error": "authentication_failed"}])  # fmt: skip
    page.get_by_role("button", name="Ask Roistat").click()
    expect(page.get_by_role("status")).to_contain_text("Roistat refuses the key")


def test_what_is_parked_is_sent_again_after_it_was_mended(
    page, deals, own, drain, roistat
):
    log_in(page)
    page.get_by_role("link", name="Parked").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(
        "The price is no number"
    )
    own.store.notes.keep_mapping("{}")
    page.get_by_role("button", name="Send these again").click()
    expect(page.get_by_role("status")).to_have_text("1 is on the way to Roistat again.")
    expect(page.get_by_text("Nothing is parked")).to_be_visible()
    hurry(own)
    drain()
    assert "d2" in roistat.orders


def test_a_form_that_is_too_old_is_refused_and_does_nothing(page, deals, own):
    log_in(page)
    page.goto("/deals/d1")
    page.eval_on_selector_all(
        "[name=csrf_token]", "all => all.forEach(one => one.value = 'made up')"
    )
    pending = own.store.counts()["pending"]
    page.get_by_role("button", name="Send again").click()
    heading(page, "This page is too old")
    assert own.store.counts()["pending"] == pending


def test_a_name_that_is_a_script_is_only_a_name(page, deals):
    log_in(page)
    for address in ("/deals", "/deals/d4", "/deals?only=direct"):
        page.goto(address)
        expect(page.get_by_text(SCRIPT).first).to_be_visible()
        assert page.title() != "run"


def test_all_is_reached_by_keyboard(page, deals):
    page.keyboard.type("admin")  # the name has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the contents")).to_be_focused()
    expect(page.get_by_role("link", name="To the contents")).to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    deals_link = page.get_by_role("link", name="Deals", exact=True)
    expect(deals_link).to_be_focused()
    assert deals_link.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    heading(page, "Deals")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_accessibility_checker_finds_nothing_serious(page, deals, scheme, size):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert serious(page) == []
    log_in(page)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    for address in (*PAGES, "/deals/nobody"):
        page.goto(address)
        assert serious(page) == [], address


def test_no_page_is_wider_than_a_phone(page, deals, put, drain):
    page.set_viewport_size({"width": 320, "height": 640})
    long = "a" * 200
    put(saved("d1", name=long, roistat="9" * 255, sales_stage_label=long))
    drain()
    log_in(page)
    for address in PAGES:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("."))
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    page.set_viewport_size({"width": 1024, "height": 700})
    for address in PAGES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024, address
