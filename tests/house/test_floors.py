"""Who may import whom, and what stays where: the walls of docs/architecture.md."""

import ast
import subprocess
import sys
from pathlib import Path

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


def attributes_of(path: Path) -> set[str]:
    """Every `name.attribute` a module writes."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def test_no_module_has_a_name_that_says_nothing():
    assert [name_of(path) for path in modules() if path.stem in EMPTY_NAMES] == []


def test_only_the_clock_reads_the_wall_clock():
    forbidden = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.sleep"}
    readers = [
        name_of(path) for path in modules() if attributes_of(path) & forbidden and not is_excused(path)
    ]
    assert readers == []


def is_excused(path: Path) -> bool:
    """Whether a module may read the wall clock."""
    return any(name_of(path).startswith(room) for room in WALL_CLOCK)


def test_only_config_reads_the_environment():
    forbidden = {"os.environ", "os.getenv", "os.putenv"}
    readers = [name_of(path) for path in modules() if attributes_of(path) & forbidden]
    assert readers == ["backend/config.py", "notifications/phone_simulator/__main__.py"]
