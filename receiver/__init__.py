"""Roistat for SugarCRM: the receiver."""

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from receiver.bootstrap import Services

__version__ = version("sugar-roistat")


def create_app(services: "Services | None" = None) -> "Flask":
    """The web application; without `services` it connects its own."""
    from receiver.views.app import build

    return build(services)
