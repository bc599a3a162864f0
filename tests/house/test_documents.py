"""The documents and the code say the same: settings, commands, targets, templates, locks."""

import re
import tomllib
from itertools import pairwise

import click
import pytest

from backend.cli import cli
from backend.config import load_settings
from notifications.compose import templates
from schedules.catalogue import Catalogue
from schedules.protocol import Step
from tests.house.sources import ROOT, document

OPERATIONS = "docs/operations.md"
FOR_MAKE_ONLY = {"PORT", "SIMULATOR_PORT"}
SETTING = re.compile(r"^\| `([A-Z][A-Z_]+)`", re.MULTILINE)


class Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name, default=None):
        """Remember the name; there is no value."""
        self.names.add(name)
        return default

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return False


def settings_read_by_the_code() -> set[str]:
    """The names load_settings asks for, NAME_FILE counted as NAME."""
    asked = Asked()
    load_settings(asked)
    return {name.removesuffix("_FILE") for name in asked.names}


def test_every_setting_is_documented():
    assert settings_read_by_the_code() - set(SETTING.findall(document(OPERATIONS))) == set()


def test_every_documented_setting_is_real():
    documented = set(SETTING.findall(document(OPERATIONS)))
    assert documented - settings_read_by_the_code() - FOR_MAKE_ONLY == set()


def test_the_example_environment_names_only_real_settings():
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", document(".env.example"), re.MULTILINE))
    of_compose = {"POSTGRES_PASSWORD", "PUBLISH", "PUBLISH_SIMULATOR"}
    assert named - settings_read_by_the_code() - of_compose == set()


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_documented(name):
    assert f"`{name}" in document(OPERATIONS)


def test_every_documented_command_exists():
    named = re.findall(r"python -m backend ([a-z][a-z-]+)", document(OPERATIONS) + document("README.md"))
    assert set(named) - set(cli.commands) == set()


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_says_what_it_does(name):
    command = cli.commands[name]
    assert isinstance(command, click.Command)
    assert command.help


def test_every_make_target_named_in_a_document_exists():
    targets = set(re.findall(r"^([a-z-]+):", document("Makefile"), re.MULTILINE))
    texts = [document(name) for name in ("README.md", "CONTRIBUTING.md", OPERATIONS)]
    assert set(re.findall(r"`make ([a-z-]+)", " ".join(texts))) - targets == set()


def templates_of(step: Step) -> set[str]:
    """Every text a step may send."""
    named = {step.template, step.nudge_template, *(variant.template for variant in step.variants)}
    for reminder in step.reminders:
        named |= {reminder.template, reminder.booked_template}
    return {name for name in named if name is not None}


@pytest.mark.parametrize("protocol", Catalogue.shipped().all(), ids=lambda protocol: protocol.id)
def test_every_text_a_protocol_names_can_be_written(protocol):
    named = set().union(*(templates_of(step) for step in protocol.steps))
    assert named - set(templates()) == set()


def test_what_runs_is_locked_as_what_is_tested():
    pins = [
        dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", document(name), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    runs, tested = pins
    assert {name: tested.get(name) for name in runs} == runs


def test_every_locked_file_is_known_by_its_hash():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        lines = [line for line in document(name).splitlines() if line and not line.lstrip().startswith("#")]
        bare = [one for one, following in pairwise([*lines, ""]) if "==" in one and "--hash" not in following]
        assert bare == [], name


def test_no_lock_says_where_packages_come_from():
    locks = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
    assert [name for name in locks if "://" in document(name)] == []
    assert '"resolved"' not in document("package-lock.json")


def test_the_version_is_the_newest_in_the_changelog():
    version = tomllib.loads(document("pyproject.toml"))["project"]["version"]
    assert f"## {version}" in document("CHANGELOG.md")


def test_every_link_between_documents_leads_somewhere():
    lost = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text(encoding="utf-8"))
        lost += [f"{path.name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert lost == []
