"""A PlanDefinition of our own export as the protocol it was made of.

It goes through the same checks as a file. What another system changed in one of two places that say the same
is refused, rather than guessed at.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.services.fhir.definition import ANCHORS, TOP, plan_definition
from backend.services.fhir.elements import (
    PROTOCOL,
    Element,
    code_of,
    key_of,
    own_extension,
    refused,
    words_of,
)
from schedules.parsing import parse_tables
from schedules.protocol import CareProtocol
from schedules.writing import Tables


def read_plan_definition(resource: object, file: str) -> CareProtocol:
    """Return the protocol a PlanDefinition holds; `file` names it in complaints.

    Raises ProtocolError for what is no PlanDefinition of ours, for what a protocol file may not say either,
    and where the resource contradicts itself.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "PlanDefinition":
        raise refused("resourceType", 'write a JSON object whose resourceType is "PlanDefinition"')
    if not str(resource.get("url", "")).startswith(f"{PROTOCOL}:"):
        raise refused("url", f"found {resource.get('url')}; only a PlanDefinition exported here can be read")
    try:
        tables, figures = _tables(resource)
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise refused("", f"an element is missing or not as exported: {error!r}") from error
    protocol = parse_tables(tables, file)
    if figures:
        protocol = protocol.with_overrides(figures)
    _check_agreement(resource, plan_definition(protocol))
    return protocol


def _tables(resource: Element) -> tuple[Tables, Mapping[str, object]]:
    tables: Tables = {
        "id": str(resource["url"]).removeprefix(f"{PROTOCOL}:"),
        "version": int(resource["version"]),
        "status": resource["status"],
        "region": code_of(resource["useContext"][0]["valueCodeableConcept"], "region"),
        "titles": words_of(resource, "title"),
    }
    if "approvalDate" in resource:
        tables["approved_on"] = date.fromisoformat(resource["approvalDate"])
        tables["approved_by"] = resource["endorser"][0]["name"]
    for key in TOP:
        value = own_extension(resource, key)
        if value is not None:
            tables[key] = value
    contained = resource.get("contained", [])
    if contained:
        tables["questions"] = {item["linkId"]: _question(item) for item in contained[0]["item"]}
    tables["steps"] = {
        key_of(action["id"]): _step(action)
        for action in resource["action"]
        if key_of(action["id"]) not in ANCHORS
    }
    return tables, own_extension(resource, "own_figures") or {}


def _step(action: Element) -> Tables:
    return {
        "kind": code_of(action["code"][0], "step"),
        "title": words_of(action, "title"),
        "why": words_of(action, "description"),
        "source": action["documentation"][0]["citation"],
        **own_extension(action, "step"),
    }


def _question(item: Element) -> Tables:
    bounds = {
        str(given["url"]).rpartition("/")[2]: given["valueInteger"]
        for given in item["extension"]
        if "valueInteger" in given
    }
    question: Tables = {
        "text": words_of(item, "text"),
        "minimum": bounds["minValue"],
        "maximum": bounds["maxValue"],
        "required": item["required"],
    }
    if "code" in item:
        question["loinc"] = item["code"][0]["code"]
    signs = own_extension(item, "signs")
    return question | ({"signs": signs} if signs else {})


def _check_agreement(given: Element, ours: Element) -> None:
    place = _difference(given, ours)
    if place is not None:
        raise refused(
            place, "contradicts the rest of the resource; change a protocol here, and export it again"
        )


def _difference(given: Any, ours: Any) -> str | None:
    """Return where two resources first differ, as a dotted path; None where they are equal."""
    if isinstance(given, dict) and isinstance(ours, dict):
        for key in {**given, **ours}:
            below = _difference(given.get(key), ours.get(key))
            if below is not None:
                return f"{key}.{below}".rstrip(".")
        return None
    if isinstance(given, list) and isinstance(ours, list):
        for position in range(max(len(given), len(ours))):
            pair = [one[position] if position < len(one) else None for one in (given, ours)]
            below = _difference(*pair)
            if below is not None:
                return f"{position}.{below}".rstrip(".")
        return None
    return None if given == ours else ""
