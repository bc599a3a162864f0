"""Checklists, instruments, recurrences with an end, texts of the procedure, and who approved what."""

from datetime import date

import pytest

from schedules.catalogue import Catalogue, parse_protocol
from schedules.protocol import Override, ProtocolError
from schedules.selection import selection_warnings
from tests.schedules.shapes import protocol, step
from tests.schedules.test_broken_anchors import WHOLE

LUMBAR = Catalogue.shipped().get("nucleoplasty_lumbar")
WIDE = parse_protocol(WHOLE, "wide.toml")
MET = {criterion.key: criterion.expects for criterion in LUMBAR.selection}


class TestAChecklist:
    """It warns and never blocks."""

    def test_that_is_met_says_nothing(self):
        assert selection_warnings(LUMBAR.selection, MET) == ()

    def test_warns_of_what_is_not_as_expected(self):
        (warning,) = selection_warnings(LUMBAR.selection, MET | {"stenosis": "yes"})
        assert (warning.key, warning.answer) == ("stenosis", "yes")
        assert warning.words["en"] == "Not advised with spinal stenosis."

    @pytest.mark.parametrize("answers", [MET | {"stenosis": "not_known"}, MET.copy()])
    def test_says_what_nobody_knows(self, answers):
        if answers["stenosis"] != "not_known":
            del answers["stenosis"]
        (warning,) = selection_warnings(LUMBAR.selection, answers)
        assert (warning.answer, warning.words["tr"]) == (
            "not_known",
            "Bilinmiyor: Omurilik kanalında darlık (stenoz) var",
        )


class TestAnInstrument:
    """Questions that are scored together."""

    PEG = LUMBAR.step("check_in_month_3").instruments[0]

    def test_has_the_mean_of_its_answers(self):
        answers = {"peg_pain": 4, "peg_enjoyment": 5, "peg_activity": 7, "pain": 10}
        assert self.PEG.scored(answers) == pytest.approx(16 / 3)

    def test_has_no_score_while_an_answer_is_missing(self):
        assert self.PEG.scored({"peg_pain": 4, "peg_enjoyment": 5}) is None

    def test_may_be_a_sum(self):
        summed = parse_protocol(WHOLE.replace('score = "mean"', 'score = "sum"'), "wide.toml")
        assert summed.step("ask").instruments[0].scored({"pain": 3, "sleep": 4}) == 7

    def test_adds_its_questions_to_those_of_the_check_in(self):
        keys = [question.key for question in LUMBAR.step("check_in_month_3").questions]
        assert keys == ["pain", "pain_limb", "peg_pain", "peg_enjoyment", "peg_activity"]

    def test_asks_no_question_twice(self):
        twice = parse_protocol(
            WHOLE.replace('instruments = ["rest"]', 'instruments = ["rest"]\nquestions = ["sleep"]'),
            "wide.toml",
        )
        assert [question.key for question in twice.step("ask").questions] == ["sleep", "pain"]


@pytest.mark.parametrize(
    ("due", "recurs", "times"),
    [
        ("P1Y", 'every = "P1Y", until = "P5Y"', 5),
        ("P12M", 'every = "P12M", until = "P5Y"', 5),
        ("P1Y", 'every = "P1Y", until = "P1Y"', 1),
        ("P1Y", 'every = "P1Y", until = "P59M"', 4),
        ("P30D", 'every = "P1M", until = "P3M"', 2),  # from December the third would be later
        ("P1Y", 'every = "P1Y", times = 3', 3),
    ],
)
def test_a_recurrence_ends_after_so_many_times_or_with_a_distance(due, recurs, times):
    yearly = step("yearly", "milestone", f'window = {{ due = "{due}" }}\nrecurs = {{ {recurs} }}')
    assert protocol(yearly).step("yearly").times == times


def test_the_texts_of_a_procedure_that_moves_or_is_cancelled_are_named():
    assert LUMBAR.procedure_texts == {"moved": "procedure_moved", "cancelled": "procedure_cancelled"}


def test_a_step_and_a_rule_say_who_approved_them_and_when():
    assert (WIDE.step("visit").approved_by, WIDE.step("visit").approved_on) == ("Dr K", date(2026, 11, 23))
    assert (WIDE.rule("high").approved_by, WIDE.rule("high").approved_on) == ("Dr L", date(2026, 11, 24))


