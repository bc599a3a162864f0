"""What an error code does is one table, in docs/messages.md and in the code; so are the operator alarms."""

import re

from backend.queries.alarms import KINDS
from notifications.gateway import ErrorClass, classify
from tests.house.sources import document

EVERY_CODE = range(100_000)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def section(text: str, heading: str) -> str:
    """A document's part under a heading."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def documented() -> dict[str, set[int]]:
    """The codes of each class, as docs/messages.md has them; those of `other` are not numbers."""
    rows = ROW.findall(section(document("docs/messages.md"), "What an error code does"))
    return {name: {int(code) for code in re.findall(r"\d+", codes)} for name, codes in rows}


def classified() -> dict[str, set[int]]:
    """The codes of each class, as the code has them."""
    codes: dict[str, set[int]] = {error_class.value: set() for error_class in ErrorClass}
    for code in EVERY_CODE:
        if (error_class := classify(code)) is not ErrorClass.OTHER:
            codes[error_class.value].add(code)
    return codes


def test_the_table_of_error_codes_and_the_code_say_the_same() -> None:
    assert documented() == classified()


def test_a_code_nobody_knows_and_no_code_at_all_are_other() -> None:
    assert {classify(99_999), classify(None)} == {ErrorClass.OTHER}


def test_every_kind_of_alarm_is_documented_and_every_documented_one_is_real() -> None:
    alarms = section(document("docs/operations.md"), "Alarms")
    assert set(re.findall(r"^\| `(\w+)(?:/<[^>]+>)?` \|", alarms, re.MULTILINE)) == set(KINDS)
