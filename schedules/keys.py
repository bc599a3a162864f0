"""Every key of the protocol language, by the table it stands in; docs/protocols.md explains each of them."""

from collections.abc import Mapping

KEYS: Mapping[str, tuple[str, ...]] = {
    "protocol": (
        "id", "version", "status", "region", "titles", "texts_at", "include", "approved_by", "approved_on",
        "steps", "questions", "instruments", "rules", "selection", "procedure_texts", "topics",
    ),
    "step": (
        "kind", "title", "why", "source", "proposed", "approved_by", "approved_on", "conditions",
        "local_time",
    ),
    "milestone": ("window", "bookable", "open_days", "reminders", "recurs", "lateness"),
    "restriction": ("ends", "soft", "needs_clinic", "suggested"),
    "check_in": (
        "window", "recurs", "questions", "instruments", "template", "variants", "facts", "nudge_template",
        "nudge_after", "lateness",
    ),
    "education": ("window", "recurs", "template", "variants", "facts", "lateness"),
    "window": ("after", "by", "or_after", "earliest", "due", "overdue", "expires", "tolerance"),
    "ends": ("after", "in", "by", "or_after"),
    "or_after": ("anchor", "in"),
    "reminder": ("before", "after", "template", "booked_template"),
    "recurs": ("every", "times", "until"),
    "variant": ("when", "template"),
    "question": ("text", "minimum", "maximum", "required", "loinc", "signs"),
    "instrument": ("title", "questions", "score", "loinc", "source", "proposed"),
    "criterion": ("text", "expects", "warning", "source", "proposed"),
    "procedure_texts": ("moved", "cancelled"),
    "topic": ("name", "steps"),
    "rule": (
        "kind", "tier", "reason", "source", "proposed", "approved_by", "approved_on", "from_day", "to_day",
        "regions", "signs",
    ),
}  # fmt: skip
"""A table may have these keys and no others; a rule has its kind's figures besides."""
