"""The pages in a real Chromium: they keep themselves fresh, and axe finds nothing against WCAG 2.2 AA."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect
from twilio.rest import Client

from notifications.phone_simulator.server import Running
from tests.phone_simulator.conftest import AYSE, JOHN, NUMBER, Clinic

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium where there is one, else the one Playwright installed."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser, network: Running) -> Iterator[Page]:
    context = chromium.new_context(base_url=network.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def test_a_text_appears_by_itself_and_is_answered_without_a_reload(
    page: Page, twilio: Client, clinic: Clinic
) -> None:
    page.goto(f"/phones/{AYSE}")
    page.evaluate("window.sameDocument = true")
    twilio.messages.create(to=AYSE, from_=NUMBER, body="How strong is your pain now?")
    talk = page.get_by_role("log", name="Conversation")
    expect(talk).to_contain_text("How strong is your pain now?")
    expect(talk).to_contain_text("delivered")
    page.get_by_role("button", name="9", exact=True).click()
    expect(talk).to_contain_text("received by the clinic")
    page.get_by_role("textbox", name="Write as the patient").fill("ateşim var")
    page.keyboard.press("Enter")
    expect(talk).to_contain_text("ateşim var")
    expect(talk.locator(".mine .fate")).to_have_text(["received by the clinic"] * 2)
    assert [call.params["Body"] for call in clinic.calls] == ["9", "ateşim var"]
    assert page.evaluate("window.sameDocument") is True


def test_what_is_unfolded_and_focused_survives_the_next_refresh(page: Page, network: Running) -> None:
    network.simulator.receive(AYSE, None, "3")
    page.goto("/")
    wire = page.get_by_role("region", name="On the wire")
    wire.locator("summary").first.focus()
    page.keyboard.press("Enter")
    network.simulator.receive(JOHN, None, "4")
    expect(wire.locator("details")).to_have_count(2)
    expect(wire.locator("details[open] dd", has_text=re.compile("^3$"))).to_be_visible()
    expect(wire.locator("summary").nth(1)).to_be_focused()


def test_the_list_of_phones_keeps_its_order_by_itself(page: Page, network: Running) -> None:
    network.simulator.receive(AYSE, None, "3")
    network.simulator.receive(JOHN, None, "4")
    page.goto("/")
    network.simulator.receive(AYSE, None, "5")
    numbers = page.get_by_role("region", name="Phones").locator("li strong")
    expect(numbers).to_have_text(["+90 532 123 45 67", "+1 212-555-0123"])


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/", f"/phones/{AYSE}"])
def test_axe_finds_no_barrier_and_nothing_overflows(
    path: str, width: int, page: Page, network: Running, twilio: Client
) -> None:
    network.simulator.faults.change({"unreachable": [JOHN]})
    twilio.messages.create(to=JOHN, from_=NUMBER, body="Hello")
    network.simulator.courier.settle()
    network.simulator.receive(AYSE, None, "STOP")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path)
    page.locator(".wire summary").first.click()
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
