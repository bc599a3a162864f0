"""The two shipped protocols say what section 2 to 4 of the clinical facts say."""

import re

import pytest

from schedules.catalogue import Catalogue
from schedules.protocol import LANGUAGES, RULE_KINDS, SIGNS, CareProtocol, Lateness, OpenDay, StepKind, Tier

PROTOCOLS = Catalogue.shipped().all()
KEYS = {
    StepKind.MILESTONE: (
        "observation discharge light_activity daily_activities desk_work physical_therapy first_follow_up "
        "mri_3_months outcome_12_months annual_review"
    ),
    StepKind.RESTRICTION: (
        "heavy_lifting heavy_labour sport driving_short driving_long flight_short travel_long "
        "before_physical_therapy massage_light massage_deep skincare_at_site new_mattress"
    ),
    StepKind.CHECK_IN: (
        "check_in_baseline check_in_d1 check_in_d3 check_in_d7 check_in_d14 check_in_d21 check_in_d28 "
        "check_in_week_6 check_in_month_3 check_in_month_6 check_in_month_12 check_in_yearly"
    ),
    StepKind.EDUCATION: (
        "prepare_medicines prepare_day_before wound light_activity_info flight_home sitting_breaks smoking "
        "posture heat_cold core_exercise fluids diet brace mood tens weight weather"
    ),
}
WINDOWS = {
    "observation": (None, "PT2H", "PT6H"),
    "discharge": (None, "PT2H", "PT6H"),
    "light_activity": ("P1D", "P2D", "P7D"),
    "daily_activities": ("P1D", "P2D", None),
    "desk_work": (None, "P7D", None),
    "physical_therapy": ("P7D", "P7D", "P21D"),
    "mri_3_months": (None, "P3M", None),
    "outcome_12_months": (None, "P12M", None),
    "annual_review": (None, "P12M", None),
}
ENDS = {
    "heavy_labour": "clearance",
    "sport": "clearance",
    "driving_short": "P1D",
    "driving_long": "clearance",
    "flight_short": "P1D",
    "travel_long": "P7D",
    "before_physical_therapy": "P7D",
    "massage_light": "P3W",
    "massage_deep": "clearance",
    "skincare_at_site": "first_follow_up",
    "new_mattress": "clearance",
}
TIERS = {
    "saddle_numbness bladder bowel both_legs_weak": ("lumbar", Tier.EMERGENCY),
    "breathing swallowing neck_swelling voice_change": ("cervical", Tier.EMERGENCY),
    "limb_weakness cannot_walk clumsy_hands confusion stiff_neck worst_headache": ("both", Tier.EMERGENCY),
    "fever chills wound upright_headache": ("both", Tier.SAME_DAY),
    "numbness": ("both", Tier.NEXT_DAY),
}
every = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.id)


def test_a_lumbar_and_a_cervical_protocol_ship_as_drafts():
    assert [(one.id, one.region, one.status) for one in PROTOCOLS] == [
        ("nucleoplasty_cervical", "cervical", "draft"),
        ("nucleoplasty_lumbar", "lumbar", "draft"),
    ]


@every
@pytest.mark.parametrize("kind", StepKind)
def test_every_row_of_the_clinical_timeline_is_there(protocol: CareProtocol, kind: StepKind):
    assert [step.key for step in protocol.steps if step.kind is kind] == KEYS[kind].split()


@every
@pytest.mark.parametrize("key", WINDOWS)
def test_milestones_have_the_windows_of_the_clinical_timeline(protocol: CareProtocol, key: str):
    window = protocol.step(key).window
    assert window
    found = tuple(str(one) if one else None for one in (window.earliest, window.due, window.overdue))
    assert found == WINDOWS[key]


@every
@pytest.mark.parametrize("key", ENDS)
def test_restrictions_end_as_the_clinical_timeline_says(protocol: CareProtocol, key: str):
    assert str(protocol.step(key).ends) == ENDS[key]


@every
def test_only_heavy_lifting_waits_for_the_clinic_and_six_weeks_are_suggested(protocol: CareProtocol):
    assert protocol.undecided() == ("heavy_lifting",)
    assert protocol.step("heavy_lifting").suggested == {"ends": "P6W"}


@every
@pytest.mark.parametrize(
    ("key", "reminders"),
    [
        ("physical_therapy", ["remind_P2D"]),
        ("mri_3_months", ["remind_P21D", "remind_P7D", "remind_P1D"]),
        ("annual_review", ["remind_P21D", "remind_P3D"]),
    ],
)
def test_what_can_be_booked_is_reminded_of(protocol: CareProtocol, key: str, reminders: list[str]):
    step = protocol.step(key)
    assert step.bookable
    assert [reminder.key for reminder in step.reminders] == reminders


@every
def test_a_lost_text_of_preparation_therapy_follow_up_and_mri_becomes_a_proposed_call(protocol: CareProtocol):
    called = {step.key: step for step in protocol.steps if step.lateness is Lateness.CALL}
    assert set(called) == {
        "prepare_medicines",
        "prepare_day_before",
        "physical_therapy",
        "first_follow_up",
        "mri_3_months",
    }
    assert all(re.search(r"a nurse's call .*\bproposed\b", step.source) for step in called.values())


