"""Who approved a date, and when: in a file beside a step or a rule, or with a figure a clinic set itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from schedules.errors import ProtocolError, shown

_PARTS = ("value", "by", "on", "reason")


@dataclass(frozen=True, slots=True)
class Override:
    """A clinic's own figure under its dotted key; without `by` and `on` the signature vouches for it."""

    key: str
    value: int | str
    by: str | None = None
    on: date | None = None
    reason: str = ""


def check_approval(by: str | None, on: date | None) -> None:
    """Raise unless an approval names both who and when, or is not there at all."""
    if (by is None) != (on is None):
        raise ProtocolError(
            "",
            "approved_on" if on is None else "approved_by",
            "missing; approved_by (a clinician) and approved_on (a day) belong together",
        )


def read_override(key: str, given: object) -> Override:
    """Read a clinic's figure: the value alone, or a table of value, by, on and reason. Keys are relative."""
    if not isinstance(given, Mapping):
        return Override(key, _value("", given))
    for name in given:
        if name not in _PARTS:
            raise ProtocolError("", str(name), f"unknown key; the keys here are {', '.join(_PARTS)}")
    if "value" not in given:
        raise ProtocolError("", "value", "missing; write what the clinic decided, such as P6W")
    by, on = _name("by", given.get("by")), _day("on", given.get("on"))
    if (by is None) != (on is None):
        raise ProtocolError(
            "", "on" if on is None else "by", "missing; by (a clinician) and on (a day) belong together"
        )
    return Override(key, _value("value", given["value"]), by, on, _name("reason", given.get("reason")) or "")


def _value(key: str, given: object) -> int | str:
    if isinstance(given, int | str):
        return given
    raise ProtocolError("", key, f"found {shown(given)}; write a duration, a time, a word or a whole number")


def _name(key: str, given: object) -> str | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str) or not given.strip():
        raise ProtocolError("", key, f"found {shown(given)}; write a text that is not blank")
    return given.strip()


def _day(key: str, given: object) -> date | None:
    if given is None or type(given) is date:
        return given
    try:
        return date.fromisoformat(given) if isinstance(given, str) else _no_day(key, given)
    except ValueError:
        return _no_day(key, given)


def _no_day(key: str, given: object) -> date:
    raise ProtocolError("", key, f"found {shown(given)}; write a day such as 2026-11-23")
