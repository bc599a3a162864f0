"""A protocol as a FHIR PlanDefinition: steps as actions, offsets as related actions, questions as items.

What FHIR has no place for (closed days, late texts, rules, the checklist) stands in extensions, so that
`reading` can make the same protocol of it again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.services.fhir.elements import (
    BASE,
    PROTOCOL,
    Element,
    coded,
    duration,
    extension,
    id_of,
    translated,
)
from schedules.civil_time import Offset
from schedules.protocol import CareProtocol, Question, Step
from schedules.vocabulary import CLEARANCE, FLIES_HOME, PROCEDURE
from schedules.windows import End
from schedules.writing import Tables, tables_of

ANCHORS: Final[Mapping[str, Mapping[str, str]]] = {
    PROCEDURE: {"en": "The procedure", "tr": "İşlem"},
    FLIES_HOME: {"en": "The flight home", "tr": "Eve dönüş uçuşu"},
}
"""What steps are counted from without being steps; each is an action, so that it can be referred to."""
TOP: Final = ("texts_at", "procedure_texts", "instruments", "selection", "topics", "rules")
"""The tables of a protocol that stand in extensions as they are."""
SAID_BY_FHIR: Final = ("kind", "title", "why", "source")
"""The keys of a step that FHIR has a place for; the others stand in its extension, exactly."""
QUESTIONS: Final = "questions"
_PERIODS: Final = {"years": "a", "months": "mo", "weeks": "wk", "days": "d"}


def plan_definition(protocol: CareProtocol) -> Element:
    """Return a protocol as a PlanDefinition (R4), a draft as a draft."""
    tables = tables_of(protocol)
    questions = {question.key: question for step in protocol.steps for question in step.questions}
    resource: Element = {
        "resourceType": "PlanDefinition",
        "id": id_of(protocol.id),
        "extension": [extension(f"{BASE}:{key}", tables[key]) for key in TOP if key in tables],
        "url": f"{PROTOCOL}:{protocol.id}",
        "version": str(protocol.version),
        "name": "".join(part.capitalize() for part in protocol.id.split("_")),
        **translated("title", protocol.titles),
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/plan-definition-type",
                    "code": "clinical-protocol",
                }
            ]
        },
        "status": protocol.status,
        "useContext": [
            {
                "code": {
                    "system": "http://terminology.hl7.org/CodeSystem/usage-context-type",
                    "code": "focus",
                },
                "valueCodeableConcept": coded("region", protocol.region),
            }
        ],
        "action": [
            *(_anchor(key, words) for key, words in ANCHORS.items()),
            *(_action(step, tables["steps"][step.key]) for step in protocol.steps),
        ],
    }
    if protocol.approved_by and protocol.approved_on:
        resource["approvalDate"] = protocol.approved_on.isoformat()
        resource["endorser"] = [{"name": protocol.approved_by}]
    if protocol.own_figures:
        figures = {
            one.key: {
                name: value
                for name, value in {
                    "value": one.value,
                    "by": one.by,
                    "on": one.on,
                    "reason": one.reason,
                }.items()
                if value not in (None, "")
            }
            for one in protocol.own_figures
        }
        resource["extension"].append(extension(f"{BASE}:own_figures", figures))
    if questions:
        resource["contained"] = [_questionnaire(list(questions.values()))]
    return resource


def _anchor(key: str, words: Mapping[str, str]) -> Element:
    return {"id": id_of(key), **translated("title", words), "code": [coded("anchor", key)]}


def _action(step: Step, table: Tables) -> Element:
    rest = {key: value for key, value in table.items() if key not in SAID_BY_FHIR}
    action: Element = {
        "id": id_of(step.key),
        "extension": [extension(f"{BASE}:step", rest)],
        **translated("title", step.title),
        **translated("description", step.why),
        "code": [coded("step", step.kind.value)],
        "documentation": [{"type": "justification", "citation": step.source}],
    }
    applies = _applicability(step)
    if applies:
        action["condition"] = [
            {"kind": "applicability", "expression": {"language": "text/fhirpath", "expression": applies}}
        ]
    action["relatedAction"] = _related(step)
    if isinstance(step.ends, Offset):
        action["timingDuration"] = duration(step.ends)
    if step.recurs:
        every = step.recurs.every
        unit = next((name for name in _PERIODS if getattr(every, name)), "days")
        action["timingTiming"] = {
            "repeat": {"count": step.times, "period": getattr(every, unit), "periodUnit": _PERIODS[unit]}
        }
    if step.questions:
        action["definitionCanonical"] = f"#{QUESTIONS}"
    return action


def _related(step: Step) -> list[Element]:
    """What a step's date hangs on: due some time from it, or a restriction that begins with the procedure."""
    if step.window:
        anchor, due = step.window.anchor, step.window.due
        relationship = "before" if due.sign < 0 else "after"
        return [
            {"actionId": id_of(anchor.key), "relationship": relationship, "offsetDuration": duration(due)}
        ]
    begins = {"actionId": id_of(PROCEDURE), "relationship": "concurrent-with-start"}
    ends = step.ends.anchor.key if isinstance(step.ends, End) else step.ends
    if isinstance(ends, str) and ends != CLEARANCE:
        return [begins, {"actionId": id_of(ends), "relationship": "before"}]
    return [begins]


def _applicability(step: Step) -> str:
    """A step's conditions as an expression another system can show; the extension holds them exactly."""
    clauses = [_one_of(fact, values) for fact, values in step.conditions.required.items()]
    clauses += [f"({_one_of(fact, values)}).not()" for fact, values in step.conditions.excluded.items()]
    return " and ".join(clauses)


def _one_of(fact: str, values: Sequence[str]) -> str:
    return "(" + " or ".join(f"%{fact} = '{value}'" for value in values) + ")"


def _questionnaire(questions: Sequence[Question]) -> Element:
    return {
        "resourceType": "Questionnaire",
        "id": QUESTIONS,
        "status": "active",
        "item": [_item(question) for question in questions],
    }


def _item(question: Question) -> Element:
    bounds: list[Any] = [
        {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": question.minimum},
        {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": question.maximum},
    ]
    signs = [extension(f"{BASE}:signs", list(question.signs))] if question.signs else []
    code = {"code": [{"system": "http://loinc.org", "code": question.loinc}]} if question.loinc else {}
    return {
        "extension": [*bounds, *signs],
        "linkId": question.key,
        **code,
        **translated("text", question.text),
        "type": "integer",
        "required": question.required,
    }