@every
def test_warning_signs_are_asked_about_from_day_1_to_day_42(protocol: CareProtocol):
    asking = [
        step.key for step in protocol.steps if "red_flag" in [question.key for question in step.questions]
    ]
    assert asking == KEYS[StepKind.CHECK_IN].split()[1:8]


@every
def test_every_check_in_asks_for_pain_and_is_nudged_after_four_hours(protocol: CareProtocol):
    for step in protocol.steps:
        if step.kind is StepKind.CHECK_IN:
            assert step.questions[0].key == "pain"
            assert (step.questions[0].minimum, step.questions[0].maximum) == (0, 10)
            assert step.questions[0].loinc == "72514-3"
            assert str(step.nudge_after) == "PT4H"


@every
@pytest.mark.parametrize("signs", TIERS)
def test_every_sign_has_its_tier(protocol: CareProtocol, signs: str):
    region, tier = TIERS[signs]
    for sign in signs.split():
        tiers = [
            rule.tier for rule in protocol.rules if sign in rule.signs and rule.concerns(protocol.region)
        ]
        assert tiers == ([tier] if region in ("both", protocol.region) else [])


@every
def test_what_needs_the_clinic_open_is_what_can_be_booked(protocol: CareProtocol):
    bookable = {step.key for step in protocol.steps if step.bookable}
    assert {step.key for step in protocol.steps if step.open_days is OpenDay.NEXT} == bookable


@every
@pytest.mark.parametrize(("key", "last"), [("annual_review", "P60M"), ("check_in_yearly", "P5Y")])
def test_what_comes_back_every_year_ends_with_the_fifth(protocol: CareProtocol, key: str, last: str):
    step = protocol.step(key)
    assert step.window
    assert step.recurs
    assert str(step.window.due.plus(step.recurs.every, step.times - 1)) == last


@every
def test_peg_is_asked_before_and_when_the_result_is_judged_and_never_by_text_alone(protocol: CareProtocol):
    asked = [step for step in protocol.steps if step.instruments]
    assert [step.key for step in asked] == [
        "check_in_baseline",
        "check_in_week_6",
        "check_in_month_3",
        "check_in_month_6",
        "check_in_month_12",
        "check_in_yearly",
    ]
    (peg,) = {step.instruments[0].key: step.instruments[0] for step in asked}.values()
    assert (peg.loinc, [question.required for question in peg.questions]) == ("91148-7", [False] * 3)
    assert all(step.questions[0].key == "pain" for step in asked)


@every
def test_the_checklist_holds_what_the_procedure_is_for_and_what_it_is_not_for(protocol: CareProtocol):
    expected = {criterion.key: criterion.expects for criterion in protocol.selection}
    assert expected == dict.fromkeys(
        ("contained_herniation", "fitting_pain", "conservative_treatment"), "yes"
    ) | dict.fromkeys(
        (
            "low_disc",
            "calcified_annulus",
            "large_herniation",
            "instability",
            "stenosis",
            "spondylolisthesis",
            "bleeding_disorder",
            "active_infection",
        ),
        "no",
    )


def test_no_sign_of_the_vocabulary_is_forgotten():
    assert {sign for signs in TIERS for sign in signs.split()} == set(SIGNS)


@every
def test_the_list_of_signs_shown_to_the_patient_is_what_the_rules_know(protocol: CareProtocol):
    shown = next(one for one in protocol.step("check_in_d1").questions if one.key == "red_flag").signs
    assert set(shown) == {sign for rule in protocol.rules for sign in rule.signs}


@every
def test_every_date_says_where_it_comes_from(protocol: CareProtocol):
    for step in protocol.steps:
        assert re.match(r"(seed|proposed)\b", step.source), step.key
        assert step.proposed == ("proposed" in step.source), step.key


@every
def test_every_rule_is_marked_as_proposed(protocol: CareProtocol):
    assert all(rule.proposed for rule in protocol.rules)


@every
def test_every_kind_of_rule_is_used(protocol: CareProtocol):
    assert {rule.kind for rule in protocol.rules} == set(RULE_KINDS)


@every
def test_turkish_is_written_with_its_letters(protocol: CareProtocol):
    sentences = [words["tr"] for step in protocol.steps for words in (step.title, step.why)]
    sentences += [rule.reason["tr"] for rule in protocol.rules]
    sentences += [words["tr"] for one in protocol.selection for words in (one.text, one.warning)]
    text = " ".join(sentences)
    assert set("çğıöşüİÇŞ") - set(text) <= {"Ç", "Ş", "İ"}
    assert not re.search(r"\b(icin|agri|gun|agir|islem|doktorunuz uygun gorene)\b", text, re.IGNORECASE)


@every
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_reassures_or_stops_a_medicine(protocol: CareProtocol, language: str):
    forbidden = re.compile(
        r"don't worry|stop taking|do not take|merak etme|bırakın|kullanmayı kesin", re.IGNORECASE
    )
    for step in protocol.steps:
        assert not forbidden.search(step.title[language] + " " + step.why[language]), step.key


def test_nothing_is_written_twice_the_regions_share_their_steps():
    one, other = PROTOCOLS
    assert [step.window for step in one.steps] == [step.window for step in other.steps]
    assert one.timing_hash != other.timing_hash
