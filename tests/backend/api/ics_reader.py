"""A second reader of calendars: shares nothing with the writer, and is strict about RFC 5545."""

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(;[A-Za-z0-9-]+=[^;:,\"]+)*):(?P<value>.*)", re.DOTALL
)
_ESCAPES = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n", "\\N": "\n"}


@dataclass(frozen=True)
class Property:
    """One content line: its parameters and its value, still escaped."""

    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value as a text."""
        assert not re.search(r"(?<!\\)(\\\\)*[,;]", self.value), f"a bare comma or semicolon: {self.value}"
        return re.sub(r"\\.", lambda escape: _ESCAPES[escape[0]], self.value)


Component = dict[str, Property]


def content_lines(file: bytes) -> list[str]:
    """Check the physical lines and return the logical ones."""
    assert file.endswith(b"\r\n"), "the last line does not end"
    physical = file.removesuffix(b"\r\n").split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in physical), "a bare line break"
    assert all(len(line) <= 75 for line in physical), "a line of more than 75 octets"
    for line in physical:
        line.decode("utf-8")  # a fold inside a character would not be UTF-8
    logical: list[str] = []
    for line in physical:
        if line[:1] in b" \t" and line[:1]:
            logical[-1] += line[1:].decode()
        else:
            logical.append(line.decode())
    return logical


def read_calendar(file: bytes) -> tuple[Component, list[Component]]:
    """Return a calendar's own properties and its events; AssertionError for what a strict client refuses."""
    lines = content_lines(file)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    calendar: Component = {}
    events: list[Component] = []
    inside = calendar
    for line in lines[1:-1]:
        if line == "BEGIN:VEVENT":
            assert inside is calendar
            inside = {}
            events.append(inside)
        elif line == "END:VEVENT":
            assert inside is events[-1]
            inside = calendar
        else:
            found = _LINE.fullmatch(line)
            assert found, f"no content line: {line!r}"
            name = found["name"].upper()
            assert name not in inside, f"{name} twice"
            parameters = dict(part.split("=", 1) for part in found["parameters"].split(";")[1:])
            inside[name] = Property(parameters, found["value"])
    assert inside is calendar
    assert calendar["VERSION"].value == "2.0"
    assert calendar["PRODID"].value
    for event in events:
        assert {"UID", "DTSTAMP", "DTSTART", "SEQUENCE"} <= event.keys()
        assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"].value)
        day = event["DTSTART"].parameters == {"VALUE": "DATE"}
        assert re.fullmatch(r"\d{8}" if day else r"\d{8}T\d{6}Z", event["DTSTART"].value)
        assert re.fullmatch(r"\d+", event["SEQUENCE"].value)
        assert event["STATUS"].value in {"TENTATIVE", "CONFIRMED", "CANCELLED"}
    assert len({event["UID"].value for event in events}) == len(events), "an identity twice"
    return calendar, events
