"""Twilio's error codes that the simulator speaks, each with its HTTP status and sentence.

Used by the REST side to refuse a request and by the journey of a message to say why it did not arrive.
The codes are those of https://www.twilio.com/docs/api/errors; the sentences are ours.
"""

from __future__ import annotations

from typing import Final

_REFUSALS: Final[dict[int, tuple[int, str]]] = {
    20001: (400, "A parameter is not one the simulator can carry"),
    20003: (401, "Authenticate"),
    20009: (409, "The message has not reached a final status, so it can neither be redacted nor deleted"),
    20404: (404, "The requested resource was not found"),
    20422: (400, "A parameter has an invalid value"),
    20429: (429, "Too many requests"),
    20500: (500, "An internal server error has occurred"),
    21211: (400, "The 'To' number is not a valid phone number"),
    21212: (400, "The 'From' number is not a valid phone number, short code or alphanumeric sender ID"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21602: (400, "A message body is required"),
    21603: (400, "A 'From' phone number or a Messaging Service SID is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' number is not a number of this account that can send messages"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL"),
    21610: (400, "The recipient has opted out of messages from this sender"),
    21612: (400, "Messages cannot go from an alphanumeric sender to a number of this country"),
    21614: (400, "The 'To' number is not a mobile number"),
    21617: (400, "The message body exceeds the limit of 1600 characters"),
    21624: (400, "The validity period must be a whole number of seconds from 1 to 36000"),
    21705: (400, "The Messaging Service SID is not valid"),
    30409: (409, "Only a scheduled message can be canceled"),
}

MISHAPS: Final[dict[str, tuple[int, str, str]]] = {
    # kind of number: (error code, the status the message ends in, what happened)
    "unreachable": (30003, "undelivered", "Unreachable destination handset"),
    "blocked": (30004, "undelivered", "Message blocked"),
    "unknown": (30005, "undelivered", "Unknown destination handset"),
    "landline": (30006, "undelivered", "Landline or unreachable carrier"),
    "filtered": (30007, "undelivered", "Message filtered by the carrier"),
    "expired": (30036, "failed", "Validity period expired in the queue"),
}

_MISHAP_SENTENCES: Final = {code: sentence for code, _, sentence in MISHAPS.values()}


class Refused(Exception):
    """A request that Twilio would refuse; carries the code from which status and sentence follow."""

    def __init__(self, code: int, detail: str | None = None) -> None:
        self.code = code
        self.status, sentence = _REFUSALS[code]
        self.sentence = f"{sentence}: {detail}" if detail else sentence
        super().__init__(f"{code} {self.sentence}")

    def as_json(self) -> dict[str, str | int]:
        """The body of the answer, in the shape Twilio's clients read."""
        return {
            "code": self.code,
            "message": self.sentence,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def mishap_sentence(code: int | None) -> str | None:
    """Say why a message with this error code did not arrive; None where there is no code or no sentence."""
    return None if code is None else _MISHAP_SENTENCES.get(code)
