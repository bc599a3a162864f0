"""A conversation as it is read: what was said, in the order it was said."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from backend.queries.conversations import conversation


def talk(session: Session, patient_id: uuid.UUID, *, limit: int) -> list[dict[str, Any]]:
    """Return the newest messages with a patient, oldest first; of one instant, the patient's comes first."""
    newest = conversation(session, patient_id, cursor=None, limit=limit)
    return sorted(newest.items, key=lambda said: (said["at"], said["direction"] == "outbound"))


def last_words(session: Session, patient_id: uuid.UUID, *, count: int) -> list[dict[str, Any]]:
    """Return the last few messages that have words; an answer still to be composed has none."""
    return [said for said in talk(session, patient_id, limit=3 * count) if said["body"]][-count:]
