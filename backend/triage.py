"""What an answer, a sign or a silence means: rules in, a tier and its reasons out.

Pure: no row, no clock. The rules are the protocol's data, this module only knows what each kind of rule
compares. Which answers count (amended ones, late ones) is decided by the callers, the services that store
answers and watch courses; they also turn findings into alerts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schedules.protocol import SIGNS, Rule, Text, Tier

Fields = Mapping[str, Text | int]
"""What a reason may speak of: numbers, and words by language."""

UNNAMED_SIGN: Text = {"en": "a warning sign", "tr": "bir uyarı belirtisi"}
"""For a sign outside the vocabulary, and for a plain yes to the list of signs."""
_SIGN_WITHOUT_RULE: Text = {"en": "Says on day {day}: {sign}", "tr": "{day}. günde bildirdi: {sign}"}
_PAIN_QUESTIONS = ("pain", "pain_limb")  # what the rules on scores judge; other questions are only kept
_PAIN_WORDS: Mapping[tuple[str, str], Text] = {
    ("pain_limb", "lumbar"): {"en": "Leg pain", "tr": "Bacak ağrısı"},
    ("pain_limb", "cervical"): {"en": "Arm pain", "tr": "Kol ağrısı"},
}
_PAIN: Text = {"en": "Pain", "tr": "Ağrı"}
_FIRST_DAY = 1  # D0 is under the local anaesthetic and before it lies the baseline: neither is a best


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the patient; `day` is its D-number."""

    question: str
    value: int
    day: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Course:
    """What has not happened: D-numbers of missed check-ins, milestones late, or days until unbooked ones."""

    missed_days: tuple[int, ...] = ()
    opted_out: bool = False
    unreachable: bool = False
    overdue_milestones: tuple[str, ...] = ()
    unbooked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person must look at. `cause` folds repetitions: one open alert a cause."""

    rule: str
    tier: Tier
    cause: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Assessment:
    """The most urgent tier, None when no rule speaks, and the findings, most urgent first, one a cause."""

    tier: Tier | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answer being judged and what it may be compared with, all to the same question."""

    newest: Answer
    earlier: tuple[Answer, ...]
    baseline: int | None


def assess(
    rules: Sequence[Rule],
    *,
    region: str,
    day: int,
    answers: Sequence[Answer],
    baseline: int | None,
    signs: Sequence[str] = (),
) -> Assessment:
    """Judge the newest of the answers (oldest first) and the signs stated now, on D-number `day`.

    Signs come first and are never averaged with a score; one without a rule for this region and day is still
    a same-day finding. Without a baseline, or with 0, no rule that needs one speaks. One answer makes one
    finding: the most urgent, then the first in the file. Its cause carries the tier, so that an older and
    milder alert on the same question never hides it.
    """
    stated = list(signs)
    if answers and answers[-1].question == "red_flag" and answers[-1].value and not stated:
        stated.append("unnamed")
    findings = _sign_findings(rules, stated, region, day)
    if answers and answers[-1].question in _PAIN_QUESTIONS:
        findings += _score_findings(rules, region, day, answers, baseline)
    return _assessment(findings)


def assess_course(rules: Sequence[Rule], course: Course, *, region: str, day: int) -> Assessment:
    """Judge what was missed, not booked, not done, or made impossible, on D-number `day`."""
    findings = []
    for rule in rules:
        kind = _COURSE_KINDS.get(rule.kind)
        if kind is None or not rule.concerns(region):
            continue
        if rule.kind != "missed_check_ins" and not rule.holds_for(region, day):
            continue
        fields = kind(rule, course)
        if fields is not None:
            step = rule.parameters.get("step")
            cause = f"{rule.kind}:{step}" if step else rule.kind
            findings.append(_finding(rule, cause, {"day": day, **fields}))
    return _assessment(findings)


def _sign_findings(rules: Sequence[Rule], signs: Sequence[str], region: str, day: int) -> list[Finding]:
    """Signs of one rule make one finding that names them all; a sign no rule knows makes its own."""
    by_rule: dict[str, tuple[Rule, list[str]]] = {}
    findings = []
    for sign in dict.fromkeys(signs):
        speaking = [rule for rule in rules if sign in rule.signs and rule.holds_for(region, day)]
        if speaking:
            gravest = min(speaking, key=lambda rule: rule.tier.urgency)
            by_rule.setdefault(gravest.key, (gravest, []))[1].append(sign)
        else:
            said = _say(_SIGN_WITHOUT_RULE, {"sign": _named([sign]), "day": day})
            findings.append(Finding("sign_without_rule", Tier.SAME_DAY, f"sign:{sign}", said))
    for rule, stated in by_rule.values():
        findings.append(_finding(rule, f"signs:{rule.key}", {"sign": _named(stated), "day": day}))
    return findings


def _named(signs: Sequence[str]) -> Text:
    words = [SIGNS.get(sign, UNNAMED_SIGN) for sign in signs]
    return {language: "; ".join(word[language] for word in words) for language in words[0]}


