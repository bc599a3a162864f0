"""The count itself: that it would see a lost text, a doubled one, and one that holds another's id."""

import uuid
from pathlib import Path

from tests.chaos.counting import Row, count
from tests.chaos.ledger import Entry, LedgerReader, LedgerWriter, What

Way = tuple[tuple[str, str], ...]
TEXT = uuid.UUID(int=1)
OTHER = uuid.UUID(int=2)


def taken(text: uuid.UUID, sid: str, *, attempt: int = 1, fault: str = "", what: What = "taken") -> Entry:
    return Entry(what, "w1.1", str(text), attempt, sid, fault)


def row(
    status: str, *, sid: str | None = None, why: str = "a reason", waits: bool = False, way: Way = ()
) -> Row:
    return Row(TEXT, status, sid, why, waits, way)


def test_a_text_that_was_taken_once_is_neither_lost_nor_doubled() -> None:
    figures = count([row("delivered", sid="SM1")], [taken(TEXT, "SM1")])
    assert (figures.taken, figures.lost, figures.twice, figures.misfiled) == (1, [], [], [])


def test_a_text_that_we_say_was_sent_and_nobody_took_is_lost() -> None:
    said = row("accepted")
    assert count([said], [taken(OTHER, "SM1")]).lost == [said]


def test_a_text_that_was_refused_was_not_taken() -> None:
    said = row("accepted")
    assert count([said], [taken(TEXT, "", fault="busy", what="refused")]).lost == [said]


def test_a_text_that_still_hangs_is_lost() -> None:
    for hanging in (row("sending"), row("scheduled"), row("failed", why="")):
        assert count([hanging], []).lost == [hanging]


def test_a_text_that_will_not_go_for_a_reason_is_not_lost() -> None:
    assert count([row("cancelled")], []).lost == []


def test_a_text_whose_hour_is_still_to_come_is_not_lost() -> None:
    assert count([row("scheduled", waits=True)], []).lost == []


def test_two_attempts_that_were_both_taken_are_one_text_sent_twice() -> None:
    doubled = row("delivered", sid="SM2")
    figures = count([doubled], [taken(TEXT, "SM1"), taken(TEXT, "SM2", attempt=2)])
    assert (figures.twice, figures.taken) == ([doubled], 1)


def test_a_row_that_holds_the_id_of_another_text_is_misfiled() -> None:
    wrong = row("accepted", sid="SM2")
    assert count([wrong], [taken(TEXT, "SM1"), taken(OTHER, "SM2")]).misfiled == [wrong]


def test_what_was_unknown_is_counted_by_how_it_ended() -> None:
    way = (
        ("unknown", "no answer"),
        ("scheduled", "the provider does not know it"),
        ("unknown", "no answer"),
        ("accepted", "the provider has it: found in its list"),
        ("delivered", "delivered to the phone"),
    )
    figures = count([row("delivered", sid="SM1", way=way)], [taken(TEXT, "SM1")])
    assert (figures.sent_again, figures.settled_by_list, figures.settled_by_callback) == (1, 1, 0)


def test_the_ledger_is_followed_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    writer, reader = LedgerWriter(path), LedgerReader(path)
    writer.add(taken(TEXT, "SM1"))
    assert [entry.sid for entry in reader.catch_up()] == ["SM1"]
    writer.add(taken(OTHER, "SM2"))
    assert [entry.sid for entry in reader.catch_up()] == ["SM2"]
    assert (reader.taken, set(reader.last_asked)) == (2, {"w1.1"})
    writer.close()


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_text('{"what": "tak', encoding="utf-8")
    reader = LedgerReader(path)
    assert reader.catch_up() == []
    with path.open("a", encoding="utf-8") as file:
        file.write('en", "sid": "SM1"}\n')
    assert [entry.sid for entry in reader.catch_up()] == ["SM1"]
