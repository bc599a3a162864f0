"""What somebody typed into a form, kept as it was typed until it is right.

No rule of the domain is here: the services judge, this remembers and reads the plain
shapes (a local date and time, a number, a choice).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from backend.dashboard.sentences import hint
from schedules.civil_time import resolve_local

Value = TypeVar("Value")


@dataclass(slots=True)
class Form:
    """The fields as typed, `defaults` for those not sent yet, and what is wrong with each."""

    given: MultiDict[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return a field as typed, for showing it again."""
        return self.given.get(name, self.defaults.get(name, ""))

    def values(self, name: str) -> list[str]:
        """Return every choice of a field."""
        return self.given.getlist(name)

    def has(self, name: str) -> bool:
        """Whether `name` is a field of the form, and not the form as a whole."""
        return name in self.defaults

    def text(self, name: str) -> str:
        """Return a field without the spaces around it."""
        return self.value(name).strip()

    def read(self, name: str, how: Callable[[str], Value], *, required: bool = False) -> Value | None:
        """Return a field read by `how`, or None with its mistake noted; an empty one is None."""
        typed = self.text(name)
        if not typed:
            if required:
                self.errors[name] = [hint(name)]
            return None
        try:
            return how(typed)
        except ValueError:
            self.errors[name] = [hint(name)]
            return None

    def moment(self, name: str, zone: str, *, required: bool = False) -> datetime | None:
        """Return a `datetime-local` field as the instant it means in `zone`."""
        return self.read(name, lambda typed: resolve_local(_naive(typed), zone), required=required)

    def day(self, name: str) -> date | None:
        """Return a `date` field."""
        return self.read(name, date.fromisoformat)

    def number(self, name: str) -> int | None:
        """Return a field of a whole number."""
        return self.read(name, int)


def _naive(typed: str) -> datetime:
    local = datetime.fromisoformat(typed)
    if local.tzinfo is not None:
        raise ValueError("a form's times are local")
    return local
