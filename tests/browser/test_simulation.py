"""A protocol tried out in a real browser: by keyboard, narrow and wide, in both languages, and on paper."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import LEAVES_EARLY, Product
from tests.browser.test_main_job import sign_in_quickly

pytestmark = [pytest.mark.browser, LEAVES_EARLY]

PAGE = "/protocols/nucleoplasty_lumbar/simulation"
ASKED = "performed_at=2026-11-30T10:00&compare=file&replies=D3%3D8,D7%3Dnone,D11%3Dbladder"


def test_a_protocol_is_tried_out_from_its_page_by_keyboard(tab: Page, product: Product) -> None:
    sign_in_quickly(tab, product)
    tab.goto(f"{product.url}/protocols")
    tab.get_by_role("link", name="Try it out").last.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Trying out")
    expect(tab.get_by_role("link", name="Protocols", exact=True).first).to_have_attribute(
        "aria-current", "page"
    )
    tab.get_by_label("What the patient answers").fill("D3=8")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="What the answers lead to")).to_be_visible()
    expect(tab.get_by_text("SAME DAY").first).to_be_visible()
    tab.get_by_role("link", name="As a calendar").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("table").first).to_be_visible()
    expect(tab.get_by_label("What the patient answers")).to_have_value("D3=8")


@pytest.mark.parametrize("view", ["timeline", "calendar"])
@pytest.mark.parametrize(("language", "width"), [("EN", 1440), ("TR", 390)])
def test_a_trial_has_no_barrier_and_does_not_overflow(
    tab: Page, product: Product, width: int, language: str, view: str
) -> None:
    sign_in_quickly(tab, product)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.get_by_role("button", name=f"({language})").click()
    tab.goto(f"{product.url}{PAGE}?{ASKED}&view={view}")
    tab.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    assert barriers(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_there_is_the_year_and_no_form(tab: Page, product: Product) -> None:
    sign_in_quickly(tab, product)
    tab.goto(f"{product.url}{PAGE}?{ASKED}&view=calendar")
    expect(tab.get_by_role("button", name="Print")).to_be_visible()
    tab.emulate_media(media="print")
    expect(tab.locator("form").first).to_be_hidden()
    expect(tab.get_by_role("button", name="Print")).to_be_hidden()
    expect(tab.get_by_role("table", name="December 2026")).to_be_visible()
