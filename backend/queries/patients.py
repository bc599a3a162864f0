"""The clinic's patients: found by the beginning of a name, a number's last digits, or the clinic's own id."""

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.models import Alert, CarePlan, ConsentEvent, Patient, Procedure
from backend.queries.paging import LIMIT, Order, Page, fetch_page

TIERS: Final = ("emergency", "same_day", "next_day", "lost_sight")
_ORDER: Final = Order((Patient.search_name, Patient.id), (str, uuid.UUID))
_LAST: Final = "\U0010ffff"
_COLUMNS: Final = (
    Patient.id,
    Patient.given_name,
    Patient.family_name,
    Patient.phone,
    Patient.phone_unreachable_since,
    Patient.language,
    Patient.timezone,
    Patient.preferred_time,
    Patient.external_id,
    Patient.birth_date,
    Patient.status,
    Patient.consent_state,
    Patient.consent_since,
    Patient.version,
    Patient.created_at,
    Patient.updated_at,
)


def fold_name(text: str) -> str:
    """Return a name as search sees it: lower case, without accents, single spaces.

    Turkish first: İ, I and ı all become i, so that any spelling finds any other.
    """
    text = text.replace("İ", "i").replace("I", "i").replace("ı", "i").lower()
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.split())


def list_patients(
    session: Session,
    *,
    query: str = "",
    status: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[dict[str, Any]]:
    """Return patients by family name, each with the newest care plan and the most urgent open alert.

    `query` is the beginning of a name in either order, at least four last digits of a
    number, or an `external_id`; `status` is active or discharged. Rows are the patient's
    columns, `care_plan` (a mapping or None) and `alert_tier`. Three statements.
    """
    statement = select(*_COLUMNS)
    if query.strip():
        statement = statement.where(_matches(query))
    if status is not None:
        statement = statement.where(Patient.status == status)
    page = fetch_page(session, statement, _ORDER, cursor=cursor, limit=limit, shape=dict)
    ids = [row["id"] for row in page.items]
    plans = _newest_plans(session, ids)
    tiers = _worst_tiers(session, ids)
    return Page(
        tuple(
            {**row, "care_plan": plans.get(row["id"]), "alert_tier": tiers.get(row["id"])}
            for row in page.items
        ),
        page.next_cursor,
    )


def newest_consent(session: Session, patient_id: uuid.UUID) -> dict[str, Any] | None:
    """Return when and how a patient agreed to texts last (`given_at`, `source`, `wording`), if ever."""
    found = (
        session.execute(
            select(ConsentEvent.given_at, ConsentEvent.source, ConsentEvent.wording)
            .where(ConsentEvent.patient_id == patient_id, ConsentEvent.state == "opted_in")
            .order_by(ConsentEvent.recorded_at.desc(), ConsentEvent.id)
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return dict(found) if found is not None else None


def _matches(query: str) -> ColumnElement[bool]:
    folded = fold_name(query)
    ways: list[ColumnElement[bool]] = [
        _begins(Patient.search_name, folded),
        _begins(Patient.search_given, folded),
        Patient.external_id == query.strip(),
    ]
    digits = re.sub(r"[\s()+./-]", "", query).lstrip("0")
    if re.fullmatch(r"[0-9]{4,15}", digits):
        ways.append(Patient.phone.like(f"%{digits}"))
    return or_(*ways)


def _begins(column: InstrumentedAttribute[str], beginning: str) -> ColumnElement[bool]:
    """A range instead of LIKE, which row-level security and generic plans keep from using the index."""
    return and_(column >= beginning, column <= beginning + _LAST)


def _newest_plans(session: Session, patient_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, dict[str, Any]]:
    if not patient_ids:
        return {}
    rows = session.execute(
        select(
            CarePlan.patient_id,
            CarePlan.id,
            CarePlan.status,
            CarePlan.protocol,
            CarePlan.protocol_version,
            CarePlan.anchor_at,
            Procedure.region,
            Procedure.levels,
            Procedure.technique,
        )
        .join(Procedure, Procedure.id == CarePlan.procedure_id)
        .where(CarePlan.patient_id.in_(patient_ids))
        .order_by(CarePlan.anchor_at, CarePlan.id)
    ).mappings()
    return {row["patient_id"]: dict(row) for row in rows}  # the last one of each wins


def _worst_tiers(session: Session, patient_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    if not patient_ids:
        return {}
    rows = session.execute(
        select(Alert.patient_id, func.min(Alert.tier_rank).label("rank"))
        .where(Alert.patient_id.in_(patient_ids), Alert.status != "resolved")
        .group_by(Alert.patient_id)
    )
    return {row.patient_id: TIERS[row.rank] for row in rows}
