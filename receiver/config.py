"""The settings, read once from the environment, all mistakes reported together."""

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError, validate

from receiver import notify
from receiver.errors import InvalidMapping, InvalidSettings
from receiver.mapping import Mapping

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix, not a secret
MIN_SECRET_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SugarConfig:
    """How the CRM's own API is reached, to pull deals from it."""

    api: str  # rest_v11 or suitecrm_v8
    url: str
    username: str | None
    password: str | None = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    platform: str
    requests_per_second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsConfig:
    """What becomes of what websites send, and who may send it."""

    key: str | None = field(default=None, repr=False)  # None: nothing is taken
    origins: tuple[str, ...] = ()
    allow_get: bool = False
    per_minute: int = 120  # from one address
    repeat_minutes: int = 60  # 0: every lead is a deal of its own
    stage: str | None = None  # None: the CRM's first one
    source: str | None = "Web Site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting of the receiver; `.env.example` explains each."""

    roistat_api_key: str = field(repr=False)
    roistat_project: str
    roistat_url: str
    roistat_batch_size: int
    roistat_requests_per_second: int
    roistat_requests_per_hour: int
    webhook_secrets: tuple[str, ...] = field(repr=False)
    redis_url: str | None = field(repr=False)  # may hold a password
    redis_tls_verify: bool
    store_durable: bool | None
    data_dir: Path
    mapping: Mapping | None  # None: the stored one counts
    sync_interval: int  # minutes; 0: the CRM is only read when somebody asks
    port: int
    log_format: str
    dashboard_username: str = "admin"
    dashboard_password: str | None = field(default=None, repr=False)  # None: it is off
    sugar: SugarConfig | None = None  # None: the receiver only receives
    alert_urls: tuple[str, ...] = field(default=(), repr=False)  # hold passwords
    metrics_token: str | None = field(default=None, repr=False)
    sentry_dsn: str | None = field(default=None, repr=False)
    leads: LeadsConfig = LeadsConfig()
    trusted_proxies: int = 0  # how many stand between a visitor and us

    @classmethod
    def from_environment(cls, *, env_file: bool = True) -> Self:
        """Read the environment, and `.env` beneath it.

        Raises `InvalidSettings` that names every missing or malformed setting.
        """
        env = Env(eager=False)
        env.add_parser("mapping", _mapping)
        if env_file:
            env.read_env(".env", recurse=False)
        config = cls(
            roistat_api_key=env.str("ROISTAT_API_KEY", validate=_not_blank),
            roistat_project=env.str("ROISTAT_PROJECT", validate=_not_blank),
            roistat_url=env.str(
                "ROISTAT_URL", "https://cloud.roistat.com/api/v1", validate=_http_url
            ),
            roistat_batch_size=env.int(
                "ROISTAT_BATCH_SIZE", 100, validate=validate.Range(1, 1000)
            ),
            roistat_requests_per_second=env.int(
                "ROISTAT_REQUESTS_PER_SECOND", 8, validate=validate.Range(1, 10_000)
            ),
            roistat_requests_per_hour=env.int(
                "ROISTAT_REQUESTS_PER_HOUR",
                2000,
                validate=validate.Range(1, 10_000_000),
            ),
            webhook_secrets=tuple(
                env.list("WEBHOOK_SECRETS", subcast=str.strip, validate=_secrets) or ()
            ),
            redis_url=env.str("REDIS_URL", None) or None,
            redis_tls_verify=env.bool("REDIS_TLS_VERIFY", True),
            store_durable=env.bool("STORE_DURABLE", None),
            data_dir=env.path("DATA_DIR", Path("data")),
            mapping=env.mapping("MAPPING", ""),
            sync_interval=env.int(
                "SYNC_INTERVAL", 5, validate=validate.Range(0, 24 * 60)
            ),
            port=env.int("PORT", 8080, validate=validate.Range(1, 65535)),
            log_format=env.str(
                "LOG_FORMAT", "text", validate=validate.OneOf(["text", "json"])
            ),
            dashboard_username=env.str(
                "DASHBOARD_USERNAME", "admin", validate=_not_blank
            ),
            dashboard_password=env.str("DASHBOARD_PASSWORD", None) or None,
            alert_urls=tuple(_listed(env, "ALERT_URLS", _alert_urls)),
            metrics_token=env.str("METRICS_TOKEN", "").strip() or None,
            sentry_dsn=env.str("SENTRY_DSN", "", validate=_sentry_dsn) or None,
            leads=_leads(env),
            trusted_proxies=env.int(
                "TRUSTED_PROXIES", 0, validate=validate.Range(0, 10)
            ),
        )
        config = replace(config, sugar=_sugar(env))
        try:
            env.seal()
        except EnvValidationError as error:
            raise InvalidSettings(_as_lines(error)) from None
        return config


def _sugar(env: Env) -> SugarConfig | None:
    """The settings named SUGAR_…: all that the API in use needs, or none at all."""
    names = ("API", "URL", "USERNAME", "PASSWORD", "CLIENT_ID", "CLIENT_SECRET")
    given = {one: os.environ.get(f"SUGAR_{one}", "").strip() for one in names}
    if not any(given.values()):
        return None
    needed = {"API", "URL"}
    if given["API"] == "suitecrm_v8":
        needed |= {"CLIENT_ID", "CLIENT_SECRET"}
    if given["API"] == "rest_v11" or given["USERNAME"] or given["PASSWORD"]:
        needed |= {"USERNAME", "PASSWORD"}
    checks = {"API": _sugar_api, "URL": _http_url}
    for name in needed:  # names each that is missing or wrong
        env.str(f"SUGAR_{name}", validate=checks.get(name, _not_blank))
    return SugarConfig(
        api=given["API"],
        url=given["URL"],
        username=given["USERNAME"] or None,
        password=given["PASSWORD"] or None,
        client_id=given["CLIENT_ID"] or "sugar",
        client_secret=given["CLIENT_SECRET"],
        platform=env.str("SUGAR_PLATFORM", "roistat", validate=_sugar_platform),
        requests_per_second=env.int(
            "SUGAR_REQUESTS_PER_SECOND", 5, validate=validate.Range(1, 19)
        ),
    )


