"""A protocol as a PlanDefinition: what it says in FHIR's own places, and that it comes back as it was."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.services.fhir import plan_definition, read_plan_definition
from schedules.catalogue import Catalogue, parse_protocol
from schedules.errors import ProtocolError
from schedules.protocol import CareProtocol
from tests.schedules.mutants import mutants
from tests.schedules.profiles import cases
from tests.schedules.test_protocol_document import EXAMPLE

LUMBAR = Catalogue.shipped().get("nucleoplasty_lumbar")
SIGNED = LUMBAR.with_overrides(
    {
        "heavy_lifting.ends": {
            "value": "P8W",
            "by": "Dr Kaya",
            "on": "2026-11-20",
            "reason": "our own series",
        },
        "rules.rebound.above_best": 3,
    }
)
EVERY = [*Catalogue.shipped().all(), SIGNED, parse_protocol(EXAMPLE, "example.toml")]


def exported(protocol: CareProtocol) -> dict[str, Any]:
    """A PlanDefinition as it travels."""
    sent: dict[str, Any] = json.loads(json.dumps(plan_definition(protocol)))
    return sent


def action(resource: dict[str, Any], key: str) -> dict[str, Any]:
    """One action of a PlanDefinition."""
    found: dict[str, Any] = next(one for one in resource["action"] if one["id"] == key)
    return found


@pytest.mark.parametrize("protocol", EVERY, ids=["cervical", "lumbar", "signed", "example"])
def test_what_is_exported_is_imported_as_the_same_protocol(protocol: CareProtocol) -> None:
    read = read_plan_definition(exported(protocol), protocol.file)
    assert read == protocol
    assert (read.timing_hash, read.wording_hash) == (protocol.timing_hash, protocol.wording_hash)


@given(mutants())
@cases(25)
def test_any_other_protocol_comes_back_too(protocol: CareProtocol) -> None:
    assert read_plan_definition(exported(protocol), protocol.file) == protocol


def test_a_step_is_an_action_counted_from_the_procedure() -> None:
    scan = action(exported(LUMBAR), "mri-3-months")
    [related] = scan["relatedAction"]
    assert (related["actionId"], related["relationship"]) == ("procedure", "after")
    duration = related["offsetDuration"]
    assert (duration["value"], duration["code"]) == (3, "mo")
    assert scan["description"].startswith("A new picture of the disc")
    assert scan["_title"]["extension"][0]["extension"][1]["valueString"] == "Üçüncü ay MR'ı"


def test_a_step_before_the_procedure_says_so() -> None:
    [related] = action(exported(LUMBAR), "prepare-medicines")["relatedAction"]
    assert (related["relationship"], related["offsetDuration"]["value"]) == ("before", 7)


def test_what_recurs_says_how_often() -> None:
    assert action(exported(LUMBAR), "annual-review")["timingTiming"] == {
        "repeat": {"count": 5, "period": 12, "periodUnit": "mo"}
    }


def test_a_step_that_hangs_on_another_names_it() -> None:
    example = exported(EVERY[-1])
    assert action(example, "scan")["relatedAction"][0]["actionId"] == "follow-up"
    ids = {one["id"] for one in example["action"]}
    named = {related["actionId"] for one in example["action"] for related in one.get("relatedAction", [])}
    assert named <= ids


def test_an_offset_of_several_units_has_no_single_figure_but_is_exact() -> None:
    protocol = LUMBAR.with_overrides({"mri_3_months.window.due": "P3M7D"})
    duration = action(exported(protocol), "mri-3-months")["relatedAction"][0]["offsetDuration"]
    assert "value" not in duration
    assert duration["extension"][0]["valueString"] == "P3M7D"


def test_a_question_is_an_item_with_its_code_and_range() -> None:
    [questionnaire] = exported(LUMBAR)["contained"]
    [pain] = [item for item in questionnaire["item"] if item["linkId"] == "pain"]
    assert pain["code"] == [{"system": "http://loinc.org", "code": "72514-3"}]
    assert [bound["valueInteger"] for bound in pain["extension"]] == [0, 10]


def test_nothing_in_it_is_empty_as_fhir_asks() -> None:
    def empty(value: Any) -> bool:
        if isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            return not value or any(empty(one) for one in inner)
        return value in (None, "")

    assert [protocol.id for protocol in EVERY if empty(exported(protocol))] == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda one: [], "resourceType: write a JSON object"),
        (lambda one: one | {"resourceType": "CarePlan"}, "resourceType: write a JSON object"),
        (lambda one: one | {"url": "http://example.org/other"}, "url: found http://example.org/other"),
        (lambda one: one | {"action": [{}]}, "an element is missing or not as exported"),
        (lambda one: one | {"version": "two"}, "an element is missing or not as exported"),
        (lambda one: one | {"publisher": "somebody"}, "publisher: contradicts the rest"),
        (lambda one: one | {"status": "retired"}, 'status: found "retired"; write one of draft, active'),
    ],
)
def test_what_is_no_export_of_ours_is_refused(change: Callable[[Any], Any], complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint):
        read_plan_definition(change(exported(LUMBAR)), "x.json")


def test_an_offset_changed_in_one_of_its_two_places_is_refused_not_guessed() -> None:
    changed = exported(LUMBAR)
    action(changed, "mri-3-months")["relatedAction"][0]["offsetDuration"]["value"] = 4
    with pytest.raises(ProtocolError, match=r"action.\d+.relatedAction.0.offsetDuration.value: contradicts"):
        read_plan_definition(changed, "x.json")


SENT = exported(LUMBAR)


@given(st.data())
@cases(60)
def test_whatever_is_broken_in_it_no_other_error_comes_out(data: st.DataObject) -> None:
    broken = copy.deepcopy(SENT)
    here: Any = broken
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        if isinstance(here[key], dict | list) and here[key] and data.draw(st.integers(0, 6)):
            here = here[key]
            continue
        here[key] = data.draw(st.sampled_from([None, 3, "x", [], {}, [None], {"url": 1}, True]))
        break
    try:
        read_plan_definition(broken, "x.json")
    except ProtocolError:
        return
    assert broken == SENT
