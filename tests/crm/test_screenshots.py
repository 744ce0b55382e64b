"""Pictures for the guide, from the real CRM: SCREENSHOTS=1 writes docs/images."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crm.capture import CapturingReceiver
from tests.crm.conftest import SECRET
from tests.crm.crm import Crm, Pages
from tests.crm.settings_page import SettingsPage, start_anew, well

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST = 200_000  # bytes
DEALS = (
    ("Solar panels for the town hall", "4521890", "Closed Won"),
    ("Forty office chairs", "promo-7", "Negotiation/Review"),
    ("Yearly maintenance", "4522107", "Prospecting"),
)
SHOWN = {
    "#roistat_url": "https://roistat.example.com",
    "#roistat_line": "WEBHOOK_SECRETS=whsec_…",
    "#roistat_crontab": "* * * * * cd /var/www/crm; php -f cron.php > /dev/null 2>&1",
}

pytestmark = pytest.mark.skipif(
    not os.environ.get("SCREENSHOTS"), reason="set SCREENSHOTS=1 to take them"
)


def test_the_guides_pictures_are_taken(
    crm: Crm, pages: Pages, installed: None, receiver: CapturingReceiver
) -> None:
    start_anew(crm)
    crm.query("UPDATE opportunities SET deleted = 1")
    receiver.decide = lambda message: (
        (200, well(time=now())) if message["type"] == "ping" else None
    )
    settings = SettingsPage(pages)
    settings.open()
    take(pages, "settings-page-new")

    settings.save_address(receiver.url)
    settings.press("generate")
    take(pages, "settings-page-secret", ".sugar-roistat table >> nth=0")

    crm.run("settings", secret=SECRET)
    saved = [
        crm.save(
            "Opportunities",
            name=name,
            roistat_c=visit,
            sales_stage=stage,
            amount="1200",
            date_closed="2026-12-31",
            assigned_user_id="1",
        )
        for name, visit, stage in DEALS
    ]
    crm.run("sweep")
    settings.open()
    settings.press("test")
    take(pages, "settings-page")

    objection = {"errors": {"data.events.0.data.name": ["Shorter than 1."]}}
    receiver.decide = lambda message: (422, objection)
    crm.save("Opportunities", id=saved[1]["id"], next_step="Call")
    settings.open()
    take(pages, "refused", "#roistat_refused")

    pages.open("Opportunities", "DetailView", record=saved[0]["id"])
    take(pages, "record", "#content")
    pages.open("Opportunities", "index")
    take(pages, "list", "#content")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def take(pages: Pages, name: str, part: str = "") -> None:
    """Pictures a part of the page, with nothing in it that is this machine's alone."""
    page = pages.page
    page.wait_for_load_state("networkidle")
    for field, text in SHOWN.items():
        page.evaluate(
            "([field, text]) => document.querySelectorAll(field)"
            ".forEach(input => { if (input.value) input.value = text })",
            [field, text],
        )
    path = IMAGES / f"{name}.png"
    IMAGES.mkdir(parents=True, exist_ok=True)
    clip = page.locator(part).first.bounding_box() if part else None
    page.screenshot(path=path, full_page=True, clip=clip)
    assert path.stat().st_size < LARGEST
