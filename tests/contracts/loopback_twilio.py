"""A few dozen lines that answer …/Messages.json as Twilio does, with its faults, on a loopback port.

For the gateway's contract only; the phone simulator is the stateful one.
"""

import asyncio
import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from aiohttp import web

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-of-the-test"
CREATED_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)

_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
_ONE = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{{sid}}.json"
_PAGE = 2


@dataclass
class LoopbackTwilio:
    """Runs in a thread of its own; `requests` are forms as they arrived, `fault` shapes the next answers."""

    requests: list[dict[str, str]] = field(default_factory=list)
    accepted: list[dict[str, str]] = field(default_factory=list)
    fault: Callable[[web.Request], web.StreamResponse] | None = None
    distort: Callable[[dict[str, object]], dict[str, object]] = dict
    finished: bool = True
    break_after_accept: bool = False
    silent: bool = False
    url: str = ""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post(_PATH, self._create)
        app.router.add_get(_PATH, self._list)
        app.router.add_get(_ONE, self._fetch)
        app.router.add_post(_ONE, self._redact)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        if not _authentic(request):
            return refusal(401, 20003, "Authenticate")
        if self.fault is not None:
            return self.fault(request)
        self.accepted.append(form)
        if self.silent:
            await asyncio.sleep(30)
        if self.break_after_accept:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response(self.distort(_message(form, len(self.accepted))), status=201)

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        if not _authentic(request):
            return refusal(401, 20003, "Authenticate")
        if self.fault is not None:
            return self.fault(request)
        for number, form in enumerate(self.accepted, start=1):
            message = _message(form, number)
            if message["sid"] == request.match_info["sid"]:
                return web.json_response(self.distort(message))
        return refusal(404, 20404, "Not found")

    async def _redact(self, request: web.Request) -> web.StreamResponse:
        """Take an empty Body, and nothing else, of a text that is finished."""
        form = dict(await request.post())
        found = await self._fetch(request)
        if found.status != web.HTTPOk.status_code:
            return found
        if form != {"Body": ""}:
            return refusal(400, 20001, "Body can only be made empty")
        if not self.finished:
            return refusal(409, 20009, "The message is not finished")
        self.accepted[int(request.match_info["sid"][2:], 16) - 1]["Body"] = ""
        return await self._fetch(request)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        """Newest first, two a page whatever is asked, so that every list of three has a second page."""
        if not _authentic(request):
            return refusal(401, 20003, "Authenticate")
        if self.fault is not None:
            return self.fault(request)
        all_of_them = [self.distort(_message(form, n)) for n, form in enumerate(self.accepted, start=1)]
        wanted = [message for message in reversed(all_of_them) if message["to"] == request.query["To"]]
        page = int(request.query.get("Page", "0"))
        following = request.rel_url.update_query(Page=str(page + 1))
        more = (page + 1) * _PAGE < len(wanted)
        return web.json_response(
            {
                "messages": wanted[page * _PAGE : (page + 1) * _PAGE],
                "next_page_uri": str(following) if more else None,
                "page": page,
                "page_size": _PAGE,
            }
        )


def refusal(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """Twilio's error JSON; its sentence often quotes the number, as here."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    payload = {"code": code, "message": message, "more_info": more_info, "status": status}
    return web.json_response(payload, status=status, headers=headers)


def _authentic(request: web.Request) -> bool:
    wanted = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.headers.get("Authorization") == f"Basic {wanted}"


def _message(form: dict[str, str], number: int) -> dict[str, object]:
    now = format_datetime(CREATED_AT)
    return {
        "sid": f"SM{number:032x}",
        "account_sid": ACCOUNT,
        "to": form["To"],
        "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "body": form["Body"],
        "status": "accepted" if "MessagingServiceSid" in form else "queued",
        "num_segments": "0" if "MessagingServiceSid" in form else "1",
        "num_media": "0",
        "direction": "outbound-api",
        "date_created": now,
        "date_updated": now,
        "date_sent": None,
        "error_code": None,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM{number:032x}.json",
        "subresource_uris": {},
    }
