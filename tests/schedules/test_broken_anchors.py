"""Mistakes in what dates hang on, in conditions, checklists, instruments and approvals: each is named."""

import pytest

from schedules.catalogue import parse_protocol
from schedules.errors import ProtocolError

WHOLE = """\
id = "wide"
version = 1
status = "draft"
region = "lumbar"
texts_at = "10:00"
titles = { en = "Wide", tr = "Geniş" }

[procedure_texts]
moved = "procedure_moved"
cancelled = "procedure_cancelled"

[questions.pain]
text = { en = "How strong?", tr = "Kaç?" }
minimum = 0
maximum = 10

[questions.sleep]
text = { en = "How bad is your sleep?", tr = "Uykunuz ne kadar kötü?" }
minimum = 0
maximum = 10

[instruments.rest]
title = { en = "Rest", tr = "Dinlenme" }
questions = ["pain", "sleep"]
score = "mean"
source = "proposed"

[selection.contained]
text = { en = "Contained", tr = "Sınırlı" }
expects = "yes"
warning = { en = "Not contained", tr = "Sınırlı değil" }
source = "seed"

[steps.visit]
kind = "milestone"
title = { en = "Visit", tr = "Kontrol" }
why = { en = "To be seen", tr = "Görülmek için" }
source = "seed"
bookable = true
open_days = "next"
approved_by = "Dr K"
approved_on = 2026-11-23
window = { due = "P14D" }

[steps.scan]
kind = "milestone"
title = { en = "Scan", tr = "Görüntü" }
why = { en = "To look", tr = "Bakmak için" }
source = "seed"
window = { after = "visit", by = "done", or_after = { anchor = "procedure", in = "P21D" }, due = "P7D" }

[steps.yearly]
kind = "milestone"
title = { en = "Year", tr = "Yıl" }
why = { en = "To see", tr = "Görmek için" }
source = "seed"
window = { due = "P1Y" }
recurs = { every = "P1Y", until = "P5Y" }

[steps.cream]
kind = "restriction"
title = { en = "No cream", tr = "Krem yok" }
why = { en = "It heals", tr = "İyileşir" }
source = "seed"
ends = { after = "visit", in = "P7D" }

[steps.ask]
kind = "check_in"
title = { en = "Pain?", tr = "Ağrı?" }
why = { en = "To know", tr = "Bilmek için" }
source = "proposed"
window = { due = "P1D", expires = "P2D" }
instruments = ["rest"]
template = "check_in"

[steps.fly]
kind = "education"
title = { en = "Flight", tr = "Uçuş" }
why = { en = "To be told", tr = "Bilmek için" }
source = "proposed"
conditions = { flies_home = ["yes"], not = { technique = ["laser"] } }
window = { after = "flies_home", due = "-P1D", expires = "P0D" }
template = "flight"

[rules.high]
kind = "high"
tier = "same_day"
at_least = 8
reason = { en = "{pain} {value}", tr = "{pain} {value}" }
source = "proposed"
approved_by = "Dr L"
approved_on = 2026-11-24
"""
SCAN = '{ after = "visit", by = "done", or_after = { anchor = "procedure", in = "P21D" }, due = "P7D" }'
KNOWN = "procedure, flies_home, visit, scan, yearly"

