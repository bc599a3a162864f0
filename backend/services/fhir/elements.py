"""The small parts resources are made of: coded words, translated texts, durations, and tables as extensions.

An extension of ours is a tree, as FHIR's complex extensions are: a value, or further extensions by name. It
carries what FHIR has no place for, losslessly.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from schedules.civil_time import Offset
from schedules.errors import ProtocolError

Element = dict[str, Any]

BASE: Final = "urn:recovery-tracker:fhir"
PROTOCOL: Final = "urn:recovery-tracker:protocol"
_TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
_LIST: Final = "[]"
_FIRST: Final = "en"
"""The language of the plain value; the others stand beside it as translations."""
_UCUM: Final = {"years": "a", "months": "mo", "weeks": "wk", "days": "d", "hours": "h", "minutes": "min"}


def id_of(key: str) -> str:
    """Return a key as a FHIR id, which knows no underscore; our keys know no hyphen."""
    return key.replace("_", "-")


def key_of(identifier: str) -> str:
    """Return the key that was written as this id."""
    return identifier.replace("-", "_")


def coded(kind: str, code: str) -> Element:
    """Return a CodeableConcept of one of our own words."""
    return {"coding": [{"system": f"{BASE}:{kind}", "code": code}]}


def code_of(element: Element, kind: str) -> str:
    """Return our own word out of a CodeableConcept. Raises KeyError where there is none."""
    for coding in element["coding"]:
        if coding.get("system") == f"{BASE}:{kind}":
            return str(coding["code"])
    raise KeyError(kind)


def translated(name: str, words: Mapping[str, str]) -> Element:
    """Return a text under its element's name, its translations beside it."""
    others = [
        {
            "url": _TRANSLATION,
            "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
        }
        for language, text in words.items()
        if language != _FIRST
    ]
    return {name: words[_FIRST], f"_{name}": {"extension": others}}


def words_of(element: Element, name: str) -> dict[str, str]:
    """Return a translated text, language -> sentence."""
    words = {_FIRST: str(element[name])}
    for extension in element.get(f"_{name}", {}).get("extension", []):
        if extension["url"] == _TRANSLATION:
            parts = {part["url"]: part for part in extension["extension"]}
            words[str(parts["lang"]["valueCode"])] = str(parts["content"]["valueString"])
    return words


def duration(offset: Offset) -> Element:
    """Return an offset as a Duration: exact in its extension, and a figure where one unit says it all."""
    units = [(unit, code) for unit, code in _UCUM.items() if getattr(offset, unit)]
    element = {"extension": [{"url": f"{BASE}:iso8601", "valueString": str(offset)}]}
    if len(units) > 1:
        return element
    unit, code = units[0] if units else ("days", "d")
    figure = {
        "value": getattr(offset, unit),
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": code,
    }
    return element | figure


def extension(url: str, value: object) -> Element:
    """Return a value, a list or a table as an extension."""
    match value:
        case bool():
            return {"url": url, "valueBoolean": value}
        case int():
            return {"url": url, "valueInteger": value}
        case date():
            return {"url": url, "valueDate": value.isoformat()}
        case str():
            return {"url": url, "valueString": value}
        case Mapping():
            return {"url": url, "extension": [extension(str(key), inner) for key, inner in value.items()]}
        case Sequence():
            return {"url": url + _LIST, "extension": [extension("item", inner) for inner in value]}
    raise TypeError(f"{type(value).__name__} has no place in an extension")


def value_of(given: Element) -> Any:
    """Return what an extension of ours holds: a value, a list or a table."""
    if "extension" in given:
        inner = given["extension"]
        if str(given["url"]).endswith(_LIST):
            return [value_of(item) for item in inner]
        return {str(item["url"]).removesuffix(_LIST): value_of(item) for item in inner}
    if "valueDate" in given:
        return date.fromisoformat(given["valueDate"])
    return next(given[name] for name in ("valueString", "valueInteger", "valueBoolean") if name in given)


def own_extension(element: Element, name: str) -> Any:
    """Return what our extension of that name holds, None where it is not there."""
    for given in element.get("extension", []):
        if str(given["url"]).removesuffix(_LIST) == f"{BASE}:{name}":
            return value_of(given)
    return None


def refused(key: str, reason: str) -> ProtocolError:
    """Return the error for a resource that is no protocol."""
    return ProtocolError("PlanDefinition", key, reason)
