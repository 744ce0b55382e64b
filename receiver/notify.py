"""Telling people, where they are anyway: e-mail, Slack, Telegram, webhooks, by Apprise.

Apprise is imported where it is needed: it is large, and a web process never tells.
An address holds passwords: neither we nor Apprise ever writes one down.
"""

import logging
from collections.abc import Sequence
from typing import Any


def is_address(url: str) -> bool:
    """Whether that is an address that Apprise knows how to tell."""
    return bool(_apprise().Apprise().add(url))


def tell(urls: Sequence[str], title: str, body: str) -> list[int]:
    """Tell everybody; give the numbers, from 1, of the addresses that failed."""
    apprise = _apprise()
    failed = []
    for number, url in enumerate(urls, 1):
        one = apprise.Apprise()
        if not (one.add(url) and one.notify(body=body, title=title)):
            failed.append(number)
    return failed


def _apprise() -> Any:
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise
