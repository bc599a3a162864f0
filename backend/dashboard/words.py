"""The words for codes: tiers, states, signs, outcomes, roles. One table a kind of code.

The codes themselves belong to the models and services; a code without a word here is
shown as it is, never hidden. Templates reach the tables as filters.
"""

from collections.abc import Mapping
from typing import Final

from flask import Flask

from backend.dashboard.language import gettext, mark, ngettext

KINDS: Final = {
    "emergency": mark("EMERGENCY"),
    "same_day": mark("SAME DAY"),
    "next_day": mark("NEXT CLINIC DAY"),
    "lost_sight": mark("LOST SIGHT OF"),
    "unanswered": mark("SILENT"),
    "text": mark("TEXT"),
    "booking": mark("TO BOOK"),
}
ROLES: Final = {"nurse": mark("nurse"), "clinician": mark("clinician"), "admin": mark("administrator")}
OUTCOMES: Final = {
    "advised": mark("Advised by phone or text"),
    "called": mark("Called, all is well"),
    "seen": mark("Seen at the clinic"),
    "referred": mark("Referred"),
    "sent_to_emergency": mark("Sent to an emergency department"),
    "no_answer": mark("Called, no answer"),
    "no_action": mark("No action needed"),
    "false_alarm": mark("Misunderstood, no such sign"),
}
SIGNS: Final = {
    "saddle_numbness": mark("Numb in the saddle area or genitals"),
    "bladder": mark("Cannot pass or hold urine"),
    "bowel": mark("Bowel leak"),
    "both_legs_weak": mark("Both legs weak"),
    "limb_weakness": mark("New weakness of an arm or leg"),
    "cannot_walk": mark("Cannot walk"),
    "breathing": mark("Trouble breathing"),
    "swallowing": mark("Trouble swallowing"),
    "neck_swelling": mark("Swelling of the neck"),
    "voice_change": mark("Voice changed"),
    "clumsy_hands": mark("Clumsy hands, unsteady gait"),
    "confusion": mark("Confusion"),
    "stiff_neck": mark("Stiff neck"),
    "worst_headache": mark("Worst headache ever"),
    "fever": mark("Fever of 38 °C or more"),
    "chills": mark("Chills"),
    "wound": mark("Redness, swelling or discharge at the site"),
    "upright_headache": mark("Headache worse when upright"),
    "numbness": mark("Numbness that persists"),
}
MILESTONES: Final = {
    "planned": mark("planned"),
    "due": mark("due"),
    "overdue": mark("overdue"),
    "booked": mark("booked"),
    "done": mark("done"),
    "cancelled": mark("called off"),
    "before_enrolment": mark("before enrolment, not known"),
}
CHECK_INS: Final = {
    "planned": mark("planned"),
    "awaiting": mark("waiting for an answer"),
    "answered": mark("answered"),
    "missed": mark("no answer"),
    "cancelled": mark("called off"),
}
MESSAGES: Final = {
    "scheduled": mark("waiting to go"),
    "sending": mark("being sent"),
    "unknown": mark("not known whether it went"),
    "accepted": mark("handed over"),
    "sent": mark("on its way"),
    "delivered": mark("delivered"),
    "undelivered": mark("not delivered"),
    "failed": mark("failed"),
    "expired": mark("too late, not sent"),
    "cancelled": mark("not sent"),
    "received": mark("just came in"),
    "handled": mark("dealt with"),
    "needs_review": mark("waits for a person"),
}
ALERTS: Final = {"open": mark("open"), "acknowledged": mark("taken"), "resolved": mark("resolved")}
CONSENTS: Final = {
    "opted_in": mark("agreed"),
    "opted_out": mark("opted out"),
    "none": mark("no consent yet"),
}
PLANS: Final = {
    "active": mark("running"),
    "on_hold": mark("on hold"),
    "completed": mark("completed"),
    "revoked": mark("withdrawn"),
}
TECHNIQUES: Final = {
    "ozone": mark("ozone"),
    "radiofrequency": mark("radiofrequency"),
    "laser": mark("laser"),
}
ANAESTHESIAS: Final = {"local": mark("local"), "sedation": mark("local with sedation")}
JOBS: Final = {
    "desk": mark("mostly sitting"),
    "standing": mark("mostly standing"),
    "heavy": mark("heavy work"),
    "none": mark("no work"),
}
ANSWERS: Final = {"not_known": mark("not known"), "yes": mark("yes"), "no": mark("no")}
REGIONS: Final = {"lumbar": mark("lower back"), "cervical": mark("neck")}
STEPS: Final = {
    "milestone": mark("milestone"),
    "restriction": mark("restriction"),
    "check_in": mark("check-in"),
    "education": mark("advice"),
}
TEXTS: Final = {
    "ask": mark("question"),
    "nudge": mark("reminder of a question"),
    "remind": mark("reminder"),
    "inform": mark("text of advice"),
}
CAUSES: Final = {
    "procedure_moved": mark("The procedure moved"),
    "procedure_cancelled": mark("The procedure was cancelled"),
    "protocol_changed": mark("The protocol changed"),
    "particulars_changed": mark("The patient's place, hour or language changed"),
    "milestone_changed": mark("A milestone changed"),
    "milestone_booked": mark("A milestone was booked"),
    "undone": mark("A change was taken back"),
}
SOURCES: Final = {
    "seed": mark("patient leaflet of the clinic"),
    "proposed": mark("proposed"),
    "sms": mark("by text"),
    "app": mark("in the app"),
    "nurse": mark("by phone"),
}
ACTIONS: Final = {
    "register_patient": mark("registered the patient"),
    "update_patient": mark("changed the particulars"),
    "record_consent": mark("recorded consent"),
    "enrol": mark("enrolled a procedure"),
    "plan_on_hold": mark("put the plan on hold"),
    "plan_active": mark("resumed the plan"),
    "plan_completed": mark("completed the plan"),
    "plan_revoked": mark("withdrew the plan"),
    "change_milestone": mark("changed a milestone"),
    "replan": mark("changed the plan's dates"),
    "lift_restriction": mark("lifted a restriction"),
    "issue_calendar": mark("gave out the calendar's address"),
    "revoke_calendar": mark("ended the calendar's address"),
    "answer_check_in": mark("recorded an answer"),
    "raise_alert": mark("raised an alert"),
    "acknowledge_alert": mark("took an alert"),
    "resolve_alert": mark("resolved an alert"),
    "close_text": mark("dealt with a text"),
    "write_message": mark("wrote a text"),
}
FIELDS: Final = {
    "given_name": mark("Given name"),
    "family_name": mark("Family name"),
    "phone": mark("Mobile number"),
    "language": mark("Language of the texts"),
    "timezone": mark("Time zone"),
    "birth_date": mark("Date of birth"),
    "external_id": mark("Record number"),
    "protocol": mark("Protocol"),
    "levels": mark("Disc levels"),
    "performed_at": mark("Date and time"),
    "clinician": mark("Done by"),
    "technique": mark("Technique"),
    "anaesthesia": mark("Anaesthesia"),
    "baseline_pain": mark("Pain before the procedure"),
    "job": mark("Work"),
    "flies_home_on": mark("Day of the flight home"),
    "consent": mark("Consent"),
    "replies": mark("What the patient answers"),
    "version": mark("Version"),
    "compare": mark("Beside it"),
}
SENDERS: Final = {"system": mark("the system")}

_FILTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind_word": KINDS,
    "role_word": ROLES,
    "outcome_word": OUTCOMES,
    "sign_word": SIGNS,
    "milestone_word": MILESTONES,
    "check_in_word": CHECK_INS,
    "message_word": MESSAGES,
    "alert_word": ALERTS,
    "consent_word": CONSENTS,
    "plan_word": PLANS,
    "technique_word": TECHNIQUES,
    "anaesthesia_word": ANAESTHESIAS,
    "region_word": REGIONS,
    "step_word": STEPS,
    "cause_word": CAUSES,
    "source_word": SOURCES,
    "action_word": ACTIONS,
    "field_word": FIELDS,
    "actor_word": SENDERS,
}


def word(table: Mapping[str, str], code: str) -> str:
    """Return the reader's word for a code; a code without one as it is."""
    return gettext(table[code]) if code in table else code


def day_words(day: int) -> str:
    """Return where a day stands: "day 12", "day of the procedure", "in 3 days"."""
    if day == 0:
        return gettext("day of the procedure")
    if day < 0:
        return ngettext("in %(num)s day", "in %(num)s days", -day)
    return gettext("day %(day)s", day=day)


def tick_words(day: int) -> str:
    """Return a day of the timeline's scale: "D14", "3 mo", "1 y"."""
    if day < 91:
        return gettext("D%(day)s", day=day)
    if day < 365:
        return gettext("%(months)s mo", months=round(day / 30.4))
    return gettext("%(years)s y", years=round(day / 365.2))


def install_words(app: Flask) -> None:
    """Give every template one filter a table."""
    for name, table in _FILTERS.items():
        app.jinja_env.filters[name] = lambda code, table=table: word(table, code)
    app.jinja_env.filters["day_words"] = day_words
    app.jinja_env.filters["tick_words"] = tick_words
