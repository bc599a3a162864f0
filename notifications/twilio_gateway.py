"""The rim to Twilio: sends through its official client, and reads what its webhooks bring.

The only module that imports `twilio`; how its answers are read is `twilio_answers`'. What a text says,
whether it may go, and what a report changes are decided elsewhere. Used by the worker (TwilioGateway) and by
the house's webhooks (the functions).
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.base.values import unset
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from yarl import URL

from notifications.gateway import (
    DeliveryReport,
    InboundText,
    Listing,
    OutgoingText,
    PermanentSendError,
    ProviderMessage,
    Receipt,
    SendError,
    TransientSendError,
    UnknownOutcome,
)
from notifications.phone import PhoneNumber
from notifications.twilio_answers import receipt, refused_question, refused_text, remembered, seconds

_RATE_LIMITED: Final = 429
_NOT_FOUND: Final = 404
_LARGEST_PAGE: Final = 1000
_REFUSED: Final = (TwilioRestException, TwilioServiceException)
_NO_ANSWER: Final = (aiohttp.ClientError, TimeoutError, OSError)
_UNREADABLE: Final = (ValueError, TypeError, AttributeError, KeyError)

Told = TypeVar("Told")

# Twilio's client logs URLs with their query (`messages.list(to=…)` holds a number) at INFO, whatever the
# root says.
for _name in ("twilio.http_client", "twilio.async_http_client"):
    logging.getLogger(_name).disabled = True


class TwilioGateway:
    """A MessageGateway, MessageLookup and MessageRedactor over Twilio's REST API.

    `sender` is an E.164 number, an alphanumeric id or a Messaging Service (`MG…`); `api_url` is Twilio's
    or the phone simulator's; `timeout_seconds` bounds a whole call, half of it the wait for a
    connection; a listing reads `longest_list` messages at most.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        api_url: str,
        timeout_seconds: float = 10.0,
        max_connections: int = 32,
        longest_list: int = _LARGEST_PAGE,
    ) -> None:
        """Connects nothing yet. Raises ValueError for an address that is not http(s)."""
        if not api_url.startswith(("http://", "https://")):
            raise ValueError("api_url must start with https:// (or http:// for the simulator)")
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._sender = sender
        self._api_url = api_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._max_connections = max_connections
        self._longest_list = longest_list
        self._transport: _Transport | None = None
        self._client: Client | None = None

    def __repr__(self) -> str:
        return f"TwilioGateway({self._account_sid}, {self._api_url})"

    async def send(self, text: OutgoingText) -> Receipt:
        """Create one Message. See MessageGateway.send for the three ways to fail."""
        sender = text.sender or self._sender
        service = sender.startswith("MG")
        try:
            message = await self._connected().messages.create_async(
                to=text.to.e164,
                body=text.body,
                status_callback=text.status_url,
                from_=unset if service else sender,
                messaging_service_sid=sender if service else unset,
                validity_period=unset if text.validity_seconds is None else text.validity_seconds,
            )
        except SendError:
            raise
        except _REFUSED as error:
            raise refused_text(error.status, error.code if isinstance(error.code, int) else None) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TransientSendError(f"no connection to the provider: {type(error).__name__}") from None
        except _NO_ANSWER as error:
            raise UnknownOutcome(f"the connection broke after the request: {type(error).__name__}") from None
        except _UNREADABLE:
            raise UnknownOutcome("the provider's answer cannot be read") from None
        return receipt(message, text)

    async def find(self, *, to: PhoneNumber, since: datetime, until: datetime) -> Listing:
        """List Messages by their recipient. See MessageLookup.find.

        Twilio is asked for no dates: it would compare GMT days of *sending*, and so hide what still waits
        in its queue. The instants are compared here, by the time of creation.
        """

        async def read_list() -> tuple[list[ProviderMessage], bool]:
            # one more than we mean to read, to know whether there is more
            read = await self._connected().messages.list_async(
                to=to.e164, page_size=_LARGEST_PAGE, limit=self._longest_list + 1
            )
            taken = [remembered(message, to) for message in read[: self._longest_list]]
            return taken, len(read) <= self._longest_list

        taken, complete = await _told(read_list())
        found = tuple(message for message in taken if since <= message.created_at <= until)
        return Listing(found, complete=complete)

    async def fetch(self, provider_sid: str) -> ProviderMessage | None:
        """Fetch one Message. See MessageLookup.fetch."""

        async def read_one() -> ProviderMessage:
            message = await self._connected().messages(provider_sid).fetch_async()
            told = remembered(message, PhoneNumber.parse(message.to or ""))
            if told.provider_sid != provider_sid:
                raise ValueError("the answer is about another message")
            return told

        try:
            return await _told(read_one())
        except _NotThere:
            return None

    async def redact(self, provider_sid: str) -> bool:
        """Empty one Message's Body. See MessageRedactor.redact."""
        try:
            await _told(self._connected().messages(provider_sid).update_async(body=""))
        except _NotThere:
            return False
        return True

    async def close(self) -> None:
        """Let go of every connection; the next send opens anew."""
        transport, self._transport, self._client = self._transport, None, None
        if transport is not None:
            await transport.close()

    def _connected(self) -> Client:
        """The client, made inside the running loop because its connections belong to that loop."""
        if self._client is None:
            self._transport = _Transport(self._timeout_seconds, self._max_connections)
            # A filled `environment` keeps the client from reading TWILIO_EDGE and TWILIO_REGION from
            # ours: they would rewrite the host of `base_url`.
            self._client = Client(
                self._account_sid,
                self._auth_token,
                http_client=self._transport,
                environment={"TWILIO_ACCOUNT_SID": self._account_sid},
            )
            self._client.api.base_url = self._api_url
        return self._client


