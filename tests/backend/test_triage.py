"""What reaches a nurse by the shipped rules, section 4 of the clinical facts, and what pages nobody."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.triage import Answer, Assessment, Course, assess, assess_course
from schedules.catalogue import Catalogue
from schedules.protocol import SIGNS, Rule, Tier

RULES = {
    protocol.region: protocol.rules
    for protocol in (
        Catalogue.shipped().get("nucleoplasty_lumbar"),
        Catalogue.shipped().get("nucleoplasty_cervical"),
    )
}
LUMBAR = RULES["lumbar"]
START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def answers(*day_and_value: tuple[int, int], question: str = "pain") -> list[Answer]:
    return [Answer(question, value, day, START + timedelta(days=day)) for day, value in day_and_value]


def judge(
    *day_and_value: tuple[int, int],
    baseline: int | None = None,
    question: str = "pain",
    region: str = "lumbar",
) -> Assessment:
    """Judge the last of these answers on its own day."""
    return assess(
        RULES[region],
        region=region,
        day=day_and_value[-1][0],
        answers=answers(*day_and_value, question=question),
        baseline=baseline,
    )


def state(*signs: str, region: str = "lumbar", day: int = 5) -> Assessment:
    return assess(RULES[region], region=region, day=day, answers=(), baseline=None, signs=signs)


def watch(course: Course, day: int = 9) -> Assessment:
    return assess_course(LUMBAR, course, region="lumbar", day=day)


def said(assessment: Assessment, language: str = "en") -> list[str]:
    return [finding.reason[language] for finding in assessment.findings]


def test_an_8_on_day_1_pages_nobody():
    assert judge((1, 8)) == Assessment(None, ())


def test_an_8_on_day_9_does():
    assert judge((9, 8)).tier is Tier.SAME_DAY
    assert said(judge((9, 8))) == ["Pain 8 after day 2"]


@pytest.mark.parametrize(("day", "tier"), [(1, None), (2, None), (3, Tier.SAME_DAY)])
def test_strong_pain_counts_from_day_3(day, tier):
    assert judge((day, 8)).tier is tier


def test_a_7_alone_is_not_strong_enough():
    assert judge((9, 7)).tier is None


def test_a_rebound_on_day_20_is_named_with_the_best_it_is_measured_against():
    rebound = judge((1, 5), (14, 1), (20, 6), baseline=8)
    assert said(rebound) == ["Pain 6, was 1 at best on day 14: rebound"]
    assert said(rebound, "tr") == ["Ağrı 6, en iyi 1 idi (14. gün): yeniden artış"]
    assert rebound.findings[0].rule == "rebound"


@pytest.mark.parametrize(
    ("earlier", "now", "tier"),
    [
        ((14, 2), (20, 4), Tier.SAME_DAY),
        ((14, 2), (20, 3), None),
        ((14, 3), (20, 4), None),
        ((3, 2), (7, 4), None),
        ((3, 2), (8, 4), Tier.SAME_DAY),
    ],
)
def test_a_rebound_is_4_or_more_and_2_above_the_best_from_day_8(earlier, now, tier):
    assert judge(earlier, now).tier is tier


def test_the_best_is_the_patients_own_and_not_the_last():
    assert said(judge((7, 1), (14, 3), (21, 4))) == ["Pain 4, was 1 at best on day 7: rebound"]


@pytest.mark.parametrize("day", [-2, 0])
def test_neither_the_baseline_nor_the_day_itself_is_a_best(day):
    assert judge((day, 0), (9, 4)).tier is None


def test_the_newest_answer_is_never_its_own_best():
    assert judge((20, 5)).tier is None


@pytest.mark.parametrize(("before", "now", "tier"), [(1, 4, Tier.SAME_DAY), (1, 3, None), (5, 2, None)])
def test_a_rise_of_3_between_two_answers_is_seen(before, now, tier):
    assert judge((3, before), (7, now)).tier is tier


def test_a_rise_is_measured_against_the_answer_before_and_never_against_the_baseline():
    assert judge((1, 4), (3, 4), (7, 6), baseline=2).tier is None
    assert said(judge((1, 3), (3, 6))) == ["Pain 6, was 3 on day 1: a rise between two answers"]


def test_a_rise_in_the_first_two_days_is_expected():
    assert judge((1, 2), (2, 7)).tier is None


@pytest.mark.parametrize(("day", "tier"), [(7, None), (8, Tier.SAME_DAY)])
def test_pain_above_the_baseline_counts_after_day_7(day, tier):
    assert judge((day, 5), baseline=4).tier is tier


def test_pain_as_before_the_procedure_is_not_above_it():
    assert judge((9, 5), baseline=5).tier is None


@pytest.mark.parametrize("baseline", [None, 0])
def test_without_a_baseline_nothing_is_compared_with_it(baseline):
    assert judge((9, 3), baseline=baseline).tier is None
    assert judge((42, 3), baseline=baseline).tier is None


def test_a_flare_that_lasts_past_day_7_reaches_a_nurse_on_the_next_day():
    flare = judge((3, 6), (9, 5), baseline=8)
    assert flare.tier is Tier.NEXT_DAY
    assert said(flare) == ["Pain 5 on day 9, was 6 on day 3: the flare of the first week has not settled"]


@pytest.mark.parametrize(
    ("early", "now"),
    [((3, 8), (14, 6)), ((3, 4), (14, 4)), ((3, 5), (14, 4)), ((10, 6), (14, 6)), ((3, 6), (22, 6))],
)
def test_a_flare_that_fell_by_2_or_was_none_or_is_long_past_does_not(early, now):
    assert judge(early, now, baseline=9).tier is None


@pytest.mark.parametrize(("value", "tier"), [(8, Tier.NEXT_DAY), (7, None)])
def test_less_than_30_percent_better_at_week_6_is_seen(value, tier):
    assert judge((42, value - 1), baseline=9 if value == 8 else 10).tier is tier


def test_the_percentage_is_told_and_rounded_down():
    assert said(judge((42, 5), baseline=7)) == ["Pain 5 at six weeks, 7 before: 28 % better, less than 30 %"]
    assert said(judge((42, 5), baseline=7), "tr") == [
        "Ağrı altıncı haftada 5, önce 7: %28 iyileşme, %30'un altında"
    ]


def test_little_better_is_asked_only_at_week_6():
    assert judge((60, 5), baseline=6).tier is None


def test_one_answer_makes_one_finding_and_it_is_the_most_urgent():
    found = judge((3, 6), (14, 1), (20, 9), baseline=5).findings
    assert [finding.rule for finding in found] == ["rebound"]


def test_a_milder_alert_never_hides_a_graver_one():
    mild = judge((3, 6), (9, 5), baseline=8).findings[0]
    grave = judge((3, 6), (9, 9), baseline=8).findings[0]
    assert mild.cause != grave.cause


def test_the_same_trouble_again_has_the_same_cause():
    assert judge((9, 8)).findings[0].cause == judge((9, 8), (14, 9)).findings[0].cause


def test_leg_and_arm_pain_are_judged_on_their_own_and_named():
    assert said(judge((9, 8), question="pain_limb")) == ["Leg pain 8 after day 2"]
    assert said(judge((9, 8), question="pain_limb", region="cervical"), "tr") == [
        "Kol ağrısı 8, 2. günden sonra"
    ]


def test_answers_to_another_question_are_not_compared_with():
    mixed = [*answers((7, 0), question="pain_limb"), *answers((9, 5))]
    assert assess(LUMBAR, region="lumbar", day=9, answers=mixed, baseline=None).tier is None


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("region", RULES)
@pytest.mark.parametrize("day", [-1, 0, 5, 20, 400])
def test_a_sign_always_reaches_a_nurse(sign, region, day):
    found = state(sign, region=region, day=day).findings
    assert len(found) == 1
    assert SIGNS[sign]["en"] in found[0].reason["en"]
    assert SIGNS[sign]["tr"] in found[0].reason["tr"]


def test_signs_of_one_rule_in_one_text_are_one_finding_that_names_them_all():
    stated = assess(LUMBAR, region="lumbar", day=15, answers=(), baseline=None, signs=("fever", "chills"))
    assert [finding.cause for finding in stated.findings] == ["signs:infection"]
    assert SIGNS["fever"]["en"] in said(stated)[0]
    assert SIGNS["chills"]["en"] in said(stated)[0]


def test_a_grave_sign_beside_a_milder_one_keeps_a_finding_of_its_own():
    stated = assess(LUMBAR, region="lumbar", day=15, answers=(), baseline=None, signs=("fever", "bladder"))
    assert [finding.tier for finding in stated.findings] == [Tier.EMERGENCY, Tier.SAME_DAY]


def test_an_emergency_sign_is_one_on_any_day():
    assert {state("bladder", day=day).tier for day in (0, 5, 300)} == {Tier.EMERGENCY}
    assert said(state("bladder", day=12)) == ["Says on day 12: cannot pass or hold urine"]


@pytest.mark.parametrize(
    ("region", "day", "tier"),
    [("cervical", 14, Tier.EMERGENCY), ("cervical", 15, Tier.SAME_DAY), ("lumbar", 3, Tier.SAME_DAY)],
)
def test_a_sign_without_a_rule_for_the_region_or_day_is_still_seen_the_same_day(region, day, tier):
    assert state("breathing", region=region, day=day).tier is tier


def test_a_sign_is_never_averaged_with_a_low_score():
    both = assess(LUMBAR, region="lumbar", day=9, answers=answers((9, 0)), baseline=8, signs=["bladder"])
    assert both.tier is Tier.EMERGENCY


def test_findings_come_most_urgent_first():
    both = assess(
        LUMBAR, region="lumbar", day=9, answers=answers((9, 9)), baseline=8, signs=["numbness", "bowel"]
    )
    assert [finding.tier for finding in both.findings] == [Tier.EMERGENCY, Tier.SAME_DAY, Tier.NEXT_DAY]


def test_a_sign_stated_twice_is_one_finding():
    assert len(state("fever", "fever").findings) == 1


def test_a_yes_to_the_list_of_signs_is_seen_even_when_none_is_named():
    yes = assess(LUMBAR, region="lumbar", day=5, answers=answers((5, 1), question="red_flag"), baseline=None)
    assert yes.tier is Tier.SAME_DAY
    assert said(yes) == ["Says on day 5: a warning sign"]


def test_a_no_to_the_list_of_signs_is_no_finding():
    no = assess(LUMBAR, region="lumbar", day=5, answers=answers((5, 0), question="red_flag"), baseline=None)
    assert no == Assessment(None, ())


def test_nothing_said_is_nothing_found():
    assert assess(LUMBAR, region="lumbar", day=5, answers=(), baseline=5) == Assessment(None, ())


def test_the_most_urgent_of_two_rules_on_one_sign_wins():
    stricter = Rule(
        "strict", "sign", Tier.EMERGENCY, {"en": "{sign}", "tr": "{sign}"}, "clinic", signs=("fever",)
    )
    found = assess([*LUMBAR, stricter], region="lumbar", day=5, answers=(), baseline=None, signs=["fever"])
    assert found.tier is Tier.EMERGENCY


def test_two_missed_check_ins_of_the_first_week_are_lost_sight():
    silent = watch(Course(missed_days=(1, 3)), day=5)
    assert silent.tier is Tier.LOST_SIGHT
    assert said(silent) == ["No answer to 2 check-ins of the first week"]


def test_the_check_in_of_day_7_still_counts_when_it_closes_on_day_9():
    assert watch(Course(missed_days=(3, 7)), day=9).tier is Tier.LOST_SIGHT


@pytest.mark.parametrize("missed", [(), (1,), (7, 14), (14, 21)])
def test_fewer_than_two_in_the_first_week_are_not(missed):
    assert watch(Course(missed_days=missed), day=22).tier is None


def test_opting_out_and_an_unreachable_number_are_lost_sight():
    lost = watch(Course(opted_out=True, unreachable=True))
    assert [(finding.cause, finding.tier) for finding in lost.findings] == [
        ("opted_out", Tier.LOST_SIGHT),
        ("unreachable", Tier.LOST_SIGHT),
    ]


def test_therapy_not_started_by_day_21_reaches_a_nurse_on_the_next_day():
    late = watch(Course(overdue_milestones=("physical_therapy", "light_activity")), day=21)
    assert [(finding.cause, finding.tier) for finding in late.findings] == [
        ("overdue:physical_therapy", Tier.NEXT_DAY)
    ]


@pytest.mark.parametrize(("days", "reasons"), [(15, []), (14, ["MRI due in 14 days and not booked"])])
def test_an_mri_not_booked_is_seen_14_days_before(days, reasons):
    assert said(watch(Course(unbooked={"mri_3_months": days, "annual_review": 3}), day=78)) == reasons


def test_a_course_in_order_is_no_finding():
    assert watch(Course(unbooked={"mri_3_months": 60})) == Assessment(None, ())


days_and_values = st.lists(st.tuples(st.integers(-3, 400), st.integers(0, 10)), min_size=1, max_size=8)


@given(
    st.sampled_from(sorted(RULES)),
    days_and_values,
    st.one_of(st.none(), st.integers(0, 10)),
    st.lists(st.sampled_from(sorted(SIGNS)), max_size=3),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_finding_has_a_whole_sentence_in_every_language(region, pairs, baseline, signs):
    pairs.sort(key=lambda pair: pair[0])
    found = assess(
        RULES[region],
        region=region,
        day=pairs[-1][0],
        answers=answers(*pairs),
        baseline=baseline,
        signs=signs,
    )
    assert found.tier == (found.findings[0].tier if found.findings else None)
    for finding in found.findings:
        assert set(finding.reason) == {"en", "tr"}
        assert not any("{" in sentence for sentence in finding.reason.values())


@given(days_and_values, st.integers(1, 10))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_worse_answer_is_never_judged_milder(pairs, baseline):
    pairs.sort(key=lambda pair: pair[0])
    *earlier, (day, value) = pairs
    urgency = [
        assessment.tier.urgency if assessment.tier else len(Tier)
        for worse in range(value, 11)
        for assessment in [judge(*earlier, (day, worse), baseline=baseline)]
    ]
    assert urgency == sorted(urgency, reverse=True)
