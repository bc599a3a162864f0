"""The protocols page: what is in them, and the clinic's signature."""

import re

from backend.db import transaction
from backend.models import ClinicProtocol
from backend.services.protocols import sign_protocol
from tests.backend.dashboard.readers import Reader
from tests.world import World


def test_each_protocol_names_who_signed_it(nurse: Reader) -> None:
    assert nurse.read("/protocols").count("Signed by Dr Test, today") == 2


def test_each_step_is_listed_with_its_date_and_source(nurse: Reader) -> None:
    page = nurse.read("/protocols")
    assert "after 3 months" in page
    assert "proposed" in page
    assert "until cleared" in page


def test_a_nurse_cannot_sign(nurse: Reader) -> None:
    assert "Sign again" not in nurse.read("/protocols")
    assert nurse.submit("/protocols/nucleoplasty_lumbar/sign").status_code == 403


def test_a_clinician_signs_with_the_weeks_decided(world: World, clinician: Reader) -> None:
    clinician.submit("/protocols/nucleoplasty_lumbar/sign", **{"heavy_lifting.ends": "8"})
    signed = world.rows(ClinicProtocol, ClinicProtocol.protocol == "nucleoplasty_lumbar")[0]
    assert signed.overrides == {"heavy_lifting.ends": "P8W"}
    assert signed.approved_account_id == clinician.account_id


def test_undecided_or_senseless_weeks_are_refused(world: World, clinician: Reader) -> None:
    clinician.submit("/protocols/nucleoplasty_lumbar/sign", **{"heavy_lifting.ends": "many"})
    signed = world.rows(ClinicProtocol, ClinicProtocol.protocol == "nucleoplasty_lumbar")[0]
    assert signed.overrides == {"heavy_lifting.ends": "P6W"}


def test_the_versions_stand_beside_each_other_with_who_approved_them(nurse: Reader, world: World) -> None:
    world.enrol()
    page = nurse.read("/protocols")
    assert re.search(
        r"1, the file \w{8} \w{8} nobody: a draft 0"
        r" 1, as the clinic signed it changed \w{8} the same \w{8} Dr Test, today 12:00 1 ",
        page,
    )


def test_the_clinics_own_figures_stand_beside_the_files(nurse: Reader, world: World) -> None:
    figure = {"value": "P8W", "by": "Dr Kaya", "on": "2026-11-02", "reason": "our own series"}
    own = {"heavy_lifting.ends": figure, "first_follow_up.window.due": "P10D", "rules.rebound.above_best": 3}
    with transaction(world.engine) as session:
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", own, now=world.now)
    page = nurse.read("/protocols")
    assert "heavy_lifting.ends left to the clinic 8 weeks Dr Kaya, Mon 2 Nov our own series" in page
    assert "first_follow_up.window.due 14 days 10 days Elif, today –" in page
    assert "rebound rules.rebound.above_best 2 3 Elif, today –" in page


def test_signing_again_keeps_the_figures_the_form_does_not_ask(world: World, clinician: Reader) -> None:
    own = {"heavy_lifting.ends": "P6W", "first_follow_up.window.due": "P10D"}
    with transaction(world.engine) as session:
        sign_protocol(session, world.nurse, "nucleoplasty_lumbar", own, now=world.now)
    clinician.submit("/protocols/nucleoplasty_lumbar/sign", **{"heavy_lifting.ends": "8"})
    signed = world.rows(ClinicProtocol, ClinicProtocol.protocol == "nucleoplasty_lumbar")[0]
    assert signed.overrides == {"heavy_lifting.ends": "P8W", "first_follow_up.window.due": "P10D"}
