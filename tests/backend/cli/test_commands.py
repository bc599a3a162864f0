"""The command line: what each command does, and that a mistake is one line and exit code 2."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from backend.cli import cli
from backend.db import ALL_CLINICS, transaction
from backend.models import Clinic
from backend.services.actors import Actor
from backend.services.alarms import raise_alarm
from backend.services.protocols import sign_protocol
from tests.house.sources import ROOT
from tests.schedules.test_broken_anchors import WHOLE


@pytest.fixture
def call(database_url: str, monkeypatch: pytest.MonkeyPatch):
    """Call a command on the test's own database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli, arguments, input=typed)

    return run


CLINIC = (
    *("create-clinic", "Bosphorus Spine Clinic", "--country", "tr", "--zone", "Europe/Istanbul"),
    *("--language", "tr", "--phone", "+90 212 555 01 00", "--emergency-number", "112"),
)
NURSE = ("create-user", "--email", "elif@clinic.example", "--name", "Elif", "--role", "nurse")


def test_a_user_is_created_in_the_only_clinic(call):
    call(*CLINIC)
    done = call(*NURSE, typed="a-long-password\na-long-password\n")
    assert done.exit_code == 0, done.output
    assert "elif@clinic.example may sign in as nurse" in done.output


def test_the_days_a_clinic_is_closed_are_set_added_to_and_shown(call):
    call(*CLINIC)
    call("closed-days", "--weekday", "sun", "--day", "2026-12-31")
    call("closed-days", "--day", "2027-01-02")
    done = call("closed-days")
    assert done.exit_code == 0, done.output
    assert done.output == (
        "Bosphorus Spine Clinic: closed on sun, 2026-12-31, 2027-01-02 and on public holidays\n"
    )


def test_a_clinic_that_opens_every_day_forgets_its_days(call):
    call(*CLINIC)
    call("closed-days", "--day", "2026-12-31")
    done = call("closed-days", "--weekday", "none", "--forget-days")
    assert done.output == "Bosphorus Spine Clinic: closed on no day and on public holidays\n"


def test_a_user_without_a_clinic_is_refused_with_the_next_step(call):
    done = call(*NURSE, "--password", "a-long-password")
    assert done.exit_code == 2
    assert "add one with create-clinic" in done.output


def test_a_user_must_say_which_of_several_clinics(call):
    call(*CLINIC)
    call("create-clinic", "Second", *CLINIC[2:])
    done = call(*NURSE, "--password", "a-long-password")
    assert (done.exit_code, "--clinic" in done.output) == (2, True)


def test_a_short_password_is_named_as_the_mistake(call):
    call(*CLINIC)
    done = call(*NURSE, "--password", "short")
    assert (done.exit_code, "password" in done.output) == (2, True)


@pytest.mark.parametrize(("limit", "said"), [("200", "at most 200 texts a day"), ("none", "no limit")])
def test_a_clinics_daily_limit_is_set(call, limit, said):
    call(*CLINIC)
    done = call("clinic-limit", limit)
    assert (done.exit_code, done.output) == (0, f"Bosphorus Spine Clinic: {said}\n")


@pytest.mark.parametrize("limit", ["0", "many"])
def test_a_daily_limit_that_makes_no_sense_is_named_as_the_mistake(call, limit):
    call(*CLINIC)
    done = call("clinic-limit", limit)
    assert (done.exit_code, "give a number" in done.output) == (2, True)


def test_doctor_lists_the_open_alarms(call, engine):
    with transaction(engine) as session:
        raise_alarm(session, "provider_code/21408", "refused", now=datetime(2026, 11, 23, 9, tzinfo=UTC))
    done = call("doctor")
    said = " ".join(done.output.split())
    assert "look alarm provider_code/21408 refused (noticed 1 times since 2026-11-23 09:00 UTC)" in said


def test_a_job_can_be_run_by_hand(call):
    done = call("run-job", "keep_check_ins")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("keep_check_ins: CheckInCounts(opened=0")


@pytest.mark.parametrize("name", ["dispatch_messages", "reconcile_unknown", "poll_stale", "redact_sent"])
def test_a_job_that_speaks_to_the_provider_can_be_run_by_hand(call, name, monkeypatch):
    for setting, value in {"ACCOUNT_SID": "AC1", "AUTH_TOKEN": "t", "SENDER": "+15005550006"}.items():
        monkeypatch.setenv(f"TWILIO_{setting}", value)
    done = call("run-job", name)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{name}: ")


def test_a_job_that_speaks_to_the_provider_needs_credentials(call):
    done = call("run-job", "reconcile_unknown")
    assert (done.exit_code, "TWILIO_ACCOUNT_SID: missing" in done.output) == (2, True)


def test_an_unknown_job_is_refused_with_the_known_ones(call):
    done = call("run-job", "make_coffee")
    assert (done.exit_code, "keep_check_ins" in done.output) == (2, True)


