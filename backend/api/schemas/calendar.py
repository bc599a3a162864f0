"""The address of a patient's calendar."""

from marshmallow import Schema, fields

from backend.api.fields import Instant


class Calendar(Schema):
    """Where one's calendar is fetched; `url` is null once the address was revoked, until it is renewed.

    Whoever has the address can read the calendar, without signing in.
    """

    url = fields.String(required=True, allow_none=True)
    issued_at = Instant(required=True, allow_none=True)
    revoked_at = Instant(required=True, allow_none=True)
