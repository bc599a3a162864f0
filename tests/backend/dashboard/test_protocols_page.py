"""The protocols page: what is in them, and the clinic's signature."""

from backend.models import ClinicProtocol
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
