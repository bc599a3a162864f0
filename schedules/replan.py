"""What becomes of a plan when its dates change: keep, move, add or drop, each with its reason in words.

Pure: the plan as it stands, the plan as it should be, and how far each part has come go in; nothing is
stored and nothing is sent. A part is known by its step, occurrence and text, never by its date, so whatever
reached the patient is not said twice. Called by the house's re-planning, for one plan and for a cohort.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

from schedules.plan_parts import Key, Planned
from schedules.vocabulary import Text


class Standing(Enum):
    """How far a part of a plan has come, where it is not simply still to come."""

    RECEIVED = "received"  # the patient has it, or may have it
    SETTLED = "settled"  # answered, missed, done
    BOOKED = "booked"
    BY_HAND = "by hand"  # a person set its date
    CALLED_OFF = "called off"  # a person, or the sending itself, ended it
    WITHDRAWN = "withdrawn"  # the plan took it back, and may want it again


@dataclass(frozen=True, slots=True)
class Happened:
    """How far a part has come; `at` is when it was withdrawn."""

    standing: Standing
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one part: `before` is None for what is added, `after` for what is dropped."""

    before: Planned | None
    after: Planned | None
    reason: Text

    @property
    def part(self) -> Planned:
        """The part it is about, as it will be where it stays."""
        found = self.after or self.before
        assert found is not None, "an entry is about something"
        return found

    @property
    def changes(self) -> bool:
        """Whether anything has to be written down."""
        return self.before is not self.after


