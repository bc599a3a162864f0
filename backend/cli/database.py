"""Commands about the database: bringing it up to date, and filling an empty one with the demo.

The migrations themselves are `db …`, Flask-Migrate's own commands.
"""

import click
from alembic.runtime.migration import MigrationContext
from flask.cli import with_appcontext
from flask_migrate import upgrade

from backend.db import db
from backend.demo import APP_PHONE, SIGN_INS, demo_is_here, is_empty, seed
from backend.errors import Refused
from backend.runtime import current_runtime


@click.command("init-db")
@click.option("--demo", is_flag=True, help="Also put the demo clinic into a database that is empty.")
@with_appcontext
def init_db(*, demo: bool) -> None:
    """Create the tables, or bring them up to date; what is stored stays."""
    before = _revision()
    upgrade()
    after = _revision()
    said = f"already at {after}" if before == after else f"migrated from {before or 'nothing'} to {after}"
    click.echo(f"database: {said}", err=True)
    if demo and is_empty(db.engine):
        seed(db.engine, now=current_runtime().clock(), sender=current_runtime().settings.twilio_sender)
    if demo and demo_is_here(db.engine):
        _print_sign_ins()
        click.echo(f"{APP_PHONE} (code-by-text) patient")


@click.command("seed-demo")
@with_appcontext
def seed_demo() -> None:
    """Fill an empty database with a demo clinic, and print who may sign in: e-mail, password, role."""
    if not is_empty(db.engine):
        raise Refused("the database is not empty; the demo goes only into an empty one")
    seed(db.engine, now=current_runtime().clock(), sender=current_runtime().settings.twilio_sender)
    _print_sign_ins()
    click.echo(f"A patient's app: {APP_PHONE} with the code texted to it", err=True)


def _revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _print_sign_ins() -> None:
    for sign_in in SIGN_INS:
        click.echo(f"{sign_in.email} {sign_in.password} {sign_in.role}")
