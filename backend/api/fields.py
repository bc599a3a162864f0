"""Field types of the API: stricter than marshmallow's, so that what is accepted can always be stored."""

import re
from datetime import UTC, date, datetime, time
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HOUR: Final = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)
_YEARS: Final = range(1900, 2200)
LANGUAGES: Final = ("en", "tr")


class Text(fields.String):
    """A text that both databases can keep: no NUL, no half of a surrogate pair; `most` characters."""

    def __init__(self, *, most: int = 200, least: int = 0, **more: Any) -> None:
        checks = [validate.Length(min=least or None, max=most)]
        super().__init__(validate=[*checks, *more.pop("also", ())], **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("This is no valid Unicode text.") from None
        if "\x00" in text:
            raise ValidationError("A NUL character cannot be stored.")
        return text


class Whole(fields.Integer):
    """A whole number, as JSON has them: neither "3" nor 3.0 nor true."""

    def __init__(self, least: int, most: int, **more: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=least, max=most), **more)


class Instant(fields.AwareDateTime):
    """An RFC 3339 date-time with its offset; between 1900 and 2200."""

    def __init__(self, **more: Any) -> None:
        super().__init__(format="iso", **more)

    def _deserialize(self, value: Any, *_context: Any, **_options: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise ValidationError("Give date, time and offset, like 2026-11-23T09:00:00+03:00.")
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("There is no such date or time.") from None
        if instant.year not in _YEARS:
            raise ValidationError("Give a year between 1900 and 2199.")
        return instant


class Day(fields.Date):
    """A calendar day, like 2026-11-23."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValidationError("Give a day like 1980-05-17.")
        day: date = super()._deserialize(value, attr, data, **more)
        return day


class Hour(fields.Time):
    """A wall time, like 18:00."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> time:
        if not isinstance(value, str) or not _HOUR.fullmatch(value):
            raise ValidationError("Give a time like 18:00.")
        hour: time = super()._deserialize(value, attr, data, **more)
        return hour


def choice(*values: str, **more: Any) -> fields.String:
    """Return a field that takes one of these words."""
    return fields.String(validate=validate.OneOf(values), **more)
