"""The page of a simulation: the form, a year as a timeline and a calendar, replies, and two versions."""

import re

import pytest

from backend.db import transaction
from backend.models import CarePlan
from backend.services.protocols import sign_protocol
from tests.backend.dashboard.readers import Reader, words
from tests.world import World

PAGE = "/protocols/nucleoplasty_lumbar/simulation"
AT = "performed_at=2026-11-30T10:00&timezone=Europe/Istanbul&language=en"


def sign(world: World, **figures: str) -> None:
    own = {"heavy_lifting.ends": "P6W"} | {key.replace("__", "."): value for key, value in figures.items()}
    with transaction(world.engine) as session:
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", own, now=world.now)


def test_the_protocols_lead_to_it(nurse: Reader) -> None:
    assert f'href="{PAGE}"' in nurse.open("/protocols")


def test_without_a_date_tomorrow_is_shown(nurse: Reader, world: World) -> None:
    page = nurse.read(PAGE)
    assert "Tue 24 Nov 2026 day 0 10:00 The procedure" in page
    assert world.rows(CarePlan) == []


def test_each_text_has_its_hour_words_language_segments_and_about_its_price(nurse: Reader) -> None:
    page = nurse.read(f"{PAGE}?{AT}")
    told = re.search(r"Thu 3 Dec 2026 day 3 10:00 How are you on day 3\? (.{60})", page)
    assert told is not None
    assert re.match(r"SMS · English · 2 segments \(GSM-7\) · about \$0\.08", told[1])
    assert "0.04 USD a segment to TR, an order of magnitude and no bill." in page
    assert "The price is proposed" in page


def test_what_moved_says_why(nurse: Reader) -> None:
    page = nurse.read(f"{PAGE}?performed_at=2026-12-18T10:00&timezone=Europe/Istanbul&language=en")
    assert "moved to Mon 4 Jan: New Year's Day" in page


def test_the_texts_language_is_the_patients_and_the_pages_the_readers(turkish_nurse: Reader) -> None:
    page = turkish_nurse.open(f"{PAGE}?{AT}")
    assert "3 Ara 2026 Per" in words(page)
    assert re.search(r'<p class="words" lang="en">[^<]*how strong is the pain', page)


def test_scripted_replies_show_the_alert_and_spare_the_nudge(nurse: Reader) -> None:
    silent, answered = nurse.read(f"{PAGE}?{AT}"), nurse.read(f"{PAGE}?{AT}&replies=D3%3D8")
    assert "What the answers lead to Answers 8: How are you on day 3? Thu 3 Dec 2026 11:00" in answered
    assert "Alert: Pain 8" in answered
    assert "SAME DAY" in answered
    texts = [int(re.search(r"(\d+) texts, ", page)[1]) for page in (silent, answered)]
    assert texts[0] - texts[1] == 1


def test_the_clinics_figures_stand_beside_the_file(nurse: Reader, world: World) -> None:
    sign(world, check_in_d3__window__due="P4D", rules__rebound__above_best="3")
    page = nurse.read(f"{PAGE}?{AT}&version=clinic&compare=file")
    assert "What changes 2 moved" in page
    assert "moved How are you on day 3? (text) Thu 3 Dec 2026 10:00 Fri 4 Dec 2026 10:00" in page
    assert "changed rebound (rule) above_best 2 above_best 3" in page
    assert "until cleared until Mon 11 Jan 2027 10:00" in page
    assert re.search(r"In all \d+ texts, \d+ segments, about \$[\d.]+ \d+ texts", page)


def test_a_version_beside_itself_changes_nothing(nurse: Reader) -> None:
    assert "No date, no rule and no text changes." in nurse.read(f"{PAGE}?{AT}&version=file&compare=1")


def test_as_a_calendar_each_day_stands_under_its_weekday(nurse: Reader) -> None:
    page = nurse.open(f"{PAGE}?{AT}&view=calendar")
    december = page.split("<caption>December 2026</caption>")[1].split("</table>")[0]
    weeks = re.findall(r"<tr>(.*?)</tr>", december.split("<tbody>")[1], flags=re.DOTALL)
    monday_of_the_first_week, tuesday = re.findall(r"<td.*?</td>", weeks[0], flags=re.DOTALL)[:2]
    assert words(monday_of_the_first_week) == ""  # 30 November
    assert words(tuesday).startswith("1 10:00 Ends: No driving")
    assert words(tuesday).endswith(
        "10:00 How are you on day 1? 14:00 How are you on day 1? (asked once more)"
    )
    assert "how strong is the pain" not in december


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("performed_at=tomorrow", "performed_at"),
        ("performed_at=9999-12-31T10:00", "performed_at"),
        ("performed_at=0001-01-01T10:00", "performed_at"),
        ("timezone=Mars/Base", "timezone"),
        ("language=de", "language"),
        ("replies=D3%3Dsad", "replies"),
        ("compare=7", "compare"),
        ("baseline_pain=11", "baseline_pain"),
    ],
)
def test_what_cannot_be_is_named_beside_its_field(nurse: Reader, given: str, field: str) -> None:
    answer = nurse.client.get(f"{PAGE}?{given}")
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert "The timeline" not in words(answer.text)


def test_a_protocol_there_is_not_is_not_found(nurse: Reader) -> None:
    assert nurse.client.get("/protocols/hip/simulation").status_code == 404
