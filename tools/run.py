"""The whole product on this machine, for `make run`: migrate, fill with a demo, run, and end cleanly.

Starts what an installation runs (web and worker) and the phone simulator in Twilio's
place. The texts can go nowhere else: the account is a made-up one, whatever the
environment says, so that a demo never texts a real person.
"""

import argparse
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.foreground import ChildEnded, Stopped, foreground_job, port_is_free

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
READY_SECONDS = 60.0
DEMO_ACCOUNT = {
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_AUTH_TOKEN": "the-phone-simulator-and-nobody-else",
    "TWILIO_SENDER": "+15005550006",
}


class Unusable(Exception):
    """What was asked for cannot start; the message says what to do instead."""


def ports(environ: Mapping[str, str]) -> tuple[int, int]:
    """Return the port of the web and of the simulator; raises Unusable naming the setting at fault."""
    found = []
    for name, default in (("PORT", "8000"), ("SIMULATOR_PORT", "8010")):
        text = environ.get(name, "").strip() or default
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise Unusable(f"{name}={text} is no port; give a number from 1 to 65535")
        found.append(int(text))
    web, simulator = found
    if web == simulator:
        raise Unusable(f"PORT and SIMULATOR_PORT are both {web}; give two different ones")
    for name, port in (("PORT", web), ("SIMULATOR_PORT", simulator)):
        if not port_is_free(port):
            raise Unusable(
                f"port {port} is taken by another program (perhaps a second `make run`);"
                f" stop it, or choose another: make run {name}={port + 1}"
            )
    return web, simulator


def environment(environ: Mapping[str, str], web: int, simulator: int, folder: Path) -> dict[str, str]:
    """Return what the children are told: the caller's settings, and the simulator as the only provider."""
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'recovery.db'}",
        "LOG_LEVEL": "WARNING",
        "WORKER_TICK_SECONDS": "2",
        **{key: value for key, value in environ.items() if value and not key.startswith("TWILIO_")},
        **DEMO_ACCOUNT,
        "PUBLIC_URL": f"http://{HOST}:{web}",
        "TWILIO_API_URL": f"http://{HOST}:{simulator}",
        "SIMULATOR_URL": f"http://{HOST}:{simulator}",
        "SIMULATOR_PORT": str(simulator),
        "SIMULATOR_INBOUND_URL": f"http://{HOST}:{web}/webhooks/twilio/inbound",
        "PYTHONUNBUFFERED": "1",
    }


def simulator_command(port: int, folder: Path) -> list[str]:
    """Return how the phone simulator is started, keeping its conversations in `folder`."""
    address = ("--host", HOST, "--port", str(port))
    return [
        sys.executable,
        "-m",
        "notifications.phone_simulator",
        *address,
        "--state",
        f"{folder / 'phones.db'}",
    ]


def answers(url: str) -> bool:
    """Say whether something answers at `url` with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - an address of our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def welcome(console: Console, web: int, simulator: int, sign_ins: str) -> None:
    """Show where everything is, and who may sign in."""
    where = Table(title="Recovery Tracker is running", title_justify="left", show_header=False)
    where.add_column(style="bold")
    where.add_column(overflow="fold")
    where.add_row("Nurses' dashboard", f"http://{HOST}:{web}/")
    where.add_row("The patients' phones", f"http://{HOST}:{simulator}/")
    where.add_row("API description", f"http://{HOST}:{web}/api/v1/openapi.json")
    where.add_section()
    for line in sign_ins.splitlines():
        who, password, role = line.split()
        where.add_row(f"Sign in as {role}", f"{who}   {password}")
    console.print(where)
    console.print("Ctrl-C stops everything; the data stays.\n")


def main() -> int:
    """Run until somebody asks for the end (0), or until something fails (1)."""
    parser = argparse.ArgumentParser(prog="python -m tools.run", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "instance", help="where the data stays")
    folder: Path = parser.parse_args().folder.resolve()
    console = Console()
    try:
        web, simulator = ports(os.environ)
    except Unusable as error:
        console.print(f"make run: {error}", style="red", soft_wrap=True, markup=False, highlight=False)
        return 1
    os.chdir(ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    told = environment(os.environ, web, simulator, folder)
    python = sys.executable
    with foreground_job() as job:
        try:
            job.start("phone simulator", simulator_command(simulator, folder), told)
            console.print("Preparing the database (the first time with a demo clinic: half a minute)")
            sign_ins = job.run_first("init-db", [python, "-m", "backend", "init-db", "--demo"], told)
            job.start("web", [python, "-m", "gunicorn", "--bind", f"{HOST}:{web}"], told)
            job.start("worker", [python, "-m", "backend", "worker"], told)
            urls = (f"http://{HOST}:{simulator}/", f"http://{HOST}:{web}/readyz")
            if not job.wait_until(lambda: all(answers(url) for url in urls), READY_SECONDS):
                console.print(f"make run: not ready after {READY_SECONDS:.0f} s; see {urls[1]}", style="red")
                return 1
            welcome(console, web, simulator, sign_ins)
            job.wait_for_the_end()
        except Stopped:
            console.print("\nStopping")
        except ChildEnded as error:
            console.print(f"make run: {error}; everything is stopped", style="red")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
