"""Who is calling, and what each route lets them do.

Sign-in with Flask-Security (staff pages), signed tokens (the API), and the
decorators that stand beside every route. Which account exists and how a code or a
refresh token is checked is `backend.services.accounts` and `.sign_in`. Called by
the API, the dashboard and the application factory.
"""

from backend.auth.access import (
    Access,
    current_actor,
    current_caller,
    current_patient_ids,
    declare_public,
    patient_app,
    public,
    staff,
    writes,
)
from backend.auth.callers import Caller
from backend.auth.limits import limiter
from backend.auth.setup import install_auth
from backend.auth.tokens import (
    PATIENT_ACCESS,
    STAFF_ACCESS,
    AccessToken,
    read_access_token,
    sign_access_token,
)

__all__ = [
    "PATIENT_ACCESS",
    "STAFF_ACCESS",
    "Access",
    "AccessToken",
    "Caller",
    "current_actor",
    "current_caller",
    "current_patient_ids",
    "declare_public",
    "install_auth",
    "limiter",
    "patient_app",
    "public",
    "read_access_token",
    "sign_access_token",
    "staff",
    "writes",
]
