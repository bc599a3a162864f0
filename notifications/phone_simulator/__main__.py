"""`python -m notifications.phone_simulator`: reads settings, serves until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from notifications.phone_simulator.line import Line, LineError
from notifications.phone_simulator.server import running


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the simulator; the exit status is 0 after a signal, 2 when a setting cannot be."""
    asked = _parser().parse_args(arguments)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        line = Line(
            account_sid=asked.account_sid,
            auth_tokens=tuple(token.strip() for token in asked.auth_token.split(",")),
            number=asked.number,
            inbound_url=asked.inbound_url,
        )
        with running(line, host=asked.host, port=asked.port, state=asked.state, pace=asked.pace) as network:
            sys.stdout.write(f"Phone simulator at {network.url}\n")
            sys.stdout.flush()
            stop.wait()
    except (LineError, OSError) as error:
        sys.stderr.write(f"Phone simulator: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    env = os.environ
    parser = argparse.ArgumentParser(
        prog="python -m notifications.phone_simulator",
        description="A stand-in for Twilio that shows each patient's phone as a page.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(env.get("SIMULATOR_PORT", "8010")))
    parser.add_argument("--account-sid", default=env.get("TWILIO_ACCOUNT_SID", ""))
    parser.add_argument("--auth-token", default=env.get("TWILIO_AUTH_TOKEN", ""), help="two: comma-separated")
    parser.add_argument("--number", default=env.get("TWILIO_SENDER", "+15005550006"))
    parser.add_argument(
        "--inbound-url",
        default=env.get("SIMULATOR_INBOUND_URL", "http://127.0.0.1:8000/webhooks/twilio/inbound"),
    )
    parser.add_argument("--state", type=Path, help="SQLite file that keeps the conversations")
    parser.add_argument("--pace", type=float, default=0.4, help="seconds between two statuses")
    return parser


if __name__ == "__main__":
    sys.exit(main())
