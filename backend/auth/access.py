"""The decorators beside each route: who may call it, and that it writes.

Every route carries exactly one of `public`, `staff`, `patient_app`; a house test
walks them all. The guard also sets the session's scope, so that a view cannot
reach another clinic's rows.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, cast

from flask import Flask, Response, abort, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden, Unauthorized

from backend.auth.callers import Caller, identify
from backend.db import db, set_scope
from backend.services.actors import Actor

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

STAFF_ROLES: Final = frozenset({"nurse", "clinician", "admin"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

csrf = CSRFProtect()


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares: its kind (public, staff, patient_app) and the roles let in."""

    kind: str
    roles: frozenset[str] = frozenset()


def public(view: Callable[P, Any]) -> Callable[P, Any]:
    """Declare that anybody may call this route, signed in or not."""

    @wraps(view)
    def open_to_all(*args: P.args, **kwargs: P.kwargs) -> Any:
        return view(*args, **kwargs)

    return _declare(open_to_all, Access("public"))


def staff(*roles: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let in staff of these roles (each of nurse, clinician, admin), within their own clinic.

    Nobody signed in: 401, or the sign-in page for a page. Another role: 403.
    """
    unknown = set(roles) - STAFF_ROLES
    if unknown or not roles:
        raise ValueError(f"staff() needs roles out of {sorted(STAFF_ROLES)}, not {sorted(unknown)}")
    return _guard(Access("staff", frozenset(roles)))


def patient_app(view: Callable[P, Any]) -> Callable[P, Any]:
    """Let in a patient's account, and nobody else; it sees `current_patient_ids()` only."""
    return _guard(Access("patient_app", frozenset({"patient"})))(view)


def declare_public(app: Flask, *endpoints: str) -> None:
    """Mark routes that a library registered (static files, the sign-in page) as public."""
    for endpoint in endpoints:
        app.view_functions[endpoint] = public(app.view_functions[endpoint])


def writes(view: Callable[P, Any]) -> Callable[P, Response]:
    """Make the view one transaction: committed when it answers below 400, else rolled back.

    The last act of a request that changes anything; services never commit.
    """

    @wraps(view)
    def in_one_transaction(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            response = make_response(view(*args, **kwargs))
        except BaseException:
            db.session.rollback()
            raise
        if response.status_code < 400:
            db.session.commit()
        else:
            db.session.rollback()
        return response

    return in_one_transaction


def current_caller() -> Caller:
    """Return who calls. Only inside a guarded route; a public one has no caller (Unauthorized)."""
    caller: Caller | None = g.get("caller")
    if caller is None:
        raise Unauthorized("sign in first")
    return caller


def current_actor() -> Actor:
    """Return the caller as the actor that services record."""
    caller = current_caller()
    return Actor(account_id=caller.account_id, name=caller.name, clinic_id=caller.clinic_id)


def current_patient_ids() -> frozenset[uuid.UUID]:
    """Return the patients whom the caller's account may see (the patient's app)."""
    return current_caller().patient_ids


def _guard(access: Access) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            _let_in(access)
            return view(*args, **kwargs)

        return _declare(guarded, access)

    return decorate


def _let_in(access: Access) -> None:
    caller = identify()
    if caller is None:
        _ask_to_sign_in()
    elif not caller.roles & access.roles:
        raise Forbidden("your role does not allow this")
    else:
        if caller.by_session and request.method not in SAFE_METHODS:
            csrf.protect()
        g.caller = caller
        set_scope(db.session(), caller.clinic_id)


def _ask_to_sign_in() -> None:
    if request.path.startswith("/api/"):
        raise Unauthorized("sign in and send the access token as Authorization: Bearer")
    target = url_for("security.login", next=request.full_path.rstrip("?"))
    if "HX-Request" in request.headers:  # htmx would put the sign-in page inside the list
        abort(Response(status=401, headers={"HX-Redirect": url_for("security.login")}))
    abort(make_response(redirect(target)))


def _declare(view: Callable[P, Any], access: Access) -> Callable[P, Any]:
    if hasattr(view, "access"):
        raise ValueError(f"{view.__name__} declares its access twice")
    cast("Any", view).access = access
    return view
