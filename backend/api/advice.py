"""The patient's own question, "may I …?", and the plan's answer."""

from typing import Any

from backend.api.resources import Resource, found, own_patient_id, present, reading_language
from backend.api.schemas import LanguageQuery, page_schema
from backend.api.schemas import advice as schemas
from backend.auth import patient_app
from backend.db import db
from backend.models import Patient
from backend.queries.timelines import in_language
from backend.services.advising import advise, topics_of
from schedules.advice import Reason

advice = Resource("advice", "May I drive, fly, lift …? From the plan, its dates and the clearances given.")


@advice.route("/me/advice", methods=["GET"])
@patient_app
@advice.arguments(schemas.AdviceQuery, location="query")
@advice.response(200, schemas.Advice)
def show(given: dict[str, Any]) -> Any:
    """Answer whether one may do something yet; what the plan does not say is for the doctor."""
    language = reading_language(given)
    patient = found(Patient, own_patient_id())
    advised = advise(db.session(), patient, given["topic"], language=language, now=present())
    answer = advised.advice
    return {
        "topic": answer.topic,
        "name": in_language(answer.name, language),
        "answer": answer.answer.value,
        "from_at": answer.at,
        "from_on": answer.on,
        "title": in_language(answer.reason.title, language) if answer.reason else "",
        "why": in_language(answer.reason.why, language) if answer.reason else "",
        "ask": advised.clinic,
        "words": advised.sentence,
        "reasons": [_reason(reason, language) for reason in answer.reasons],
    }


@advice.route("/me/advice/topics", methods=["GET"])
@patient_app
@advice.arguments(LanguageQuery, location="query")
@advice.response(200, page_schema(schemas.Topic))
def list_topics(given: dict[str, Any]) -> Any:
    """List what one's plans can be asked about."""
    language = reading_language(given)
    topics = topics_of(db.session(), own_patient_id())
    items = [{"topic": topic.key, "name": in_language(topic.name, language)} for topic in topics]
    return {"items": items, "next_cursor": None}


def _reason(reason: Reason, language: str) -> dict[str, Any]:
    return {
        "step_key": reason.step_key,
        "title": in_language(reason.title, language),
        "why": in_language(reason.why, language),
        "answer": reason.answer.value,
        "from_at": reason.at,
        "waits_for": in_language(reason.waits_for, language) if reason.waits_for else None,
    }
