"""A dashboard whose CRM can be read, and somebody who has logged in."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from receiver import create_app
from receiver.bootstrap import bootstrap
from receiver.store import store as store_module
from tests.live import served
from tests.memory_crm import MemoryCrm
from tests.views.test_dashboard import PASSWORD, Person

STAGES = ("Prospecting", "Closed Won", "Closed Lost")
FIELDS = [
    {"name": "branch_c", "label": "Branch:", "type": "enum"},
    {"name": "margin_c", "label": "Margin", "type": "currency"},
    {"name": "vip_c", "label": "VIP", "type": "bool"},
]


@pytest.fixture
def told():
    """What the CRM says of itself."""
    return {
        "version": "1.0.0",
        "stages": [{"key": key, "label": key} for key in STAGES],
        "fields": FIELDS,
        "pipeline": "sales_stage",
    }


@pytest.fixture
def crm():
    return MemoryCrm()


@pytest.fixture
def running(config, redis_client, crm, told, monkeypatch):
    """The services of a receiver with a dashboard and a CRM."""
    for name in ("GAP", "REST", "LONGEST"):
        monkeypatch.setattr(store_module, name, 0)
    services = bootstrap(replace(config, dashboard_password=PASSWORD), crm)
    services.store.notes.keep_ping(told)
    return services


@pytest.fixture
def operator(running):
    """Who runs it, logged in."""
    with served(create_app(running)) as url:
        one = Person(url)
        assert one.logs_in().ok
        yield one


@pytest.fixture
def dashboard_of(redis_client):
    """Serves a dashboard with other settings, to somebody who has logged in."""

    @contextmanager
    def serve(config, crm=None):
        services = bootstrap(replace(config, dashboard_password=PASSWORD), crm)
        with served(create_app(services)) as url:
            one = Person(url)
            assert one.logs_in().ok
            one.services = services
            yield one

    return serve
