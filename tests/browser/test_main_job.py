"""The main job, through the pages: a procedure becomes a text, its answer an alert that a nurse resolves."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import EMAIL, LEAVES_EARLY, PASSWORD, Product

pytestmark = [pytest.mark.browser, LEAVES_EARLY]

PHONE = "+905321234567"


def sign_in(tab: Page, product: Product) -> None:
    tab.goto(product.url)
    assert barriers(tab) == []
    tab.get_by_label("E-mail").fill(EMAIL)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Nothing needs a person")
    assert barriers(tab) == []


def enrol_ayse(tab: Page) -> None:
    """Enrol through the form a procedure of three days ago: today's check-in is due."""
    tab.get_by_role("link", name="New patient").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("New patient")
    assert barriers(tab) == []
    tab.get_by_label("Given name").fill("Ayşe")
    tab.get_by_label("Family name").fill("Yılmaz")
    tab.get_by_label("Mobile number").fill("0532 123 45 67")
    tab.get_by_label("After a nucleoplasty of the lower back").check()
    tab.get_by_label("L4-L5").check()
    tab.get_by_label("Date and time of the procedure").fill("2026-11-20T14:00")
    tab.get_by_role("group", name="Pain before the procedure").get_by_text("8", exact=True).click()
    tab.get_by_label("The patient agreed to get texts").check()
    tab.get_by_role("button", name="Enrol").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Ayşe Yılmaz")
    expect(tab.get_by_text("Enrolled. The plan is made")).to_be_visible()
    assert barriers(tab) == []


def answer_nine_on_the_phone(tab: Page, product: Product) -> None:
    product.tick()
    tab.goto(f"{product.phones_url}/phones/{PHONE}")
    talk = tab.get_by_role("log")
    expect(talk).to_contain_text("how strong is the pain")
    assert barriers(tab) == []
    tab.get_by_role("button", name="9", exact=True).click()
    expect(talk.locator(".mine")).to_contain_text("received by the clinic")


def test_a_procedure_becomes_a_text_and_its_answer_an_alert_that_a_nurse_resolves(
    tab: Page, product: Product
) -> None:
    sign_in(tab, product)
    enrol_ayse(tab)
    answer_nine_on_the_phone(tab, product)

    tab.goto(product.url)
    line = tab.locator(".line", has_text="Ayşe")
    expect(line).to_contain_text("SAME DAY")
    expect(line).to_contain_text("Pain 9")

    line.get_by_role("button", name="Take").click()
    expect(tab.get_by_text("Taken. It is yours until you resolve it.")).to_be_visible()
    expect(line).to_contain_text("you")

    line.get_by_text("What led to it, and closing it").click()
    expect(line.get_by_text("patient:")).to_contain_text("9")
    assert barriers(tab) == []
    line.get_by_label("What came of it").select_option(label="Advised by phone or text")
    line.get_by_role("button", name="Resolve").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Nothing needs a person")
    assert product.world.alerts()[0].outcome == "advised"


def test_a_new_alert_comes_to_an_open_worklist_by_itself(tab: Page, product: Product) -> None:
    sign_in(tab, product)
    product.world.enrol()
    product.world.text_in("I cannot pass urine")
    tab.evaluate("document.getElementById('worklist').dispatchEvent(new Event('renew'))")
    expect(tab.locator(".line", has_text="EMERGENCY")).to_be_visible()
    expect(tab.locator("#announcements")).to_have_text("Needs a person · 1")


@pytest.mark.parametrize(("language", "width"), [("EN", 1440), ("TR", 390)])
def test_no_page_has_a_barrier_or_overflows(tab: Page, product: Product, width: int, language: str) -> None:
    world = product.world
    enrolment = world.enrol()
    world.advance(days=1, hours=2)
    product.tick()
    for text in ("5", "I have a fever of 39", "When may I swim?"):
        world.text_in(text)
    sign_in_quickly(tab, product)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.get_by_role("button", name=f"({language})").click()
    for path in (
        "/",
        "/patients",
        "/patients/new",
        "/texts",
        "/protocols",
        f"/patients/{enrolment.care_plan.patient_id}",
    ):
        tab.goto(product.url + path)
        tab.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
        assert barriers(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path


def test_without_javascript_an_alert_is_taken_and_resolved_all_the_same(
    browser: Browser, product: Product
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    product.world.enrol()
    product.world.text_in("I cannot pass urine")
    sign_in_quickly(tab, product)
    tab.get_by_role("button", name="Take").click()
    tab.get_by_text("What led to it, and closing it").click()
    tab.get_by_label("What came of it").select_option("sent_to_emergency")
    tab.get_by_role("button", name="Resolve").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Nothing needs a person")
    context.close()


def test_the_search_answers_while_one_types_and_leaves_no_trace_in_the_address(
    tab: Page, product: Product
) -> None:
    product.world.enrol()
    sign_in_quickly(tab, product)
    tab.get_by_role("link", name="Patients").click()
    tab.get_by_role("searchbox").press_sequentially("zz")
    expect(tab.get_by_text("Nobody found")).to_be_visible()
    tab.get_by_role("searchbox").fill("yılm")
    expect(tab.get_by_role("link", name="Ayşe Yılmaz")).to_be_visible()
    assert tab.url == f"{product.url}/patients"


def sign_in_quickly(tab: Page, product: Product) -> None:
    tab.goto(product.url)
    tab.get_by_label("E-mail").fill(EMAIL)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.locator("#count")).to_be_visible()
