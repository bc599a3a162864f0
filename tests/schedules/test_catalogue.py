"""Reading files: includes, versions, and what cannot be read."""

from pathlib import Path

import pytest

from schedules.catalogue import Catalogue, load_protocol, parse_protocol
from schedules.errors import ProtocolError
from tests.schedules.shapes import HEAD, QUESTION, check_in, step

VISIT = step("visit", "milestone", 'window = { due = "P14D", overdue = "P21D" }')


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def versioned(version: int) -> str:
    return HEAD.replace("version = 1", f"version = {version}") + VISIT


def test_an_included_part_brings_its_steps(tmp_path):
    write(tmp_path, "shared_steps.toml", VISIT)
    path = write(tmp_path, "own.toml", 'include = "shared_steps.toml"\n' + HEAD + QUESTION + check_in())
    assert [one.key for one in load_protocol(path).steps] == ["visit", "check_in_d1"]


def test_the_files_own_word_wins_over_its_include_key_by_key(tmp_path):
    write(tmp_path, "shared_steps.toml", VISIT)
    own = 'include = "shared_steps.toml"\n' + HEAD + '[steps.visit.window]\ndue = "P10D"\n'
    window = load_protocol(write(tmp_path, "own.toml", own)).step("visit").window
    assert window is not None
    assert (str(window.due), str(window.overdue)) == ("P10D", "P21D")


def test_a_mistake_in_an_included_part_that_is_no_toml_names_the_part(tmp_path):
    write(tmp_path, "shared_steps.toml", "[steps")
    path = write(tmp_path, "own.toml", 'include = "shared_steps.toml"\n' + HEAD)
    with pytest.raises(ProtocolError, match=r"^shared_steps.toml: \(whole file\): is not TOML"):
        load_protocol(path)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ProtocolError, match=r"^missing.toml: \(whole file\): cannot be read as UTF-8 text"):
        load_protocol(Path("/nowhere/missing.toml"))


def test_a_file_in_another_encoding_is_named(tmp_path):
    path = tmp_path / "latin5.toml"
    path.write_bytes('id = "ağrı"'.encode("iso-8859-9"))
    with pytest.raises(ProtocolError, match=r"^latin5.toml: \(whole file\): cannot be read as UTF-8 text"):
        load_protocol(path)


def test_the_newest_version_is_given_unless_one_is_asked_for(tmp_path):
    for version in (2, 10, 1):
        write(tmp_path, f"small_{version}.toml", versioned(version))
    catalogue = Catalogue.from_folder(tmp_path)
    assert catalogue.get("small").version == 10
    assert catalogue.get("small", 2).version == 2


def test_all_come_by_id_and_version(tmp_path):
    for version in (2, 1):
        write(tmp_path, f"small_{version}.toml", versioned(version))
    assert [one.version for one in Catalogue.from_folder(tmp_path).all()] == [1, 2]


def test_two_files_with_one_version_are_refused():
    first = parse_protocol(versioned(1), "one.toml")
    second = parse_protocol(versioned(1), "two.toml")
    with pytest.raises(ProtocolError, match=r"^two.toml: version: small 1 is in one.toml too"):
        Catalogue([first, second])


def test_an_unknown_protocol_names_the_known_ones():
    with pytest.raises(ProtocolError, match="there are nucleoplasty_cervical, nucleoplasty_lumbar"):
        Catalogue.shipped().get("knee")


def test_an_unknown_version_names_the_known_ones():
    with pytest.raises(ProtocolError, match="there is no version 9; there are 1"):
        Catalogue.shipped().get("nucleoplasty_lumbar", 9)


def test_a_text_may_include_a_shipped_part():
    text = 'include = "nucleoplasty_steps.toml"\n' + HEAD.replace('texts_at = "10:00"\n', "")
    for key in ("pain", "pain_limb", "red_flag"):
        text += f'[questions.{key}]\ntext = {{ en = "Q", tr = "S" }}\n'
    assert parse_protocol(text, "posted.toml").step("mri_3_months").bookable
