"""The nurses' pages: HTML over the services and the queries, in the reader's language.

One module a subject, each with its own blueprint; no rule of the domain lives here.
Called by the application factory.
"""

from flask import Blueprint, Flask

from backend.auth import declare_public
from backend.dashboard import (
    alarms,
    alerts,
    care,
    enrolment,
    language,
    messages,
    patients,
    problems,
    protocols,
    replanning,
    sending,
    worklist,
)
from backend.dashboard.formats import install_formats
from backend.dashboard.language import install_language
from backend.dashboard.sentences import install_sentences
from backend.dashboard.words import install_words

_SUBJECTS = (
    worklist,
    alerts,
    patients,
    enrolment,
    care,
    messages,
    protocols,
    replanning,
    sending,
    alarms,
    language,
)


def register_dashboard(app: Flask) -> None:
    """Add the pages to `app`; call it after `install_auth`."""
    dashboard = Blueprint(
        "dashboard",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/assets",
    )
    for subject in _SUBJECTS:
        dashboard.register_blueprint(subject.pages)
    problems.answer_problems(dashboard)
    app.register_blueprint(dashboard)
    app.config["SECURITY_LOGIN_USER_TEMPLATE"] = "login.html"
    declare_public(app, "dashboard.static")
    install_language(app)
    install_formats(app)
    install_words(app)
    install_sentences(app)
