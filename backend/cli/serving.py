"""Commands that run something: the web for development, the worker, one job by hand."""

from contextlib import closing

import click
from flask import current_app
from flask.cli import with_appcontext
from werkzeug.serving import run_simple

from backend.app import create_app
from backend.config import load_settings
from backend.db import db
from backend.jobs import JOBS, PROVIDER_JOBS
from backend.runtime import current_runtime
from backend.worker import run_worker


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def run(host: str, port: int) -> None:
    """Serve the web on one process, for development. Production uses gunicorn."""
    app = create_app()
    click.echo(f"Serving http://{host}:{port}/ (Ctrl-C ends it)")
    run_simple(host, port, app, threaded=True)


@click.command()
def worker() -> None:
    """Send what is due and run the periodic jobs, until told to stop."""
    run_worker(load_settings())


@click.command("run-job")
@click.argument("name", type=click.Choice(sorted([*JOBS, *PROVIDER_JOBS])))
@with_appcontext
def run_job(name: str) -> None:
    """Run one of the worker's jobs once, now, and say what it counted."""
    runtime = current_runtime()
    if name in JOBS:
        counts = JOBS[name](db.engine, runtime.clock())
    else:
        with closing(PROVIDER_JOBS[name](db.engine, runtime.settings, runtime.clock)) as job:
            counts = job.tick(runtime.clock())
    current_app.logger.info("job run by hand", extra={"job": name})
    click.echo(f"{name}: {counts}")
