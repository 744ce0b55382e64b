"""The settings as the receiver sees them, and no secret."""

from dataclasses import fields, replace

import pytest

from receiver import __version__
from receiver.config import Config, LeadsConfig, SugarConfig
from receiver.mapping import Mapping
from tests.events import OTHER_SECRET, SECRET
from tests.leads import KEY, taking_leads
from tests.settings import sugar_settings
from tests.views.test_dashboard import PASSWORD

ADDRESS = "/settings"


@pytest.fixture
def everything(config):
    """All settings set, all secrets known."""
    sugar = sugar_settings(
        "https://ann:url-password@crm.example/sugar?token=url-token",
        username="ann",
        password="crm-password",
        client_secret="crm-client-secret",
        requests_per_second=5,
    )
    return replace(
        taking_leads(config, origins=("https://shop.example",)),
        roistat_api_key="roistat-api-key",
        roistat_url="http://bob:other-password@127.0.0.1:1/api/v1",
        webhook_secrets=(SECRET, OTHER_SECRET),
        mapping=Mapping(),
        sugar=sugar,
    )


def test_every_setting_is_named_and_no_secret_is_shown(everything, dashboard_of):
    with dashboard_of(everything) as person:
        text = person.get(ADDRESS).text
    names = [one.name.upper() for one in fields(Config)]
    names += [f"SUGAR_{one.name.upper()}" for one in fields(SugarConfig)]
    names += [f"LEADS_{one.name.upper()}" for one in fields(LeadsConfig)]
    for name in set(names) - {"SUGAR", "LEADS"}:
        assert f"<code>{name}</code>" in text, name
    secrets = ("roistat-api-key", SECRET, OTHER_SECRET, KEY, PASSWORD, "crm-password")
    more = ("crm-client-secret", "url-password", "url-token", "other-password")
    for secret in (*secrets, *more, everything.redis_url):
        assert secret not in text, secret
    assert "2 set" in text
    assert "https://crm.example/sugar" in text


def test_what_is_not_set_is_said_to_be(config, dashboard_of):
    with dashboard_of(config) as person:
        text = person.get(ADDRESS).text
    assert "none are taken: LEADS_KEY is not set" in text
    assert "has not called yet" in text
    assert "not set" in text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_addresses_are_those_to_be_given_on(everything, dashboard_of, scheme):
    with dashboard_of(everything) as person:
        headers = {"X-Forwarded-Proto": scheme}
        host = person.url.removeprefix("http://")
        text = person.get(ADDRESS, headers=headers).text
    assert f"<code>{scheme}://{host}/webhooks/sugarcrm</code>" in text
    assert f'&lt;script src="{scheme}://{host}/roistat-visit.js" defer&gt;' in text
    assert f"<code>{scheme}://{host}/leads</code>" in text


def test_the_versions_are_told(operator):
    text = operator.get(ADDRESS).text
    assert __version__ in text
    assert "1.0.0" in text
