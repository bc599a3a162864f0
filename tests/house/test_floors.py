"""Who may import whom, and what stays where: the walls of docs/architecture.md."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT, modules, name_of, parsed

TOP = {
    "backend",
    "schedules",
    "notifications",
    "tests",
    "tools",
    "docs",
    "Dockerfile",
    "docker-compose.yml",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "pyproject.toml",
    "requirements.in",
    "requirements.txt",
    "requirements-dev.in",
    "requirements-dev.txt",
    "requirements-node.in",
    "requirements-node.txt",
    "package.json",
    "package-lock.json",
    "gunicorn.conf.py",
}
"""Everything that may stand at the root; what starts with a dot is the machinery's."""

MADE_HERE = {"instance", "node_modules", "build", "dist"}

WALL_CLOCK = {
    "backend/clock.py": "the one clock",
    "notifications/phone_simulator": "a process of its own, which plays the world outside",
}

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def test_imports_go_down_and_the_wings_know_nothing_of_the_house():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_root_holds_what_the_tree_names_and_nothing_else():
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - MADE_HERE - TOP == set()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_module_has_a_name_that_means_anything(path):
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_the_clock_reads_the_wall_clock(path):
    if any(name_of(path).startswith(room) for room in WALL_CLOCK):
        return
    calls = [
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    forbidden = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.sleep"}
    assert forbidden.isdisjoint(calls)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_config_reads_the_environment(path):
    if name_of(path) in {"backend/config.py", "notifications/phone_simulator/__main__.py"}:
        return
    reads = [
        node.attr
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    ]
    assert {"environ", "getenv", "putenv"}.isdisjoint(reads)