def test_init_db_on_a_database_that_is_up_to_date_says_so(call):
    done = call("init-db")
    assert done.exit_code == 0, done.output
    assert "database: already at" in done.output


def test_the_demo_goes_only_into_an_empty_database(call):
    call(*CLINIC)
    done = call("seed-demo")
    assert (done.exit_code, "not empty" in done.output) == (2, True)


def test_init_db_never_puts_the_demo_beside_real_data(call, engine):
    call(*CLINIC)
    done = call("init-db", "--demo")
    assert done.exit_code == 0, done.output
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM clinics")).scalar() == 1


def test_doctor_names_what_is_wrong_and_ends_with_1(call):
    done = call("doctor")
    assert done.exit_code == 1
    assert "TWILIO_ACCOUNT_SID is not set" in done.output
    assert "no worker has ever run" in done.output


def test_openapi_check_fails_when_the_file_differs(call, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text("{}")
    assert call("openapi", "--check", "--file", str(file)).exit_code == 2


def test_openapi_writes_what_its_check_accepts(call, tmp_path):
    file = tmp_path / "openapi.json"
    call("openapi", "--file", str(file))
    assert call("openapi", "--check", "--file", str(file)).exit_code == 0
    assert json.loads(file.read_text())["openapi"].startswith("3.1")


def test_a_mistake_in_the_settings_is_named_without_a_traceback(call, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "nowhere")
    done = call("init-db")
    assert done.exit_code == 2
    assert "PUBLIC_URL: 'nowhere' is no address" in done.output
    assert "Traceback" not in done.output


def test_a_database_that_does_not_answer_is_one_line(call, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    done = call("init-db")
    assert done.exit_code == 2
    assert "the database cannot be used" in done.output


def simulate(*arguments: str) -> Result:
    """Call `simulate`, which needs no database."""
    return CliRunner().invoke(cli, ["simulate", *arguments])


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("protocol", ["nucleoplasty_lumbar", "nucleoplasty_cervical"])
def test_a_simulated_year_shows_each_text_with_its_local_time(protocol, language):
    done = simulate(protocol, "--from", "2026-11-25", "--zone", "Europe/Istanbul", "--language", language)
    assert done.exit_code == 0, done.output
    for shown in ("check_in_d7", "remind_P21D", "10:00", "UCS-2" if language == "tr" else "GSM-7"):
        assert shown in done.output


def test_a_simulated_text_says_what_becomes_of_it_if_it_is_late():
    output = simulate("nucleoplasty_lumbar", "--from", "2026-11-25").output
    for told in ("late: still goes", "late: newest only", "late: or a call"):
        assert told in output


def test_a_simulation_says_what_the_clinic_must_still_set():
    assert "heavy_lifting" in simulate("nucleoplasty_lumbar", "--from", "2026-11-25").output


def test_a_simulation_says_what_gave_way_to_a_closed_day():
    output = simulate("nucleoplasty_lumbar", "--from", "2026-12-18").output
    assert "first_follow_up (First follow-up visit): moved to Mon 4 Jan: New Year's Day" in output


def test_a_simulation_keeps_the_holidays_of_the_country_asked_for():
    of_a_zone = simulate("nucleoplasty_lumbar", "--from", "2026-12-14", "--zone", "Europe/London").output
    of_turkey = simulate(
        *("nucleoplasty_lumbar", "--from", "2026-12-14", "--zone", "Europe/London", "--country", "TR")
    ).output
    told = "first_follow_up (First follow-up visit): moved to Tue 29 Dec: Boxing Day"
    assert (told in of_a_zone, told in of_turkey) == (True, False)


def test_a_simulation_tries_other_patients_out():
    told = simulate(
        *("nucleoplasty_lumbar", "--from", "2026-11-25", "--job", "heavy", "--level", "L4-L5"),
        *("--flies-home-on", "2026-11-28"),
    )
    assert told.exit_code == 0, told.output
    assert "flight_home" in told.output


def test_a_simulation_says_what_waits(tmp_path):
    file = tmp_path / "wide.toml"
    file.write_text(
        WHOLE.replace('template = "flight"', 'template = "education_flight"')
        .replace('template = "check_in"', 'template = "check_in_pain"')
        .replace(', or_after = { anchor = "procedure", in = "P21D" }', ""),
        encoding="utf-8",
    )
    assert (
        "scan (Scan): waits until this is done: Visit" in simulate(str(file), "--from", "2026-11-25").output
    )


def test_a_simulation_tells_about_what_its_texts_cost(monkeypatch):
    monkeypatch.setenv("SEGMENT_PRICES", "TR=0.05 EUR")
    output = simulate("nucleoplasty_lumbar", "--from", "2026-11-25").output
    assert re.search(r"\d+ texts, \d+ segments, about \d+\.\d\d EUR", output)
    assert "The price of a segment is SEGMENT_PRICES." in output


def test_a_price_nobody_has_looked_up_is_said_to_be_proposed():
    output = simulate("nucleoplasty_lumbar", "--from", "2026-11-25").output
    assert "The price of a segment is proposed: an order of magnitude" in output


def test_a_simulation_tells_what_scripted_replies_lead_to():
    told = simulate("nucleoplasty_lumbar", "--from", "2026-11-25", "--replies", "D3=8,D9=none,D5=bladder")
    assert told.exit_code == 0, told.output
    for said in ("answers: 8 [check_in_d3]", "alert, same_day: ", "[pain_high]", "alert, emergency: "):
        assert said in told.output


def test_a_reply_that_cannot_be_read_is_one_line():
    done = simulate("nucleoplasty_lumbar", "--from", "2026-11-25", "--replies", "D3=sad")
    assert (done.exit_code, "'sad' is unknown; write such as D3=8" in done.output) == (2, True)


def test_a_protocol_is_compared_with_another_file(tmp_path):
    shorter = (ROOT / "schedules/protocols/nucleoplasty_lumbar.toml").read_text(encoding="utf-8")
    steps = (ROOT / "schedules/protocols/nucleoplasty_steps.toml").read_text(encoding="utf-8")
    (tmp_path / "nucleoplasty_steps.toml").write_text(steps, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(
        shorter + '\n[steps.check_in_d3.window]\ndue = "P4D"\n', encoding="utf-8"
    )
    file = str(tmp_path / "mine.toml")
    told = simulate(file, "--from", "2026-11-25", "--compare", "nucleoplasty_lumbar")
    assert told.exit_code == 0, told.output
    assert "0 added, 0 dropped, 2 moved, 0 reworded" in told.output
    assert "Sun 29 Nov 2026, 10:00" in told.output  # Saturday before


def test_a_protocol_is_compared_with_the_clinics_own_copy(call, engine):
    call(*CLINIC)
    with transaction(engine, ALL_CLINICS) as session:
        clinic_id = session.scalars(select(Clinic.id)).one()
        signer = Actor(None, "Dr Kaya", clinic_id)
        own = {"heavy_lifting.ends": "P8W"}
        sign_protocol(session, signer, "nucleoplasty_lumbar", own, now=datetime(2026, 11, 23, tzinfo=UTC))
    told = call("simulate", "nucleoplasty_lumbar", "--from", "2026-11-25", "--compare", "clinic")
    assert told.exit_code == 0, told.output
    assert "heavy_lifting" in told.output
    assert "until clearance" in told.output


def test_a_version_there_is_not_is_named_with_those_there_are():
    done = simulate("nucleoplasty_lumbar", "--from", "2026-11-25", "--compare", "7")
    assert (done.exit_code, "there is no version 7; there are 1" in done.output) == (2, True)


def test_a_level_there_is_not_is_named_with_those_there_are():
    done = simulate("nucleoplasty_lumbar", "--from", "2026-11-25", "--level", "L9")
    assert (done.exit_code, "'L4-L5'" in done.output) == (2, True)


def test_a_protocol_that_does_not_exist_is_named_with_those_that_do():
    done = simulate("hip", "--from", "2026-11-25")
    assert (done.exit_code, "nucleoplasty_lumbar" in done.output) == (2, True)


def test_a_day_no_calendar_reaches_is_one_line():
    done = simulate("nucleoplasty_lumbar", "--from", "9999-12-31")
    assert (done.exit_code, "give a day between 1900 and 2199" in done.output) == (2, True)


def test_a_zone_that_does_not_exist_is_one_line():
    done = simulate("nucleoplasty_lumbar", "--from", "2026-11-25", "--zone", "Mars/Base")
    assert (done.exit_code, "Mars/Base" in done.output) == (2, True)


def check(file: Path) -> Result:
    """Call `check-protocol`."""
    return CliRunner().invoke(cli, ["check-protocol", str(file)])


def test_a_shipped_protocol_is_well_formed_and_says_what_is_undecided():
    done = check(ROOT / "schedules" / "protocols" / "nucleoplasty_lumbar.toml")
    assert done.exit_code == 0, done.output
    assert "heavy_lifting" in done.output


def test_a_broken_protocol_is_named_by_file_and_key(tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text('id = "broken"\n')
    done = check(file)
    assert (done.exit_code, "broken.toml: version: missing" in done.output) == (2, True)


def test_a_text_nobody_has_written_is_named_when_the_file_is_checked(tmp_path):
    file = tmp_path / "wide.toml"
    file.write_text(WHOLE, encoding="utf-8")
    done = check(file)
    assert done.exit_code == 2
    assert 'wide.toml: steps.ask.template: found "check_in", a text nobody has written' in done.output


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "backend", "check-protocol", "nowhere.toml"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "nowhere.toml" in done.stderr
