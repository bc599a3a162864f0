"""The project's files, as the house tests walk them."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("backend", "schedules", "notifications")


def modules(*packages: str) -> list[Path]:
    """Return every Python module of these packages, or of all three, apart from the migrations' revisions."""
    return [
        path
        for package in packages or PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "versions" not in path.parts
    ]


def name_of(path: Path) -> str:
    """Return a file's path as it is written in the project's documents."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def document(name: str) -> str:
    """Return the text of a document, by its path from the project's root."""
    return (ROOT / name).read_text(encoding="utf-8")
