"""Signing in, and who one is."""

from marshmallow import Schema, fields

from backend.api.fields import Hour, Text
from backend.api.schemas.patients import Consent


class StaffCredentials(Schema):
    """A member of staff. `otp` is accepted for the day second factors come; none is asked for yet."""

    email = Text(required=True, least=3, most=254)
    password = Text(required=True, least=1, most=1000)
    otp = Text(allow_none=True, most=20)


class PhoneNumber(Schema):
    """The number a code is to go to, in E.164."""

    phone = Text(required=True, least=3, most=40)


class PatientCredentials(PhoneNumber):
    """The number and the code that came to it."""

    code = Text(required=True, least=1, most=20)


class RefreshToken(Schema):
    """The newest refresh token of a sign-in."""

    refresh_token = Text(required=True, least=1, most=200)


class Tokens(Schema):
    """What to send as `Authorization: Bearer`, for how many seconds, and how to get the next."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    token_type = fields.String(required=True, dump_default="Bearer")


class CodeSent(Schema):
    """The same whether the number is known or not."""

    detail = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class OwnClinic(Schema):
    """Whom to call."""

    name = fields.String(required=True)
    phone = fields.String(required=True)
    emergency_number = fields.String(required=True)


class Me(Schema):
    """The patient an account belongs to."""

    id = fields.UUID(required=True)
    given_name = fields.String(required=True)
    family_name = fields.String(required=True)
    language = fields.String(required=True)
    timezone = fields.String(required=True)
    preferred_time = Hour(allow_none=True)
    consent = fields.Nested(Consent, required=True)
    clinic = fields.Nested(OwnClinic, required=True)


class MyChanges(Schema):
    """What a patient may change alone: language, place, and the hour for texts; what is left out stays."""

    language = Text(most=10)
    timezone = Text(most=64, metadata={"example": "Europe/Berlin"})
    preferred_time = Hour(allow_none=True)