class TestAClinicsOwnFigure:
    """A value alone, or with who approved it, when and why."""

    FIGURE = {"value": "P8W", "by": "Dr K", "on": "2026-11-23", "reason": "our own series"}  # noqa: RUF012 - only read

    def test_names_its_approver_on_the_step(self):
        lifting = LUMBAR.with_overrides({"heavy_lifting.ends": self.FIGURE}).step("heavy_lifting")
        assert (str(lifting.ends), lifting.approved_by, lifting.approved_on) == (
            "P8W",
            "Dr K",
            date(2026, 11, 23),
        )

    def test_names_its_approver_on_the_rule(self):
        figure = {"value": 3, "by": "Dr K", "on": date(2026, 11, 23)}
        rule = LUMBAR.with_overrides({"rules.rebound.above_best": figure}).rule("rebound")
        assert (rule.whole("above_best"), rule.approved_by) == (3, "Dr K")

    def test_is_kept_with_its_reason(self):
        assert LUMBAR.with_overrides({"heavy_lifting.ends": self.FIGURE}).own_figures == (
            Override("heavy_lifting.ends", "P8W", "Dr K", date(2026, 11, 23), "our own series"),
        )

    def test_alone_leaves_the_approval_to_the_signature(self):
        changed = LUMBAR.with_overrides({"heavy_lifting.ends": "P8W"})
        assert changed.own_figures == (Override("heavy_lifting.ends", "P8W"),)
        assert changed.step("heavy_lifting").approved_by is None

    def test_changes_the_dates_like_a_plain_one(self):
        plain = LUMBAR.with_overrides({"heavy_lifting.ends": "P8W"})
        assert LUMBAR.with_overrides({"heavy_lifting.ends": self.FIGURE}).timing_hash == plain.timing_hash

    @pytest.mark.parametrize(
        ("key", "base"),
        [
            ("heavy_lifting.ends", ""),
            ("first_follow_up.window.due", "P14D"),
            ("first_follow_up.open_days", "next"),
            ("check_in_d1.local_time", "10:00"),
            ("mri_3_months.lateness", "call"),
            ("rules.rebound.above_best", "2"),
            ("rules.rebound.to_day", ""),
            ("rules.rebound.tier", "same_day"),
        ],
    )
    def test_stands_beside_what_the_file_says(self, key, base):
        assert LUMBAR.figure(key) == base

    @pytest.mark.parametrize(
        ("figure", "complaint"),
        [
            ({"by": "Dr K", "on": "2026-11-23"}, "ends.value: missing; write what the clinic decided"),
            ({"value": "P8W", "by": "Dr K"}, "ends.on: missing; by (a clinician) and on (a day) belong"),
            ({"value": "P8W", "on": "2026-11-23"}, "ends.by: missing; by (a clinician) and on (a day)"),
            ({"value": "P8W", "by": "Dr K", "on": "soon"}, 'ends.on: found "soon"; write a day such as'),
            ({"value": "P8W", "by": 7, "on": "2026-11-23"}, "ends.by: found 7; write a text"),
            ({"value": "P8W", "who": "Dr K"}, "ends.who: unknown key; the keys here are value, by, on"),
            ({"value": ["P8W"]}, 'ends.value: found ["P8W"]; write a duration, a time, a word'),
            (["P8W"], 'ends: found ["P8W"]; write a duration, a time, a word or a whole number'),
            (None, "ends: found nothing; write a duration, a time, a word or a whole number"),
        ],
    )
    def test_that_makes_no_sense_is_named(self, figure, complaint):
        with pytest.raises(ProtocolError) as caught:
            LUMBAR.with_overrides({"heavy_lifting.ends": figure})
        assert complaint in str(caught.value)
        assert str(caught.value).startswith("nucleoplasty_lumbar.toml: steps.heavy_lifting.")


def test_a_checklist_changes_no_timing():
    without = parse_protocol(WHOLE.replace("Not contained", "Not contained at all"), "wide.toml")
    assert without.timing_hash == WIDE.timing_hash
    assert without.wording_hash != WIDE.wording_hash


def test_another_anchor_is_another_timing():
    other = parse_protocol(WHOLE.replace('by = "done", or_after', "or_after"), "wide.toml")
    assert other.timing_hash != WIDE.timing_hash
