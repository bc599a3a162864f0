"""What must reach a nurse, as data: tiers, signs, and the kinds of rule a protocol can state.

The shapes and their own checks live here; what a rule means for an answer is `backend.triage`'s business.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from schedules.approvals import check_approval
from schedules.errors import ProtocolError
from schedules.vocabulary import Text


class Tier(StrEnum):
    """How soon a person must look; the order of `urgency` is the order of the worklist."""

    EMERGENCY = "emergency"
    SAME_DAY = "same_day"
    NEXT_DAY = "next_day"
    LOST_SIGHT = "lost_sight"

    @property
    def urgency(self) -> int:
        """0 is the most urgent."""
        return list(Tier).index(self)


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A kind of rule: its parameters with their types, and the fields its reason may speak of."""

    parameters: Mapping[str, type]
    fields: tuple[str, ...]
    needs_signs: bool = False


_SCORE = ("pain", "value", "day")

RULE_KINDS: Mapping[str, RuleKind] = MappingProxyType(
    {
        # judged on an answer or a text
        "sign": RuleKind({}, ("sign", "day"), needs_signs=True),
        "high": RuleKind({"at_least": int}, (*_SCORE, "at_least")),
        "rebound": RuleKind({"at_least": int, "above_best": int}, (*_SCORE, "best", "best_day")),
        "rise": RuleKind({"by": int}, (*_SCORE, "before", "before_day")),
        "above_baseline": RuleKind({}, (*_SCORE, "baseline")),
        "lasting_flare": RuleKind(
            {"at_least": int, "early_until": int, "fell_less_than": int},
            (*_SCORE, "before", "before_day"),
        ),
        "little_better": RuleKind({"less_than_percent": int}, (*_SCORE, "baseline", "percent")),
        # judged on the course: what was not answered, not booked, not done
        "missed_check_ins": RuleKind({"count": int}, ("missed", "day")),
        "opted_out": RuleKind({}, ("day",)),
        "unreachable": RuleKind({}, ("day",)),
        "overdue": RuleKind({"step": str}, ("day",)),
        "unbooked": RuleKind({"step": str, "within_days": int}, ("days", "day")),
    }
)

SIGNS: Mapping[str, Text] = MappingProxyType(
    {
        "saddle_numbness": {
            "en": "numbness between the legs or around the genitals",
            "tr": "bacak arasında veya genital bölgede uyuşma",
        },
        "bladder": {"en": "cannot pass or hold urine", "tr": "idrarını yapamıyor veya tutamıyor"},
        "bowel": {"en": "bowel leak", "tr": "dışkısını tutamıyor"},
        "both_legs_weak": {"en": "weakness in both legs", "tr": "iki bacakta güçsüzlük"},
        "limb_weakness": {
            "en": "new or worsening weakness of an arm or leg",
            "tr": "kolda veya bacakta yeni ya da artan güçsüzlük",
        },
        "cannot_walk": {"en": "cannot walk", "tr": "yürüyemiyor"},
        "breathing": {"en": "trouble breathing", "tr": "nefes almakta zorluk"},
        "swallowing": {"en": "trouble swallowing", "tr": "yutmakta zorluk"},
        "neck_swelling": {"en": "swelling of the neck", "tr": "boyunda şişlik"},
        "voice_change": {"en": "change of voice", "tr": "seste değişiklik"},
        "clumsy_hands": {
            "en": "clumsy hands or unsteady gait",
            "tr": "ellerde beceriksizlik veya dengesiz yürüyüş",
        },
        "confusion": {"en": "confusion", "tr": "bilinç bulanıklığı"},
        "stiff_neck": {"en": "stiff neck", "tr": "ense sertliği"},
        "worst_headache": {"en": "worst headache ever", "tr": "şimdiye kadarki en şiddetli baş ağrısı"},
        "fever": {"en": "fever", "tr": "ateş"},
        "chills": {"en": "chills", "tr": "titreme"},
        "wound": {
            "en": "redness, swelling or discharge at the site",
            "tr": "işlem yerinde kızarıklık, şişlik veya akıntı",
        },
        "upright_headache": {
            "en": "headache that is worse upright",
            "tr": "ayağa kalkınca artan baş ağrısı",
        },
        "numbness": {"en": "numbness that persists", "tr": "geçmeyen uyuşma"},
    }
)
"""What a text or an app's answer can state, in words for a nurse."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to call a person: a kind with its figures, the days and regions it holds for, its tier.

    `from_day` and `to_day` are D-numbers, both included; None is open. For missed_check_ins they bound the
    days of the check-ins that count, for any other kind the day of judgement. `reason` is a format string.
    """

    key: str
    kind: str
    tier: Tier
    reason: Text
    source: str
    parameters: Mapping[str, int | float | str] = field(default_factory=dict)
    from_day: int | None = None
    to_day: int | None = None
    regions: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    proposed: bool = False
    approved_by: str | None = None
    approved_on: date | None = None

    def __post_init__(self) -> None:
        check_approval(self.approved_by, self.approved_on)
        if self.from_day is not None and self.to_day is not None and self.from_day > self.to_day:
            raise ProtocolError(
                "",
                "to_day",
                f"found {self.to_day}, before from_day {self.from_day}; write {self.from_day} or later",
            )
        kind = RULE_KINDS[self.kind]
        if kind.needs_signs and not self.signs:
            raise ProtocolError("", "signs", f"missing; write at least one of {', '.join(SIGNS)}")
        if self.signs and not kind.needs_signs:
            raise ProtocolError(
                "", "signs", f'found on a rule of kind "{self.kind}"; only kind "sign" has signs'
            )
        for language, sentence in self.reason.items():
            self._check_reason(language, sentence, kind.fields)

    @staticmethod
    def _check_reason(language: str, sentence: str, fields: tuple[str, ...]) -> None:
        allowed = ", ".join(f"{{{name}}}" for name in fields)
        try:
            named = [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]
        except ValueError as error:
            raise ProtocolError(
                "", f"reason.{language}", f"found a loose brace ({error}); write fields as {allowed}"
            ) from error
        for name in named:
            if name not in fields:
                raise ProtocolError("", f"reason.{language}", f"found {{{name}}}; the fields are {allowed}")

    def holds_for(self, region: str, day: int) -> bool:
        """Say whether the rule speaks of this region and this D-number."""
        after = self.from_day is None or day >= self.from_day
        before = self.to_day is None or day <= self.to_day
        return self.concerns(region) and after and before

    def concerns(self, region: str) -> bool:
        """Say whether the rule speaks of this region; without regions it speaks of both."""
        return not self.regions or region in self.regions

    def whole(self, parameter: str) -> int:
        """Return a numeric parameter; which ones a kind has is in RULE_KINDS."""
        return int(self.parameters[parameter])
