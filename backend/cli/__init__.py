"""The command line: setting up, looking after and trying out an installation.

Each module holds commands that belong together; nothing here is imported by the rest
of the house. A mistake of the user's is one clear line and exit code 2, never a traceback.
"""

from functools import partial
from typing import Any

import click
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate.cli import db as migrations
from sqlalchemy.exc import OperationalError

from backend.app import create_app
from backend.cli import (
    accounts,
    care,
    clinic_days,
    database,
    documents,
    exporting,
    fhir,
    health,
    importing,
    replanning,
    serving,
)
from backend.db import db
from backend.errors import RecoveryError
from notifications.compose import CopyError
from schedules.protocol import ProtocolError


class Mistake(click.ClickException):
    """What the caller can mend, in the words of whoever noticed it."""

    exit_code = 2


class OneLineErrors(click.Group):
    """A group whose commands end with a sentence instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the errors the product knows become a Mistake."""
        try:
            return super().invoke(ctx)
        except (RecoveryError, ProtocolError, CopyError) as error:
            raise Mistake(str(error)) from error
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise Mistake(f"the database cannot be used: {reason} (try `doctor` and `init-db`)") from error


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(context: click.Context) -> None:
    """Recovery Tracker: what happens after a procedure, and what a nurse must see."""
    context.obj = ScriptInfo(create_app=partial(_app, context))


def _app(context: click.Context) -> Flask:
    """Return the web application for commands that need it; its connections end with the command."""
    app = create_app()

    def close() -> None:
        with app.app_context():
            db.engine.dispose()

    context.call_on_close(close)
    return app


for command in (
    serving.run,
    serving.worker,
    serving.run_job,
    database.init_db,
    database.seed_demo,
    migrations,
    accounts.create_clinic,
    accounts.clinic_limit,
    clinic_days.closed_days,
    accounts.create_user,
    care.simulate,
    care.check_protocol,
    replanning.replan,
    importing.import_patients,
    exporting.export,
    documents.openapi,
    fhir.export_plan_definition,
    fhir.import_plan_definition,
    health.doctor,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit."""
    cli.main(prog_name="python -m backend")
