"""The columns of a file of patients, and the bodies of the API that a line of them stands for.

The bodies are what `POST /patients` and `POST /patients/{id}/procedures` take: the API's own schemas and the
services judge them, and nothing here does. Called by the import.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

from backend.errors import UnreadableFile
from backend.models import Clinic
from backend.services.csv_lines import WHOLE_LINE
from schedules.timeline import resolve_local

PATIENT: Final = (
    "given_name",
    "family_name",
    "phone",
    "language",
    "timezone",
    "external_id",
    "birth_date",
    "preferred_time",
)
CONSENT: Final = {
    "consent_given_at": "given_at",
    "consent_source": "source",
    "consent_wording": "wording",
}
PROCEDURE: Final = (
    "performed_at",
    "protocol",
    "region",
    "levels",
    "technique",
    "anaesthesia",
    "baseline_pain",
    "clinician",
    "job",
    "flies_home_on",
)
SELECTION: Final = "selection."
"""Before a criterion's key: `selection.contained_herniation` answers the checklist."""

REQUIRED: Final = ("given_name", "family_name", "phone")

_HOUR_OF_A_PROCEDURE: Final = time(9, 0)
"""Where a file gives only the day; as in `simulate`."""

Body = dict[str, Any]
Wrong = dict[str, list[str]]


def check_columns(names: Sequence[str]) -> None:
    """Raise UnreadableFile when a column is missing or unknown, naming those there are."""
    known = (*PATIENT, *CONSENT, *PROCEDURE)
    unknown = [name for name in names if name not in known and not name.startswith(SELECTION)]
    if unknown:
        shown = ", ".join(name or "(a column without a name)" for name in unknown)
        raise UnreadableFile(f"unknown columns: {shown}; there are {', '.join(known)}, {SELECTION}…")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UnreadableFile(f"columns are missing: {', '.join(missing)}")


def patient_body(cells: Mapping[str, str], clinic: Clinic) -> Body:
    """Return the body that registers the patient; language and zone are the clinic's where none is given."""
    body: Body = {"language": clinic.language, "timezone": clinic.timezone, **_told(cells, PATIENT)}
    consent: Body = {field: cells[column] for column, field in CONSENT.items() if cells.get(column)}
    if "given_at" in consent:
        consent["given_at"] = _instant(consent["given_at"], clinic.timezone, time())
    if consent:
        body["sms_consent"] = {"source": "import", **consent}
    return body


def procedure_body(cells: Mapping[str, str], clinic: Clinic) -> Body | None:
    """Return the body that records the procedure; None where the line tells of none."""
    body: Body = _told(cells, PROCEDURE)
    selection = {
        name.removeprefix(SELECTION): value
        for name, value in cells.items()
        if value and name.startswith(SELECTION)
    }
    if not body and not selection:
        return None
    if "performed_at" in body:
        body["performed_at"] = _instant(body["performed_at"], clinic.timezone, _HOUR_OF_A_PROCEDURE)
    if "levels" in body:
        body["levels"] = body["levels"].replace("|", " ").replace("+", " ").replace("/", " ").split()
    if body.get("baseline_pain", "").isdecimal():
        body["baseline_pain"] = int(body["baseline_pain"])
    return body | ({"selection": selection} if selection else {})


def by_column(wrong: Mapping[str, Any]) -> Wrong:
    """Return what a schema or a service found wrong with a body under the columns it came from."""
    found: Wrong = {}
    for path, sentences in _paths(wrong):
        column = found.setdefault(_column(path), [])
        column += [sentence for sentence in sentences if sentence not in column]
    return found


def _told(cells: Mapping[str, str], columns: Sequence[str]) -> Body:
    return {column: cells[column] for column in columns if cells.get(column)}


def _instant(text: str, zone: str, hour: time) -> str:
    """Add the clinic's offset to a wall time, and `hour` to a mere day; what is neither stays as it is."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return text
    if given.tzinfo is None:
        local = datetime.combine(given.date(), hour) if len(text) == len("2026-11-23") else given
        given = resolve_local(local, zone)
    return given.isoformat()


def _paths(wrong: Mapping[str, Any]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return a tree of sentences as its leaves, each with the names that lead to it."""
    found = []
    for name, below in wrong.items():
        if isinstance(below, Mapping):
            found += [((str(name), *path), sentences) for path, sentences in _paths(below)]
        else:
            found.append((tuple(str(name).split(".")), list(below)))
    return found


def _column(path: tuple[str, ...]) -> str:
    if path[0] == "sms_consent":
        return next((column for column, field in CONSENT.items() if field in path), "consent_given_at")
    if path[0] == "selection":
        return f"{SELECTION}{path[1]}" if len(path) > 1 else SELECTION
    return WHOLE_LINE if path[0] == "_schema" else path[0]
