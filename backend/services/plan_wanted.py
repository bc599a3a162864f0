"""A plan as it should be: its protocol laid over its terms, with what people have dated left where it is.

Stores nothing. Called by re-planning, for what is to be and for what would be.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from backend.services.plan_standings import Standings
from backend.services.plan_terms import Terms
from schedules.open_days import OpenDays
from schedules.plan_parts import Key, Planned, part_of_step, part_of_text, parts_of
from schedules.protocol import CareProtocol
from schedules.public_holidays import public_holidays
from schedules.replan import Standing
from schedules.steps import StepKind
from schedules.timeline import MilestoneDates, Occurrence, build_timeline, plan_reminders

_DATED = (Standing.BOOKED, Standing.BY_HAND)


def wanted_parts(
    terms: Terms,
    protocol: CareProtocol,
    standings: Standings,
    *,
    now: datetime,
    steps: Collection[str] | None = None,
) -> tuple[Planned, ...]:
    """Return every part the plan should have, or those of `steps`; none once the procedure is cancelled."""
    if terms.is_cancelled:
        return ()
    occurrences = build_timeline(
        protocol,
        anchor=terms.anchor_at,
        clinic_zone=terms.clinic_zone,
        patient_zone=terms.patient_zone,
        facts=_facts(terms),
        now=now,
        preferred_time=terms.preferred_time,
        open_days=_open_days(terms.country, terms.closed_weekdays, terms.closed_days),
        milestones=_milestone_dates(standings),
        flies_home_on=terms.flies_home_on,
        steps=steps,
    )
    return tuple(_parts(occurrences, terms, protocol, standings, now))


def identity(plan_id: uuid.UUID, key: Key) -> str:
    """Return what a planned text is about; its date may move, this does not."""
    return f"{plan_id}/{key.step}/{key.occurrence}/{key.text}"


def _parts(
    occurrences: Iterable[Occurrence],
    terms: Terms,
    protocol: CareProtocol,
    standings: Standings,
    now: datetime,
) -> Iterable[Planned]:
    for occurrence in occurrences:
        key = Key(occurrence.step_key, occurrence.index)
        happened = standings.happened.get(key)
        if happened is None or happened.standing not in _DATED:
            yield from parts_of([occurrence])
            continue
        stored = standings.parts[key]
        content = {**part_of_step(occurrence).content, "moved": stored.content["moved"]}
        yield replace(stored, content=content)
        booked_at = standings.rows[key].booked_at if happened.standing is Standing.BOOKED else None
        for text in plan_reminders(
            protocol.step(key.step),
            key.occurrence,
            at=booked_at or stored.due_at,
            booked=booked_at is not None,
            clinic_zone=terms.clinic_zone,
            patient_zone=terms.patient_zone,
            preferred_time=terms.preferred_time,
            now=now,
        ):
            yield part_of_text(key.step, key.occurrence, occurrence.title, text)


def _facts(terms: Terms) -> Mapping[str, str | tuple[str, ...]]:
    known: dict[str, str | tuple[str, ...]] = {
        "region": terms.region,
        "levels": terms.levels,
        "technique": terms.technique,
        "anaesthesia": terms.anaesthesia,
        "language": terms.language,
    }
    return known | ({"job": terms.job} if terms.job else {})


@lru_cache(maxsize=256)
def _open_days(country: str, closed_weekdays: tuple[int, ...], closed_days: tuple[str, ...]) -> OpenDays:
    return OpenDays(
        closed_weekdays=closed_weekdays,
        closed_days=frozenset(date.fromisoformat(day) for day in closed_days),
        holiday=public_holidays(country),
    )


def _milestone_dates(standings: Standings) -> Mapping[str, MilestoneDates]:
    """What became of the milestones that others may hang on: the first occurrence of each."""
    found = {}
    for key, part in standings.parts.items():
        happened = standings.happened.get(key)
        if key.text or key.occurrence or part.kind != StepKind.MILESTONE or happened is None:
            continue
        row, standing = standings.rows[key], happened.standing
        found[key.step] = MilestoneDates(
            due_at=part.due_at if standing is Standing.BY_HAND else None,
            booked_at=row.booked_at if standing is Standing.BOOKED else None,
            done_at=row.completed_at if standing is Standing.SETTLED else None,
            cancelled=standing is Standing.CALLED_OFF,
        )
    return found
