"""The product as it runs: web process, worker's jobs and phone simulator, talking HTTP over loopback."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from backend import jobs
from backend.app import create_app
from backend.config import Settings
from backend.db import db, transaction
from backend.services.accounts import create_staff
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.server import Running, running
from tests.world import CLINIC_NUMBER, World

NURSE = ("nurse@example.org", "a-long-enough-password")


@dataclasses.dataclass(slots=True)
class House:
    """The running product: its address, the phone simulator, and the worker's tick."""

    world: World
    api: httpx.Client
    phones: Running

    def tick(self) -> None:
        """Run every job once with the real Twilio client, then let the simulator's callbacks arrive."""
        for job in jobs.JOBS.values():
            job(self.world.engine, self.world.now)
        self.world.dispatcher.tick(self.world.now)
        assert self.phones.simulator.courier.settle(), "the simulator's callbacks did not end"

    def sign_in(self) -> None:
        """Let the nurse begin a shift: a token lasts for one."""
        given = {"email": NURSE[0], "password": NURSE[1]}
        token = self.api.post("/auth/staff/token", json=given).raise_for_status().json()["access_token"]
        self.api.headers["Authorization"] = f"Bearer {token}"

    def on_the_phone(self, number: str) -> list[str]:
        """Return what the patient's phone shows, newest last, as the simulator's page gets it."""
        answer = httpx.get(f"{self.phones.url}/simulator/messages", params={"to": number}).raise_for_status()
        return [message["body"] for message in reversed(answer.json()["messages"])]

    def reply(self, number: str, body: str) -> None:
        """Type a reply on the patient's phone."""
        form = {"From": number, "To": CLINIC_NUMBER, "Body": body}
        httpx.post(f"{self.phones.url}/simulator/inbound", json=form).raise_for_status()


@pytest.fixture
def house(engine: Engine, settings: Settings, world: World) -> Iterator[House]:
    """Start everything; the world's clock is the product's."""
    with contextlib.ExitStack() as stack:
        # bound first and started last: each process must know the other's address
        server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
        url = f"http://127.0.0.1:{server.port}"
        line = Line(
            settings.twilio_account_sid,
            settings.twilio_auth_tokens,
            CLINIC_NUMBER,
            f"{url}/webhooks/twilio/inbound",
        )
        phones = stack.enter_context(running(line, pace=0))
        settings = dataclasses.replace(settings, public_url=url, twilio_api_url=phones.url)
        app = create_app(settings, clock=lambda: world.now)
        stack.callback(lambda: _dispose(app))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        stack.callback(server.server_close)
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        world.dispatcher.close()
        world.dispatcher = jobs.make_dispatcher(engine, settings, lambda: world.now)
        with transaction(engine) as session:
            create_staff(session, world.nurse.clinic_id, *NURSE, "Elif", "nurse", now=world.now)
        api = stack.enter_context(httpx.Client(base_url=f"{url}/api/v1", timeout=30))
        house = House(world, api, phones)
        house.sign_in()
        yield house


def _dispose(app: object) -> None:
    with app.app_context():  # type: ignore[attr-defined]
        db.engine.dispose()
