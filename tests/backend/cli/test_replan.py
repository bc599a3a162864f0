"""The command that puts everybody on a protocol on one version of it."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from backend.cli import cli
from backend.db import transaction
from backend.services.protocols import sign_protocol
from tests.world import World

Call = Callable[..., Result]


@pytest.fixture
def call(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `replan` on the test's own database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    return lambda *arguments: CliRunner().invoke(cli, ("replan", *arguments))


def test_everybody_is_put_on_what_the_clinic_signed_last(call: Call, world: World) -> None:
    world.enrol()
    with transaction(world.engine) as session:
        figures = {"heavy_lifting.ends": "P8W"}
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", figures, now=world.now)

    seen = call("nucleoplasty_lumbar", "--dry-run")
    done = call("nucleoplasty_lumbar", "--to", "1", "--reason", "a new study")

    assert "1 plans, 1 would change" in seen.output
    assert "1 plans, 1 changed" in done.output
    assert "1 move" in done.output


def test_a_version_nobody_signed_is_one_line(call: Call, world: World) -> None:
    done = call("nucleoplasty_lumbar", "--to", "99")

    assert (done.exit_code, "nucleoplasty_lumbar 99" in done.output) == (2, True)
