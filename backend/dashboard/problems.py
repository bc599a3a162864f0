"""What a page shows when it cannot be shown: not found, not allowed, no longer valid."""

from flask import Blueprint, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden

from backend.dashboard.language import gettext
from backend.dashboard.shell import render
from backend.errors import NotFound, RecoveryError


def answer_problems(pages: Blueprint) -> None:
    """Give the pages of a blueprint a friendly answer for each error that can reach them."""
    pages.register_error_handler(NotFound, _not_found)
    pages.register_error_handler(Forbidden, _forbidden)
    pages.register_error_handler(CSRFError, _stale)
    pages.register_error_handler(RecoveryError, _refused)


def _not_found(error: Exception) -> tuple[str, int]:
    return _page(gettext("Not found"), str(error), 404)


def _refused(error: Exception) -> tuple[str, int]:
    return _page(gettext("That is not possible"), str(error), 409)


def _forbidden(_error: Exception) -> tuple[str, int]:
    words = gettext(
        "Your role does not allow this. Please ask a clinician or an administrator of the clinic."
    )
    return render_template("problem_plain.html", heading=gettext("Not allowed"), words=words), 403


def _stale(_error: Exception) -> tuple[str, int]:
    words = gettext(
        "The page was open too long. Please go back, reload it and try again; nothing was changed."
    )
    return render_template("problem_plain.html", heading=gettext("Please try again"), words=words), 400


def _page(heading: str, words: str, status: int) -> tuple[str, int]:
    return render("problem.html", heading=heading, words=words), status
