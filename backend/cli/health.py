"""`doctor`: everything an installation depends on, looked at one after the other."""

import base64
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from backend.config import Settings
from backend.db import ALL_CLINICS, db, transaction
from backend.queries.alarms import open_alarms
from backend.runtime import current_runtime

_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and in words what was found."""

    what: str
    well: bool
    found: str


@click.command()
@with_appcontext
def doctor() -> None:
    """Check settings, database, worker, Twilio credentials and public address; 1 when one is ill."""
    settings = current_runtime().settings
    findings = [
        *_settings(settings),
        *_database(),
        *_alarms(),
        *_twilio(settings),
        *_public_url(settings),
    ]
    table = Table(show_header=False, box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]well[/green]" if finding.well else "[red]look[/red]"
        table.add_row(mark, finding.what, finding.found)
    Console(soft_wrap=True).print(table)
    if not all(finding.well for finding in findings):
        raise click.exceptions.Exit(1)


def _settings(settings: Settings) -> Iterator[Finding]:
    mode = "production" if settings.production else "development"
    database = "SQLite" if settings.is_sqlite else "PostgreSQL"
    yield Finding("settings", well=True, found=f"{mode}, {database}, public address {settings.public_url}")


def _database() -> Iterator[Finding]:
    """Ask the web's own readiness check, in this process."""
    reasons = current_app.test_client().get("/readyz").get_json()["reasons"]
    yield Finding(
        "database and worker", not reasons, "; ".join(reasons) or "up to date, and the worker is alive"
    )


def _alarms() -> Iterator[Finding]:
    """List what the worker and the webhooks have raised for whoever runs this; unreadable is said above."""
    try:
        with transaction(db.engine, ALL_CLINICS) as session:
            alarms = open_alarms(session)
    except SQLAlchemyError:
        return
    for alarm in alarms:
        since = f"noticed {alarm.times} times since {alarm.raised_at:%Y-%m-%d %H:%M} UTC"
        yield Finding(f"alarm {alarm.cause}", well=False, found=f"{alarm.detail} ({since})")
    if not alarms:
        yield Finding("alarms", well=True, found="none is open")


def _twilio(settings: Settings) -> Iterator[Finding]:
    sid = settings.twilio_account_sid
    if not sid:
        yield Finding("Twilio", well=False, found="TWILIO_ACCOUNT_SID is not set: no text can be sent")
        return
    url = f"{settings.twilio_api_url}/2010-04-01/Accounts/{sid}/Messages.json?PageSize=1"
    for place, token in enumerate(settings.twilio_auth_tokens, start=1):
        credentials = base64.b64encode(f"{sid}:{token}".encode()).decode("ascii")
        problem = _problem_with(url, {"Authorization": f"Basic {credentials}"})
        name = f"Twilio, token {place} of {len(settings.twilio_auth_tokens)}"
        yield Finding(name, not problem, problem or f"{settings.twilio_api_url} accepts the credentials")


def _public_url(settings: Settings) -> Iterator[Finding]:
    problem = _problem_with(f"{settings.public_url}/healthz", {})
    yield Finding("public address", not problem, problem or f"{settings.public_url} reaches this product")


def _problem_with(url: str, headers: dict[str, str]) -> str:
    """Return in words why `url` cannot be read; empty when it can."""
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - config.py lets only http(s) through
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):  # noqa: S310 - as above
            return ""
    except urllib.error.HTTPError as error:
        if error.code in {401, 403}:
            return "the credentials are refused"
        return f"answers with status {error.code}"
    except (urllib.error.URLError, OSError, ValueError) as error:
        current_app.logger.debug("doctor: %s", error)
        return f"cannot be reached: {getattr(error, 'reason', error)}"