@dataclass(frozen=True, slots=True)
class Replan:
    """What becomes of every part of a plan; what an earlier re-planning took back is in none of them."""

    keep: tuple[Entry, ...] = ()
    move: tuple[Entry, ...] = ()
    add: tuple[Entry, ...] = ()
    drop: tuple[Entry, ...] = ()

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The entries that have to be written down."""
        reworded = tuple(entry for entry in self.keep if entry.changes)
        return (*reworded, *self.move, *self.add, *self.drop)

    @property
    def counts(self) -> dict[str, int]:
        """How many parts are kept, moved, added and dropped."""
        return {name: len(getattr(self, name)) for name in ("keep", "move", "add", "drop")}


UNCHANGED: Final[Text] = {"en": "stays as it is", "tr": "olduğu gibi kalır"}
REWORDED: Final[Text] = {"en": "same date, new words", "tr": "tarih aynı, sözler yeni"}
RECEIVED: Final[Text] = {
    "en": "the patient already has it: nothing is said twice",
    "tr": "hastaya ulaştı: hiçbir şey iki kez söylenmez",
}
WITH_ITS_QUESTION: Final[Text] = {
    "en": "goes with a question that was already asked",
    "tr": "sorulmuş bir soruya bağlı",
}
SETTLED: Final[Text] = {"en": "over: it stays on record", "tr": "bitti: kayıtta kalır"}
BOOKED: Final[Text] = {"en": "booked: the appointment stands", "tr": "randevulu: randevu geçerli kalır"}
BY_HAND: Final[Text] = {"en": "a person set this date: it stays", "tr": "bu tarihi bir kişi koydu: kalır"}
CALLED_OFF: Final[Text] = {"en": "called off: it stays off", "tr": "iptal edildi: geri gelmez"}
PAST: Final[Text] = {"en": "its time has passed", "tr": "zamanı geçti"}
NOT_NEEDED: Final[Text] = {"en": "not needed any more", "tr": "artık gerekli değil"}
GONE: Final[Text] = {"en": "the protocol has no such step", "tr": "protokolde böyle bir adım yok"}

_STANDS: Final[Mapping[Standing, Text]] = {
    Standing.RECEIVED: RECEIVED,
    Standing.SETTLED: SETTLED,
    Standing.BOOKED: BOOKED,
    Standing.BY_HAND: BY_HAND,
    Standing.CALLED_OFF: CALLED_OFF,
}
_ENDED: Final = frozenset({Standing.SETTLED, Standing.CALLED_OFF})
_DATED: Final = frozenset({Standing.BOOKED, Standing.BY_HAND})


def diff(
    old: Sequence[Planned],
    new: Sequence[Planned],
    happened: Mapping[Key, Happened],
    *,
    now: datetime,
    cause: Text,
    steps: Collection[str] = (),
    why_dropped: Text | None = None,
) -> Replan:
    """Return what becomes of each part of `old` when the plan should be `new`.

    `cause` is the reason of what moves or comes in, `why_dropped` that of what goes; without it the `steps`
    the protocol has tell what is past from what is gone. Never dropped or moved: what was received, settled,
    booked or set by hand. Never added: what is over at `now`. What had fallen due when it was withdrawn comes
    back only for an instant still to come. Applying the result and asking again changes nothing.
    """
    asked = _Diff(happened, now, cause, frozenset(steps) | {part.key.step for part in new}, why_dropped)
    wanted = {part.key: part for part in new}
    for part in old:
        asked.consider(part, wanted.pop(part.key, None))
    for part in wanted.values():
        asked.welcome(part)
    return Replan(tuple(asked.keep), tuple(asked.move), tuple(asked.add), tuple(asked.drop))


@dataclass(slots=True)
class _Diff:
    happened: Mapping[Key, Happened]
    now: datetime
    cause: Text
    steps: frozenset[str]
    why_dropped: Text | None
    keep: list[Entry] = field(default_factory=list)
    move: list[Entry] = field(default_factory=list)
    add: list[Entry] = field(default_factory=list)
    drop: list[Entry] = field(default_factory=list)

    def consider(self, part: Planned, wanted: Planned | None) -> None:
        """Decide on a part the plan has."""
        known = self.happened.get(part.key)
        step = self._step_of(part)
        if known is not None and known.standing is Standing.WITHDRAWN:
            open_step = step is not Standing.RECEIVED and not self._ended(step)
            if wanted is not None and open_step and self._returns(part, wanted, known.at):
                self.add.append(Entry(part, wanted, self.cause))
        elif known is not None:
            self.keep.append(_standing(part, wanted, known.standing))
        elif step is Standing.RECEIVED:
            self.keep.append(Entry(part, part, WITH_ITS_QUESTION))
        elif self._ended(step):
            self.drop.append(Entry(part, None, NOT_NEEDED))
        elif wanted is None:
            self._without(part)
        elif part.dates != wanted.dates:
            self.move.append(Entry(part, wanted, self.cause))
        elif part.content == wanted.content:
            self.keep.append(Entry(part, part, UNCHANGED))
        else:
            self.keep.append(Entry(part, wanted, REWORDED))

    def welcome(self, part: Planned) -> None:
        """Decide on a part the plan has not."""
        step = self._step_of(part)
        if not (part.is_over(self.now) or self._ended(step) or step is Standing.RECEIVED):
            self.add.append(Entry(None, part, self.cause))

    def _without(self, part: Planned) -> None:
        if part.is_asked and part.is_over(self.now):  # whoever sends or closes it sees that by itself
            self.keep.append(Entry(part, part, PAST))
        else:
            told = PAST if part.key.step in self.steps else GONE
            self.drop.append(Entry(part, None, self.why_dropped or told))

    def _step_of(self, part: Planned) -> Standing | None:
        known = self.happened.get(part.key.of_step) if part.key.text else None
        return known.standing if known else None

    def _ended(self, step: Standing | None) -> bool:
        return step in _ENDED

    def _returns(self, part: Planned, wanted: Planned, withdrawn_at: datetime | None) -> bool:
        if not wanted.is_asked:
            return True
        fell_due = withdrawn_at is not None and part.due_at <= withdrawn_at
        return wanted.due_at > self.now or not (fell_due or wanted.is_over(self.now))


def _standing(part: Planned, wanted: Planned | None, standing: Standing) -> Entry:
    """Keep what stands as it is; what a person dated takes new words all the same."""
    if standing in _DATED and wanted is not None and wanted.content != part.content:
        return Entry(part, replace(part, content=wanted.content), _STANDS[standing])
    return Entry(part, part, _STANDS[standing])
