"""Twilio's REST API as far as the product uses it: create, fetch, list, redact and delete a Message.

A Flask blueprint; every answer, refusals included, has Twilio's shape. The checks themselves are in `checks`,
the shapes in `messages`.
"""

from __future__ import annotations

import hmac
import re
import socket
import time
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request

from notifications.phone_simulator.checks import check_create
from notifications.phone_simulator.current import current_simulator
from notifications.phone_simulator.faults import Blow
from notifications.phone_simulator.line import API_VERSION, Line
from notifications.phone_simulator.messages import Message, as_resource
from notifications.phone_simulator.refusals import Refused
from notifications.phone_simulator.store import Filter
from notifications.phone_simulator.wire import Exchange

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000
_ANSWER_SHOWN = 2_000


api = Blueprint("api", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account>")


@api.url_value_preprocessor
def take_account(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Keep the account of the address apart: only the sign-in check needs it."""
    g.account = values.pop("account", "") if values else ""


@api.before_request
def check_and_befall() -> None:
    """Check the sign-in, then let the faults that are switched on befall the request."""
    g.started = time.perf_counter()
    simulator = current_simulator()
    _authenticate(simulator.line)
    latency_ms = simulator.faults.now.latency_ms
    if latency_ms:
        time.sleep(latency_ms / 1000)
    g.blow = simulator.faults.draw()
    if g.blow is Blow.TOO_MANY:
        raise Refused(20429)
    if g.blow is Blow.SERVER_ERROR:
        raise Refused(20500)


@api.errorhandler(Refused)
def refuse(refusal: Refused) -> Response:
    """Answer a refusal in Twilio's shape."""
    answer = jsonify(refusal.as_json())
    answer.status_code = refusal.status
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if refusal.status == 429:
        answer.headers["Retry-After"] = "1"
    return answer


@api.post("/Messages.json")
def create() -> tuple[Response, int]:
    """Accept a message and send it on its way."""
    simulator = current_simulator()
    draft = check_create(request.form, simulator.line, simulator.store.opted_out)
    message = simulator.store.add(draft, simulator.clock())
    g.phone = message.phone
    simulator.courier.send_off(message)
    if g.blow is Blow.ACCEPTED_SERVER_ERROR:
        raise Refused(20500)
    if g.blow is Blow.DROP_AFTER_ACCEPT:
        _hang_up()
    return jsonify(as_resource(message, simulator.line)), 201


@api.get("/Messages.json")
def list_messages() -> Response:
    """List messages, newest first."""
    simulator = current_simulator()
    size, below, page = _paging()
    found = simulator.store.listed(_filter(), below=below, limit=size + 1)
    return jsonify(_page(found, size, page, simulator.line))


@api.get("/Messages/<sid>.json")
def fetch(sid: str) -> Response:
    """Show one message."""
    return jsonify(as_resource(_found(sid), current_simulator().line))


@api.post("/Messages/<sid>.json")
def redact(sid: str) -> Response:
    """Empty the body of a finished message. Nothing is ever scheduled here, so nothing can be canceled."""
    simulator = current_simulator()
    _found(sid)
    if request.form.get("Status") == "canceled":
        raise Refused(30409)
    if request.form.get("Body") != "":
        raise Refused(20422, "Body can only be made empty")
    redacted = simulator.store.redact(sid, simulator.clock())
    if redacted is None:
        raise Refused(20009)
    return jsonify(as_resource(redacted, simulator.line))


@api.delete("/Messages/<sid>.json")
def delete(sid: str) -> tuple[str, int]:
    """Remove a finished message from the API."""
    _found(sid)
    if not current_simulator().store.delete(sid):
        raise Refused(20009)
    return "", 204


@api.route("/<path:_rest>", methods=["GET", "POST", "DELETE"])
def refuse_unknown_path(_rest: str) -> Response:
    """Answer whatever else Twilio offers as not found."""
    raise Refused(20404)


@api.after_request
def record(response: Response) -> Response:
    """Keep the exchange for the page; the password is masked."""
    headers = {"User-Agent": request.headers.get("User-Agent", "")}
    if request.authorization is not None:
        headers["Authorization"] = f"Basic {request.authorization.username}:•••"
    dropped, blow = g.get("dropped", False), g.get("blow", Blow.NONE)
    simulator = current_simulator()
    simulator.wire.keep(
        Exchange(
            kind="request",
            at=simulator.clock(),
            method=request.method,
            url=request.full_path.rstrip("?"),
            status=None if dropped else response.status_code,
            milliseconds=(time.perf_counter() - g.started) * 1000,
            headers=headers,
            params=dict(request.form),
            answer="" if dropped else response.get_data(as_text=True)[:_ANSWER_SHOWN],
            note="" if blow is Blow.NONE else f"fault: {blow.value}",
            phone=g.get("phone") or request.form.get("To"),
        )
    )
    return response


def _authenticate(line: Line) -> None:
    given = request.authorization
    basic = given is not None and given.type == "basic"
    user, password = (given.username, given.password) if given and basic else ("", "")
    tokens_match = [
        hmac.compare_digest((password or "").encode(), token.encode()) for token in line.auth_tokens
    ]
    if not (any(tokens_match) and user == g.account == line.account_sid):
        raise Refused(20003)


def _found(sid: str) -> Message:
    message = current_simulator().store.find(sid)
    if message is None:
        raise Refused(20404)
    g.phone = message.phone
    return message


def _paging() -> tuple[int, int | None, int]:
    size, page, token = (request.args.get(name) for name in ("PageSize", "Page", "PageToken"))
    try:
        size_asked = min(max(int(size or DEFAULT_PAGE), 1), LARGEST_PAGE)
        below = int(token.removeprefix("PA")) if token else None
        return size_asked, below, max(int(page or 0), 0)
    except ValueError as error:
        raise Refused(20422, "PageSize, Page and PageToken") from error


def _filter() -> Filter:
    return Filter(
        recipient=request.args.get("To"),
        sender=request.args.get("From"),
        sent_on=_day("DateSent"),
        sent_from=_day("DateSent>"),
        sent_until=_day("DateSent<"),
    )


def _day(name: str) -> str | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not re.match(r"\d{4}-\d\d-\d\d($|T)", text):
        raise Refused(20422, f"{name} must be a date such as 2026-11-23")
    return text[:10]  # Twilio filters by the day, in GMT


def _page(found: list[Message], size: int, page: int, line: Line) -> dict[str, Any]:
    """One page in Twilio's shape; `found` has one message more than fits if another page follows.

    No way back is offered: previous_page_uri is always null.
    """
    shown = found[:size]
    path = f"{line.messages_uri}.json"
    asked = {name: value for name, value in request.args.items() if name not in ("Page", "PageToken")}
    asked["PageSize"] = str(size)

    def uri(**more: str) -> str:
        return f"{path}?{urlencode(asked | more)}"

    another_follows = len(found) > size
    return {
        "end": page * size + max(len(shown) - 1, 0),
        "first_page_uri": uri(Page="0"),
        "messages": [as_resource(message, line) for message in shown],
        "next_page_uri": uri(Page=str(page + 1), PageToken=f"PA{shown[-1].number}")
        if another_follows
        else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": None,
        "start": page * size,
        "uri": request.full_path.rstrip("?"),
    }


def _hang_up() -> None:
    """Break the connection before the answer goes out: the client cannot know whether we accepted."""
    g.dropped = True
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
