"""The web application: its blueprints, and how an error becomes an answer."""

import sys
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from receiver import __version__, logs, sentry
from receiver.bootstrap import Services, bootstrap
from receiver.config import Config
from receiver.errors import (
    InvalidPayload,
    InvalidSettings,
    InvalidSignature,
    StoreUnavailable,
)
from receiver.views import (
    api,
    dashboard,
    health,
    leads,
    metrics,
    visit_script,
    webhooks,
)
from receiver.views.request_id import Named

RETRY_AFTER = 10  # seconds
UNREMARKABLE = (404, 405)  # whoever tries addresses need not fill the log

log = structlog.get_logger()


class Receiver(Flask):
    """An application that tells of an unexpected error where it was raised, not its
    message: that may quote what somebody sent.
    """

    webhooks: webhooks.Webhooks  # for a server that has a fast path

    def ensure_sync(self, func: Any) -> Any:
        """Nothing of ours is asynchronous; Flask would look at it for every request."""
        return func

    def log_exception(self, exc_info: Any) -> None:
        """Tell of an error that nobody expected."""
        log.error("crashed", endpoint=request.endpoint, **logs.whereabouts(exc_info))


def build(services: Services | None = None) -> Flask:
    """Put the application together."""
    if services is None:
        try:
            config = Config.from_environment()
            services = bootstrap(config)
            sentry.start(config.sentry_dsn, __version__)
        except InvalidSettings as error:
            sys.exit(str(error))
        logs.configure(config.log_format)
    app = Receiver("receiver")
    # one more than we take: a body of unsaid length is cut there without a word
    app.config["MAX_CONTENT_LENGTH"] = webhooks.MAX_BODY + 1
    app.extensions["receiver"] = services
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(leads.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(visit_script.blueprint)
    app.register_blueprint(api.blueprint)
    app.after_request(_count)
    app.register_blueprint(metrics.blueprint)
    dashboard.register(app, services)
    app.register_error_handler(InvalidSignature, _unproved)
    app.register_error_handler(InvalidPayload, _invalid)
    app.register_error_handler(StoreUnavailable, _away)
    app.register_error_handler(HTTPException, _plain)
    wsgi: Any = app.wsgi_app
    if proxies := services.config.trusted_proxies:
        # what anybody else claims to have forwarded is not believed
        wsgi = ProxyFix(wsgi, x_for=proxies, x_proto=proxies)
    app.webhooks = webhooks.Webhooks(services, wsgi)
    app.wsgi_app = Named(app.webhooks)  # type: ignore[method-assign]
    return app


def _count(answer: Response) -> Response:
    """Count a refusal, whoever made it, by who was asked."""
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        services: Services = current_app.extensions["receiver"]
        at = request.blueprint or "nowhere"
        services.store.counters.count("refused", at=at, status=answer.status_code)
    return answer


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
    if error.code not in UNREMARKABLE:
        log.warning("refused", status=error.code)
    return {"error": error.description}, error.code or 500
