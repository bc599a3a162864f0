"""Twilio's checks of a request to send, in Twilio's order: the form in, a Draft out, or Refused.

Pure but for the question whether the recipient opted out, which is handed in. What the simulator cannot carry
(media, templates, scheduling) is refused plainly instead of being ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from notifications.phone import InvalidPhone, PhoneNumber
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.messages import Draft
from notifications.phone_simulator.refusals import Refused
from notifications.segments import segments

BODY_LIMIT = 1600
VALIDITY_LIMIT_SECONDS = 36_000
_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
_ALPHANUMERIC_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
_NUMBERS_ONLY = frozenset({"US", "CA"})  # countries where an alphanumeric sender cannot write
_NOT_CARRIED = ("MediaUrl", "ContentSid", "ContentVariables", "SendAt", "ScheduleType", "PersistentAction")


def check_create(form: Mapping[str, str], line: Line, opted_out: Callable[[str, str], bool]) -> Draft:
    """Yield the message a form asks for; raises Refused with the code Twilio would give.

    `opted_out(phone, sender)` tells whether the phone has barred the sender.
    """
    for name in _NOT_CARRIED:
        if name in form:
            raise Refused(20001, f"{name} is not carried by the simulator")
    recipient = _recipient(form.get("To", ""))
    sender, service = _sender(form, line, recipient)
    if sender == recipient.e164:
        raise Refused(21266)
    body = form.get("Body", "")
    if not body:
        raise Refused(21602)
    if len(body) > BODY_LIMIT:
        raise Refused(21617)
    _check_validity(form.get("ValidityPeriod"))
    if opted_out(recipient.e164, sender):
        raise Refused(21610)
    return Draft(
        direction="outbound-api",
        phone=recipient.e164,
        sender=sender,
        recipient=recipient.e164,
        body=body,
        segments=segments(body).count,
        status="accepted" if service else "queued",
        messaging_service_sid=service,
        status_callback=_callback(form.get("StatusCallback")),
    )


def is_number(sender: str) -> bool:
    """Whether a sender is a phone number, which can be answered, and not a name."""
    return re.fullmatch(r"\+\d{7,15}", sender) is not None


def _recipient(text: str) -> PhoneNumber:
    if not text:
        raise Refused(21604)
    try:
        number = PhoneNumber.parse(text)
    except InvalidPhone as error:
        raise Refused(21211) from error
    if not number.is_mobile:
        raise Refused(21614)
    return number


def _sender(form: Mapping[str, str], line: Line, recipient: PhoneNumber) -> tuple[str, str | None]:
    service = form.get("MessagingServiceSid")
    if service:
        if not _SERVICE_SID.fullmatch(service):
            raise Refused(21705)
        return line.number, service
    sender = form.get("From", "")
    if not sender:
        raise Refused(21603)
    if is_number(sender):
        if sender != line.number:
            raise Refused(21606)
    elif not _ALPHANUMERIC_SENDER.fullmatch(sender):
        raise Refused(21212)
    elif recipient.country in _NUMBERS_ONLY:
        raise Refused(21612)
    return sender, None


def _check_validity(text: str | None) -> None:
    if text is None:
        return
    if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= VALIDITY_LIMIT_SECONDS:
        raise Refused(21624)


def _callback(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(21609)
    return url
