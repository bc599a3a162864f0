"""What the product itself answers to a text, within seconds: the safety text, a thank-you, how to stop.

On a shared phone each whom it concerns gets it in a text of their own, which says for whom it is. What a text
asks for is decided by `understanding`, which calls this.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from backend.models import InboundMessage, Patient
from backend.outbox import NewMessage, enqueue

REPLY_USEFUL_FOR: Final = timedelta(hours=12)
SAFETY_USEFUL_FOR: Final = timedelta(hours=2)


def answer_safely(
    session: Session,
    inbound: InboundMessage,
    patients: Sequence[Patient],
    signs: Sequence[str],
    *,
    now: datetime,
) -> None:
    """Send the safety text to whoever may have written of these signs, at any hour."""
    for patient in patients:
        safety = NewMessage(
            identity=_identity(inbound, patients, patient, "safety"),
            patient_id=patient.id,
            purpose="safety",
            template="safety",
            due_at=now,
            expires_at=now + SAFETY_USEFUL_FOR,
            ignores_quiet_hours=True,
            why=f"answer to a text that names {', '.join(signs)}",
        )
        enqueue(session, patient.clinic_id, [safety], now=now)


def answer_by_robot(
    session: Session,
    inbound: InboundMessage,
    patients: Sequence[Patient],
    template: str,
    *,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    ignores_opt_out: bool = False,
) -> None:
    """Answer a text of one of these patients, unless the provider does so itself: STOP, START and HELP."""
    if inbound.opt_out_type:  # and would refuse ours
        return
    for patient in patients:
        answer = NewMessage(
            identity=_identity(inbound, patients, patient, template),
            patient_id=patient.id,
            purpose="acknowledge",
            template=template,
            facts=facts or {},
            due_at=now,
            expires_at=now + REPLY_USEFUL_FOR,
            ignores_quiet_hours=True,  # the patient has just written: it is no hour to be quiet
            ignores_opt_out=ignores_opt_out,
            why="answer to a text of the patient's",
        )
        enqueue(session, patient.clinic_id, [answer], now=now)


def _identity(inbound: InboundMessage, patients: Sequence[Patient], patient: Patient, template: str) -> str:
    answer = f"reply/{inbound.id}/{template}"
    return answer if len(patients) == 1 else f"{answer}/{patient.id}"
