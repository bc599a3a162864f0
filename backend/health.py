"""What machines ask of the web process: is it up, is the whole ready, how is it doing."""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.auth import public
from backend.config import PROJECT
from backend.db import ALL_CLINICS, db, set_scope
from backend.queries.alarms import KINDS as ALARM_KINDS
from backend.queries.holding import REASONS
from backend.queries.vitals import Vitals, vitals
from backend.runtime import current_runtime

LATE_AFTER_SECONDS = 120.0
"""A text that has been due for longer than this means that sending does not keep up."""

health = Blueprint("health", __name__)


def register_health(app: Flask) -> None:
    """Add the three addresses."""
    app.register_blueprint(health)


@health.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process is up; says nothing of the rest."""
    return jsonify(status="up")


@health.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Everything a patient depends on is there: 200, or 503 with the reasons."""
    found = _setting_up_left() or _vitals()
    if isinstance(found, str):
        return jsonify(status="not ready", reasons=[found], alarms=[]), 503
    reasons = _reasons(found)
    alarms = [alarm.cause for alarm in found.alarms]
    if reasons:
        return jsonify(status="not ready", reasons=reasons, alarms=alarms), 503
    return jsonify(status="ready", reasons=[], alarms=alarms)


def _setting_up_left() -> str | None:
    """Return what must be done to the database before anything else can be asked of it."""
    try:
        current = db.session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except SQLAlchemyError:
        db.session.rollback()
        return "the database does not answer, or has never been set up (python -m backend init-db)"
    return None if set(current) == {_head()} else "migrations are missing (python -m backend db upgrade)"


def _reasons(signs: Vitals) -> list[str]:
    """Return why a patient cannot rely on it now. Other alarms are for people, not for a load balancer."""
    reasons = []
    if signs.heartbeat_age is None:
        reasons.append("no worker has ever run")
    elif signs.heartbeat_age > 3 * signs.tick_seconds:
        reasons.append(f"the worker has been silent for {signs.heartbeat_age:.0f} s")
    if signs.due_ages["worker"] > LATE_AFTER_SECONDS:
        reasons.append(f"a text has been due for {signs.due_ages['worker']:.0f} s and is not sent")
    if any(alarm.kind == "credentials" for alarm in signs.alarms):
        reasons.append("the provider refuses our credentials: nothing can be sent")
    return reasons


@lru_cache(maxsize=1)
def _head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(Path(PROJECT, "backend", "migrations")))
    return ScriptDirectory.from_config(config).get_current_head()


def _vitals() -> Vitals:
    set_scope(db.session(), ALL_CLINICS)
    runtime = current_runtime()
    return vitals(db.session(), now=runtime.clock(), sender=runtime.settings.twilio_sender)


@health.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Prometheus' view; asks for METRICS_TOKEN as a bearer token, and does not exist without one."""
    token = current_runtime().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not compare_digest(given.encode(), token.encode()):
        return Response("not found", 404, mimetype="text/plain")
    return Response(_exposition(_vitals()), mimetype="text/plain; version=0.0.4")


def _exposition(signs: Vitals) -> bytes:
    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, value: float) -> None:
        Gauge(f"recovery_{name}", help_text, registry=registry).set(value)

    def gauges(
        name: str, help_text: str, label: str, values: Mapping[str, float], known: tuple[str, ...]
    ) -> None:
        family = Gauge(f"recovery_{name}", help_text, [label], registry=registry)
        for key in known:
            family.labels(key).set(values.get(key, 0))

    gauge(
        "worker_heartbeat_age_seconds",
        "Since a worker last gave a sign of life; -1: never.",
        signs.heartbeat_age if signs.heartbeat_age is not None else -1,
    )
    gauge(
        "oldest_due_message_age_seconds",
        "How long the oldest due text has been waiting that nothing holds back on purpose.",
        signs.due_ages["worker"],
    )
    gauges(
        "outbound_due_age_seconds",
        "How long the oldest due text has been waiting, by what holds it back.",
        "reason",
        signs.due_ages,
        REASONS,
    )
    gauges(
        "operator_alarms",
        "Open alarms, by kind: what only whoever runs the installation can mend.",
        "kind",
        Counter(alarm.kind for alarm in signs.alarms),
        ALARM_KINDS,
    )
    gauge("job_failures", "Jobs that failed, since the workers were first seen.", signs.job_failures)
    gauges(
        "outbound_in_flight",
        "Texts being sent, or whose fate is not known.",
        "status",
        signs.outbound_in_flight,
        ("sending", "unknown"),
    )
    gauges(
        "inbound_waiting",
        "Patients' texts not understood yet, or waiting for a person.",
        "status",
        signs.inbound_waiting,
        ("received", "needs_review"),
    )
    gauges(
        "open_alerts",
        "Alerts that nobody has resolved.",
        "tier",
        signs.open_alerts,
        ("emergency", "same_day", "next_day", "lost_sight"),
    )
    return generate_latest(registry)
