"""Builds the images, runs them as an installation would, and checks from outside that they do their work.

Run by `make docker-test`. Uses a project, ports and a database volume of its own, which are
gone afterwards; needs an engine that answers and its compose command.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120.0
PHONE = "+905010009901"
ZONES = ("Europe/Istanbul", "America/New_York", "America/Los_Angeles", "Pacific/Auckland", "Asia/Tokyo")


class NotAsPromised(Exception):
    """The running product did not do what it says."""


def compose_command() -> list[str] | None:
    """Return how compose is called here; None without an engine that answers, or without compose."""
    if shutil.which("docker") is None or _quiet("docker", "info"):
        return None
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and not _quiet(*command, "version"):
            return command
    return None


def _quiet(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def daytime_zone(now: datetime) -> str:
    """Return a zone where it is day, so that no quiet hours hold the text back."""
    return next(zone for zone in ZONES if 10 <= now.astimezone(ZoneInfo(zone)).hour < 19)


@dataclass(slots=True)
class Installation:
    """One running copy of docker-compose.yml."""

    compose: list[str]
    environment: dict[str, str]
    web: str
    simulator: str

    def call(self, *arguments: str) -> str:
        """Run a compose command and return what it printed; raises NotAsPromised with it when it fails."""
        done = subprocess.run(
            [*self.compose, "--profile", "simulator", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotAsPromised(f"compose {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def up(self) -> None:
        """Start everything and wait until the product says that it is ready."""
        self.call("up", "--detach", "--no-build")
        wait_for("the web to be ready", lambda: _ready(f"{self.web}/readyz"))
        wait_for("the simulator", lambda: _ready(f"{self.simulator}/"))


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def wait_for(what: str, happens: Callable[[], bool]) -> None:
    """Wait until `happens` says so; raises NotAsPromised when it takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        if time.monotonic() > deadline:
            raise NotAsPromised(f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}")
        time.sleep(0.5)


def try_it_out(installation: Installation) -> None:
    """Enrol a patient through the published port, see the text arrive, stop, start, and find it all again."""
    installation.call("build")
    installation.up()
    if "database: migrated from nothing" not in installation.call("logs", "migrate"):
        raise NotAsPromised("the migrations did not run")
    sign_ins = installation.call("exec", "-T", "web", "python", "-m", "backend", "seed-demo").splitlines()
    email, password, _role = next(line.split() for line in sign_ins if line.endswith(" nurse"))
    with signed_in(installation, email, password) as api:
        patient_id = enrol(api)
    wait_for("the first text on the patient's phone", lambda: bool(texts(installation)))
    print(f"the text arrived: {texts(installation)[0]['body']}")
    installation.call("down")
    installation.up()
    if "database: already at" not in installation.call("logs", "migrate"):
        raise NotAsPromised("the migrations ran a second time")
    with signed_in(installation, email, password) as api:
        api.get(f"/patients/{patient_id}").raise_for_status()
    print("stopped and started again: the patient is still there, and the migrations had nothing to do")


def signed_in(installation: Installation, email: str, password: str) -> httpx.Client:
    """Return a client of the API with the account's token."""
    address = f"{installation.web}/api/v1"
    who = {"email": email, "password": password}
    answer = httpx.post(f"{address}/auth/staff/token", json=who, timeout=30).raise_for_status()
    authorization = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=address, headers=authorization, timeout=30)


def enrol(api: httpx.Client) -> str:
    """Register a patient with a procedure an hour ago; return the patient's id."""
    now = datetime.now(UTC)
    patient = api.post(
        "/patients",
        json={
            "given_name": "Docker",
            "family_name": "Test",
            "phone": PHONE,
            "language": "en",
            "timezone": daytime_zone(now),
            "sms_consent": {"given_at": now.replace(microsecond=0).isoformat(), "source": "clinic"},
        },
    ).raise_for_status()
    patient_id = str(patient.json()["id"])
    api.post(
        f"/patients/{patient_id}/procedures",
        json={
            "performed_at": now.replace(minute=0, second=0, microsecond=0).isoformat(),
            "protocol": "nucleoplasty_lumbar",
            "region": "lumbar",
            "levels": ["L4-L5"],
            "technique": "radiofrequency",
            "baseline_pain": 7,
        },
    ).raise_for_status()
    return patient_id


def texts(installation: Installation) -> list[dict[str, str]]:
    """Return what the simulator has received for our patient."""
    answer = httpx.get(f"{installation.simulator}/simulator/messages", params={"to": PHONE}, timeout=10)
    found: list[dict[str, str]] = answer.raise_for_status().json()["messages"]
    return found


def main() -> int:
    """Try it out on an installation of our own; 1 when anything is not as promised."""
    command = compose_command()
    if command is None:
        print(
            "make docker-test: no Docker engine answers here, or compose is missing; nothing was tested",
            file=sys.stderr,
        )
        return 1
    web, simulator = free_port(), free_port()
    environment = {
        **os.environ,
        "COMPOSE_PROJECT_NAME": f"recovery-test-{os.getpid()}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "POSTGRES_PASSWORD": secrets.token_hex(16),
        "PUBLIC_URL": "http://web:8000",
        "TWILIO_API_URL": "http://simulator:8010",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_SENDER": "+15005550006",
        "PUBLISH": f"127.0.0.1:{web}",
        "PUBLISH_SIMULATOR": f"127.0.0.1:{simulator}",
    }
    with tempfile.NamedTemporaryFile(prefix="recovery-no-env-") as empty:
        command = [*command, "--env-file", empty.name]  # whatever .env says is for the real installation
        installation = Installation(
            command, environment, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{simulator}"
        )
        try:
            try_it_out(installation)
        except (NotAsPromised, httpx.HTTPError) as error:
            print(f"make docker-test: {error}", file=sys.stderr)
            print(installation.call("logs", "--tail", "40"), file=sys.stderr)
            return 1
        finally:
            installation.call("down", "--volumes", "--remove-orphans")
    print("make docker-test: all as promised")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
