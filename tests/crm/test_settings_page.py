"""An administrator sets the package up, watches it and mends it, in a browser."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.crm.capture import CapturingReceiver
from tests.crm.conftest import SECRET
from tests.crm.crm import Crm, Pages
from tests.crm.product import Product, free_port, running, wait_until_up
from tests.crm.settings_page import SettingsPage, start_anew, well

MARKUP = "<script>document.title='pwned'</script><img src=x onerror=alert(1)>"
PAGE = "index.php?module=Administration&action=SugarRoistat"
Start = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def settings(crm: Crm, pages: Pages, installed: None) -> SettingsPage:
    """The page of a package that was never set up."""
    start_anew(crm)
    page = SettingsPage(pages)
    page.open()
    return page


@pytest.fixture
def set_up(
    crm: Crm, settings: SettingsPage, receiver: CapturingReceiver
) -> SettingsPage:
    """The page of a package that is pointed at the capturing receiver."""
    crm.run("settings", url=receiver.url, secret=SECRET)
    settings.open()
    return settings


@pytest.fixture
def roistat(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with running(tmp_path, {}, "emulator", "roistat", "--port", str(port)):
        wait_until_up(f"http://127.0.0.1:{port}/_emulator/state")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def real(tmp_path: Path, roistat: str) -> tuple[Product, Start]:
    """Where the real receiver is, and how to start it with a line of the page."""
    port = free_port()
    product = Product(f"http://127.0.0.1:{port}", roistat)

    @contextmanager
    def start(line: str) -> Iterator[None]:
        name, secrets = line.split("=", 1)
        environment = {
            "ROISTAT_URL": f"{roistat}/api/v1",
            "ROISTAT_API_KEY": "key",
            "ROISTAT_PROJECT": "1",
            "PORT": str(port),
            "DATA_DIR": str(tmp_path / "data"),
            name: secrets,
        }
        with running(tmp_path, environment, "serve"):
            wait_until_up(f"{product.receiver}/readyz")
            yield

    return product, start


def test_the_package_is_set_up_from_nothing_on_the_page(
    crm: Crm, settings: SettingsPage, real: tuple[Product, Start]
) -> None:
    product, start = real
    assert settings.text("succeeded") == "never"

    saved = settings.save_address(product.receiver)
    assert saved == [
        "Saved.",
        "Signing secret: none is stored, so nothing is sent. Generate one.",
    ]
    settings.press("generate")
    line = settings.line
    assert line is not None
    assert re.fullmatch(r"WEBHOOK_SECRETS=whsec_[\w+/]{43}=", line)

    with start(line):
        said = settings.press("test")
        assert said[0].startswith("The receiver answers and accepts our signature.")
        assert said[1] == "Its store: The store keeps what it acknowledges."
        assert said[2].startswith("Roistat: Roistat ")
        assert said[3] == "The clocks of CRM and receiver agree."
        assert settings.text("succeeded") != "never"

        deal = crm.save("Opportunities", name="First", roistat_c="4521890")
        product.wait_for_order(deal["id"], "4521890")
        assert settings.press("test")[2] == "Roistat: Roistat accepts what we send."


def test_a_secret_is_replaced_without_losing_a_deal(
    crm: Crm, settings: SettingsPage, real: tuple[Product, Start]
) -> None:
    product, start = real
    deals = []

    def save() -> None:
        name = f"visit-{len(deals)}"
        deals.append((crm.save("Opportunities", name=name, roistat_c=name)["id"], name))

    settings.save_address(product.receiver)
    settings.press("generate")
    first = settings.line or ""
    with start(first):
        settings.press("test")
        save()
        settings.press("generate")
        both = settings.line or ""
        assert both.endswith("," + first.split("=", 1)[1])
        save()  # the receiver knows the first alone
        kept = settings.press("finish")
        assert kept[-1].startswith("Both secrets keep signing")
        save()
    save()  # the receiver is away while it is restarted
    with start(both):
        save()
        done = settings.press("finish")
        assert done[0].startswith("Only the new secret signs from now on.")
        save()
    with start(both.rsplit(",", 1)[0]):
        settings.press("test")
        save()
        crm.run("sweep")
        for deal_id, visit in deals:
            product.wait_for_order(deal_id, visit)


def test_the_secret_is_shown_once_and_nowhere_else(
    crm: Crm, settings: SettingsPage, receiver: CapturingReceiver
) -> None:
    settings.save_address(receiver.url)
    settings.press("generate")
    secret = (settings.line or "").split("=", 1)[1]
    assert secret not in settings.page.url

    settings.page.reload()

    assert settings.line is None
    assert secret not in settings.page.content()
    assert "Stored encrypted since" in settings.text("secret_state")
    settings.press("test")
    assert secret not in settings.page.content()
    assert secret not in crm.log
    stored = crm.query("SELECT value FROM config WHERE category = 'roistat'")
    assert secret not in str(stored)


def test_reloading_repeats_no_change(settings: SettingsPage, crm: Crm) -> None:
    settings.press("generate")
    before = crm.query("SELECT name, value FROM config WHERE category = 'roistat'")

    settings.page.reload()

    after = crm.query("SELECT name, value FROM config WHERE category = 'roistat'")
    assert after == before


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("receiver", "Receiver address: this is no web address."),
        ("http://example.com", "Receiver address: it has to begin with https://"),
        ("https://example.com/?a=b", "Receiver address: this is no web address."),
    ],
)
def test_a_wrong_address_is_named_and_not_kept(
    set_up: SettingsPage, receiver: CapturingReceiver, address: str, words: str
) -> None:
    said = set_up.save_address(address)

    assert said[0].startswith(words)
    assert set_up.page.input_value("#roistat_url") == receiver.url
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (401, {"error": "…"}, "The receiver refuses the signature (401)."),
        (403, None, "The address is forbidden to us (403)."),
        (404, None, "Something answers there, but it knows no webhook (404)."),
        (413, None, "The ping is too large"),
        (
            422,
            {"errors": {"timestamp": ["Too far ahead."]}},
            "The receiver does not understand the ping (422: timestamp: Too far",
        ),
        (302, None, "The address leads elsewhere (302)"),
        (503, None, "The receiver cannot take anything just now (503)"),
        (200, "<html>Welcome</html>", "Something answers there (200), but not as"),
        (202, None, "Something answers there (202), but not as a receiver"),
    ],
)
def test_an_answer_that_is_no_welcome_comes_with_its_cure(
    set_up: SettingsPage,
    receiver: CapturingReceiver,
    status: int,
    answer: Any,
    words: str,
) -> None:
    receiver.decide = lambda message: (status, answer)

    assert set_up.press("test")[0].startswith(words)
    assert set_up.text("succeeded") == "never"


def test_a_receiver_that_is_down_is_said_to_be_unreachable(
    set_up: SettingsPage, crm: Crm
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        crm.run("settings", url=f"http://127.0.0.1:{unused.getsockname()[1]}")

        said = set_up.press("test")

    assert said[0].startswith("The receiver cannot be reached.")


def test_a_receiver_that_hangs_is_said_to_be_silent(
    set_up: SettingsPage, receiver: CapturingReceiver
) -> None:
    receiver.hangs = True

    assert set_up.press("test")[0].startswith(
        "The receiver did not answer within 10 s."
    )


def test_a_wrong_secret_is_named_by_the_real_receiver(
    settings: SettingsPage, real: tuple[Product, Start]
) -> None:
    product, start = real
    with start(f"WEBHOOK_SECRETS={SECRET}"):
        settings.save_address(product.receiver)
        settings.press("generate")

        said = settings.press("test")
        assert said[0].startswith("The receiver refuses the signature (401).")

        settings.page.fill("#roistat_secret", "whsec_?")
        malformed = settings.press("own_secret")
        assert malformed[0].startswith("Signing secret: it has to be whsec_")
        settings.page.fill("#roistat_secret", SECRET)
        assert settings.press("own_secret")[1].startswith("The receiver answers")


def test_refused_deals_are_listed_and_sent_again(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver
) -> None:
    objection = {"errors": {"data.events.0.data.amount": ["Not a number."]}}
    receiver.decide = lambda message: (422, objection)
    deal = crm.save("Opportunities", name="Tom's <b>deal</b> & co", roistat_c="1")
    set_up.open()

    assert set_up.text("refused_count") == "1"
    [row] = set_up.refused
    assert "Deal" in row
    assert "Tom's <b>deal</b> & co" in row
    assert "422 data.amount: Not a number." in row
    link = set_up.page.locator("#roistat_refused a").get_attribute("href")
    assert (
        link == f"index.php?module=Opportunities&action=DetailView&record={deal['id']}"
    )

    receiver.decide = lambda message: None
    receiver.forget()
    assert set_up.press("refused")[0].startswith("On their way again: 1.")
    assert set_up.refused == []
    crm.run("sweep")
    assert [event["data"]["id"] for event in receiver.events] == [deal["id"]]
    set_up.open()
    assert set_up.text("waiting") == "0"


def test_a_period_is_sent_again(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver
) -> None:
    deal = crm.save("Opportunities", name="Of the period")
    old = crm.save("Opportunities", name="Before it")
    crm.query(
        "UPDATE opportunities SET date_modified = '2001-02-03 04:05:06' "
        f"WHERE id = '{old['id']}'"
    )
    receiver.forget()

    said = set_up.send_period(date.today().isoformat(), date.today().isoformat())
    assert re.match(r"Deals on their way again: [1-9]\d*\.", said[0])
    assert set_up.text("waiting") != "0"
    crm.run("sweep")
    again = {event["data"]["id"] for event in receiver.events}
    assert deal["id"] in again
    assert old["id"] not in again

    receiver.forget()
    said = set_up.send_period("2001-02-03", "2001-02-03")
    assert said[0].startswith("Deals on their way again: 1.")
    crm.run("sweep")
    assert [event["data"]["id"] for event in receiver.events] == [old["id"]]


def test_an_outage_is_shown_until_the_test_succeeds(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver
) -> None:
    receiver.status = 503
    crm.save("Opportunities", name="During an outage")
    set_up.open()
    assert set_up.text("outage").startswith("taken for away since")
    assert set_up.text("outage").endswith("the receiver answered 503")
    assert set_up.text("waiting").startswith("1, the oldest since")

    receiver.status = 202
    set_up.press("test")

    assert set_up.text("outage") == "no outage known"


def test_the_crontab_line_is_given_until_the_scheduler_runs(
    crm: Crm, set_up: SettingsPage
) -> None:
    line = set_up.page.input_value("#roistat_crontab")
    assert line == f"* * * * * cd {crm.root}; php -f cron.php > /dev/null 2>&1"

    crm.run("sweep")
    set_up.open()

    assert set_up.page.locator("#roistat_crontab").count() == 0
    assert set_up.text("swept") != "never"


def test_the_removal_box_is_remembered(set_up: SettingsPage, crm: Crm) -> None:
    set_up.page.check("#roistat_remove")
    said = set_up.press("removal")
    assert said[0].startswith("Saved: uninstalling the package will remove the field")
    assert set_up.page.is_checked("#roistat_remove")

    set_up.page.uncheck("#roistat_remove")
    set_up.press("removal")
    assert not set_up.page.is_checked("#roistat_remove")


def test_markup_in_answers_is_inert(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver
) -> None:
    leg = {"state": MARKUP, "message": MARKUP}
    pong = well(version=MARKUP, time=MARKUP, store=leg, roistat=leg)
    objection = {"errors": {"data.events.0.data.amount": [MARKUP]}}
    receiver.decide = lambda message: (
        (200, pong) if message["type"] == "ping" else (422, objection)
    )
    crm.save("Opportunities", name=MARKUP)

    said = set_up.press("test")
    assert MARKUP in said[1]
    assert "onerror" in set_up.refused[0]
    receiver.decide = lambda message: (422, {"errors": {MARKUP: [MARKUP]}})
    assert MARKUP in set_up.press("test")[0]

    assert set_up.page.title() != "pwned"
    assert set_up.page.locator(".sugar-roistat script").count() == 0
    assert set_up.page.locator(".sugar-roistat img").count() == 0


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_the_pages_token_changes_nothing(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver, token: str | None
) -> None:
    form = {
        "module": "Administration",
        "action": "SugarRoistat",
        "roistat_do": "address",
        "roistat_url": "https://evil.example",
        **({} if token is None else {"roistat_token": token}),
    }

    answer = set_up.page.request.post(
        f"{crm.url}/{PAGE}", form=form, headers={"Referer": f"{crm.url}/{PAGE}"}
    )

    assert "Nothing was changed: the form was out of date." in answer.text()
    set_up.open()
    assert set_up.page.input_value("#roistat_url") == receiver.url
    assert receiver.requests == []


def test_a_change_by_address_alone_is_none(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver
) -> None:
    token = set_up.page.locator("[name=roistat_token] >> nth=0").input_value()

    set_up.page.request.get(
        f"{crm.url}/{PAGE}&roistat_do=test&roistat_token={token}",
        headers={"Referer": f"{crm.url}/{PAGE}"},
    )

    assert receiver.requests == []


def test_who_is_no_administrator_is_refused(
    crm: Crm, set_up: SettingsPage, receiver: CapturingReceiver, pages: Pages
) -> None:
    crm.run("make_user", name="seller", password="Seller-7-crm")
    with visitor(pages, "seller", "Seller-7-crm") as stranger:
        referer = {"Referer": f"{crm.url}/index.php"}
        shown = stranger.request.get(f"{crm.url}/{PAGE}", headers=referer)
        assert "Unauthorized access to administration." in shown.text()
        assert receiver.url not in shown.text()
        assert "roistat_token" not in shown.text()

        posted = stranger.request.post(
            f"{crm.url}/{PAGE}",
            form={"roistat_do": "test", "roistat_token": ""},
            headers=referer,
        )
        assert "Unauthorized access to administration." in posted.text()
    assert receiver.requests == []


def test_a_russian_administrator_reads_russian(
    crm: Crm, set_up: SettingsPage, pages: Pages, receiver: CapturingReceiver
) -> None:
    with (
        russian(crm),
        visitor(pages, crm.username, crm.password, "ru_ru") as page,
    ):
        page.goto(f"{crm.url}/index.php?module=Administration&action=index")
        page.click("#sugar_roistat")
        page.wait_for_selector(".sugar-roistat")
        assert "Настройки Roistat".upper() in page.inner_text(".moduleTitle h2").upper()
        page.click("button[value=test]")
        said = page.locator(".roistat-notice >> nth=0").inner_text()
        assert said.startswith("Приёмник отвечает и принимает нашу подпись.")
        words = page.inner_text(".sugar-roistat")
        assert "Ожидают отправки" in words
        assert "LBL_" not in words


def test_the_page_fits_a_telephone_and_every_field_has_a_label(
    set_up: SettingsPage,
) -> None:
    page = set_up.page
    page.set_viewport_size({"width": 400, "height": 800})
    try:
        wide = page.evaluate("document.querySelector('.sugar-roistat').scrollWidth")
        shown = page.evaluate("document.documentElement.clientWidth")
        assert wide <= shown
    finally:
        page.set_viewport_size({"width": 1300, "height": 1000})
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('.sugar-roistat input:not([type=hidden])')]"
        ".filter(input => input.labels.length === 0).map(input => input.id)"
    )
    assert unlabelled == []


@contextmanager
def visitor(
    pages: Pages, username: str, password: str, language: str = ""
) -> Iterator[Any]:
    """A page of a browser of its own, where somebody else is logged in."""
    context = pages.page.context.browser.new_context()
    page = context.new_page()
    page.goto(f"{pages.crm.url}/index.php")
    if language:
        choose_language(page, language)
        page.wait_for_load_state("networkidle")
    page.fill("#user_name", username)
    page.fill("#username_password", password)
    page.click("#bigbutton")
    page.wait_for_load_state("networkidle")
    try:
        yield page
    finally:
        context.close()


def choose_language(page: Any, language: str) -> None:
    """PHP looks at the configuration again after seconds only."""
    deadline = time.monotonic() + 20
    while not page.locator("[name=login_language]").count():
        assert time.monotonic() < deadline, "the CRM offers one language only"
        page.wait_for_timeout(500)
        page.reload()
    page.select_option("[name=login_language]", language)


@contextmanager
def russian(crm: Crm) -> Iterator[None]:
    """A CRM that offers Russian too."""
    config = crm.root / "config_override.php"
    before = config.read_text()
    config.write_text(
        before.rstrip().removesuffix("?>")
        + "\n$sugar_config['languages']['ru_ru'] = 'Русский';\n"
    )
    crm.run("rebuild_languages")
    try:
        yield
    finally:
        config.write_text(before)
        crm.run("rebuild_languages")
