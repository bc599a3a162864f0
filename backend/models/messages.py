"""Messages in both directions. Only `backend.outbox` changes an outbound row's status."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, ClinicOwned, JsonObject, WithId

_SCHEDULED = text("status = 'scheduled'")
_URGENT = text("status = 'scheduled' and ignores_quiet_hours")
_IN_FLIGHT = text("status in ('sending', 'unknown')")
_ASKED = text("ask_at is not null")
_REDACT = text("redact")
_TRIED = text("attempted_at is not null")
_NEEDS_WORK = text("status in ('received', 'needs_review')")


class OutboundMessage(WithId, ClinicOwned, Base):
    """One text to one person: what it is to say, when, and how far it has come.

    `identity` is what it is about (plan/step/occurrence/text), so that no plan can
    ever produce the same text twice. `status` is one of docs/messages.md's states.
    """

    __tablename__ = "outbound_messages"
    __table_args__ = (
        Index("ix_outbound_due", "clinic_id", "due_at", postgresql_where=_SCHEDULED, sqlite_where=_SCHEDULED),
        Index("ix_outbound_urgent", "due_at", postgresql_where=_URGENT, sqlite_where=_URGENT),
        Index("ix_outbound_in_flight", "lease_until", postgresql_where=_IN_FLIGHT, sqlite_where=_IN_FLIGHT),
        Index("ix_outbound_ask", "ask_at", postgresql_where=_ASKED, sqlite_where=_ASKED),
        Index("ix_outbound_redact", "sent_at", postgresql_where=_REDACT, sqlite_where=_REDACT),
        Index("ix_outbound_patient", "patient_id", "due_at"),
        Index(
            "ix_outbound_recent", "patient_id", "attempted_at", postgresql_where=_TRIED, sqlite_where=_TRIED
        ),
        Index("ix_outbound_provider_sid", "provider_sid"),
    )

    identity: Mapped[str] = mapped_column(unique=True)
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patients.id"))
    care_plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("care_plans.id"), index=True)
    check_in_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("check_ins.id"), index=True)
    milestone_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("milestones.id"), index=True)
    step_key: Mapped[str | None]
    purpose: Mapped[str]  # ask, nudge, remind, inform, acknowledge, safety, sign_in, written
    template: Mapped[str | None]  # None: a person wrote the body
    facts: Mapped[JsonObject] = mapped_column(default=dict)
    body: Mapped[str | None] = mapped_column(
        Text
    )  # fixed at the first attempt, so that a repeat says the same
    language: Mapped[str | None]  # the language of `body`
    channel: Mapped[str] = mapped_column(default="sms")
    ignores_quiet_hours: Mapped[bool] = mapped_column(default=False)
    ignores_opt_out: Mapped[bool] = mapped_column(default=False)  # sign-in codes, the answer to STOP
    lateness: Mapped[str] = mapped_column(default="late")  # what lateness asks for: late, newest_only, call
    status: Mapped[str] = mapped_column(default="scheduled")
    why: Mapped[str] = mapped_column(Text, default="")  # the newest line of the why-log
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]  # when the newest attempt was claimed
    lease_until: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]  # when the provider is asked next what became of it
    redact: Mapped[bool] = mapped_column(default=False)  # its words are still to be emptied at the provider
    provider_sid: Mapped[str | None]
    error_code: Mapped[int | None]
    segments: Mapped[int | None]
    sent_at: Mapped[datetime | None]  # accepted by the provider
    delivered_at: Mapped[datetime | None]
    written_by: Mapped[uuid.UUID | None]
    withdrawn_at: Mapped[datetime | None]  # cancelled by its own plan then, which may want it again
    created_at: Mapped[datetime]


class MessageEvent(WithId, ClinicOwned, Base):
    """One line of a message's why-log: what happened to it, and the reason in words."""

    __tablename__ = "message_events"
    __table_args__ = (Index("ix_message_events_message", "message_id", "at"),)

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_messages.id"))
    at: Mapped[datetime]
    status: Mapped[str]
    attempt: Mapped[int]
    why: Mapped[str] = mapped_column(Text)


class InboundMessage(WithId, ClinicOwned, Base):
    """A text as it came, stored before it is understood."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        Index("ix_inbound_work", "received_at", postgresql_where=_NEEDS_WORK, sqlite_where=_NEEDS_WORK),
        Index("ix_inbound_patient", "patient_id", "received_at"),
    )

    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patients.id"))  # None: not known whose
    provider_sid: Mapped[str] = mapped_column(unique=True)
    sender: Mapped[str]
    recipient: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    opt_out_type: Mapped[str | None]
    media_count: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="received")  # received, handled, needs_review
    understood: Mapped[JsonObject | None]  # what the parser made of it, and the parser's version
    why: Mapped[str] = mapped_column(Text, default="")  # what was done with it, or why a person must look
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[uuid.UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
