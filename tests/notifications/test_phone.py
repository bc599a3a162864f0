"""PhoneNumber: one form, and no way to print it whole by accident."""

import pytest

from notifications.phone import InvalidPhone, PhoneNumber


@pytest.mark.parametrize(
    ("written", "e164", "country", "mobile"),
    [
        ("+905321234567", "+905321234567", "TR", True),
        ("+90 (532) 123 45 67", "+905321234567", "TR", True),
        ("0532 123 45 67", "+905321234567", "TR", True),
        ("+90 212 555 00 11", "+902125550011", "TR", False),
        ("+1 415 555 2671", "+14155552671", "US", True),
        ("+49 1511 2345678", "+4915112345678", "DE", True),
    ],
)
def test_a_number_is_read_as_people_write_it(written: str, e164: str, country: str, mobile: bool) -> None:
    number = PhoneNumber.parse(written, "TR")
    assert (number.e164, number.country, number.is_mobile) == (e164, country, mobile)


@pytest.mark.parametrize(
    "written", ["", "hello", "12", "+90", "+9053212345678901", "+15551234567", "+999123456789"]
)
def test_what_is_no_number_is_refused_with_a_reason_that_does_not_repeat_it(written: str) -> None:
    with pytest.raises(InvalidPhone) as caught:
        PhoneNumber.parse(written)
    assert caught.value.reason
    assert not written or written not in caught.value.reason


def test_a_number_without_a_country_needs_one() -> None:
    with pytest.raises(InvalidPhone, match="country code"):
        PhoneNumber.parse("0532 123 45 67")


def test_an_extension_cannot_be_texted() -> None:
    with pytest.raises(InvalidPhone, match="extension"):
        PhoneNumber.parse("+1 415 555 2671 ext. 5")


def test_a_printed_number_is_masked() -> None:
    number = PhoneNumber.parse("+905321234567")
    assert f"{number} {number!r} {[number]}".count("+90••••••4567") == 3
    assert "532123" not in f"{number} {number!r}"


def test_two_spellings_of_a_number_are_the_same_number() -> None:
    assert PhoneNumber.parse("+90 532 123 45 67") == PhoneNumber.parse("00905321234567", "TR")
