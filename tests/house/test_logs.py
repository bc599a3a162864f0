"""No health data in the logs: not a name, a number or a text, whatever happens."""

import ast
import json
import logging
from pathlib import Path

import pytest
import structlog

from backend.config import Settings
from backend.runtime import configure_logging
from tests.house.sources import modules, name_of, parsed
from tests.world import PHONE, World

SAID = "Sabahtan beri idrar yapamıyorum"


@pytest.fixture
def logging_put_back():
    """Leave the root logger as it was."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    root.handlers, level = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_whole_story_leaves_no_name_number_or_text_in_the_log(world: World, caplog):
    with caplog.at_level(logging.DEBUG):
        world.enrol()
        world.tick()
        world.text_in(SAID)
        world.tick()
    written = caplog.text
    for secret in (PHONE, PHONE[-7:], "Yılmaz", "Ayşe", SAID):
        assert secret not in written


def test_what_must_not_be_logged_is_masked_even_when_somebody_passes_it(logging_put_back, capsys):
    configure_logging(Settings(production=True))
    structlog.get_logger("test").warning(
        "a line", phone=PHONE, body=SAID, family_name="Yılmaz", message_id="m1"
    )
    line = json.loads(capsys.readouterr().err)
    assert (line["phone"], line["body"], line["family_name"]) == ("[left out]",) * 3
    assert line["message_id"] == "m1"


def test_no_log_line_is_built_from_a_name_a_number_or_a_text():
    private = {"body", "phone", "e164", "given_name", "family_name", "sender", "password"}
    talkative = {name_of(path): logged_by(path) & private for path in modules()}
    assert {name: attributes for name, attributes in talkative.items() if attributes} == {}


def logged_by(path: Path) -> set[str]:
    """Every attribute that a module hands to a logger."""
    return {
        node.attr
        for call in ast.walk(parsed(path))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"_log", "log", "logger"}
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
        for node in ast.walk(argument)
        if isinstance(node, ast.Attribute)
    }
