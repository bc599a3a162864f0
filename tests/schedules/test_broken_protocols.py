"""Every mistake in a protocol file is named: the file, the key, what was found and what would be right."""

import pytest

from schedules.catalogue import parse_protocol
from schedules.errors import ProtocolError

WHOLE = """\
id = "small"
version = 1
status = "draft"
region = "lumbar"
texts_at = "10:00"
titles = { en = "Small", tr = "Küçük" }

[questions.pain]
text = { en = "How strong?", tr = "Kaç?" }
minimum = 0
maximum = 10

[steps.visit]
kind = "milestone"
title = { en = "Visit", tr = "Kontrol" }
why = { en = "To be seen", tr = "Görülmek için" }
source = "seed"
bookable = true
window = { earliest = "P7D", due = "P14D", overdue = "P21D" }
reminders = [{ before = "P3D", template = "remind", booked_template = "booked" }]
recurs = { every = "P1Y", times = 2 }

[steps.lifting]
kind = "restriction"
title = { en = "No lifting", tr = "Kaldırmayın" }
why = { en = "It strains", tr = "Zorlar" }
source = "seed"
ends = "P6W"

[steps.ask]
kind = "check_in"
title = { en = "Pain?", tr = "Ağrı?" }
why = { en = "To know", tr = "Bilmek için" }
source = "proposed"
window = { due = "P1D", expires = "P2D" }
questions = ["pain"]
template = "check_in"
nudge_template = "nudge"
nudge_after = "PT4H"

[steps.tell]
kind = "education"
title = { en = "Posture", tr = "Duruş" }
why = { en = "To learn", tr = "Öğrenmek için" }
source = "seed"
window = { due = "P3D", expires = "P4D" }
template = "posture"
facts = ["due_on"]
conditions = { technique = ["laser"] }

[rules.high]
kind = "high"
tier = "same_day"
at_least = 8
from_day = 3
to_day = 90
reason = { en = "{pain} {value}", tr = "{pain} {value}" }
source = "proposed"

[rules.fever]
kind = "sign"
tier = "same_day"
regions = ["lumbar"]
signs = ["fever"]
reason = { en = "{sign}", tr = "{sign}" }
source = "proposed"

[rules.late]
kind = "overdue"
tier = "next_day"
step = "visit"
reason = { en = "Late", tr = "Geç" }
source = "proposed"
"""

