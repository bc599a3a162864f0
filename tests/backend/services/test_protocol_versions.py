"""The versions of a protocol as a clinic has them: what differs, who signed, how many plans, their names."""

from dataclasses import replace

import pytest

from backend.db import transaction
from backend.errors import Invalid
from backend.services.clinics import create_clinic
from backend.services.protocol_versions import known_version, known_versions, version_named
from backend.services.protocols import shipped
from tests.world import CLINIC, World

LUMBAR = shipped().get("nucleoplasty_lumbar")


def test_a_clinics_copy_follows_its_file_with_its_signature_and_its_plans(world: World) -> None:
    world.enrol()
    with transaction(world.engine) as session:
        file, own = known_versions(session, world.nurse.clinic_id)["nucleoplasty_lumbar"]

    assert (file.own, file.signature, file.plans, file.same_timing, file.same_wording) == (
        False,
        None,
        0,
        None,
        None,
    )
    assert (own.own, own.plans, own.same_timing, own.same_wording) == (True, 1, False, True)
    assert own.signature is not None
    assert own.signature.approved_by == "Dr Test"


def test_a_clinic_that_has_not_signed_knows_the_file_alone(world: World) -> None:
    with transaction(world.engine) as session:
        clinic_id = create_clinic(session, replace(CLINIC, name="A New Clinic"), now=world.now).id
        (file,) = known_versions(session, clinic_id)["nucleoplasty_lumbar"]
        with pytest.raises(Invalid, match="has not signed"):
            version_named(session, clinic_id, "nucleoplasty_lumbar", "clinic")
    assert not file.own


def test_a_plan_of_another_clinic_is_not_counted(world: World) -> None:
    world.enrol()
    elsewhere = world.open_clinic(replace(CLINIC, name="Another Clinic"))
    with transaction(world.engine) as session:
        _, own = known_versions(session, elsewhere.clinic_id)["nucleoplasty_lumbar"]
    assert own.plans == 0


def test_new_wording_and_new_dates_are_told_apart() -> None:
    titles = {"en": "After it", "tr": "Sonrası"}
    reworded = known_version(replace(LUMBAR, version=2, titles=titles), beside=LUMBAR)
    later = LUMBAR.with_overrides({"first_follow_up.window.due": "P10D"})
    retimed = known_version(replace(later, version=2), beside=LUMBAR)
    assert (reworded.same_timing, reworded.same_wording) == (True, False)
    assert (retimed.same_timing, retimed.same_wording) == (False, True)


def test_a_version_has_a_name(world: World) -> None:
    with transaction(world.engine) as session:
        named = {
            name: version_named(session, world.nurse.clinic_id, "nucleoplasty_lumbar", name)
            for name in ("file", "clinic", "1")
        }
    assert {name: protocol.status for name, protocol in named.items()} == {
        "file": "draft",
        "clinic": "active",
        "1": "draft",
    }


@pytest.mark.parametrize("name", ["2", "mine", ""])
def test_an_unknown_name_is_refused_with_the_known_ones(world: World, name: str) -> None:
    with (
        transaction(world.engine) as session,
        pytest.raises(Invalid, match=r"choose one of file, clinic, 1\."),
    ):
        version_named(session, world.nurse.clinic_id, "nucleoplasty_lumbar", name)
