"""Commands that hand a protocol to systems that speak FHIR, and take one of our own back."""

import json
from pathlib import Path

import click

from backend.errors import Refused
from backend.services.fhir import plan_definition, read_plan_definition
from backend.services.protocol_texts import check_texts
from schedules.catalogue import Catalogue, load_protocol
from schedules.writing import tables_of, toml_of

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("export-plan-definition")
@click.argument("protocol")
@click.option("--file", "path", type=_FILE, help="Write it there instead of to the screen.")
def export_plan_definition(protocol: str, path: Path | None) -> None:
    """Write PROTOCOL (an id, or a file) as a FHIR R4 PlanDefinition."""
    found = load_protocol(Path(protocol)) if protocol.endswith(".toml") else Catalogue.shipped().get(protocol)
    text = json.dumps(plan_definition(found), indent=2, ensure_ascii=False)
    if path is None:
        click.echo(text)
        return
    path.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{path} written: {found.id} {found.version}")


@click.command("import-plan-definition")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "path", required=True, type=_FILE, help="The protocol file to write, such as own.toml.")
def import_plan_definition(file: Path, path: Path) -> None:
    """Make a protocol file of a PlanDefinition FILE that was exported here; it is checked like any other."""
    try:
        resource = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"{file}: is no JSON: {error}") from error
    protocol = read_plan_definition(resource, file.name)
    check_texts(protocol)
    path.write_text(toml_of(tables_of(protocol)), encoding="utf-8")
    click.echo(f"{path} written: {protocol.id} {protocol.version}, {len(protocol.steps)} steps")