BROKEN = {
    "no id": ('id = "small"\n', "", "id: missing; write a text in quotes"),
    "an id of two letters": (
        'id = "small"',
        'id = "ab"',
        'id: found "ab"; write small letters, digits and _, at least three',
    ),
    "a version in words": ("version = 1", 'version = "1"', 'version: found "1"; write a whole number'),
    "a version of zero": ("version = 1", "version = 0", "version: found 0; write 1 or more"),
    "an unknown status": (
        'status = "draft"',
        'status = "live"',
        'status: found "live"; write one of draft, active',
    ),
    "active without an approver": (
        'status = "draft"',
        'status = "active"',
        "approved_by: cannot be active: write approved_by (a clinician) and approved_on (a day)",
    ),
    "a day of approval in quotes": (
        'status = "draft"',
        'status = "active"\napproved_by = "Dr K"\napproved_on = "2026-11-23"',
        'approved_on: found "2026-11-23"; write a day such as 2026-11-23, without quotes',
    ),
    "an unknown region": (
        'region = "lumbar"',
        'region = "thoracic"',
        'region: found "thoracic"; write one of lumbar, cervical',
    ),
    "texts at night": (
        'texts_at = "10:00"',
        'texts_at = "21:00"',
        "texts_at: found 21:00; write a time from 09:00 and before 20:00",
    ),
    "an hour that is none": (
        'texts_at = "10:00"',
        'texts_at = "10h"',
        'texts_at: found "10h"; write a time such as "10:00"',
    ),
    "a title in one language": (
        'titles = { en = "Small", tr = "Küçük" }',
        'titles = { en = "Small" }',
        "titles.tr: missing; write a text in quotes",
    ),
    "a language without texts": (
        'tr = "Küçük" }',
        'tr = "Küçük", fr = "Petit" }',
        "titles.fr: unknown key; the keys here are en, tr",
    ),
    "an unknown key": (
        "version = 1",
        "version = 1\nversoin = 2",
        "versoin: unknown key; did you mean version?",
    ),
    "an include that is no part": (
        "version = 1",
        'version = 1\ninclude = "../secrets.toml"',
        'include: found "../secrets.toml"; write the name of a file ending in _steps.toml',
    ),
    "an include that is not there": (
        "version = 1",
        'version = 1\ninclude = "other_steps.toml"',
        'include: there is no file "other_steps.toml" beside this one',
    ),
    "a key written twice": (
        "version = 1",
        "version = 1\nversion = 2",
        "(whole file): is not TOML: Cannot overwrite a value (at line 3, column 12)",
    ),
    "a question upside down": (
        "maximum = 10",
        "maximum = 0",
        "questions.pain.maximum: found 0; write a number above the minimum 0",
    ),
    "an unknown kind of step": (
        'kind = "education"',
        'kind = "lecture"',
        'steps.tell.kind: found "lecture"; write one of milestone, restriction, check_in, education',
    ),
    "a step without a reason": (
        'why = { en = "To be seen", tr = "Görülmek için" }\n',
        "",
        "steps.visit.why: missing; write a table [steps.visit.why]",
    ),
    "a step without a source": (
        'tr = "Kaldırmayın" }\nwhy = { en = "It strains", tr = "Zorlar" }\nsource = "seed"',
        'tr = "Kaldırmayın" }\nwhy = { en = "It strains", tr = "Zorlar" }',
        "steps.lifting.source: missing; write a text in quotes",
    ),
    "a blank sentence": (
        'en = "It strains"',
        'en = " "',
        'steps.lifting.why.en: found " "; write a text that is not blank',
    ),
    "a key of a step in capitals": (
        "[steps.tell]",
        "[steps.Tell]",
        "steps.Tell: write a key in small letters, digits and _, such as mri_3_months",
    ),
    "a duration in words": (
        'due = "P14D"',
        'due = "14 days"',
        'steps.visit.window.due: found "14 days"; write a duration such as P7D, -P7D, PT2H or P3M',
    ),
    "a duration as a number": (
        'due = "P14D"',
        "due = 14",
        "steps.visit.window.due: found 14; write a duration such as P7D, -P7D, PT2H or P3M",
    ),
    "a milestone without a due date": (
        '{ earliest = "P7D", due = "P14D", overdue = "P21D" }',
        '{ earliest = "P7D" }',
        "steps.visit.window.due: missing; write a duration such as P7D, -P7D, PT2H or P3M",
    ),
    "a window out of order": (
        'overdue = "P21D"',
        'overdue = "P13D"',
        "steps.visit.window.overdue: found P13D, before due P14D; write P14D or later",
    ),
    "a window out of order in some months only": (
        'due = "P14D", overdue = "P21D"',
        'due = "P30D", overdue = "P1M"',
        "steps.visit.window.overdue: found P1M, before due P30D; write P30D or later",
    ),
    "a tolerance beside its own meaning": (
        'overdue = "P21D" }',
        'overdue = "P21D", tolerance = "P7D" }',
        (
            "steps.visit.window.tolerance: found beside earliest or overdue; "
            "write either the tolerance or the two"
        ),
    ),
    "a tolerance in months": (
        'earliest = "P7D", due = "P14D", overdue = "P21D"',
        'due = "P14D", tolerance = "P1M"',
        "steps.visit.window.tolerance: found P1M; write whole days such as P14D",
    ),
    "a reminder in hours": (
        'before = "P3D"',
        'before = "PT3H"',
        "steps.visit.reminders.0.before: found PT3H; write whole days such as P7D",
    ),
    "a reminder before and after": (
        'before = "P3D"',
        'before = "P3D", after = "P1D"',
        "steps.visit.reminders.0.before: found both or neither of before and after; write one of them",
    ),
    "two reminders on one day": (
        'reminders = [{ before = "P3D", template = "remind", booked_template = "booked" }]',
        (
            'reminders = [{ before = "P3D", template = "a", booked_template = "b" },'
            ' { before = "P3D", template = "c", booked_template = "d" }]'
        ),
        "steps.visit.reminders: found two reminders on the same day; write each day once",
    ),
    "a reminder without words for a booking": (
        ', booked_template = "booked"',
        "",
        "steps.visit.reminders.0.booked_template: missing; write a text in quotes",
    ),
    "a recurrence by the hour": (
        'every = "P1Y"',
        'every = "PT8H"',
        "steps.visit.recurs.every: found PT8H; write days or longer, such as P1Y",
    ),
    "a recurrence without end": (
        "times = 2",
        "times = 1000",
        "steps.visit.recurs.times: found 1000; write a number from 1 to 50",
    ),
    "a truth in words": (
        "bookable = true",
        'bookable = "yes"',
        'steps.visit.bookable: found "yes"; write true or false',
    ),
    "a restriction without an end": (
        'ends = "P6W"\n',
        "",
        (
            "steps.lifting.ends: missing; write a duration, a milestone's key, "
            '"clearance", or needs_clinic = ["ends"]'
        ),
    ),
    "a restriction that ends with an unknown event": (
        'ends = "P6W"',
        'ends = "first_follow_up"',
        (
            'steps.lifting.ends: found "first_follow_up"; '
            'write a duration, "clearance" or one of the milestones visit'
        ),
    ),
    "a restriction that ends with a check-in": (
        'ends = "P6W"',
        'ends = "ask"',
        'steps.lifting.ends: found "ask"; write a duration, "clearance" or one of the milestones visit',
    ),
    "a restriction that ends before it begins": (
        'ends = "P6W"',
        'ends = "-P1D"',
        "steps.lifting.ends: found -P1D; a restriction ends after the procedure, such as P7D",
    ),
    "a milestone with an end": (
        "bookable = true",
        'bookable = true\nends = "P6W"',
        (
            "steps.visit.ends: unknown key; the keys here are kind, title, why, source, proposed, "
            "approved_by, approved_on, conditions, local_time, window, bookable, open_days, reminders, "
            "recurs, lateness"
        ),
    ),
    "a check-in that asks nothing": (
        'questions = ["pain"]\n',
        "",
        "steps.ask.questions: missing; write at least one of pain",
    ),
    "a check-in with an unknown question": (
        'questions = ["pain"]',
        'questions = ["mood"]',
        'steps.ask.questions: found "mood"; write any of pain',
    ),
    "a question asked twice": (
        'questions = ["pain"]',
        'questions = ["pain", "pain"]',
        'steps.ask.questions: found "pain" twice; write it once',
    ),
    "a check-in without words": (
        'template = "check_in"\n',
        "",
        "steps.ask.template: missing; write a text in quotes",
    ),
    "a check-in that never closes": (
        'window = { due = "P1D", expires = "P2D" }',
        'window = { due = "P1D" }',
        "steps.ask.window.expires: missing; write until when the text is worth sending, such as P3D",
    ),
    "a check-in due by the hour": (
        'window = { due = "P1D", expires = "P2D" }',
        'window = { due = "PT30H", expires = "P2D" }',
        "steps.ask.window: found hours; a text is due on a day, at local_time: write days such as P3D",
    ),
    "a question in the night": (
        'questions = ["pain"]',
        'questions = ["pain"]\nlocal_time = "07:00"',
        "steps.ask.local_time: found 07:00; write a time from 09:00 and before 20:00",
    ),
    "a nudge without an hour": (
        'nudge_after = "PT4H"\n',
        "",
        "steps.ask.nudge_after: missing; nudge_template and nudge_after belong together",
    ),
    "a nudge before its question": (
        'nudge_after = "PT4H"',
        'nudge_after = "-PT4H"',
        "steps.ask.nudge_after: found -PT4H; a nudge follows its question, such as PT4H",
    ),
    "a lateness nobody knows": (
        'questions = ["pain"]',
        'questions = ["pain"]\nlateness = "soon"',
        'steps.ask.lateness: found "soon"; write one of late, newest_only, call',
    ),
    "a lateness as a truth": (
        'template = "posture"',
        'template = "posture"\nlateness = true',
        "steps.tell.lateness: found true; write one of late, newest_only, call",
    ),
    "a lateness in a list": (
        "bookable = true",
        'bookable = true\nlateness = ["late", "call"]',
        'steps.visit.lateness: found ["late", "call"]; write one of late, newest_only, call',
    ),
    "a lateness of a milestone without texts": (
        'reminders = [{ before = "P3D", template = "remind", booked_template = "booked" }]',
        'lateness = "call"',
        (
            'steps.visit.lateness: found "call" on a milestone that sends no text; '
            "write reminders, or leave it out"
        ),
    ),
    "a lateness of a restriction": (
        'ends = "P6W"',
        'ends = "P6W"\nlateness = "call"',
        (
            "steps.lifting.lateness: unknown key; the keys here are kind, title, why, source, proposed, "
            "approved_by, approved_on, conditions, local_time, ends, soft, needs_clinic, suggested"
        ),
    ),
    "a lateness misspelt": (
        'questions = ["pain"]',
        'questions = ["pain"]\nlatenes = "call"',
        "steps.ask.latenes: unknown key; did you mean lateness?",
    ),
    "two check-ins on one day": (
        "[rules.high]",
        (
            '[steps.again]\nkind = "check_in"\ntitle = { en = "P", tr = "A" }\nwhy = { en = "P", tr = "A" }\n'
            'source = "seed"\nwindow = { due = "P1D", expires = "P3D" }\nquestions = ["pain"]\n'
            'template = "t"\n[rules.high]'
        ),
        "steps.ask.window.due: found P1D on another check-in too; ask at most once a day",
    ),
    "an unknown fact": (
        'facts = ["due_on"]',
        'facts = ["birthday"]',
        'steps.tell.facts: found "birthday"; write any of procedure_on, procedure_at, due_on',
    ),
    "a condition on an unknown fact": (
        'conditions = { technique = ["laser"] }',
        'conditions = { tecnique = ["laser"] }',
        "steps.tell.conditions.tecnique: unknown key; did you mean technique?",
    ),
    "a condition on an unknown value": (
        'technique = ["laser"]',
        'technique = ["scalpel"]',
        'steps.tell.conditions.technique: found "scalpel"; write any of ozone, radiofrequency, laser',
    ),
    "a rule without a tier": (
        'kind = "high"\ntier = "same_day"',
        'kind = "high"',
        "rules.high.tier: missing; write one of emergency, same_day, next_day, lost_sight",
    ),
    "an unknown tier": (
        'kind = "high"\ntier = "same_day"',
        'kind = "high"\ntier = "urgent"',
        'rules.high.tier: found "urgent"; write one of emergency, same_day, next_day, lost_sight',
    ),
    "a rule without its figure": ("at_least = 8\n", "", "rules.high.at_least: missing; write a whole number"),
    "a rule with another kind's figure": (
        "at_least = 8",
        "at_least = 8\nby = 3",
        (
            "rules.high.by: unknown key; the keys here are kind, tier, reason, source, proposed, "
            "approved_by, approved_on, from_day, to_day, regions, signs, at_least"
        ),
    ),
    "a half point": (
        "at_least = 8",
        "at_least = 7.5",
        "rules.high.at_least: found 7.5; write a whole number",
    ),
    "days the wrong way round": (
        "to_day = 90",
        "to_day = 2",
        "rules.high.to_day: found 2, before from_day 3; write 3 or later",
    ),
    "a sign nobody can state": (
        'signs = ["fever"]',
        'signs = ["sadness"]',
        (
            'rules.fever.signs: found "sadness"; write any of saddle_numbness, bladder, bowel, '
            "both_legs_weak, limb_weakness, cannot_walk, breathing, swallowing, neck_swelling, "
            "voice_change, clumsy_hands, confusion, stiff_neck, worst_headache, fever, chills, wound, "
            "upright_headache, numbness"
        ),
    ),
    "a sign where there is none": (
        "at_least = 8",
        'at_least = 8\nsigns = ["fever"]',
        'rules.high.signs: found on a rule of kind "high"; only kind "sign" has signs',
    ),
    "a rule for an unknown region": (
        'regions = ["lumbar"]',
        'regions = ["back"]',
        'rules.fever.regions: found "back"; write any of lumbar, cervical',
    ),
    "a reason that speaks of what it does not know": (
        'reason = { en = "{sign}", tr = "{sign}" }',
        'reason = { en = "{sign}", tr = "{baseline}" }',
        "rules.fever.reason.tr: found {baseline}; the fields are {sign}, {day}",
    ),
    "a reason with a loose brace": (
        'reason = { en = "{sign}", tr = "{sign}" }',
        'reason = { en = "{sign", tr = "{sign}" }',
        (
            "rules.fever.reason.en: found a loose brace (expected '}' before end of string); "
            "write fields as {sign}, {day}"
        ),
    ),
    "a rule about an unknown step": (
        'step = "visit"',
        'step = "ask"',
        'rules.late.step: found "ask"; write the key of a milestone',
    ),
    "no steps": (
        WHOLE[WHOLE.index("[steps.visit]") : WHOLE.index("[rules.high]")],
        "",
        "steps: missing; write at least one table such as [steps.discharge]",
    ),
    "a table where a word belongs": (
        'source = "seed"\nends = "P6W"',
        'source = { a = "seed" }\nends = "P6W"',
        "steps.lifting.source: found a table; write a text that is not blank",
    ),
    "a word where a table belongs": (
        'window = { due = "P3D", expires = "P4D" }',
        'window = "P3D"',
        'steps.tell.window: found "P3D"; write a table',
    ),
    "a word where a list belongs": (
        'questions = ["pain"]',
        'questions = "pain"',
        'steps.ask.questions: found "pain"; write a list such as ["a", "b"]',
    ),
}


def test_the_file_the_broken_ones_are_made_of_is_whole():
    assert parse_protocol(WHOLE, "small.toml").step("lifting").title["tr"] == "Kaldırmayın"


@pytest.mark.parametrize("name", BROKEN)
def test_the_mistake_is_named(name):
    right, wrong, complaint = BROKEN[name]
    assert WHOLE.count(right) == 1, "the mistake must be made in one place"
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(WHOLE.replace(right, wrong), "small.toml")
    assert str(caught.value) == f"small.toml: {complaint}"


def test_active_with_something_undecided_is_refused():
    text = WHOLE.replace('ends = "P6W"', 'needs_clinic = ["ends"]').replace(
        'status = "draft"', 'status = "active"\napproved_by = "Dr K"\napproved_on = 2026-11-23'
    )
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, "small.toml")
    assert (caught.value.file, caught.value.key) == ("small.toml", "status")
    assert caught.value.reason == "cannot be active: the clinic must first set lifting.ends"
