"""A benchmark's run in miniature, on the tests' own PostgreSQL."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from tools.bench.run import Run, Sizes, begin

FEW = Sizes(
    messages=30,
    peer_messages=5,
    patients=10,
    future=(10, 30),
    future_sqlite=(10,),
    already_sent=20,
    memory_marks=(5, 10),
    callbacks=5,
    path_seconds=0.0,
)


@pytest.fixture(scope="module")
def run(postgresql_server: str) -> Iterator[Run]:
    """A run whose endpoint is up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_DATABASE_URL", postgresql_server)
        with begin(FEW, Console(file=io.StringIO())) as run:
            yield run
