"""Somebody runs it with a browser: mapping, statuses, sync, leads, settings."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.mapping import Mapping
from receiver.store.leads import LeadOutcome
from tests.browser.test_dashboard import serious
from tests.events import saved
from tests.leads import lead, taking_leads
from tests.live import served
from tests.memory_crm import MemoryCrm

PASSWORD = "correct horse"
PATIENCE = 5000
PAGES = ("mapping", "statuses", "sync", "website-leads", "settings")
STAGES = ("Prospecting", "Negotiation/Review", "Closed Won", "Отложено клиентом")
FIELDS = [
    {"name": "branch_c", "label": "Branch", "type": "enum"},
    {"name": "margin_c", "label": "Margin", "type": "currency"},
]


@pytest.fixture
def crm():
    return MemoryCrm()


@pytest.fixture
def running(config, redis_client, crm, put):
    services = bootstrap(
        replace(taking_leads(config), dashboard_password=PASSWORD), crm
    )
    services.store.notes.keep_ping(
        {
            "version": "1.0.0",
            "stages": [{"key": key, "label": key} for key in STAGES],
            "fields": FIELDS,
            "pipeline": "sales_stage",
        }
    )
    put(*(saved(f"d{number}", fields={"margin_c": "9.50"}) for number in range(3)))
    return services


@pytest.fixture
def window(running, browser):
    """A window in which somebody has logged in; nothing may fail there."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    told = []
    page.on("console", lambda message: told.append(message.text))
    with served(create_app(running)) as url:
        page.goto(f"{url}/login")
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.url_of = lambda path: f"{url}/{path}"
        yield page
    context.close()
    # a refused form is told by the browser too
    assert [one for one in told if "422" not in one] == []


def visits(window, name):
    """Go to a page as a person does."""
    pages = window.get_by_role("navigation", name="Pages")
    pages.get_by_role("link", name=name).click()


def shows(window, text):
    expect(window.get_by_role("main")).to_contain_text(text)


def tells(window, text):
    """The last action says what it did."""
    expect(window.get_by_role("status")).to_contain_text(text)


def test_the_mapping_is_changed_after_a_look_at_what_would_change(window, running):
    visits(window, "Mapping")
    window.get_by_label("Price").select_option(label="Margin (margin_c)")
    window.get_by_label("Label 4 in Roistat").fill("Branch")
    window.get_by_label("Field 4 in the CRM").select_option("branch_c")
    window.get_by_label("Prospecting").select_option(label="Not registered")
    window.get_by_label("Field of condition 1").select_option("sales_stage")
    window.get_by_label("How condition 1 compares").select_option("not_in")
    window.get_by_label("Value of condition 1").fill("\n".join(STAGES[2:]))
    window.get_by_role("button", name="Show what would change").click()
    shows(window, "Of 3 deals that are held")
    assert running.mapping.origin() == "default"
    window.get_by_role("button", name="Store this mapping").click()
    tells(window, "Stored.")
    now = running.mapping.current()
    assert now == replace(
        Mapping(),
        price="margin_c",
        fields=Mapping().fields | {"Branch": "branch_c"},
        statuses=now.statuses,
        filter={"sales_stage": {"not_in": list(STAGES[2:])}},
    )
    assert now.statuses["Prospecting"] == "unused"


def test_a_mistake_is_shown_beside_its_field_and_can_be_mended(window, running):
    visits(window, "Mapping")
    region = window.get_by_label("Country of numbers")
    region.fill("XX")
    region.press("Enter")
    region = window.get_by_label("Country of numbers")
    assert region.get_attribute("aria-invalid") == "true"
    place = region.get_attribute("aria-describedby")
    assert "two letters" in window.locator(f"[id='{place}']").inner_text()
    assert running.mapping.origin() == "default"
    region.fill("de")
    region.press("Enter")
    window.get_by_role("button", name="Store this mapping").click()
    assert running.mapping.current().phone_region == "DE"


