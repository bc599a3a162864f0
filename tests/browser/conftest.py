"""The product as people meet it: its pages and the phone simulator, served over HTTP to a real Chromium.

The worker's ticks are the test's own, so that nothing waits for a clock; the clock is
the world's. Everything else is as in `make run`.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine
from werkzeug.serving import make_server

from backend import jobs
from backend.app import create_app
from backend.config import Settings
from backend.db import ENGINE_OPTIONS, db, transaction
from backend.services.accounts import create_staff
from tests.world import CLINIC_NUMBER, World

LEAVES_EARLY = pytest.mark.filterwarnings(
    # a browser that goes on before a page's last file came leaves the server's copy of it half read
    "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
)
EMAIL, PASSWORD = "elif@clinic.example", "a long enough password"
ROOT = Path(__file__).parent.parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the machine's own Chromium: `make test` finds or installs it and names it in CHROMIUM."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium: install one, or name it in CHROMIUM")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": found, "args": flags}


@pytest.fixture(scope="session", autouse=True)
def frontend_files() -> None:
    """The pages' style and scripts must be there: `make setup` copies them."""
    vendor = ROOT / "backend" / "dashboard" / "static" / "vendor"
    assert (vendor / "htmx.min.js").is_file(), "run `npm ci` and `python -m tools.frontend` first"


@dataclass(frozen=True, slots=True)
class Product:
    """The running product: where its pages and the phones are, and its worker's tick."""

    url: str
    phones_url: str
    world: World
    worker: ThreadPoolExecutor  # Playwright holds the loop of the test's own thread

    def tick(self) -> None:
        """Let the worker do its round."""
        self.worker.submit(self.world.tick).result(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def product(settings: Settings, now: datetime) -> Iterator[Product]:
    """A clinic with a nurse who can sign in, served; and the patients' phones beside it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with PhoneSimulator(settings, f"{url}/webhooks/twilio/inbound") as phones_url:
        settings = replace(settings, public_url=url, twilio_api_url=phones_url, simulator_url=phones_url)
        with working(settings, now) as (world, worker), served(settings, world, port):
            yield Product(url, phones_url, world, worker)


@contextmanager
def working(settings: Settings, now: datetime) -> Iterator[tuple[World, ThreadPoolExecutor]]:
    """A clinic whose texts go over HTTP, a nurse's account, and the thread its worker runs in."""
    engine = create_engine(settings.database_url, **ENGINE_OPTIONS)
    with ThreadPoolExecutor(1) as worker:
        world = World(engine, settings, now)
        worker.submit(world.dispatcher.close).result(timeout=30)
        world.dispatcher = jobs.make_dispatcher(engine, settings, lambda: world.now)
        with transaction(engine) as session:
            create_staff(session, world.nurse.clinic_id, EMAIL, PASSWORD, "Elif Aksoy", "nurse", now)
        yield world, worker
        worker.submit(world.dispatcher.close).result(timeout=30)
    engine.dispose()


@contextmanager
def served(settings: Settings, world: World, port: int) -> Iterator[None]:
    """The web application on the world's clock, in a thread of its own."""
    app = create_app(settings, clock=lambda: world.now)
    server = make_server("127.0.0.1", port, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield
    server.shutdown()
    serving.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite, as in `make run`."""
    file = tmp_path / "recovery.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


class PhoneSimulator:
    """The phone simulator as a process of its own, as in `make run`; ended with the test."""

    def __init__(self, settings: Settings, inbound_url: str) -> None:
        self._command = [
            sys.executable,
            *("-m", "notifications.phone_simulator", "--port", "0", "--pace", "0.01"),
            *("--account-sid", settings.twilio_account_sid),
            *("--auth-token", settings.twilio_auth_tokens[0]),
            *("--number", CLINIC_NUMBER),
            *("--inbound-url", inbound_url),
        ]

    def __enter__(self) -> str:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith("Phone simulator at "), said
        return said.removeprefix("Phone simulator at ").strip()

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)


@pytest.fixture
def tab(browser: Browser, product: Product) -> Iterator[Page]:
    """A tab that reports whatever the browser complains of: a script's error, a refused style."""
    del product  # it must outlive the tab
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []
