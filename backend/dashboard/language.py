"""The reader's language: which it is, how it is chosen, and gettext with types.

English is the language of the source; Turkish comes from `translations/`. What a
patient is told is not here but in `notifications/copy`.
"""

from pathlib import Path
from typing import Any, Final

import flask_babel
from flask import Blueprint, Flask, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_security import current_user

from backend.auth import public, writes
from backend.dashboard.returning import way_back

LANGUAGES: Final = ("en", "tr")
TRANSLATIONS: Final = Path(__file__).parent / "translations"

pages = Blueprint("language", __name__)


def gettext(message: str, **facts: object) -> str:
    """Return `message` in the reader's language, with `facts` filled in."""
    return str(flask_babel.gettext(message, **facts))


def ngettext(one: str, many: str, num: int, **facts: object) -> str:
    """Return the form of a sentence that goes with `num`, in the reader's language."""
    return str(flask_babel.ngettext(one, many, num, **facts))


def mark(message: str) -> str:
    """Mark a sentence for translation where it stands; `gettext` is applied when it is shown."""
    return message


def reader_language() -> str:
    """Return the language of this request: chosen in this browser, the account's, or the browser's own."""
    chosen = session.get("language")
    caller = g.get("caller")
    if chosen in LANGUAGES:
        return str(chosen)
    if caller is not None and caller.language in LANGUAGES:
        return str(caller.language)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


@pages.post("/language")
@public
@writes
def choose() -> ResponseReturnValue:
    """Remember a language for this browser and, where somebody is signed in, for the account."""
    language = request.form.get("language")
    if language in LANGUAGES:
        session["language"] = language
        if current_user.is_authenticated:
            current_user.language = language
    return redirect(way_back(), 303)


def install_language(app: Flask) -> None:
    """Bind Babel to the application, and give the sign-in page its language."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    flask_babel.Babel(app, locale_selector=reader_language)
    app.context_processor(_for_every_page)


def _for_every_page() -> dict[str, Any]:
    return {"reader_language": reader_language()}
