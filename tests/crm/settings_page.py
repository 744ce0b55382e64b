"""The package's page in the CRM's admin panel, as an administrator uses it."""

from typing import Any

from tests.crm.crm import Crm, Pages

FORGOTTEN = (
    "url",
    "secret",
    "previous_secret",
    "secret_at",
    "succeeded_at",
    "outage_since",
    "outage_reason",
    "remove_field",
    "swept_at",
)


class SettingsPage:
    """Opened through the admin panel; every button answers with the page anew."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.page = pages.page

    def open(self) -> None:
        self._pages.open("Administration", "index")
        self.page.click("#sugar_roistat")
        self.page.wait_for_selector(".sugar-roistat")

    def press(self, do: str) -> list[str]:
        """Presses a button by what it does; answers what the page then says."""
        with self.page.expect_navigation():
            self.page.click(f"button[value={do}]")
        self.page.wait_for_selector(".sugar-roistat")
        return self.notices

    def save_address(self, url: str) -> list[str]:
        self.page.fill("#roistat_url", url)
        return self.press("address")

    def send_period(self, first: str, last: str) -> list[str]:
        self.page.fill("#roistat_from", first)
        self.page.fill("#roistat_to", last)
        return self.press("period")

    @property
    def notices(self) -> list[str]:
        return list(self.page.locator(".roistat-notice").all_inner_texts())

    @property
    def line(self) -> str | None:
        """The line for the receiver, where it is shown."""
        shown = self.page.locator("#roistat_line")
        return shown.input_value() if shown.count() else None

    @property
    def refused(self) -> list[str]:
        return list(self.page.locator("#roistat_refused tbody tr").all_inner_texts())

    def text(self, name: str) -> str:
        return str(self.page.locator(f"#roistat_{name}").inner_text())


def start_anew(crm: Crm) -> None:
    """As after the installation: nothing set up, nothing waiting."""
    crm.run("settings", **dict.fromkeys(FORGOTTEN, ""))
    crm.query("DELETE FROM roistat_outbox")


def well(**changes: Any) -> dict[str, Any]:
    """A receiver's answer to a ping."""
    ok = {"state": "ok", "message": "The store keeps what it acknowledges."}
    return {
        "version": "0.1.0",
        "time": "2026-11-21T07:42:10Z",
        "store": ok,
        "roistat": {**ok, "message": "Roistat accepts what we send."},
        **changes,
    }
