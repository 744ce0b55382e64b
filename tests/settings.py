"""The settings that tests, and what is made like them, begin with."""

from pathlib import Path
from typing import Any

from receiver.config import Config, SugarConfig
from tests.events import SECRET


def settings(redis_url: str, roistat_url: str, **others: Any) -> Config:
    """Settings whose budget keeps nobody waiting, unless told otherwise."""
    usual: dict[str, Any] = {
        "roistat_api_key": "key",
        "roistat_project": "12345",
        "roistat_batch_size": 100,
        "roistat_requests_per_second": 10_000,
        "roistat_requests_per_hour": 10_000_000,
        "webhook_secrets": (SECRET,),
        "redis_tls_verify": True,
        "store_durable": True,
        "data_dir": Path("unused"),
        "mapping": None,
        "sync_interval": 5,
        "port": 8080,
        "log_format": "text",
    }
    return Config(redis_url=redis_url, roistat_url=roistat_url, **usual | others)


def sugar_settings(url: str, **others: Any) -> SugarConfig:
    """How the emulator of SugarCRM is reached, by a user that it knows."""
    usual: dict[str, Any] = {
        "api": "rest_v11",
        "username": "sync",
        "password": "pw",
        "client_id": "sugar",
        "client_secret": "",
        "platform": "roistat",
        "requests_per_second": 10_000,
    }
    return SugarConfig(url=url, **usual | others)
