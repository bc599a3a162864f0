"""Alerts: what a nurse must see, and how it ended."""

from marshmallow import Schema, fields

from backend.api.fields import LANGUAGES, Instant, Text, choice
from backend.api.schemas import PageQuery
from backend.services.alerts import OUTCOMES


class Alert(Schema):
    """One cause that needs a person; `quote` is the patient's own words, where there are any."""

    id = fields.UUID(required=True)
    tier = choice("emergency", "same_day", "next_day", "lost_sight", required=True)
    rule = fields.String(required=True)
    reason = fields.String(required=True)
    quote = fields.String(required=True)
    status = choice("open", "acknowledged", "resolved", required=True)
    repeats = fields.Integer(required=True)
    raised_at = Instant(required=True)
    last_at = Instant(required=True)
    acknowledged_at = Instant(required=True, allow_none=True)
    acknowledged_by = fields.UUID(required=True, allow_none=True)
    resolved_at = Instant(required=True, allow_none=True)
    resolved_by = fields.UUID(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    patient_id = fields.UUID(required=True)
    care_plan_id = fields.UUID(required=True)
    version = fields.Integer(required=True)


class ListedAlert(Alert):
    """An alert in a list, with whose it is."""

    given_name = fields.String(required=True)
    family_name = fields.String(required=True)


class AlertQuery(PageQuery):
    """Which alerts."""

    status = choice("open", "acknowledged", "resolved", load_default=None)
    language = choice(*LANGUAGES, load_default=None)


class Resolution(Schema):
    """How an alert ended, as a code, with whatever else there is to say."""

    outcome = choice(*OUTCOMES, required=True)
    note = Text(load_default="", most=4000)
