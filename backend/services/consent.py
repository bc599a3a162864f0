"""The consent ledger: who agreed to texts, or withdrew, when, how and in which words."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from backend.models import ConsentEvent, Patient
from backend.models.rows import Row
from backend.services.actors import Actor, record

SOURCES = ("clinic", "phone", "app", "import")


def record_consent(
    session: Session,
    actor: Actor,
    patient: Patient,
    *,
    state: str,
    source: str,
    wording: str,
    given_at: datetime,
    now: datetime,
) -> None:
    """Append a line to the ledger and let the patient's row show the newest state.

    `state` is opted_in or opted_out; `source` one of SOURCES; `wording` what was
    agreed to, or the word that was texted.
    """
    session.add(
        ConsentEvent(
            **consent_row(
                actor,
                patient.id,
                state=state,
                source=source,
                wording=wording,
                given_at=given_at,
                now=now,
            )
        )
    )
    patient.consent_state = state
    patient.consent_since = given_at
    record(
        session,
        actor,
        "record_consent",
        "patient",
        patient.id,
        now=now,
        patient_id=patient.id,
        detail={"state": state, "source": source},
    )


def consent_row(
    actor: Actor,
    patient_id: uuid.UUID,
    *,
    state: str,
    source: str,
    wording: str,
    given_at: datetime,
    now: datetime,
) -> Row:
    """Return the ledger's line, for whoever writes many at once."""
    return {
        "id": uuid.uuid4(),
        "clinic_id": actor.clinic_id,
        "patient_id": patient_id,
        "state": state,
        "source": source,
        "wording": wording,
        "given_at": given_at,
        "recorded_at": now,
        "recorded_by": actor.account_id,
    }