def _score_findings(
    rules: Sequence[Rule], region: str, day: int, answers: Sequence[Answer], baseline: int | None
) -> list[Finding]:
    newest = answers[-1]
    earlier = tuple(
        answer for answer in answers[:-1] if answer.question == newest.question and answer.day >= _FIRST_DAY
    )
    judged = _Judged(newest, earlier, baseline)
    words = _PAIN_WORDS.get((newest.question, region), _PAIN)
    findings = []
    for rule in rules:
        kind = _SCORE_KINDS.get(rule.kind)
        if kind is None or not rule.holds_for(region, day):
            continue
        fields = kind(rule, judged)
        if fields is not None:
            said = {"pain": words, "value": newest.value, "day": day, **fields}
            findings.append(_finding(rule, f"score:{newest.question}:{rule.tier}", said))
    return sorted(findings, key=lambda finding: finding.tier.urgency)[:1]


def _high(rule: Rule, judged: _Judged) -> Fields | None:
    least = rule.whole("at_least")
    return {"at_least": least} if judged.newest.value >= least else None


def _rebound(rule: Rule, judged: _Judged) -> Fields | None:
    if not judged.earlier:
        return None
    best = min(judged.earlier, key=lambda answer: (answer.value, -answer.day))
    value = judged.newest.value
    if value < rule.whole("at_least") or value - best.value < rule.whole("above_best"):
        return None
    return {"best": best.value, "best_day": best.day}


def _rise(rule: Rule, judged: _Judged) -> Fields | None:
    if not judged.earlier:
        return None
    before = judged.earlier[-1]
    if judged.newest.value - before.value < rule.whole("by"):
        return None
    return {"before": before.value, "before_day": before.day}


def _above_baseline(_: Rule, judged: _Judged) -> Fields | None:
    if not judged.baseline or judged.newest.value <= judged.baseline:
        return None
    return {"baseline": judged.baseline}


def _lasting_flare(rule: Rule, judged: _Judged) -> Fields | None:
    early = [answer for answer in judged.earlier if answer.day <= rule.whole("early_until")]
    if not early:
        return None
    worst = max(early, key=lambda answer: (answer.value, answer.day))
    least, value = rule.whole("at_least"), judged.newest.value
    settled = worst.value - value >= rule.whole("fell_less_than")
    if worst.value < least or value < least or settled:
        return None
    return {"before": worst.value, "before_day": worst.day}


def _little_better(rule: Rule, judged: _Judged) -> Fields | None:
    if not judged.baseline:
        return None
    fall = 100 * (judged.baseline - judged.newest.value)
    if fall >= rule.whole("less_than_percent") * judged.baseline:
        return None
    return {"baseline": judged.baseline, "percent": max(0, fall // judged.baseline)}


def _missed_check_ins(rule: Rule, course: Course) -> Fields | None:
    first = rule.from_day if rule.from_day is not None else _FIRST_DAY
    missed = [
        day for day in course.missed_days if day >= first and (rule.to_day is None or day <= rule.to_day)
    ]
    return {"missed": len(missed)} if len(missed) >= rule.whole("count") else None


def _opted_out(_: Rule, course: Course) -> Fields | None:
    return {} if course.opted_out else None


def _unreachable(_: Rule, course: Course) -> Fields | None:
    return {} if course.unreachable else None


def _overdue(rule: Rule, course: Course) -> Fields | None:
    return {} if rule.parameters["step"] in course.overdue_milestones else None


def _unbooked(rule: Rule, course: Course) -> Fields | None:
    days = course.unbooked.get(str(rule.parameters["step"]))
    return {"days": max(0, days)} if days is not None and days <= rule.whole("within_days") else None


_SCORE_KINDS: Mapping[str, Callable[[Rule, _Judged], Fields | None]] = {
    "high": _high,
    "rebound": _rebound,
    "rise": _rise,
    "above_baseline": _above_baseline,
    "lasting_flare": _lasting_flare,
    "little_better": _little_better,
}
_COURSE_KINDS: Mapping[str, Callable[[Rule, Course], Fields | None]] = {
    "missed_check_ins": _missed_check_ins,
    "opted_out": _opted_out,
    "unreachable": _unreachable,
    "overdue": _overdue,
    "unbooked": _unbooked,
}


def _finding(rule: Rule, cause: str, fields: Fields) -> Finding:
    return Finding(rule.key, rule.tier, cause, _say(rule.reason, fields))


def _say(reason: Text, fields: Fields) -> Text:
    return {
        language: sentence.format(
            **{name: value if isinstance(value, int) else value[language] for name, value in fields.items()}
        )
        for language, sentence in reason.items()
    }


def _assessment(findings: Iterable[Finding]) -> Assessment:
    first_of_cause: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda finding: finding.tier.urgency):
        first_of_cause.setdefault(finding.cause, finding)
    ordered = tuple(first_of_cause.values())
    return Assessment(ordered[0].tier if ordered else None, ordered)
