"""Binding sign-in to the application: Flask-Security, CSRF, cookies, limits.

Flask-Security gives the staff's sign-in page, its session and password check. Its
own tokens, mails and self-service pages stay off: fewer doors.
"""

from datetime import timedelta
from typing import Any

from flask import Flask, Request, session
from flask_security import Security, SQLAlchemyUserDatastore, user_authenticated

from backend.auth.access import csrf, declare_public
from backend.auth.limits import BY_ACCOUNT, BY_ADDRESS, limiter, tried_account
from backend.config import Settings
from backend.db import db
from backend.models import Account, Role
from backend.services.accounts import PASSWORD_LENGTH

SESSION_LIFETIME = timedelta(hours=12)
"""A long shift; the cookie is signed and ends with it."""


def install_auth(app: Flask, settings: Settings) -> None:
    """Give `app` its sign-in page, sessions, CSRF protection and sign-in limits.

    Call it once, before the routes are registered; needs SECRET_KEY and `db` set up.
    """
    app.config.update(_cookies(settings))
    app.config.update(_security())
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    csrf.init_app(app)
    security = Security(app, SQLAlchemyUserDatastore(db, Account, Role))
    security.want_json(_never_json)
    app.login_manager.request_loader(_no_request_loader)  # type: ignore[attr-defined]  # set by Flask-Login
    user_authenticated.connect(_keep_session, app)
    limiter.init_app(app)
    _limit_sign_in(app)
    declare_public(app, "security.login", "security.logout", "security.static", "static")


def _cookies(settings: Settings) -> dict[str, Any]:
    return {
        "SESSION_COOKIE_NAME": "recovery_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": settings.secure_cookies,
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
    }


def _security() -> dict[str, Any]:
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,  # argon2 salts by itself; services hash without an app
        "SECURITY_PASSWORD_LENGTH_MIN": PASSWORD_LENGTH,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_RETURN_GENERIC_RESPONSES": True,  # a wrong password and an unknown address look alike
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_LOGOUT_CSRF": True,
        "SECURITY_FRESHNESS": timedelta(days=-1),
        "SECURITY_POST_LOGIN_VIEW": "/",
        "SECURITY_POST_LOGOUT_VIEW": "/login",
        "SECURITY_CLI_USERS_NAME": None,  # `create-user` is ours
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_DEFAULT_REMEMBER_ME": False,
    }


def _never_json(_request: Request) -> bool:
    """Refuse the JSON face of the sign-in page: it would hand out Flask-Security's own tokens."""
    return False


def _no_request_loader(_request: Request) -> None:
    """Let no header, query string or body sign anybody in behind our guards."""


def _keep_session(_app: Flask, **_signal: object) -> None:
    session.permanent = True  # ends after SESSION_LIFETIME, not when the browser likes


def _limit_sign_in(app: Flask) -> None:
    view: Any = app.view_functions["security.login"]
    view = limiter.limit(BY_ADDRESS, methods=["POST"])(view)
    app.view_functions["security.login"] = limiter.limit(
        BY_ACCOUNT, key_func=tried_account, methods=["POST"]
    )(view)
