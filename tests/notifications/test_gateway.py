"""The port's own vocabulary: one table of error codes."""

import pytest

from notifications.gateway import ErrorClass, SendError, classify


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        (21610, ErrorClass.OPTED_OUT),
        (30004, ErrorClass.OPTED_OUT),
        (21211, ErrorClass.BAD_NUMBER),
        (30006, ErrorClass.BAD_NUMBER),
        (21408, ErrorClass.CONFIGURATION),
        (63016, ErrorClass.CONFIGURATION),
        (30007, ErrorClass.REFUSED),
        (30003, ErrorClass.PHONE_OFF),
        (20429, ErrorClass.TEMPORARY),
        (30001, ErrorClass.TEMPORARY),
        (30036, ErrorClass.EXPIRED),
        (20003, ErrorClass.AUTHENTICATION),
        (12345, ErrorClass.OTHER),
        (None, ErrorClass.OTHER),
    ],
)
def test_a_code_asks_one_thing_of_us(code: int | None, error_class: ErrorClass) -> None:
    assert classify(code) is error_class


def test_an_error_names_its_code() -> None:
    assert str(SendError("refused", code=21211)) == "refused (code 21211)"
