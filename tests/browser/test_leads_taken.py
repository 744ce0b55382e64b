"""The visit script in a browser and the receiver's own `/leads`, without stand-ins."""

import pytest
from playwright.sync_api import expect

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.store.leads import LeadStore
from tests.browser.test_sending import LISTEN
from tests.leads import KEY, taking_leads
from tests.live import served

FORM = f"""
<form data-roistat-lead>
  <input name="name" value="Ада"><input name="phone" value="+7 911 123-45-67">
  <input name="fields[branch_c]" value="North"><input name="website" value="">
  <button>Send</button>
</form>{LISTEN}
"""


@pytest.fixture
def send(visitor, config, redis_client):
    """Sends the form from the website to a receiver that knows some sites."""

    def send_form(*, site=None, key=KEY):
        settings = taking_leads(config, origins=(site or visitor.website.url,))
        with served(create_app(bootstrap(settings))) as url:
            tag = f'<script src="{url}/roistat-visit.js" data-key="{key}"></script>'
            visitor.website.html = tag + FORM
            visitor.page.goto(visitor.website.url)
            visitor.page.click("button")
            visitor.page.wait_for_function("document.title")
        return LeadStore(redis_client).list()

    return send_form


def test_a_visitors_form_is_held_with_the_visit(visitor, send):
    visitor.has("4521890")
    (held,) = send()
    expect(visitor.page).to_have_title(f"sent {held.lead.id}")
    assert (held.lead.name, held.lead.phone) == ("Ада", "+7 911 123-45-67")
    assert (held.lead.visit, held.lead.fields) == ("4521890", {"branch_c": "North"})


def test_a_page_of_another_site_gets_nothing_in(visitor, send):
    assert send(site="https://shop.example") == []
    assert visitor.page.title().startswith("failed")


def test_a_page_reads_why_its_lead_was_refused(visitor, send):
    assert send(key="an-old-key") == []
    assert visitor.page.title() == "failed access_denied The key is wrong or missing."
