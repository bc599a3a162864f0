"""Sentences that the services and the outbox say in English, in the reader's language.

They are written where they arise, stored in why-logs and read by machines too; here
each is known by its pattern. One that is not known is shown as it came.
"""

import re
from datetime import UTC, datetime
from typing import Final

from babel.dates import format_date
from flask import Flask

from backend.dashboard.language import gettext, mark, reader_language
from backend.dashboard.reasons import NOTES, WHY_LOG
from backend.errors import Invalid, RecoveryError

HINTS: Final = {
    "given_name": mark("Give a name."),
    "family_name": mark("Give a name."),
    "phone": mark("Give a mobile number that can receive texts, such as +90 532 123 45 67."),
    "language": mark("Choose one of the languages offered."),
    "timezone": mark("Choose a time zone from the list, such as Europe/Istanbul."),
    "birth_date": mark("Give a day in the past, at most 120 years ago."),
    "external_id": mark("Another patient of the clinic has this record number."),
    "protocol": mark("Choose one of the protocols signed off by the clinic."),
    "levels": mark("Choose at least one disc level."),
    "preferred_time": mark("Give an hour from 09:00 and before 20:00."),
    "performed_at": mark("Give a date and time within the last ten years or the next twelve months."),
    "technique": mark("Choose one of the techniques offered."),
    "anaesthesia": mark("Choose one of the kinds offered."),
    "baseline_pain": mark("Choose a number from 0 to 10, or none."),
    "job": mark("Choose one of the kinds of work offered."),
    "flies_home_on": mark("Give a day on or after the procedure."),
    "selection": mark("Choose yes, no or not known."),
    "consent": mark("Consent cannot lie in the future."),
    "body": mark("Write something, of 1600 characters at most."),
    "outcome": mark("Choose what came of it."),
    "booked_at": mark("Give a date and time to come; mark it as done if it is over."),
    "due_at": mark("Give a date and time."),
    "status": mark("This is not possible for this milestone."),
    "answers": mark("Choose a number from 0 to 10."),
    "replies": mark("Write such as D3=8, D9=none, rest=2: a day, then 0 to 10, none, or a sign."),
    "compare": mark("Choose one of the versions offered."),
    "daily_text_limit": mark("Give a number from 1 to 100,000, or nothing for no limit."),
}
"""What would be right, by field. The sentence of the service names the same, for machines."""

_SAID: Final = (
    (r"this alert is already resolved", mark("This alert is already resolved.")),
    (r"somebody else has already taken this alert", mark("Somebody else has already taken this alert.")),
    (r"this procedure is already recorded", mark("This procedure is already recorded.")),
    (
        r"a \w+ procedure of this patient on .+ is already recorded",
        mark("A procedure of this patient on this day is already recorded."),
    ),
    (
        r"this clinic already has a patient with external_id '(?P<number>.*)'",
        mark("The clinic already has a patient with the record number %(number)s."),
    ),
    (
        r"the plan is \w+; its milestones do not change any more",
        mark("The plan has ended; its milestones do not change any more."),
    ),
    (
        r"the plan is \w+; its dates do not change any more",
        mark("The plan has ended; its dates do not change any more."),
    ),
    (r"this change was already taken back", mark("This change was already taken back.")),
    (
        r"the plan was changed again since; .+",
        mark("The plan was changed again since; look at it anew."),
    ),
    (
        r"this followed the patient's particulars; change those back instead",
        mark("This followed the patient's particulars; change those back instead."),
    ),
    (r"the plan is .+ and cannot become .+", mark("The plan's state does not allow this.")),
    (r"this check-in was cancelled", mark("This check-in was called off.")),
    (r"this check-in is not open yet", mark("This check-in is not open yet.")),
    (
        r"this check-in is closed; the clinic will ask again",
        mark("This check-in is closed; the clinic will ask again."),
    ),
    (
        r"this text is not waiting for a person \(any more\)",
        mark("This text is not waiting for a person any more."),
    ),
    (
        r"this patient has opted out of texts; please telephone",
        mark("This patient has opted out of texts; please telephone."),
    ),
    (
        r"this patient has not consented to texts yet; please telephone",
        mark("This patient has not consented to texts yet; please telephone."),
    ),
    (
        r"this number does not receive texts; please correct it or telephone",
        mark("This number does not receive texts; please correct it or telephone."),
    ),
    (r".+ already has an account", mark("This address already has an account.")),
    (r"this clinic does not exist", mark("This clinic does not exist.")),
    # what was understood of a text that came in
    (r"answer (?P<value>\d+), day (?P<day>-?\d+)", mark("answer %(value)s, day %(day)s")),
    (r"red flag: .+; alert raised", mark("warning sign: alert raised")),
    (r"red flag \(.+", mark("warning sign, but whose is not certain")),
    (r"opted out", mark("opted out")),
    (r"opted in", mark("opted in")),
    (r"asked for help: told how", mark("asked for help: told how")),
    (r"a question", mark("a question")),
    (r"not understood with certainty", mark("not understood with certainty")),
    (r"from a number no patient has", mark("from a number no patient has")),
    (r"this number is shared by (?P<number>\d+) patients.*", mark("several patients share this number")),
    (
        r"the number (?P<value>\d+), but no question was open",
        mark("the number %(value)s, but no question was open"),
    ),
    (r"our program failed on this text.*", mark("our program failed on this text: please read it")),
)
_PATTERNS: Final = tuple((re.compile(pattern), sentence) for pattern, sentence in (*_SAID, *WHY_LOG))
_WITH_TAIL: Final = re.compile(
    rf"(?P<base>.+?)(?: \(code (?P<code>\d+)\))?(?:: (?P<note>{'|'.join(NOTES)}))?",
)


