"""The pages people see: the phones, one phone with its conversation, the faults, the wire.

A Flask blueprint with HTML forms that work without JavaScript; static/simulator.js only keeps the page fresh
by asking /live for the same fragments. What a page shows is gathered in `shown`; scripts use `control`.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from notifications.phone import InvalidPhone, PhoneNumber
from notifications.phone_simulator.current import current_simulator
from notifications.phone_simulator.faults import SHARES, FaultError, Faults
from notifications.phone_simulator.refusals import MISHAPS
from notifications.phone_simulator.shown import LANGUAGE_COOKIE, shown
from notifications.phone_simulator.simulator import CannotWrite
from notifications.phone_simulator.words import LANGUAGES

_YEAR_SECONDS = 365 * 24 * 3600

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> str:
    """Say what this is, and list the phones."""
    return _page(None)


@pages.get("/phones/<number>")
def phone(number: str) -> str:
    """Show one phone with its conversation."""
    return _page(_known(number))


@pages.get("/phones")
def open_phone() -> AnyResponse | tuple[str, int]:
    """Go to the phone whose number was typed; spaces and a missing plus sign are forgiven."""
    try:
        number = PhoneNumber.parse(f"+{request.args.get('number', '').strip().lstrip('+')}").e164
    except InvalidPhone:
        return _page(None, wrong_number=True), 400
    return _back_to(number)


@pages.get("/live")
def live() -> Response:
    """The fragments of a page that change by themselves; 304 while the browser's copy is still right."""
    fragments = render_template("live.html", **shown(current_simulator(), _phone_asked(), request.cookies))
    answer = Response(fragments, headers={"Cache-Control": "no-cache"})
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@pages.post("/phones/<number>")
def reply(number: str) -> AnyResponse | tuple[str, int]:
    """Write to the clinic from this phone."""
    phone = _known(number)
    try:
        current_simulator().receive(phone, None, request.form.get("body", ""))
    except CannotWrite as error:
        return _page(phone, mistake=error.reason), 400
    return _back_to(phone)


@pages.post("/faults")
def change_faults() -> AnyResponse | tuple[str, int]:
    """Switch on what the form names, or everything off."""
    phone, faults = _phone_asked(), current_simulator().faults
    if "off" in request.form:
        faults.reset()
        return _back_to(phone)
    try:
        faults.change(_wanted(faults.now, phone))
    except FaultError as error:
        return _page(phone, fault_mistake=str(error)), 400
    return _back_to(phone)


@pages.get("/language/<language>")
def choose_language(language: str) -> AnyResponse:
    """Remember the language of the pages in a cookie."""
    if language not in LANGUAGES:
        abort(404)
    answer = _back_to(_phone_asked())
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_SECONDS, samesite="Lax")
    return answer


def _page(phone: str | None, **more: object) -> str:
    template = "phone.html" if phone else "home.html"
    return render_template(template, **shown(current_simulator(), phone, request.cookies), **more)


def _back_to(phone: str | None) -> AnyResponse:
    return redirect(url_for("pages.phone", number=phone) if phone else url_for("pages.home"), 303)


def _phone_asked() -> str | None:
    number = request.values.get("phone")
    return _known(number) if number else None


def _known(number: str) -> str:
    """The number of a page's address in E.164; 404 for what is none."""
    try:
        return PhoneNumber.parse(number).e164
    except InvalidPhone:
        abort(404)


def _wanted(current: Faults, phone: str | None) -> dict[str, object]:
    """The form as fault settings: percent become shares, the choice for one phone a change of the lists."""
    form = request.form
    wanted: dict[str, object] = {name: form[name] for name in ("callbacks", "inbound") if name in form}
    wanted["latency_ms"] = _typed(form.get("latency_ms"))
    wanted |= {name: _typed(form.get(name)) / 100 for name in SHARES}
    if phone is not None:
        mishaps = {number: kind for number, kind in current.mishaps.items() if number != phone}
        mishaps[phone] = form.get("mishap", "")
        wanted |= {kind: [number for number, its in mishaps.items() if its == kind] for kind in MISHAPS}
    return wanted


def _typed(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", "."))
    except ValueError:
        abort(400)
