"""The provider's delivery reports: signed as Twilio signs them, and told as badly as its habits say."""

import asyncio
import base64
import hashlib
import hmac

import aiohttp

from tests.chaos.faults import Habits, Report, reports
from tests.chaos.ledger import Entry, LedgerWriter
from tests.chaos.provider import Taken

_AT_ONCE = 16


def sign(url: str, form: dict[str, str], token: str) -> str:
    """Return X-Twilio-Signature for a form posted to `url`."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class Callbacks:
    """Lets texts come along their way and tells of it; one that finds nobody in is lost, as Twilio's are."""

    def __init__(self, seed: int, habits: Habits, account: str, token: str, ledger: LedgerWriter) -> None:
        self._seed = seed
        self._habits = habits
        self._account = account
        self._token = token
        self._ledger = ledger
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))

    def follow(self, taken: Taken, url: str, by: Entry) -> None:
        """Let this text come along, from now on; `by` names it in the ledger."""
        way, told = reports(self._seed, taken.to, taken.number, self._habits)
        loop = asyncio.get_running_loop()
        for step in way:
            loop.call_later(step.after, taken.reach, step.status, step.code)
        for report in told:
            task = asyncio.create_task(self._tell(taken, url, report, by))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _tell(self, taken: Taken, url: str, report: Report, by: Entry) -> None:
        await asyncio.sleep(report.after)
        form = {
            "AccountSid": self._account,
            "ApiVersion": "2010-04-01",
            "From": taken.sender,
            "MessageSid": taken.sid,
            "MessageStatus": report.status,
            "SmsSid": taken.sid,
            "SmsStatus": report.status,
            "To": taken.to,
        }
        if report.code is not None:
            form["ErrorCode"] = str(report.code)
        async with self._places:
            answer = await self._post(url, form)
        self._ledger.add(
            Entry("reported", by.by, by.message, by.attempt, taken.sid, status=report.status, answer=answer)
        )

    async def _post(self, url: str, form: dict[str, str]) -> int:
        headers = {"X-Twilio-Signature": sign(url, form, self._token)}
        try:
            async with self._session.post(url, data=form, headers=headers) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    async def close(self) -> None:
        """Tell no more."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._session.close()
