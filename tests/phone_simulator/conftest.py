"""A simulator on a port of its own, the clinic it calls, and Twilio's official client pointed at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.rest import Client

from notifications.phone_simulator.line import Line
from notifications.phone_simulator.server import Running, running

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN, OLD_TOKEN = "new-token", "old-token"
NUMBER = "+15005550006"
AYSE = "+905321234567"
JOHN = "+12125550123"


@dataclass(frozen=True)
class Call:
    """One call that reached the clinic."""

    url: str
    params: dict[str, str]
    signature: str


@dataclass
class Clinic:
    """A real web server in the clinic's place; it answers `status` and remembers its calls."""

    url: str
    status: int = 204
    calls: list[Call] = field(default_factory=list)

    @property
    def inbound_url(self) -> str:
        return f"{self.url}/webhooks/twilio/inbound"

    @property
    def status_url(self) -> str:
        return f"{self.url}/webhooks/twilio/status/4711?attempt=1"

    def statuses(self) -> list[str]:
        return [call.params["MessageStatus"] for call in self.calls if "MessageStatus" in call.params]


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            params = dict(parse_qsl(form, keep_blank_values=True))
            url = f"http://{self.headers['Host']}{self.path}"
            here.calls.append(Call(url, params, self.headers["X-Twilio-Signature"]))
            self.send_response(here.status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Clinic(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def line(clinic: Clinic) -> Line:
    return Line(ACCOUNT, (TOKEN, OLD_TOKEN), NUMBER, clinic.inbound_url)


@pytest.fixture
def network(line: Line) -> Iterator[Running]:
    with running(line, pace=0) as here:
        yield here


@pytest.fixture
def twilio(network: Running) -> Client:
    """Twilio's own library, pointed at the simulator the way the product does it."""
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = network.url
    return client


@pytest.fixture
def http(network: Running) -> Iterator[httpx.Client]:
    """A plain HTTP client, for what Twilio's library would not send and for the pages."""
    with httpx.Client(base_url=network.url, auth=(ACCOUNT, TOKEN)) as client:
        yield client


MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