def _leads(env: Env) -> LeadsConfig:
    """The settings named LEADS_…; without the key no lead is taken."""
    return LeadsConfig(
        key=(env.str("LEADS_KEY", "", validate=_leads_key) or "").strip() or None,
        origins=tuple(
            env.list(
                "LEADS_ORIGINS", [], subcast=_without_slash, validate=_leads_origins
            )
            or ()
        ),
        allow_get=env.bool("LEADS_ALLOW_GET", False),
        per_minute=env.int(
            "LEADS_PER_MINUTE", 120, validate=validate.Range(1, 1_000_000)
        ),
        repeat_minutes=env.int(
            "LEADS_REPEAT_MINUTES", 60, validate=validate.Range(0, 365 * 24 * 60)
        ),
        stage=env.str("LEADS_STAGE", "").strip() or None,
        source=env.str("LEADS_SOURCE", "Web Site").strip() or None,
    )


def _leads_key(value: str) -> None:
    if value.strip() and len(value.strip()) < MIN_SECRET_BYTES:
        raise ValidationError(f"Must have at least {MIN_SECRET_BYTES} characters.")


def _without_slash(value: str) -> str:
    return value.strip().rstrip("/").lower()


def _leads_origins(values: list[str]) -> None:
    """As a browser names a page's site: scheme and host, and a port that is unusual."""
    for value in values:
        if not re.fullmatch(r"https?://[^/\s?#@]+", value):
            raise ValidationError("Must be sites such as https://shop.example.")


def _sugar_api(value: str) -> None:
    if value not in ("rest_v11", "suitecrm_v8"):
        raise ValidationError("Must be rest_v11 or suitecrm_v8.")


def _sugar_platform(value: str) -> None:
    """What SugarCRM takes as a platform's name; "base" is that of its own pages."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,127}", value) or value == "base":
        raise ValidationError("Must be letters, digits, - and _, and not base.")


def _as_lines(error: EnvValidationError) -> str:
    messages = cast(dict[str, list[str]], error.error_messages)
    return "\n".join(f"{name}: {' '.join(messages[name])}" for name in sorted(messages))


def _listed(env: Env, name: str, check: Callable[[list[str]], None]) -> Iterator[str]:
    """What stands between commas, but for what is blank."""
    values = env.list(name, [], subcast=str.strip, validate=check) or []
    return (value for value in values if value)


def _alert_urls(values: list[str]) -> None:
    """Says which one is wrong by its number: each may hold a password."""
    for number, value in enumerate(values, 1):
        if value and not notify.is_address(value):
            raise ValidationError(f"Address {number} is none that Apprise knows.")


def _sentry_dsn(value: str) -> None:
    parts = urlsplit(value)
    if value and not (parts.scheme in ("http", "https") and parts.username):
        raise ValidationError("Must be https://<key>@<host>/<project>.")


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("Must not be empty.")


def _http_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError("Must be an http or https address.")


def _mapping(value: str) -> Mapping | None:
    """The mapping that is given as JSON, or by the path of a file."""
    text = value.strip()
    if not text:
        return None
    if not text.startswith("{"):
        try:
            text = Path(text).read_text("utf-8-sig")
        except (OSError, ValueError):
            raise ValidationError(
                "Neither JSON nor the path of a file that can be read."
            ) from None
    try:
        return Mapping.load(text)
    except InvalidMapping as error:
        raise ValidationError("; ".join(error.mistakes)) from None


def _secrets(values: list[str]) -> None:
    if not values:
        raise ValidationError("At least one secret is needed.")
    for number, value in enumerate(values, 1):
        if not value.startswith(SECRET_PREFIX):
            raise ValidationError(f"Secret {number} must start with {SECRET_PREFIX}.")
        try:
            key = _decode(value.removeprefix(SECRET_PREFIX))
        except binascii.Error:
            key = b""
        if len(key) < MIN_SECRET_BYTES:
            raise ValidationError(
                f"Secret {number} must be base64 of at least {MIN_SECRET_BYTES} bytes "
                f"after {SECRET_PREFIX}."
            )


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def child_environment(**changes: str) -> dict[str, str]:
    """Our own environment with some settings changed, for a process that we start."""
    return {**os.environ, **changes}


def demo_environment(**settings: str) -> dict[str, str]:
    """An environment that holds none of our settings but those given and, where they
    are set, WEBHOOK_SECRETS and the dashboard's login; for a demonstration that must
    not touch anything real.
    """
    ours = (
        *("ROISTAT_", "REDIS_", "WEBHOOK_", "STORE_", "DATA_", "SUGAR_", "SYNC_"),
        *("DASHBOARD_", "MAPPING", "PORT", "LOG_FORMAT", "LEADS_", "TRUSTED_"),
        *("ALERT_", "METRICS_", "SENTRY_"),
    )
    clean = {name: os.environ[name] for name in os.environ if not name.startswith(ours)}
    for name in ("WEBHOOK_SECRETS", "DASHBOARD_USERNAME", "DASHBOARD_PASSWORD"):
        if given := os.environ.get(name):
            settings[name] = given
    return {**clean, **settings}
