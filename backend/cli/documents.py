"""Commands that write documents which are generated from the code."""

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from backend.api import openapi_document
from backend.errors import Refused


@click.command()
@click.option(
    "--file",
    "path",
    default=Path("docs/openapi.json"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
)
@click.option("--check", is_flag=True, help="Write nothing; fail when the file differs from the code.")
@with_appcontext
def openapi(path: Path, *, check: bool) -> None:
    """Write the API's description, as the routes and schemas have it, to a file."""
    document = json.dumps(openapi_document(current_app), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if not check:
        path.write_text(document, encoding="utf-8")
        click.echo(f"{path} written")
        return
    if not path.exists() or path.read_text(encoding="utf-8") != document:
        raise Refused(f"{path} differs from the code; run `python -m backend openapi`")
    click.echo(f"OpenAPI: {path} is up to date")
