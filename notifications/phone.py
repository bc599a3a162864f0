"""Phone numbers in the one form the product stores: E.164, masked whenever they are printed.

Whether a number belongs to somebody, or may be texted, is the house's matter. Called wherever a number enters
(forms, imports, webhooks) and by the dispatcher just before a send.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_VISIBLE_DIGITS = 4
_TEXTABLE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "it needs a country code: write it as +90 532 …",
    NumberParseException.NOT_A_NUMBER: "it is not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "it is too short",
    NumberParseException.TOO_SHORT_NSN: "it is too short",
    NumberParseException.TOO_LONG: "it is too long",
}


class InvalidPhone(ValueError):
    """What was typed cannot be a phone number; `reason` says why without repeating it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a phone number we can use: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A valid number; `.e164` is the only way to its digits, so that a log line cannot leak it."""

    e164: str

    @classmethod
    def stored(cls, e164: str) -> Self:
        """Take a number that was parsed before it was stored; only its shape is looked at.

        Raises InvalidPhone. A numbering plan that changes must not keep texts from a number known to work.
        """
        if not _E164.fullmatch(e164):
            raise InvalidPhone("it is not in the form +905321234567")
        return cls(e164)

    @classmethod
    def parse(cls, text: str, default_country: str | None = None) -> Self:
        """Read a number as people write it.

        `default_country` (ISO 3166-1 alpha-2) completes a number written without its country code. Raises
        InvalidPhone for anything the numbering plan of the country does not contain. Numbers whose plan
        does not tell fixed from mobile (US, CA) count as mobile.
        """
        try:
            number = phonenumbers.parse(text, default_country)
        except NumberParseException as error:
            raise InvalidPhone(_REASONS.get(error.error_type, "it cannot be read")) from None
        if number.extension:
            raise InvalidPhone("a number with an extension cannot receive texts")
        if not phonenumbers.is_valid_number(number):
            raise InvalidPhone(f"no such number exists in the numbering plan of +{number.country_code}")
        return cls(phonenumbers.format_number(number, PhoneNumberFormat.E164))

    @property
    def country(self) -> str:
        """The country whose plan it belongs to (ISO 3166-1 alpha-2), ZZ for one of no country."""
        return phonenumbers.region_code_for_number(phonenumbers.parse(self.e164)) or "ZZ"

    @property
    def is_mobile(self) -> bool:
        """Whether its plan lets it be a mobile's."""
        return phonenumbers.number_type(phonenumbers.parse(self.e164)) in _TEXTABLE

    @property
    def masked(self) -> str:
        """The number as it may be shown in a log: country code and last four digits."""
        calling_code = str(phonenumbers.parse(self.e164).country_code)
        hidden = len(self.e164) - 1 - len(calling_code) - _VISIBLE_DIGITS
        return f"+{calling_code}{'•' * max(hidden, 1)}{self.e164[-_VISIBLE_DIGITS:]}"

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    def __str__(self) -> str:
        return self.masked
