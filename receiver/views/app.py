"""The web application: its blueprints, and how an error becomes an answer."""

import sys

import structlog
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from receiver import logs
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config
from receiver.errors import (
    InvalidPayload,
    InvalidSettings,
    InvalidSignature,
    StoreUnavailable,
)
from receiver.views import health, leads, visit_script, webhooks

RETRY_AFTER = 10  # seconds

log = structlog.get_logger()


def build(services: Services | None = None) -> Flask:
    """Put the application together."""
    if services is None:
        try:
            config = Config.from_environment()
            services = bootstrap(config)
        except InvalidSettings as error:
            sys.exit(str(error))
        logs.configure(config.log_format)
    app = Flask("receiver")
    # one more than we take: a body of unsaid length is cut there without a word
    app.config["MAX_CONTENT_LENGTH"] = webhooks.MAX_BODY + 1
    app.extensions["receiver"] = services
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(leads.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(visit_script.blueprint)
    app.register_error_handler(InvalidSignature, _unproved)
    app.register_error_handler(InvalidPayload, _invalid)
    app.register_error_handler(StoreUnavailable, _away)
    app.register_error_handler(HTTPException, _plain)
    if proxies := services.config.trusted_proxies:
        # what anybody else claims to have forwarded is not believed
        trusting = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)
        app.wsgi_app = trusting  # type: ignore[method-assign]
    return app


def _unproved(error: InvalidSignature) -> ResponseReturnValue:
    log.warning("refused", status=401, error=str(error))
    return {"error": str(error)}, 401


def _invalid(error: InvalidPayload) -> ResponseReturnValue:
    log.warning("refused", status=422, fields=sorted(error.errors)[:10])
    return {"errors": error.errors}, 422


def _away(error: StoreUnavailable) -> ResponseReturnValue:
    log.error("store_unavailable", error=str(error))
    return {"error": str(error)}, 503, {"Retry-After": str(RETRY_AFTER)}


def _plain(error: HTTPException) -> ResponseReturnValue:
    return {"error": error.description}, error.code or 500
