"""`python -m tests.chaos.endpoint ORDER`: a stand-in for Twilio that misbehaves as its order says.

Takes texts, lists them by recipient (paged as Twilio pages, newest first), shows one, and sends signed status
callbacks. Whoever asks has a path of its own (`/w1.3/2010-04-01/…`), so that the ledger knows each process.
`gone 60` on stdin refuses every connection for a minute; the memory stays.
"""

import asyncio
import base64
import sys
import urllib.parse
from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.chaos.callbacks import Callbacks
from tests.chaos.clocks import clock_of
from tests.chaos.faults import list_breaks, treatment
from tests.chaos.ledger import Entry, LedgerWriter, What
from tests.chaos.orders import EndpointOrder
from tests.chaos.provider import Memory, Taken


class Endpoint:
    """The HTTP side."""

    def __init__(self, order: EndpointOrder) -> None:
        self._order = order
        self._now = clock_of(order.clock)
        self._ledger = LedgerWriter(order.ledger)
        self._memory = Memory()
        self._asked: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
        self._site: web.TCPSite | None = None
        credentials = base64.b64encode(f"{order.account}:{order.token}".encode()).decode()
        self._credentials = f"Basic {credentials}"

    async def serve(self) -> None:
        """Answer until stdin ends."""
        order = self._order
        self._callbacks = Callbacks(order.seed, order.habits, order.account, order.token, self._ledger)
        app = web.Application(middlewares=[self._authenticate])
        messages = f"/{{by}}/2010-04-01/Accounts/{order.account}/Messages"
        app.router.add_post(f"{messages}.json", self._create)
        app.router.add_get(f"{messages}.json", self._list)
        app.router.add_get(f"{messages}/{{sid}}.json", self._fetch)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._open()
        await self._obey()
        await self._callbacks.close()
        await self._runner.cleanup()

    async def _obey(self) -> None:
        stdin = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
        while line := await stdin.readline():
            word, _, seconds = line.decode().partition(" ")
            if word == "gone":
                await self._be_gone(float(seconds))

    async def _open(self) -> None:
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._order.port, reuse_address=True, backlog=512)
        await self._site.start()

    async def _be_gone(self, seconds: float) -> None:
        """Refuse every connection and break those that are open; what they asked for is still done."""
        assert self._site is not None
        await self._site.stop()
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(seconds)
        await self._open()

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") != self._credentials:
            return _refusal(401, 20003, "Authenticate")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        to, url = form["To"], form["StatusCallback"]
        self._asked[to] += 1
        number = self._asked[to]
        treat = treatment(self._order.seed, to, number, self._order.habits)
        by = request.match_info["by"]
        await asyncio.sleep(treat.before)
        if treat.fault in {"busy", "broken"}:
            self._ledger.add(_entry("refused", by, url, treat.fault))
            await asyncio.sleep(treat.after)
            if treat.fault == "busy":
                return _refusal(429, 20429, "Too Many Requests", {"Retry-After": "1"})
            return _refusal(500, 20500, "Internal Server Error")
        taken = self._memory.take(to, form["From"], form["Body"], number, self._now())
        noted = _entry("taken", by, url, treat.fault, taken.sid)
        self._ledger.add(noted)
        self._callbacks.follow(taken, url, noted)
        await asyncio.sleep(treat.after)
        if treat.fault == "dropped":
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if treat.fault == "broken_after":
            return _refusal(500, 20500, "Internal Server Error")
        return web.json_response(taken.as_json(self._order.account), status=201)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        to, by = request.query["To"], request.match_info["by"]
        if self._breaks(to):
            self._ledger.add(Entry("listed", by, fault="list_broken"))
            return _refusal(500, 20500, "Internal Server Error")
        page, size = int(request.query.get("Page", "0")), min(int(request.query.get("PageSize", "50")), 1000)
        texts, more = self._memory.page(to, page, size)
        self._ledger.add(Entry("listed", by))
        path = f"/2010-04-01/Accounts/{self._order.account}/Messages.json"
        following = urllib.parse.urlencode({"To": to, "PageSize": size, "Page": page + 1})
        return web.json_response(
            {
                "messages": [text.as_json(self._order.account) for text in texts],
                "next_page_uri": f"{path}?{following}" if more else None,
                "page": page,
                "page_size": size,
            }
        )

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        taken: Taken | None = self._memory.by_sid.get(request.match_info["sid"])
        if taken is None:
            return _refusal(404, 20404, "The requested resource was not found")
        broken = self._breaks(taken.to)
        self._ledger.add(
            Entry("fetched", request.match_info["by"], fault="list_broken" if broken else "", sid=taken.sid)
        )
        if broken:
            return _refusal(500, 20500, "Internal Server Error")
        return web.json_response(taken.as_json(self._order.account))

    def _breaks(self, to: str) -> bool:
        self._read[to] += 1
        return list_breaks(self._order.seed, to, self._read[to], self._order.habits)


def _entry(what: What, by: str, url: str, fault: str, sid: str = "") -> Entry:
    """Name the text as its callback's address does: by our id and attempt."""
    parts = urllib.parse.urlsplit(url)
    attempt = int(urllib.parse.parse_qs(parts.query)["attempt"][0])
    return Entry(what, by, parts.path.rsplit("/", 1)[1], attempt, sid, fault)


def _refusal(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    payload = {"code": code, "message": message, "more_info": "", "status": status}
    return web.json_response(payload, status=status, headers=headers)


if __name__ == "__main__":
    asyncio.run(Endpoint(EndpointOrder.read(sys.argv[1])).serve())
