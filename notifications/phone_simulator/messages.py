"""A message as the simulator keeps it, and as Twilio's API and callbacks write it.

Pure: the store reads and writes Message, the REST side and the courier put it into Twilio's words. Field
names, types and statuses are those of Twilio's published OpenAPI description.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from notifications.phone_simulator.line import API_VERSION, Line
from notifications.phone_simulator.refusals import mishap_sentence


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be stored; `phone` is the patient's side, whichever way the text goes."""

    direction: str
    phone: str
    sender: str
    recipient: str
    body: str
    segments: int
    status: str
    messaging_service_sid: str | None = None
    status_callback: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message. `body` is what lies on the phone: redacting at Twilio does not take it away there.

    `webhook` says in words how the clinic took an inbound text; None while it is being told.
    """

    number: int
    sid: str
    direction: str
    phone: str
    sender: str
    recipient: str
    body: str
    segments: int
    status: str
    error_code: int | None
    messaging_service_sid: str | None
    status_callback: str | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    redacted: bool
    webhook: str | None

    @property
    def inbound(self) -> bool:
        """Whether the patient wrote it."""
        return self.direction == "inbound"


def as_resource(message: Message, line: Line) -> dict[str, Any]:
    """Yield the message as Twilio's API answers it."""
    uri = f"{line.messages_uri}/{message.sid}"
    unassigned = message.status == "accepted"  # a Messaging Service has not chosen its sender yet
    return {
        "account_sid": line.account_sid,
        "api_version": API_VERSION,
        "body": "" if message.redacted else message.body,
        "date_created": format_datetime(message.created_at),
        "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
        "date_updated": format_datetime(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": mishap_sentence(message.error_code),
        "from": None if unassigned else message.sender,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": "0",
        "num_segments": "0" if unassigned else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def status_params(message: Message, line: Line, status: str, error_code: int | None) -> dict[str, str]:
    """Yield the form fields of a status callback."""
    params = {
        "AccountSid": line.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.recipient,
    }
    if message.messaging_service_sid:
        params["MessagingServiceSid"] = message.messaging_service_sid
    if error_code is not None:
        params["ErrorCode"] = str(error_code)
    if status in ("delivered", "undelivered") and message.sent_at:
        params["RawDlrDoneDate"] = message.sent_at.strftime("%y%m%d%H%M")  # Twilio's own, without a zone
    return params


def inbound_params(message: Message, line: Line, opt_out_type: str | None) -> dict[str, str]:
    """Yield the form fields with which a patient's text reaches the clinic; blank ones count when signing."""
    params = {
        "AccountSid": line.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.sender,
        "FromCity": "",
        "FromCountry": "",
        "FromState": "",
        "FromZip": "",
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.recipient,
        "ToCity": "",
        "ToCountry": "",
        "ToState": "",
        "ToZip": "",
    }
    if opt_out_type is not None:
        params["OptOutType"] = opt_out_type
    return params