def in_reader_words(sentence: str) -> str:
    """Return a sentence of the services or the outbox in the reader's language; as it came if not known.

    One made of several, divided by semicolons, is known if its parts are; a code of the provider's and how
    we learnt of it may stand behind any.
    """
    return _known(sentence) or "; ".join(_with_tail(part) or part for part in sentence.split("; "))


def _with_tail(sentence: str) -> str | None:
    parts = _WITH_TAIL.fullmatch(sentence)
    known = _known(parts["base"]) if parts else None
    if parts is None or known is None:
        return None
    code = gettext("(code %(code)s)", code=parts["code"]) if parts["code"] else ""
    note = f"({gettext(NOTES[parts['note']])})" if parts["note"] else ""
    return " ".join(filter(None, (known, code, note)))


def _known(sentence: str) -> str | None:
    for pattern, known in _PATTERNS:
        match = pattern.fullmatch(sentence)
        if match:
            facts = match.groupdict(default="").items()
            return gettext(known, **{name: _fact(name, value) for name, value in facts})
    return None


def _fact(name: str, value: str) -> str:
    """A sentence or a day within a sentence, in the reader's language; anything else as it is."""
    if name == "reason":
        return in_reader_words(value)
    if name == "on":
        day = datetime.strptime(value, "%d %B %Y").replace(tzinfo=UTC)
        return str(format_date(day, "long", locale=reader_language()))
    return value


def hint(field: str) -> str:
    """Return what would be right in a form's field."""
    return gettext(HINTS[field]) if field in HINTS else gettext("Please check this.")


def explain(error: RecoveryError) -> str:
    """Return why something could not be done, in the reader's language."""
    if isinstance(error, Invalid):
        return " ".join(dict.fromkeys(hint(_own_field(name)) for name in error.fields))
    return in_reader_words(str(error))


def _own_field(name: str) -> str:
    """Return a form's field for a service's: "answers.0.value" is "answers"."""
    return {"sms_consent": "consent", "region": "protocol"}.get(name.split(".")[0], name.split(".")[0])


def field_errors(error: Invalid) -> dict[str, list[str]]:
    """Return what would be right, by the form's field."""
    return {_own_field(name): [hint(_own_field(name))] for name in error.fields}


def install_sentences(app: Flask) -> None:
    """Give templates the filter for the why of a message."""
    app.jinja_env.filters["in_reader_words"] = in_reader_words
