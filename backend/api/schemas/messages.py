"""Messages in both directions."""

from marshmallow import Schema, fields

from backend.api.fields import Instant, Text, choice
from backend.api.schemas import PageQuery

_STATUSES = (
    "scheduled",
    "sending",
    "unknown",
    "accepted",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "expired",
    "cancelled",
    "received",
    "handled",
    "needs_review",
)


class LogLine(Schema):
    """One step a text took, with its reason in words."""

    at = Instant(required=True)
    status = choice(*_STATUSES, required=True)
    attempt = fields.Integer(required=True)
    why = fields.String(required=True)


class Message(Schema):
    """A text to or from a patient; `body` is null until it has been composed.

    `why` is its newest reason, `log` all of them, oldest first; a text from a patient has no log.
    """

    id = fields.UUID(required=True)
    direction = choice("outbound", "inbound", required=True)
    body = fields.String(required=True, allow_none=True)
    status = choice(*_STATUSES, required=True)
    due_at = Instant(required=True, allow_none=True)
    sent_at = Instant(required=True, allow_none=True)
    received_at = Instant(required=True, allow_none=True)
    channel = fields.String(required=True)
    segments = fields.Integer(required=True, allow_none=True)
    why = fields.String(required=True)
    log = fields.List(fields.Nested(LogLine), required=True)
    patient_id = fields.UUID(required=True, allow_none=True)
    care_plan_id = fields.UUID(allow_none=True)
    check_in_id = fields.UUID(allow_none=True)
    step_key = fields.String(allow_none=True)
    purpose = fields.String()
    template = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    expires_at = Instant()
    delivered_at = Instant(allow_none=True)
    error_code = fields.Integer(allow_none=True)
    media_count = fields.Integer()
    handled_at = Instant(allow_none=True)


class OwnMessage(Schema):
    """A text as the patient's app shows it."""

    id = fields.UUID(required=True)
    direction = choice("outbound", "inbound", required=True)
    body = fields.String(required=True, allow_none=True)
    sent_at = Instant(required=True, allow_none=True)
    received_at = Instant(required=True, allow_none=True)
    channel = fields.String(required=True)


class NewMessage(Schema):
    """A person's own text to a patient."""

    body = Text(required=True, least=1, most=1600)


class MessageQuery(PageQuery):
    """Which messages; those that wait for a person: `direction=inbound&status=needs_review`."""

    direction = choice("outbound", "inbound", load_default=None)
    status = choice(*_STATUSES, load_default=None)