def test_more_rows_are_there_when_they_are_needed(window):
    visits(window, "Mapping")
    window.get_by_label("Label 4 in Roistat").fill("Kept")
    window.get_by_role("button", name="More rows").click()
    assert window.get_by_label("Label 4 in Roistat").input_value() == "Kept"
    assert window.get_by_label("Label 8 in Roistat").is_visible()


def test_the_groups_are_uploaded_after_a_look_at_the_difference(
    window, running, roistat
):
    visits(window, "Statuses")
    window.get_by_label("Negotiation/Review").select_option(label="Paid")
    window.get_by_role("button", name="Compare with Roistat").click()
    shows(window, "Negotiation/Review, in Paid")
    assert roistat.state()["statuses"] == []
    window.get_by_role("button", name="Upload to Roistat").click()
    tells(window, "Uploaded.")
    groups = {one["id"]: one["type"] for one in roistat.state()["statuses"]}
    assert groups["Negotiation/Review"] == groups["Closed Won"] == "paid"


def test_a_backfill_and_a_comparison_are_begun(window, running, crm):
    for number in range(150):
        crm.save(f"d{number}", at=number)
    visits(window, "Sync")
    window.get_by_role("button", name="Say what it would take").click()
    shows(window, "4 at most")
    window.get_by_role("button", name="Begin", exact=True).click()
    tells(window, "has begun")
    while not crm.pages:
        running.catch_up.backfill.run(0.001, lambda: None)
    window.get_by_role("link", name="Look again").click()
    shows(window, "100 of 150 deals")
    window.get_by_role("button", name="Compare", exact=True).click()
    tells(window, "The comparison has begun.")
    for _ in range(50):
        running.catch_up.reconcile.run(0.3, lambda: None)
    window.reload()
    with window.expect_download() as download:
        window.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text()
    assert text.startswith("deal,name,differs\n")


def test_a_lead_is_sent_again(window, running):
    running.lead_store.put(lead("l1"))
    running.lead_store.take("me", 60.0)
    refused = LeadOutcome.refused("The CRM has no stage Nowhere.")
    running.lead_store.settle("me", "l1", refused)
    visits(window, "Leads")
    window.get_by_role("link", name="Parked 1").click()
    window.get_by_role("link", name="Request").click()
    shows(window, "no stage Nowhere")
    window.get_by_role("button", name="Send again").click()
    tells(window, "on its way")
    assert running.lead_store.find("l1").state == "waiting"


def test_the_settings_name_the_addresses_to_give_on(window):
    visits(window, "Settings")
    shows(window, "/webhooks/sugarcrm")
    shows(window, '/roistat-visit.js" defer></script>')


@pytest.mark.parametrize("width", [1300, 390])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_its_window(window, path, width):
    window.set_viewport_size({"width": width, "height": 900})
    window.goto(window.url_of(path))
    assert window.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PAGES)
def test_an_accessibility_checker_finds_nothing_serious(window, running, crm, path):
    crm.save("d9", at=1)
    running.lead_store.put(lead("l1"))
    running.catch_up.reconcile.start("report")
    while running.catch_up.reconcile.comparison().ended is None:
        running.catch_up.reconcile.run(0.3, lambda: None)
    window.goto(window.url_of(path))
    assert serious(window) == []


def test_neither_does_it_where_something_is_wrong_or_to_be_confirmed(window):
    visits(window, "Mapping")
    window.get_by_label("Country of numbers").fill("XX")
    window.get_by_role("button", name="Show what would change").click()
    shows(window, "two letters")
    assert serious(window) == []
    window.get_by_label("Country of numbers").fill("DE")
    window.get_by_role("button", name="Show what would change").click()
    shows(window, "Nothing is stored yet")
    assert serious(window) == []
    visits(window, "Statuses")
    window.get_by_role("button", name="Compare with Roistat").click()
    shows(window, "What an upload would change")
    assert serious(window) == []