class _NotThere(PermanentSendError):
    """Twilio has no such record."""


async def _told(question: Awaitable[Told]) -> Told:
    """Wait for what a question yields, and sort how it fails."""
    try:
        return await question
    except _REFUSED as error:
        if error.status == _NOT_FOUND:
            raise _NotThere("the provider does not have it") from None
        raise refused_question(error.status) from None
    except TwilioException as error:  # a list's: the answer is its second argument
        answer = error.args[1] if len(error.args) > 1 else None
        raise refused_question(answer.status_code if isinstance(answer, Response) else 0) from None
    except _NO_ANSWER as error:
        raise TransientSendError(f"the provider did not answer: {type(error).__name__}") from None
    except _UNREADABLE:
        raise TransientSendError("the provider's answer cannot be read") from None


class _Transport(AsyncHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Twilio's documented `http_client=` seam over one aiohttp session.

    Its own AsyncTwilioHttpClient (9.13) ignores the timeout given to it, sends `timeout=None` (forever) since
    `create_async` has no such argument, and keeps the last response on itself, so that calls without a
    pool get one another's. Here a call has its own response, a limit as a whole and one for connecting,
    and logs nothing.
    """

    def __init__(self, timeout_seconds: float, max_connections: int) -> None:
        super().__init__(logging.getLogger("twilio.async_http_client"), is_async=True)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=max_connections),
            timeout=aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds / 2),
        )

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  # its signature; the session has the limits
        allow_redirects: bool = False,
    ) -> Response:
        proof = {} if auth is None else {"Authorization": aiohttp.encode_basic_auth(*auth)}
        async with self._session.request(
            method,
            uri,
            params=params,
            data=None if data is None else form(data),
            headers={**(headers or {}), **proof},
            allow_redirects=allow_redirects,
        ) as answer:
            if answer.status == _RATE_LIMITED:
                pause = seconds(answer.headers.get("Retry-After"))
                raise TransientSendError("the provider asks us to slow down", code=20429, retry_after=pause)
            return Response(answer.status, await answer.text(), answer.headers)

    async def close(self) -> None:
        await self._session.close()
        await asyncio.sleep(0)  # one turn of the loop, in which the sockets close


def form(data: Mapping[str, Any]) -> bytes:
    """Return a form's body; yarl, which aiohttp brings along, quotes a text three times as fast as urllib."""
    return URL.build(query={name: str(value) for name, value in data.items()}).raw_query_string.encode()


def valid_signature(url: str, params: Any, signature: str, auth_tokens: Sequence[str]) -> bool:
    """Tell whether Twilio signed this request to `url`, the public address from the settings.

    `params` are the POST parameters, blank ones included (a dict or Flask's MultiDict). Any of
    `auth_tokens` will do, while one is being rotated.
    """
    return any(RequestValidator(token).validate(url, params, signature) for token in auth_tokens)


def parse_inbound(form: Mapping[str, str]) -> InboundText:
    """Read an inbound webhook. Raises KeyError when Twilio's own fields are missing."""
    media = form.get("NumMedia", "0")
    return InboundText(
        provider_sid=form["MessageSid"],
        sender=form["From"],
        recipient=form["To"],
        body=form.get("Body", ""),
        opt_out_type=form.get("OptOutType") or None,
        media_count=int(media) if media.isdecimal() else 0,
    )


def parse_delivery_report(form: Mapping[str, str]) -> DeliveryReport:
    """Read a status callback. Raises KeyError when Twilio's own fields are missing."""
    code = form.get("ErrorCode", "")
    return DeliveryReport(
        provider_sid=form["MessageSid"],
        status=form["MessageStatus"],
        error_code=int(code) if code.isdecimal() else None,
    )
