"""The dashboard: pages for the people who run it, drawn on the server, behind a login.

Where no password is set there is none of it: every address of it answers 404.
"""

from flask import Flask

from receiver.bootstrap import Services
from receiver.views.dashboard import (
    deals,
    frame,
    leads,
    login,
    mapping,
    overview,
    parked,
    settings,
    statuses,
    sync,
)

_PAGES = (login, overview, deals, parked, mapping, statuses, sync, leads, settings)
for _pages in _PAGES:
    frame.blueprint.register_blueprint(_pages.blueprint)


def register(app: Flask, services: Services) -> None:
    """Put the dashboard into the application, if it has a password."""
    if services.config.dashboard_password:
        frame.prepare(app, services.config)
        app.register_blueprint(frame.blueprint)
