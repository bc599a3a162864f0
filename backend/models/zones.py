"""The rules of time zones by which texts are planned. Written by `backend.services.zone_changes`."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, JsonList


class ZoneRules(Base):
    """One zone in use, as the plans know it."""

    __tablename__ = "zone_rules"

    zone: Mapped[str] = mapped_column(primary_key=True)  # IANA
    data_version: Mapped[str]  # of the tzdata package that was looked at last
    changes: Mapped[JsonList]  # [instant, minutes from UTC from then on], oldest first
    following: Mapped[bool] = mapped_column(default=False)  # plans still have to follow new rules
    looked_at: Mapped[datetime]