BROKEN = {
    "a date after an unknown milestone": (
        SCAN,
        '{ after = "operation", due = "P7D" }',
        f'steps.scan.window.after: found "operation", which is no milestone; write one of {KNOWN}',
    ),
    "a misspelt milestone": (
        SCAN,
        '{ after = "visti", due = "P7D" }',
        'steps.scan.window.after: found "visti", which is no milestone; did you mean visit?',
    ),
    "a date after a check-in": (
        SCAN,
        '{ after = "ask", due = "P7D" }',
        f'steps.scan.window.after: found "ask", which is no milestone; write one of {KNOWN}',
    ),
    "a date after what recurs": (
        SCAN,
        '{ after = "yearly", due = "P7D" }',
        'steps.scan.window.after: found "yearly", which recurs; count from a milestone that happens once',
    ),
    "a date after itself": (
        SCAN,
        '{ after = "scan", due = "P7D" }',
        "steps.scan.window.after: found a circle: scan after scan; count one of them from procedure",
    ),
    "two dates after each other": (
        'window = { due = "P14D" }',
        'window = { after = "scan", due = "P14D" }',
        (
            "steps.visit.window.after: found a circle: visit after scan after visit; "
            "count one of them from procedure"
        ),
    ),
    "an anchor in a list": (
        SCAN,
        '{ after = ["visit"], due = "P7D" }',
        'steps.scan.window.after: found ["visit"]; write a text that is not blank',
    ),
    "a way of counting nobody knows": (
        'by = "done"',
        'by = "completion"',
        'steps.scan.window.by: found "completion"; write one of date, done',
    ),
    "the procedure done": (
        SCAN,
        '{ by = "done", due = "P7D" }',
        (
            'steps.scan.window.by: found "done" with procedure, which has only a date; '
            "name a milestone in after"
        ),
    ),
    "a fallback for the procedure": (
        SCAN,
        '{ or_after = { anchor = "visit", in = "P7D" }, due = "P7D" }',
        ("steps.scan.window.or_after: found beside the procedure, whose date is always known; leave it out"),
    ),
    "a fallback without a distance": (
        ', in = "P21D" }',
        " }",
        "steps.scan.window.or_after.in: missing; write a duration such as P7D, -P7D, PT2H or P3M",
    ),
    "a fallback that runs backwards": (
        'in = "P21D"',
        'in = "-P21D"',
        "steps.scan.window.or_after.in: found -P21D; write a duration that is not negative",
    ),
    "a fallback on an unknown milestone": (
        'anchor = "procedure"',
        'anchor = "discharge"',
        f'steps.scan.window.or_after.anchor: found "discharge", which is no milestone; write one of {KNOWN}',
    ),
    "a fallback as a duration": (
        '{ anchor = "procedure", in = "P21D" }',
        '"P21D"',
        'steps.scan.window.or_after: found "P21D"; write a table',
    ),
    "a fallback with an unknown key": (
        '{ anchor = "procedure", in = "P21D" }',
        '{ anchor = "procedure", inn = "P21D" }',
        "steps.scan.window.or_after.inn: unknown key; did you mean in?",
    ),
    "a restriction that ends after an unknown milestone": (
        'ends = { after = "visit", in = "P7D" }',
        'ends = { after = "party", in = "P7D" }',
        f'steps.cream.ends.after: found "party", which is no milestone; write one of {KNOWN}',
    ),
    "a restriction that ends after the procedure in a table": (
        'ends = { after = "visit", in = "P7D" }',
        'ends = { after = "procedure", in = "P7D" }',
        (
            'steps.cream.ends.after: found "procedure"; after the procedure write the duration alone, '
            'such as "P7D"'
        ),
    ),
    "a restriction that ends before its event": (
        'ends = { after = "visit", in = "P7D" }',
        'ends = { after = "visit", in = "-P7D" }',
        ("steps.cream.ends.in: found -P7D; a restriction ends after what it waits for, such as P7D"),
    ),
    "a restriction's end without its event": (
        'ends = { after = "visit", in = "P7D" }',
        'ends = { in = "P7D" }',
        "steps.cream.ends.after: missing; write a text in quotes",
    ),
    "a step with the name of an anchor": (
        "[steps.yearly]",
        "[steps.procedure]",
        (
            'steps.procedure: "procedure" has a meaning of its own, as clearance, procedure, flies_home '
            "have; write another key"
        ),
    ),
    "a recurrence with two ends": (
        'until = "P5Y"',
        'until = "P5Y", times = 5',
        "steps.yearly.recurs.until: found both or neither of times and until; write one, such as times = 5",
    ),
    "a recurrence without an end": (
        ', until = "P5Y"',
        "",
        "steps.yearly.recurs.until: found both or neither of times and until; write one, such as times = 5",
    ),
    "a recurrence that ends before it begins": (
        'until = "P5Y"',
        'until = "P6M"',
        "steps.yearly.recurs.until: found P6M, before due P1Y; write P1Y or later",
    ),
    "a recurrence that comes too often": (
        'every = "P1Y", until = "P5Y"',
        'every = "P1D", until = "P5Y"',
        "steps.yearly.recurs.until: found P5Y, more than 50 times P1D; write an earlier end",
    ),
    "a recurrence for a thousand years": (
        'every = "P1Y", until = "P5Y"',
        'every = "P99Y", times = 50',
        "steps.yearly.recurs.every: found 50 times P99Y; the last must be due within P60Y",
    ),
    "a recurrence of what comes before its anchor": (
        'due = "-P1D", expires = "P0D" }',
        'due = "-P1D", expires = "P0D" }\nrecurs = { every = "P1D", times = 2 }',
        "steps.fly.recurs: found on a step that is due before its anchor; only later steps recur",
    ),
    "open days nobody knows": (
        'open_days = "next"',
        'open_days = "weekdays"',
        'steps.visit.open_days: found "weekdays"; write one of any, next, previous',
    ),
    "open days of a text": (
        'instruments = ["rest"]',
        'instruments = ["rest"]\nopen_days = "next"',
        (
            "steps.ask.open_days: unknown key; the keys here are kind, title, why, source, proposed, "
            "approved_by, approved_on, conditions, local_time, window, recurs, questions, instruments, "
            "template, variants, facts, nudge_template, nudge_after, lateness"
        ),
    ),
    "an approval without a day": (
        "approved_on = 2026-11-23\n",
        "",
        (
            "steps.visit.approved_on: missing; approved_by (a clinician) and approved_on (a day) "
            "belong together"
        ),
    ),
    "an approval without a name": (
        'approved_by = "Dr L"\n',
        "",
        (
            "rules.high.approved_by: missing; approved_by (a clinician) and approved_on (a day) "
            "belong together"
        ),
    ),
    "an approval at a time of day": (
        "approved_on = 2026-11-23",
        "approved_on = 2026-11-23T10:00:00",
        (
            "steps.visit.approved_on: found 2026-11-23 10:00:00; write a day such as 2026-11-23, "
            "without quotes"
        ),
    ),
    "an approved draft without a day": (
        'status = "draft"',
        'status = "draft"\napproved_by = "Dr K"',
        "approved_on: missing; approved_by (a clinician) and approved_on (a day) belong together",
    ),
    "a condition on an unknown job": (
        'flies_home = ["yes"]',
        'job = ["pilot"]',
        'steps.fly.conditions.job: found "pilot"; write any of desk, standing, heavy, none',
    ),
    "a condition on an unknown level": (
        'flies_home = ["yes"]',
        'levels = ["L6-S1"]',
        (
            'steps.fly.conditions.levels: found "L6-S1"; write any of T12-L1, L1-L2, L2-L3, L3-L4, L4-L5, '
            "L5-S1, C2-C3, C3-C4, C4-C5, C5-C6, C6-C7, C7-T1"
        ),
    ),
    "a condition nothing can meet": (
        'flies_home = ["yes"]',
        "flies_home = []",
        "steps.fly.conditions.flies_home: found []; write any of yes, no",
    ),
    "an exclusion as a list": (
        'not = { technique = ["laser"] }',
        'not = ["laser"]',
        'steps.fly.conditions.not: found ["laser"]; write a table',
    ),
    "an exclusion of an unknown fact": (
        'not = { technique = ["laser"] }',
        'not = { weather = ["rain"] }',
        (
            "steps.fly.conditions.not.weather: unknown key; the keys here are region, technique, "
            "anaesthesia, levels, language, job, flies_home"
        ),
    ),
    "an unknown instrument": (
        'instruments = ["rest"]',
        'instruments = ["mood"]',
        'steps.ask.instruments: found "mood"; write any of rest',
    ),
    "an instrument of one question": (
        'questions = ["pain", "sleep"]',
        'questions = ["pain"]',
        "instruments.rest.questions: found 1; an instrument scores at least two of pain, sleep",
    ),
    "an instrument scored in a way nobody knows": (
        'score = "mean"',
        'score = "median"',
        'instruments.rest.score: found "median"; write one of mean, sum',
    ),
    "an instrument of an unknown question": (
        'questions = ["pain", "sleep"]',
        'questions = ["pain", "slep"]',
        'instruments.rest.questions: found "slep"; write any of pain, sleep',
    ),
    "a criterion that expects a maybe": (
        'expects = "yes"',
        'expects = "maybe"',
        'selection.contained.expects: found "maybe"; write one of yes, no',
    ),
    "a criterion without a warning": (
        'warning = { en = "Not contained", tr = "Sınırlı değil" }\n',
        "",
        "selection.contained.warning: missing; write a table [selection.contained.warning]",
    ),
    "a criterion that blocks": (
        'expects = "yes"',
        'expects = "yes"\nblocks = true',
        (
            "selection.contained.blocks: unknown key; the keys here are text, expects, warning, source, "
            "proposed"
        ),
    ),
    "a text of the procedure nobody sends": (
        'moved = "procedure_moved"',
        'performed = "procedure_performed"',
        "procedure_texts.performed: unknown key; the keys here are moved, cancelled",
    ),
    "a text of the procedure without a name": (
        'moved = "procedure_moved"',
        'moved = ""',
        'procedure_texts.moved: found ""; write a text that is not blank',
    ),
    "a kind in a list": (
        'kind = "high"',
        'kind = ["high"]',
        (
            'rules.high.kind: found ["high"]; write one of sign, high, rebound, rise, above_baseline, '
            "lasting_flare, little_better, missed_check_ins, opted_out, unreachable, overdue, unbooked"
        ),
    ),
    "a number beyond reason": (
        "at_least = 8",
        "at_least = 0x" + "f" * 5000,
        "rules.high.at_least: found a number that is far too large; write a whole number",
    ),
    "a number of thousands of digits": (
        "at_least = 8",
        "at_least = " + "9" * 5000,
        "(whole file): holds a number of thousands of digits; write a shorter one",
    ),
    "brackets without end": (
        "at_least = 8",
        "at_least = " + "[" * 5000,
        "(whole file): is not TOML: too many brackets inside each other",
    ),
}


def test_the_file_the_broken_ones_are_made_of_is_whole():
    assert [step.times for step in parse_protocol(WHOLE, "wide.toml").steps] == [1, 1, 5, 1, 1, 1]


@pytest.mark.parametrize("name", BROKEN)
def test_the_mistake_is_named(name):
    right, wrong, complaint = BROKEN[name]
    assert WHOLE.count(right) == 1, "the mistake must be made in one place"
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(WHOLE.replace(right, wrong), "wide.toml")
    assert str(caught.value) == f"wide.toml: {complaint}"
