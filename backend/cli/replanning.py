"""The command that puts everybody on a protocol on one version of it, and shows first what that would do."""

from contextlib import AbstractContextManager

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from sqlalchemy.orm import Session

from backend.cli.accounts import clinic_meant
from backend.db import ALL_CLINICS, db, transaction
from backend.runtime import current_runtime
from backend.services.actors import Actor
from backend.services.cohorts import (
    CohortCounts,
    cohort_size,
    preview_cohort,
    replan_cohort,
    target_version,
)


@click.command()
@click.argument("protocol")
@click.option("--to", "version", type=int, help="The version to go to; the newest that ships if left out.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and change nothing.")
@click.option("--reason", default="", help="Why, for the record of every plan.")
@click.option("--clinic", help="The clinic's name; needed only where there are several.")
@with_appcontext
def replan(protocol: str, version: int | None, *, dry_run: bool, reason: str, clinic: str | None) -> None:
    """Put every patient on PROTOCOL on one version of it, with the dates the clinic signed last.

    Nothing is said twice: what was received, answered, booked or set by hand stays as it is.
    """
    now = current_runtime().clock()
    with transaction(db.engine, ALL_CLINICS) as session:
        actor = Actor.system(clinic_meant(session, clinic))

    def begin() -> AbstractContextManager[Session]:
        return transaction(db.engine, ALL_CLINICS)

    with transaction(db.engine, actor.clinic_id) as session:
        target = target_version(session, actor, protocol, version)
        size = cohort_size(session, actor, protocol)
    with _bar() as bar:
        task = bar.add_task("plans", total=size)

        def advance(plans: int) -> None:
            bar.advance(task, plans)

        if dry_run:
            counts = preview_cohort(begin, actor, target, now=now, progress=advance)
        else:
            counts = replan_cohort(begin, actor, target, reason=reason, now=now, progress=advance)
    click.echo(_said(counts, f"{target.protocol.id} {target.protocol.version}", dry_run=dry_run))


def _bar() -> Progress:
    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)


def _said(counts: CohortCounts, version: str, *, dry_run: bool) -> str:
    would = "would change" if dry_run else "changed"
    parts = ", ".join(f"{number} {name}" for name, number in counts.parts.items())
    return f"{version}: {counts.plans} plans, {counts.changed} {would}; parts: {parts}"
