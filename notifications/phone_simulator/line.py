"""What the simulator pretends to be: one Twilio account with one number and one webhook.

Values only. `__main__` builds a Line from the command line; every other module is handed it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

API_VERSION = "2010-04-01"
ACCOUNT_SID_PATTERN = re.compile(r"AC[0-9a-fA-F]{32}")


class LineError(Exception):
    """A setting that no Twilio account could have; the text names it and says what would be right."""


@dataclass(frozen=True, slots=True)
class Line:
    """One account and its number.

    `auth_tokens` holds one token, or two while one is rotated: any is accepted, the first signs.
    """

    account_sid: str
    auth_tokens: tuple[str, ...]
    number: str
    inbound_url: str

    def __post_init__(self) -> None:
        if not ACCOUNT_SID_PATTERN.fullmatch(self.account_sid):
            raise LineError("account SID: write AC followed by 32 hexadecimal digits")
        if not self.auth_tokens or not all(self.auth_tokens):
            raise LineError("auth token: write at least one, two separated by a comma while one is rotated")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", self.number):
            raise LineError("number: write it in international form, such as +15005550006")
        if not re.match(r"https?://[^/]+", self.inbound_url):
            raise LineError("inbound URL: write an http or https address")

    @property
    def messages_uri(self) -> str:
        """The path of the account's messages, without the ending `.json`."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages"
