"""Twilio's published description of a Message, as a JSON schema: derived once, kept beside the tests.

`twilio_message.json` is what `derive` makes of the published OpenAPI file, so that the check never depends on
that file being there.
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

DERIVED = Path(__file__).with_name("twilio_message.json")
PUBLISHED = Path(__file__).parents[3] / "shared" / "reference" / "twilio_messages_openapi.json"
_KEPT = ("type", "pattern", "enum", "format")


def derive(openapi: dict[str, Any]) -> dict[str, Any]:
    """Yield a strict schema of a Message: every published field is required, and no other is allowed."""
    schemas = openapi["components"]["schemas"]
    fields = schemas["api.v2010.account.message"]["properties"]
    properties = {}
    for name, field in sorted(fields.items()):
        described = schemas[field["$ref"].rsplit("/", 1)[1]] if "$ref" in field else field
        kept = {key: described[key] for key in _KEPT if key in described}
        if described.get("nullable"):
            kept["type"] = [kept["type"], "null"]
        properties[name] = kept
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def validate(message: dict[str, Any]) -> None:
    """Raise jsonschema's ValidationError unless the message is one Twilio could have answered."""
    formats = FormatChecker(formats=())
    formats.checks("date-time-rfc-2822", raises=ValueError)(
        lambda value: value is None or parsedate_to_datetime(value).tzinfo is not None
    )
    Draft202012Validator(json.loads(DERIVED.read_text()), format_checker=formats).validate(message)
