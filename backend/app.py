"""The application factory: the one place where the web process is put together."""

import uuid
from contextlib import AbstractContextManager
from pathlib import Path

import structlog
from flask import Flask, Response, g, request
from flask_migrate import Migrate
from flask_talisman import Talisman
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import models
from backend.api import register_api
from backend.auth import install_auth
from backend.clock import Clock, utc_now
from backend.config import PROJECT, Settings, load_settings
from backend.dashboard import register_dashboard
from backend.db import ENGINE_OPTIONS, db, reading
from backend.health import register_health
from backend.runtime import Runtime, attach_runtime, configure_logging
from backend.webhooks import register_webhooks

_MODELS = models.__all__
"""Importing the models maps them; migrations compare the database with all of them."""

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",  # Tabler's style sheet carries its small icons as data: images
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_LARGEST_REQUEST = 2 * 1024 * 1024


def create_app(settings: Settings | None = None, clock: Clock = utc_now) -> Flask:
    """Return the web application. Raises SettingsError naming every mistake in the environment."""
    settings = settings or load_settings()
    configure_logging(settings)
    app = Flask(__name__, instance_path=str(PROJECT / "instance"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=ENGINE_OPTIONS,
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
    )
    if settings.trusted_proxies:  # else anybody could claim any address by a header
        proxies = settings.trusted_proxies
        # assigning it is Flask's documented way to add a middleware; mypy sees a method
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    attach_runtime(app.extensions, Runtime(settings, clock))
    _make_room(settings)
    db.init_app(app)
    Migrate(app, db, directory=str(PROJECT / "backend" / "migrations"))
    Talisman(
        app,
        content_security_policy=CONTENT_SECURITY_POLICY,
        force_https=False,  # the proxy in front redirects; see docs/operations.md
        strict_transport_security=settings.secure_cookies,
        session_cookie_secure=settings.secure_cookies,
        referrer_policy="same-origin",
    )
    _watch_requests(app)
    install_auth(app, settings)
    register_health(app)
    register_api(app)
    register_dashboard(app)
    register_webhooks(app)
    return app


def _make_room(settings: Settings) -> None:
    """Create the folder of the embedded database, which SQLite itself does not."""
    file = make_url(settings.database_url).database
    if settings.is_sqlite and file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)


def _watch_requests(app: Flask) -> None:
    """Give each request an id for the log, and let those that only read not queue for SQLite's writer."""

    @app.before_request
    def begin() -> None:
        request_id = request.headers.get("X-Request-Id", "")[:64] or uuid.uuid4().hex
        g.request_id = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            g.reading = reading()
            g.reading.__enter__()

    @app.after_request
    def name_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")  # pages hold health data
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        open_reading: AbstractContextManager[None] | None = g.pop("reading", None)
        if open_reading is not None:
            db.session.rollback()
            open_reading.__exit__(None, None, None)
        structlog.contextvars.unbind_contextvars("request_id")
