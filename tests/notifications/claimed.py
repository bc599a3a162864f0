"""A claimed row for tests that care about one of its values."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from notifications.outbox_port import Claimed

_ROW = Claimed(
    message_id="m",
    attempt=1,
    to="+905321234567",
    language="en",
    template="check_in_pain",
    facts={
        "clinic": "Bosphorus Spine Clinic",
        "given_name": "Deniz",
        "emergency_number": "112",
        "clinic_phone": "+90 212 555 01 00",
    },
    body=None,
    due_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    expires_at=None,
    zone="Europe/Istanbul",
)


def a_claimed(row: Claimed = _ROW, **values: Any) -> Claimed:
    """Return a row with these values."""
    return replace(row, **values)
