"""A real browser, looking at a website that uses the visit script.

Browser, servers and window are a module's, since each takes a while to open; what they
remember is a test's.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.website import Receiver, Website
from tests.chromium import chromium
from tests.live import served

PATIENCE = 5000  # milliseconds for whatever should happen on a page


class Visitor:
    """Who looks at the website: the window, the cookie."""

    def __init__(self, page: Page, website: Website, receiver: Receiver) -> None:
        self.page = page
        self.website = website
        self.receiver = receiver
        self.said: list[str] = []
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def forget(self) -> None:
        """Begin anew, as every test does."""
        self.page.goto("about:blank")
        self.page.context.clear_cookies()
        for thing in (self.website, self.receiver):
            thing.forget()
        for told in (self.said, self.errors):
            told.clear()

    def has(self, visit: str, name: str = "roistat_visit") -> None:
        """The tracker has left its cookie."""
        cookie = {"name": name, "value": visit, "url": self.website.url}
        self.page.context.add_cookies([cookie])

    def opens(self, html: str, attributes: str = "", before: str = "") -> None:
        """Open a page: `before`, the script's tag, then the rest."""
        self.website.html = before + self.receiver.tag(attributes) + html
        self.page.goto(self.website.url)

    def submits(self) -> dict[str, str]:
        """Click the button; what the site's own handler was sent."""
        with self.page.expect_navigation():
            self.page.click("button")
        return self.website.taken[-1]

    def sees(self, name: str) -> str:
        return self.page.locator(f'[name="{name}"]').input_value()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Visitor]:
    website, receiver = Website(), Receiver()
    with (
        served(website.app) as website.url,
        served(receiver.app) as receiver.url,
        browser.new_page() as page,
    ):
        yield Visitor(page, website, receiver)


@pytest.fixture
def visitor(opened: Visitor) -> Iterator[Visitor]:
    """A visitor who has no cookie yet; no script may fail in the window."""
    opened.forget()
    yield opened
    opened.receiver.may_answer.set()
    assert opened.errors == []
