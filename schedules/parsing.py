"""A protocol file's tables and the CareProtocol they make; steps have a module of their own, `step_tables`.

Takes the merged tables of a file and its include; opening files is `catalogue`. Which keys there are is
`keys`, and docs/protocols.md explains each of them (a test holds the two together).
"""

import re
from collections.abc import Mapping

from schedules.keys import KEYS
from schedules.protocol import CareProtocol
from schedules.questions import Instrument, Question, Score
from schedules.reading import Table
from schedules.rules import RULE_KINDS, SIGNS, Rule, Tier
from schedules.selection import Criterion
from schedules.step_tables import read_step
from schedules.topics import read_topics
from schedules.vocabulary import REGIONS, in_texting_hours

_ID = re.compile(r"[a-z][a-z0-9_]{2,59}")


def parse_tables(values: Mapping[str, object], file: str) -> CareProtocol:
    """Make a protocol of a file's tables; raises ProtocolError for the first thing that is not right."""
    top = Table(file, "", values)
    top.only(KEYS["protocol"])
    protocol_id, version, texts_at = top.text("id"), top.whole("version"), top.clock("texts_at")
    if not _ID.fullmatch(protocol_id):
        raise top.complain("id", f'found "{protocol_id}"; write small letters, digits and _, at least three')
    if version < 1:
        raise top.complain("version", f"found {version}; write 1 or more")
    if not in_texting_hours(texts_at):
        raise top.complain("texts_at", f"found {texts_at:%H:%M}; write a time from 09:00 and before 20:00")
    questions = {key: _question(key, table) for key, table in top.keyed("questions").items()}
    instruments = {key: _instrument(key, table, questions) for key, table in top.keyed("instruments").items()}
    steps = tuple(
        read_step(key, table, questions, instruments, texts_at) for key, table in top.keyed("steps").items()
    )
    if not steps:
        raise top.complain("steps", "missing; write at least one table such as [steps.discharge]")
    return CareProtocol(
        id=protocol_id,
        version=version,
        status=top.choice("status", ("draft", "active")),
        region=top.choice("region", REGIONS),
        titles=top.words("titles"),
        steps=steps,
        rules=tuple(_rule(key, table) for key, table in top.keyed("rules").items()),
        file=file,
        approved_by=top.optional_text("approved_by"),
        approved_on=top.optional_day("approved_on"),
        selection=tuple(_criterion(key, table) for key, table in top.keyed("selection").items()),
        procedure_texts=_procedure_texts(top.optional_table("procedure_texts")),
        topics=read_topics(top),
    )


def _question(key: str, table: Table) -> Question:
    table.only(KEYS["question"])
    with table.placing():
        return Question(
            key=key,
            text=table.words("text"),
            minimum=table.whole("minimum"),
            maximum=table.whole("maximum"),
            required=table.flag("required", default=True),
            loinc=table.optional_text("loinc"),
            signs=table.names("signs", SIGNS),
        )


def _instrument(key: str, table: Table, questions: Mapping[str, Question]) -> Instrument:
    table.only(KEYS["instrument"])
    named = table.names("questions", questions)
    if len(named) < 2:
        raise table.complain(
            "questions", f"found {len(named)}; an instrument scores at least two of {', '.join(questions)}"
        )
    source = table.text("source")
    return Instrument(
        key=key,
        title=table.words("title"),
        questions=tuple(questions[name] for name in named),
        score=Score(table.choice("score", [score.value for score in Score])),
        source=source,
        loinc=table.optional_text("loinc"),
        proposed=table.flag("proposed", default=source.startswith("proposed")),
    )


def _criterion(key: str, table: Table) -> Criterion:
    table.only(KEYS["criterion"])
    source = table.text("source")
    return Criterion(
        key=key,
        text=table.words("text"),
        expects=table.choice("expects", ("yes", "no")),
        warning=table.words("warning"),
        source=source,
        proposed=table.flag("proposed", default=source.startswith("proposed")),
    )


def _procedure_texts(table: Table | None) -> Mapping[str, str]:
    if table is None:
        return {}
    table.only(KEYS["procedure_texts"])
    return {key: table.text(key) for key in KEYS["procedure_texts"] if table.has(key)}


def _rule(key: str, table: Table) -> Rule:
    kind = table.choice("kind", RULE_KINDS)
    parameters = RULE_KINDS[kind].parameters
    table.only((*KEYS["rule"], *parameters))
    source = table.text("source")
    with table.placing():
        return Rule(
            key=key,
            kind=kind,
            tier=Tier(table.choice("tier", [tier.value for tier in Tier])),
            reason=table.words("reason"),
            source=source,
            parameters={
                name: table.whole(name) if wanted is int else table.text(name)
                for name, wanted in parameters.items()
            },
            from_day=table.whole("from_day") if table.has("from_day") else None,
            to_day=table.whole("to_day") if table.has("to_day") else None,
            regions=table.names("regions", REGIONS),
            signs=table.names("signs", SIGNS),
            proposed=table.flag("proposed", default=source.startswith("proposed")),
            approved_by=table.optional_text("approved_by"),
            approved_on=table.optional_day("approved_on"),
        )
