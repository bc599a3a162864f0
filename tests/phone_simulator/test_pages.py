"""The pages as plain HTML: what they show, their forms without JavaScript, and their headers."""

from __future__ import annotations

import re

import httpx
import pytest
from twilio.rest import Client

from notifications.phone_simulator.conversation import zone_of
from notifications.phone_simulator.server import Running
from notifications.phone_simulator.words import LANGUAGES, WORDS
from tests.phone_simulator.conftest import AYSE, JOHN, NUMBER, Clinic

PAGES = ["/", f"/phones/{AYSE}"]


def text_of(page: httpx.Response) -> str:
    """The words a person reads, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visitor_is_told_what_this_is(path: str, http: httpx.Client, clinic: Clinic) -> None:
    page = http.get(path)
    assert WORDS["en"]["lead"].replace("'", "&#39;") in text_of(page)
    assert f'href="{clinic.url}/"' in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_allows_only_its_own_scripts_and_styles(path: str, http: httpx.Client) -> None:
    page = http.get(path)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=|\son\w+=|<script(?! src=\"/static/)", page.text)


def test_a_phone_shows_both_sides_with_local_time_segments_and_fate(
    network: Running, twilio: Client, http: httpx.Client
) -> None:
    sent = twilio.messages.create(to=AYSE, from_=NUMBER, body="Ağrınız şu anda kaç? " * 5)
    network.simulator.courier.settle()
    network.simulator.receive(AYSE, None, "ateşim var")
    page = text_of(http.get(f"/phones/{AYSE}"))
    there = sent.date_created.astimezone(zone_of(AYSE))
    assert f"{there:%H:%M} · 2 segments · delivered" in page
    assert "Patient: ateşim var" in page
    assert "1 segment · received by the clinic" in page


def test_a_text_that_never_arrived_does_not_look_delivered(
    network: Running, twilio: Client, http: httpx.Client
) -> None:
    network.simulator.faults.change({"unreachable": [AYSE]})
    twilio.messages.create(to=AYSE, from_=NUMBER, body="Hello")
    network.simulator.courier.settle()
    page = http.get(f"/phones/{AYSE}")
    assert "never arrived (30003)" in text_of(page)
    assert 'class="bubble theirs lost"' in page.text


def test_an_answer_the_clinic_did_not_take_says_so(http: httpx.Client, clinic: Clinic) -> None:
    clinic.status = 500
    http.post(f"/phones/{AYSE}", data={"body": "3"})
    assert "the clinic did not take it: 500" in text_of(http.get(f"/phones/{AYSE}"))


def test_the_latest_phone_comes_first(network: Running, http: httpx.Client) -> None:
    for phone in (AYSE, JOHN, AYSE):
        network.simulator.receive(phone, None, "3")
    page = http.get("/").text
    assert page.index(f"/phones/{AYSE}") < page.index(f"/phones/{JOHN}")


def test_what_people_write_is_shown_as_text_not_as_markup(network: Running, http: httpx.Client) -> None:
    network.simulator.receive(AYSE, None, "<script>alert(1)</script>")
    page = http.get(f"/phones/{AYSE}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_answer_can_be_given_without_javascript(http: httpx.Client, clinic: Clinic) -> None:
    answer = http.post(f"/phones/{AYSE}", data={"body": "9"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/phones/{AYSE}")
    assert clinic.calls[0].params["Body"] == "9"


def test_an_empty_answer_is_explained_on_the_page(http: httpx.Client, clinic: Clinic) -> None:
    answer = http.post(f"/phones/{AYSE}", data={"body": " "})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert clinic.calls == []


def test_the_form_switches_faults_on_and_off(network: Running, http: httpx.Client) -> None:
    wanted = {
        "phone": AYSE,
        "mishap": "unreachable",
        "callbacks": "twice",
        "inbound": "never",
        "latency_ms": "5",
        "status_429_share": "25",
    }
    http.post("/faults", data=wanted)
    faults = network.simulator.faults.now
    assert (faults.mishaps, faults.callbacks, faults.inbound) == ({AYSE: "unreachable"}, "twice", "never")
    assert (faults.latency_ms, faults.status_429_share) == (5, 0.25)
    http.post("/faults", data={"phone": AYSE, "off": "1"})
    assert not network.simulator.faults.now.any_on


def test_making_one_phone_reachable_leaves_the_others_trouble(network: Running, http: httpx.Client) -> None:
    network.simulator.faults.change({"unreachable": [AYSE, JOHN]})
    http.post("/faults", data={"phone": AYSE, "mishap": "", "callbacks": "once"})
    assert network.simulator.faults.now.mishaps == {JOHN: "unreachable"}


def test_faults_that_cannot_be_are_explained_on_the_page(network: Running, http: httpx.Client) -> None:
    answer = http.post("/faults", data={"status_429_share": "60", "status_500_share": "60"})
    assert answer.status_code == 400
    assert "together they must not exceed 1" in answer.text
    assert not network.simulator.faults.now.any_on


@pytest.mark.parametrize("typed", ["+90 532 123 45 67", "905321234567", " +905321234567"])
def test_a_phone_opens_by_its_number_however_it_was_typed(typed: str, http: httpx.Client) -> None:
    assert http.get("/phones", params={"number": typed}).headers["Location"] == f"/phones/{AYSE}"


def test_a_number_that_cannot_be_is_explained_and_a_page_of_one_does_not_exist(http: httpx.Client) -> None:
    typed = http.get("/phones", params={"number": "12"})
    assert (typed.status_code, 'aria-invalid="true"' in typed.text) == (400, True)
    assert http.get("/phones/+12").status_code == 404


def test_a_fresh_copy_of_the_fragments_is_sent_only_when_something_changed(
    network: Running, http: httpx.Client
) -> None:
    first = http.get("/live")
    again = http.get("/live", headers={"If-None-Match": first.headers["ETag"]})
    network.simulator.receive(AYSE, None, "3")
    changed = http.get("/live", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)


@pytest.mark.parametrize("path", PAGES)
def test_the_fragments_are_those_of_the_page(path: str, network: Running, http: httpx.Client) -> None:
    network.simulator.receive(AYSE, None, "3")
    phone = {"phone": AYSE} if AYSE in path else {}
    live = http.get("/live", params=phone).text
    regions = r'data-live="(\w+)"'
    assert set(re.findall(regions, http.get(path).text)) == set(re.findall(regions, live))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_chosen_is_remembered(language: str, network: Running) -> None:
    with httpx.Client(base_url=network.url, follow_redirects=True) as browser:
        browser.get(f"/language/{language}", params={"phone": AYSE})
        page = browser.get("/")
    assert f'<html lang="{language}">' in page.text
    assert WORDS[language]["step_1"] in page.text


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["tr"].keys()
    assert set(WORDS) == set(LANGUAGES)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_write_through_the_browser(site: str, http: httpx.Client, clinic: Clinic) -> None:
    answer = http.post(f"/phones/{AYSE}", data={"body": "STOP"}, headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, clinic.calls) == (403, [])
