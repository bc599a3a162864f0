"""Alerts as a list: the most urgent first, then the one that waits longest."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from backend.models import Alert, Patient
from backend.queries.paging import LIMIT, Order, Page, fetch_page
from backend.queries.timelines import in_language

_ORDER: Final = Order((Alert.tier_rank, Alert.raised_at, Alert.id), (int, datetime, uuid.UUID))


def list_alerts(
    session: Session,
    *,
    language: str,
    status: str | None = None,
    plan_id: uuid.UUID | None = None,
    patient_ids: Collection[uuid.UUID] | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[dict[str, Any]]:
    """Return alerts by tier and age, reasons in `language`, each with the patient's name. One statement.

    `status` is open, acknowledged or resolved. It is rendered as a literal, so that
    PostgreSQL's generic plan still uses the partial index of the worklist.
    """
    statement = select(
        Alert.id,
        Alert.tier,
        Alert.rule,
        Alert.reason,
        Alert.quote,
        Alert.status,
        Alert.repeats,
        Alert.raised_at,
        Alert.last_at,
        Alert.acknowledged_at,
        Alert.acknowledged_by,
        Alert.resolved_at,
        Alert.resolved_by,
        Alert.outcome,
        Alert.note,
        Alert.version,
        Alert.patient_id,
        Alert.care_plan_id,
        Patient.given_name,
        Patient.family_name,
    ).join(Patient, Patient.id == Alert.patient_id)
    if status is not None:
        statement = statement.where(Alert.status == bindparam("status", status, literal_execute=True))
    if plan_id is not None:
        statement = statement.where(Alert.care_plan_id == plan_id)
    if patient_ids is not None:
        statement = statement.where(Alert.patient_id.in_(patient_ids))
    return fetch_page(
        session,
        statement,
        _ORDER,
        cursor=cursor,
        limit=limit,
        shape=lambda row: {**row, "reason": in_language(row["reason"], language)},
    )
