"""The settings: read together, their mistakes reported together."""

import pytest

from receiver.config import Config, demo_environment
from receiver.errors import InvalidSettings
from receiver.mapping import Mapping
from tests.events import OTHER_SECRET, SECRET

REQUIRED = {
    "ROISTAT_API_KEY": "key",
    "ROISTAT_PROJECT": "12345",
    "WEBHOOK_SECRETS": SECRET,
}


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads the settings from nothing but what it is given."""
    for name in demo_environment().keys() ^ demo_environment(X="1").keys():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def read_settings(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return Config.from_environment()

    return read_settings


def mistakes(read, **settings):
    with pytest.raises(InvalidSettings) as caught:
        read(**settings)
    return str(caught.value)


def test_three_settings_are_enough(read):
    config = read(**REQUIRED)
    assert config.webhook_secrets == (SECRET,)
    assert config.roistat_url == "https://cloud.roistat.com/api/v1"
    assert (config.roistat_batch_size, config.port) == (100, 8080)


def test_every_mistake_is_reported_at_once_by_name(read):
    told = mistakes(read, PORT="x", ROISTAT_BATCH_SIZE="0", LOG_FORMAT="xml")
    names = [line.split(":")[0] for line in told.splitlines()]
    assert names == [
        "LOG_FORMAT",
        "PORT",
        "ROISTAT_API_KEY",
        "ROISTAT_BATCH_SIZE",
        "ROISTAT_PROJECT",
        "WEBHOOK_SECRETS",
    ]


def test_several_secrets_are_separated_by_commas(read):
    both = f"{SECRET}, {OTHER_SECRET}"
    config = read(**REQUIRED | {"WEBHOOK_SECRETS": both})
    assert config.webhook_secrets == (SECRET, OTHER_SECRET)


@pytest.mark.parametrize(
    "secret", ["", " ", "plain", "whsec_", "whsec_%%%", "whsec_c2hvcnQ=", SECRET + ","]
)
def test_a_weak_or_malformed_secret_is_refused_without_repeating_it(read, secret):
    told = mistakes(read, **REQUIRED | {"WEBHOOK_SECRETS": secret})
    assert told.startswith("WEBHOOK_SECRETS:")
    assert secret.strip() in ("", "whsec_") or secret not in told


@pytest.mark.parametrize("url", ["ftp://x", "cloud.roistat.com", "https://", "x"])
def test_an_address_must_be_http(read, url):
    assert mistakes(read, **REQUIRED | {"ROISTAT_URL": url}).startswith("ROISTAT_URL:")


def test_without_a_mapping_the_stored_one_counts(read):
    assert read(**REQUIRED).mapping is None
    assert read(**REQUIRED, MAPPING=" ").mapping is None


def test_a_mapping_is_json_or_a_file_of_it(read, tmp_path):
    text = '{"price": "margin_c"}'
    file = tmp_path / "mapping.json"
    file.write_text(text, "utf-8-sig")
    assert read(**REQUIRED, MAPPING=f"\n{text}").mapping == Mapping(price="margin_c")
    assert read(**REQUIRED, MAPPING=str(file)).mapping == Mapping(price="margin_c")
    assert read(**REQUIRED, MAPPING="mapping.json").mapping == Mapping(price="margin_c")


def test_a_broken_mapping_is_told_with_the_other_mistakes(read):
    text = '{"filter": {"amount": {"about": 5}}, "deleted": "keep"}'
    told = mistakes(read, **REQUIRED, MAPPING=text, PORT="x").splitlines()
    assert told[0] == (
        "MAPPING: deleted: must be one of delete, move; filter.amount.about: no such "
        "condition: use eq, ne, in, not_in, gt, gte, lt, lte, empty"
    )
    assert told[1].startswith("PORT:")


@pytest.mark.parametrize("path", ["nowhere.json", ".", "[]", "x" * 5000])
def test_a_mapping_that_cannot_be_read_is_told(read, path):
    told = mistakes(read, **REQUIRED, MAPPING=path)
    assert told == "MAPPING: Neither JSON nor the path of a file that can be read."


def test_a_dot_env_file_stands_beneath_the_environment(read, tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nROISTAT_PROJECT=from-file\n")
    config = read(**REQUIRED)
    assert (config.port, config.roistat_project) == (9001, "12345")


def test_no_secret_shows_when_the_settings_are_printed(read):
    config = read(
        **REQUIRED | {"ROISTAT_API_KEY": "t0psecret"}, REDIS_URL="redis://:pw@x"
    )
    shown = repr(config)
    assert "t0psecret" not in shown
    assert "MfKQ9r8G" not in shown
    assert ":pw@" not in shown


def test_without_a_password_there_is_no_dashboard(read):
    assert read(**REQUIRED).dashboard_password is None
    assert read(**REQUIRED, DASHBOARD_PASSWORD="").dashboard_password is None


def test_the_dashboards_login_is_read_and_not_shown(read):
    login = {"DASHBOARD_USERNAME": "ops", "DASHBOARD_PASSWORD": "pw-of-the-dashboard"}
    config = read(**REQUIRED, **login)
    assert (config.dashboard_username, config.dashboard_password) == (
        "ops",
        "pw-of-the-dashboard",
    )
    assert "pw-of-the-dashboard" not in repr(config)


def test_a_demonstration_keeps_the_dashboards_login(monkeypatch):
    monkeypatch.setenv("DASHBOARD_USERNAME", "ops")
    monkeypatch.setenv("DASHBOARD_PASSWORD", "mine")
    environment = demo_environment(DASHBOARD_PASSWORD="made-up")
    assert environment["DASHBOARD_USERNAME"] == "ops"
    assert environment["DASHBOARD_PASSWORD"] == "mine"


def test_a_demonstration_sees_no_real_settings(monkeypatch):
    monkeypatch.setenv("ROISTAT_API_KEY", "real")
    monkeypatch.setenv("REDIS_URL", "redis://real")
    monkeypatch.setenv("WEBHOOK_SECRETS", SECRET)
    environment = demo_environment(ROISTAT_PROJECT="1", WEBHOOK_SECRETS="made-up")
    assert "ROISTAT_API_KEY" not in environment
    assert "REDIS_URL" not in environment
    assert environment["WEBHOOK_SECRETS"] == SECRET


SUGAR = {
    "SUGAR_API": "rest_v11",
    "SUGAR_URL": "https://crm.example",
    "SUGAR_USERNAME": "sync",
    "SUGAR_PASSWORD": "pw-of-the-crm",
}
OAUTH = {"SUGAR_CLIENT_ID": "id", "SUGAR_CLIENT_SECRET": "s3cr3t-of-the-client"}


def test_without_any_sugar_setting_the_receiver_only_receives(read):
    assert read(**REQUIRED, SUGAR_API="", SUGAR_PLATFORM="roistat").sugar is None


def test_what_sugarcrm_needs_and_what_is_usual(read):
    sugar = read(**REQUIRED, **SUGAR).sugar
    assert (sugar.client_id, sugar.client_secret) == ("sugar", "")
    assert (sugar.platform, sugar.requests_per_second) == ("roistat", 5)


def test_suitecrm_logs_in_as_a_client_or_as_a_user_too(read):
    suite = SUGAR | OAUTH | {"SUGAR_API": "suitecrm_v8"}
    assert read(**REQUIRED, **suite).sugar.username == "sync"
    alone = suite | {"SUGAR_USERNAME": "", "SUGAR_PASSWORD": ""}
    assert read(**REQUIRED, **alone).sugar.username is None


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"SUGAR_URL": "https://crm.example"}, ["SUGAR_API"]),
        ({"SUGAR_API": "v4", "SUGAR_URL": "crm"}, ["SUGAR_API", "SUGAR_URL"]),
        (
            {"SUGAR_API": "rest_v11"},
            ["SUGAR_PASSWORD", "SUGAR_URL", "SUGAR_USERNAME"],
        ),
        (
            SUGAR | {"SUGAR_API": "suitecrm_v8", "SUGAR_PASSWORD": ""},
            ["SUGAR_CLIENT_ID", "SUGAR_CLIENT_SECRET", "SUGAR_PASSWORD"],
        ),
        (SUGAR | {"SUGAR_PLATFORM": "base"}, ["SUGAR_PLATFORM"]),
        (SUGAR | {"SUGAR_PLATFORM": "a b"}, ["SUGAR_PLATFORM"]),
        (SUGAR | {"SUGAR_REQUESTS_PER_SECOND": "20"}, ["SUGAR_REQUESTS_PER_SECOND"]),
    ],
)
def test_each_sugar_setting_that_is_missing_or_wrong_is_named(read, settings, names):
    told = mistakes(read, **REQUIRED, **settings)
    assert [line.split(":")[0] for line in told.splitlines()] == names


def test_the_crms_password_and_secret_are_not_shown(read):
    shown = repr(read(**REQUIRED, **SUGAR, **OAUTH))
    assert "pw-of-the-crm" not in shown
    assert "s3cr3t" not in shown


def test_without_a_key_no_leads_are_taken(read):
    config = read(**REQUIRED, LEADS_KEY=" ", LEADS_ORIGINS="", LEADS_STAGE="")
    assert (config.leads.key, config.leads.origins, config.leads.stage) == (
        None,
        (),
        None,
    )
    assert (config.leads.repeat_minutes, config.leads.source) == (60, "Web Site")
    assert (config.leads.allow_get, config.trusted_proxies) == (False, 0)


def test_sites_are_taken_as_browsers_name_them(read):
    sites = "https://Shop.example/ , http://localhost:8000"
    leads = read(**REQUIRED, LEADS_ORIGINS=sites, LEADS_ALLOW_GET="1").leads
    assert leads.origins == ("https://shop.example", "http://localhost:8000")
    assert leads.allow_get


def test_each_setting_of_leads_that_is_wrong_is_named(read):
    told = mistakes(
        read,
        **REQUIRED,
        LEADS_KEY="s3cr3t",
        LEADS_ORIGINS="https://shop.example/page",
        LEADS_REPEAT_MINUTES="-1",
        LEADS_PER_MINUTE="0",
        LEADS_ALLOW_GET="perhaps",
        TRUSTED_PROXIES="many",
    )
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "LEADS_ALLOW_GET",
        "LEADS_KEY",
        "LEADS_ORIGINS",
        "LEADS_PER_MINUTE",
        "LEADS_REPEAT_MINUTES",
        "TRUSTED_PROXIES",
    ]
    assert "s3cr3t" not in told


def test_the_key_of_leads_is_not_shown(read):
    assert "a-key-for-the" not in repr(read(**REQUIRED, LEADS_KEY="a-key-for-the-site"))


def test_whom_to_tell_is_separated_by_commas(read):
    urls = "json://user:hidden@ops.example/x, ,mailtos://u:p@mail.example?to=a%2Cb"
    config = read(**REQUIRED, ALERT_URLS=urls)
    assert [url[:7] for url in config.alert_urls] == ["json://", "mailtos"]
    assert read(**REQUIRED, ALERT_URLS="").alert_urls == ()


def test_an_address_that_nobody_knows_is_named_by_its_number_alone(read, capfd):
    told = mistakes(
        read, **REQUIRED, ALERT_URLS="json://ops.example,nobody://user:hidden@x"
    )
    assert told == "ALERT_URLS: Address 2 is none that Apprise knows."
    assert "hidden" not in "".join(capfd.readouterr())


def test_what_holds_a_secret_is_not_shown(read):
    config = read(
        **REQUIRED,
        ALERT_URLS="json://user:hidden@ops.example",
        METRICS_TOKEN="hidden",
        SENTRY_DSN="https://hidden@sentry.example/1",
    )
    assert config.metrics_token == "hidden"
    assert "hidden" not in repr(config)
