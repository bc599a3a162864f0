"""From a template, a language and facts to the exact words a patient receives.

The sentences live in `copy/`, one file a language, and what each may say in `copy/templates.toml`; when
and to whom is not known here. Called by the dispatcher at send time, and by every page that previews a
text.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from babel.dates import format_date, format_datetime

from notifications.segments import Segments, segments

STANDING_FACTS: Final = frozenset({"clinic", "given_name", "emergency_number", "clinic_phone"})
_LANGUAGES: Final = ("en", "tr")


class CopyError(Exception):
    """A text that cannot be composed as asked: the template, the language or a fact is wrong."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a text is for and what it needs, in every language; `facts` are those beyond the standing four."""

    name: str
    purpose: str
    facts: tuple[str, ...]
    expects_reply: bool
    safety: bool
    example_facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sms:
    """Words ready to send."""

    template: str
    language: str
    body: str
    segments: Segments


@dataclass(frozen=True, slots=True)
class _Copy:
    """One language's file: how it writes days and moments, whom a text is for, and its sentences."""

    date_pattern: str
    moment_pattern: str
    addressing: str
    sentences: Mapping[str, str]


def languages() -> tuple[str, ...]:
    """Name the languages a patient can be written to."""
    return _LANGUAGES


@cache
def templates() -> Mapping[str, Template]:
    """Name every text there is, with an example of its facts (the standing ones included)."""
    declared = _read("templates")
    standing = declared["standing_facts"]
    return MappingProxyType(
        {
            name: Template(
                name=name,
                purpose=entry["purpose"],
                facts=tuple(entry.get("facts", {})),
                expects_reply=entry.get("expects_reply", False),
                safety=entry.get("safety", False),
                example_facts=MappingProxyType({**standing, **entry.get("facts", {})}),
            )
            for name, entry in declared["templates"].items()
        }
    )


def sentence(template: str, language: str) -> str:
    """Quote a sentence with its placeholders, for lists and checks; CopyError if there is none."""
    if template not in templates():
        raise CopyError(f"no template is named {template!r}")
    if language not in _LANGUAGES:
        raise CopyError(f"no texts are written in {language!r}, only in {', '.join(_LANGUAGES)}")
    return _copy(language).sentences[template]


def compose(template: str, language: str, facts: Mapping[str, object]) -> Sms:
    """Put the facts into a template's sentence.

    Facts named `*_on` are days (date or ISO 8601), `*_at` local wall times (datetime or ISO 8601, shown
    as they stand: no zone is converted here); both are written in the language's words. Raises CopyError
    for an unknown template or language, a declared or mentioned fact that is missing, a fact the
    template does not declare, and a value that is not what its name says.
    """
    words = sentence(template, language)
    declared = templates()[template].facts
    _check_names(template, words, declared, facts)
    copy = _copy(language)
    said = {name: _in_words(name, facts[name], copy, language) for name in _placeholders(words)}
    body = words.format_map(said)
    return Sms(template, language, body, segments(body))


def addressed(body: str, name: str, language: str) -> str:
    """Say in front of a text whom it is for, on a phone that several people share; once, however often.

    Only a name, nothing about health; an unknown language says it as English does.
    """
    said = _copy(language if language in _LANGUAGES else _LANGUAGES[0]).addressing.format(name=name)
    return body if body.startswith(said) else said + body


def _check_names(template: str, words: str, declared: tuple[str, ...], facts: Mapping[str, object]) -> None:
    if unknown := sorted(facts.keys() - STANDING_FACTS - set(declared)):
        raise CopyError(f"{template} knows no fact {', '.join(unknown)}")
    if missing := sorted({*declared, *_placeholders(words)} - facts.keys()):
        raise CopyError(f"{template} needs {', '.join(missing)}")


@cache
def _placeholders(words: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(words) if name)


def _in_words(name: str, value: object, copy: _Copy, language: str) -> str:
    if name.endswith("_on"):
        return str(format_date(_day(name, value), copy.date_pattern, locale=language))
    if name.endswith("_at"):
        return str(format_datetime(_moment(name, value), copy.moment_pattern, locale=language))
    said = " ".join(str(value).split())
    if value is None or not said:
        raise CopyError(f"{name} is empty")
    return said


def _day(name: str, value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise CopyError(f"{name} must be a day such as 2026-12-01") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise CopyError(f"{name} must be a day such as 2026-12-01")


def _moment(name: str, value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise CopyError(f"{name} must be a local time such as 2026-12-01T10:30") from None
    if isinstance(value, datetime):
        return value.replace(
            tzinfo=None
        )  # the wall time as it stands; Babel would turn an aware one into UTC
    raise CopyError(f"{name} must be a local time such as 2026-12-01T10:30")


@cache
def _copy(language: str) -> _Copy:
    content = _read(language)
    return _Copy(
        date_pattern=content["formats"]["date"],
        moment_pattern=content["formats"]["moment"],
        addressing=content["formats"]["addressing"],
        sentences=MappingProxyType({name: " ".join(text.split()) for name, text in content["texts"].items()}),
    )


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("notifications.copy").joinpath(f"{name}.toml").read_text("utf-8"))
