"""The words every protocol may use: languages, regions, disc levels, jobs, facts, and what dates hang on.

Only names and the values each can have. What they do is in `conditions`, `windows`, `steps` and `timeline`;
the house offers the same values to whoever enrols a patient.
"""

from collections.abc import Mapping
from datetime import time

Text = Mapping[str, str]
"""A sentence in every language: language code -> sentence."""

LANGUAGES = ("en", "tr")
REGIONS = ("lumbar", "cervical")
TECHNIQUES = ("ozone", "radiofrequency", "laser")
ANAESTHESIA = ("local", "sedation")
LEVELS: Mapping[str, tuple[str, ...]] = {
    "lumbar": ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"),
    "cervical": ("C2-C3", "C3-C4", "C4-C5", "C5-C6", "C6-C7", "C7-T1"),
}
"""The disc levels of each region, as a level is written."""
JOBS = ("desk", "standing", "heavy", "none")
"""What a patient's work asks of the spine: sitting, being on one's feet, lifting, no work."""
ANSWERS = ("yes", "no", "not_known")
"""What a clinician can say of a criterion."""

CONDITION_FACTS: Mapping[str, tuple[str, ...]] = {
    "region": REGIONS,
    "technique": TECHNIQUES,
    "anaesthesia": ANAESTHESIA,
    "levels": (*LEVELS["lumbar"], *LEVELS["cervical"]),
    "language": LANGUAGES,
    "job": JOBS,
    "flies_home": ("yes", "no"),
}
"""What a step may depend on, and the values each fact can have; a procedure can have several levels."""
TEXT_FACTS = ("procedure_on", "procedure_at", "due_on")
"""What the schedule itself can tell a template; booked_at is added to reminders of a booked milestone."""
TEXTING_HOURS = (time(9), time(20))
"""Patient-local hours between which a text is planned: from the first, before the second (proposed)."""
CLEARANCE = "clearance"
"""The end of a restriction that only a clinician can lift."""
PROCEDURE = "procedure"
FLIES_HOME = "flies_home"
"""The two anchors that are no milestones: the procedure, and the day the patient flies home."""
NO_MILESTONES = (CLEARANCE, PROCEDURE, FLIES_HOME)
"""Names with a meaning of their own, which no step can have."""


def in_texting_hours(at: time) -> bool:
    """Say whether a text may be planned for this wall time."""
    return TEXTING_HOURS[0] <= at < TEXTING_HOURS[1]
