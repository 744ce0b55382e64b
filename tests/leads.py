"""Leads, and what websites send, for the tests."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import requests

from receiver.config import Config, LeadsConfig
from receiver.deal import Lead

KEY = "a-key-for-the-website"
FORM = "application/x-www-form-urlencoded"


def lead(lead_id: str = "l1", **changes: Any) -> Lead:
    """A lead, whole."""
    given = {
        "received": "2026-11-21T07:42:10Z",
        "title": "Request",
        "name": "Ada Lovelace",
        "email": "ada@shop.example",
        "phone": "+7 911 123-45-67",
        "visit": "4521890",
    }
    return Lead(lead_id, **given | changes)


def values(**changes: Any) -> dict[str, Any]:
    """What the guide's own snippet sends."""
    return {
        "roistat": "4521890",
        "key": KEY,
        "title": "Request",
        "comment": "Please call",
        "name": "Ada Lovelace",
        "email": "",
        "phone": "79111234567",
    } | changes


def taking_leads(config: Config, **changes: Any) -> Config:
    """The settings, with leads taken."""
    wanted = {"key": KEY, "per_minute": 1_000_000} | changes
    return replace(config, leads=LeadsConfig(**wanted))


class Website:
    """A website that sends to the receiver."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/leads"

    def form(self, **sent: Any) -> requests.Response:
        """Send a form; the name of one of the deal's own fields may hold brackets."""
        return self.body(urlencode(values(**sent)).encode())

    def json(self, **sent: Any) -> requests.Response:
        return requests.post(self.url, json=values(**sent), timeout=20)

    def body(
        self, body: Any, content_type: str = FORM, **headers: str
    ) -> requests.Response:
        sent = {"Content-Type": content_type} | headers
        return requests.post(self.url, data=body, headers=sent, timeout=20)
