"""A pasted list: every line in exactly one group, whatever its shape; real recall ranges; many lines at once."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from boxes_tui.data.engine import writing
from boxes_tui.data.tables import block, customer, vehicle
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.campaign_lines import entries, read_list
from boxes_tui.desk.campaign_match import MATCHES, Match, match_list
from boxes_tui.desk.campaigns import campaign_from_lines
from boxes_tui.errors import UsageError
from tests.support.house import NOW, Desk


def car(desk: Desk, name: str, vin: str | None = None, **more: Any) -> int:
    known = vin or more.get("chassis")
    return desk.add(name, vehicle, vin=vin, tail_rev=known[::-1] if known else None, model="SIENA", **more)


def park(desk: Desk) -> None:
    """Six units: two share a tail, one is known by its short chassis only, one by its plate."""
    car(desk, "a", "9BD19713MK4067902", plate="AC052JY", owner_id=desk.ids["pena"])
    car(desk, "b", "9BD19713MK4067955", plate="AC118CC", owner_id=desk.ids["baez"])
    car(desk, "c", "8AP196272K4500001", plate="AC009KD")
    car(desk, "d", "8AC196272K4500001")
    car(desk, "short", None, chassis="K4068044")
    desk.add("plated", vehicle, plate="AD009ZZ", owner_id=desk.ids["rios"])


def match(desk: Desk, text: str, type_: str = "technical_note") -> Match:
    session = desk.session("luis")
    with desk.house.engine.connect() as conn:
        return match_list(conn, session, text, type_)


def groups(found: Match) -> list[tuple[int, str]]:
    return [(line.line, line.match) for line in found.lines]


def test_every_line_is_in_one_group(desk: Desk) -> None:
    park(desk)
    lines = [
        "VIN;Patente", "", "9BD19713MK4067902", "9bd19713 mk4067955", "K4067902", "AC 052-JY", "K4500001", "K4068044",
        "8AP19627XK4068044", '"AD009ZZ","Ríos, Íñigo"', "NOEXISTE123456789", "   ", "9BD19713MK4067902;AC118CC",
        "IOQ19713MK4067902", "\t8AC196272K4500001\t\t", "5512345",
    ]  # fmt: skip
    found = match(desk, "\r\n".join(lines))
    assert groups(found) == [
        (1, "unknown"), (3, "exact"), (4, "exact"), (5, "duplicate"), (6, "duplicate"), (7, "ambiguous"), (8, "exact"),
        (9, "duplicate"), (10, "exact"), (11, "unknown"), (13, "ambiguous"), (14, "unknown"), (15, "exact"),
        (16, "unknown"),
    ]  # fmt: skip
    assert found.counts == {**dict.fromkeys(MATCHES, 0), "exact": 5, "duplicate": 3, "ambiguous": 2, "unknown": 4}
    assert found.lines[5].vehicles == tuple(sorted((desk.ids["c"], desk.ids["d"])))
    assert found.lines[2].as_json()["vehicles"] == [str(desk.ids["b"])]


def test_a_suffix_finds_one_unit_and_a_list_on_one_line_is_a_list(desk: Desk) -> None:
    park(desk)
    found = match(desk, "067955\nK4067902, K4068044\nAC009KD AD009ZZ\n9BD19713MK4067902,9BD19713MK4067955")
    assert groups(found) == [
        (1, "suffix"), (2, "suffix"), (2, "exact"), (3, "exact"), (3, "exact"), (4, "duplicate"), (4, "duplicate"),
    ]  # fmt: skip
    assert [line.text for line in found.lines[1:3]] == ["K4067902", "K4068044"]


def test_an_unknown_vin_is_offered_with_its_letters_read_as_digits(desk: Desk) -> None:
    car(desk, "a", "9BD19713MK4067900")
    (line,) = match(desk, "9BD197I3MK406790O").lines
    assert (line.match, line.suggestion) == ("unknown", "9BD19713MK4067900")


@pytest.mark.parametrize(
    ("line", "names", "group"),
    [
        ("9BD19713MK4067902..9BD19713MK4067955", ("a", "b"), "exact"),
        ("9BD19713MK4067902 - 9BD19713MK4067954", ("a",), "exact"),
        ("9BD19713MK4067902-9BD19713MK4067955", ("a", "b"), "exact"),
        ("067900..067999", ("a", "b"), "suffix"),
        ("9BD******K4067950..9BD******K4067960", ("b",), "suffix"),
        ("8AP196272K4600000..8AC196272K4400000", (), "unknown"),
        ("9BD19713MK4067956..9BD19713MK4067999", (), "unknown"),
    ],
)
def test_ranges(lite: Desk, line: str, names: tuple[str, ...], group: str) -> None:
    park(lite)
    (found,) = match(lite, line).lines
    assert (found.match, set(found.vehicles)) == (group, {lite.ids[n] for n in names})


def test_ranges_on_both_databases(desk: Desk) -> None:
    park(desk)
    found = match(desk, "9BD19713MK4067902..9BD19713MK4067955\n067900-067999\nZZZ19713MK4067902..9BD19713MK4067999")
    assert groups(found) == [(1, "exact"), (2, "duplicate"), (3, "unknown")]


def test_who_does_not_want_to_be_called_is_blocked_and_open_units_are_open(desk: Desk) -> None:
    park(desk)
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "do_not_call"))
    desk.do(campaign_from_lines(desk.house.engine, "Invierno", "recall", ["AC118CC"], due=NOW.date()), "luis")
    found = match(desk, "AC052JY\nAC118CC\nAC009KD\nAB999XX")
    assert groups(found) == [(1, "blocked"), (2, "open"), (3, "exact"), (4, "unknown")]


def test_a_block_by_phone_or_document_holds_for_the_person(desk: Desk) -> None:
    park(desk)
    with writing(desk.house.engine) as conn:
        conn.execute(insert(block).values(last10="3514402222", scope="offer", at=NOW))
        conn.execute(insert(block).values(doc_digits="20001234", scope="operational", at=NOW))
        conn.execute(customer.update().where(customer.c.id == desk.ids["rios"]).values(person_id=desk.ids["baez"]))
    found = match(desk, "AC052JY\nAC118CC\nAD009ZZ")
    assert groups(found) == [(1, "blocked"), (2, "blocked"), (3, "blocked")]
    assert [u.why for u in found.units.values()] == ["own_operational", "own", "own"]


def test_real_recall_ranges_are_read_and_found(lite: Desk, feeds: Path) -> None:
    path = feeds / "recalls_dvsa" / "RecallsFileSmall.csv"
    rows = list(csv.DictReader(path.read_text("cp1252").splitlines()))
    ranges = [(r["VIN Start"], r["VIN End"]) for r in rows if len(r["VIN Start"]) == len(r["VIN End"]) == 17]
    whole = [(a, b) for a, b in ranges if a[:9] == b[:9] and a[11:].isdigit() and b[11:].isdigit() and a < b]
    assert len(whole) > 100
    with writing(lite.house.engine) as conn:
        for n, (low, high) in enumerate(whole):
            middle = (int(low[11:]) + int(high[11:])) // 2 if low[:11] == high[:11] else int(low[11:]) + 1
            vin = f"{low[:11]}{middle:06d}".translate(str.maketrans("#*.", "7K5"))
            conn.execute(insert(vehicle).values(vin=vin, tail_rev=vin[::-1], source_key=str(n)))
    found = match(lite, "\n".join(f"{a}..{b}" for a, b in whole))
    assert {line.match for line in found.lines} <= {"exact", "suffix", "duplicate"}
    assert len(found.lines) == len(whole)


def test_the_recall_file_itself_never_breaks_the_report(lite: Desk, feeds: Path) -> None:
    text = read_list(feeds / "recalls_dvsa" / "RecallsFileSmall.csv")
    assert match(lite, text).counts["unknown"] > 100


def test_a_hundred_thousand_lines_at_once(lite: Desk) -> None:
    vins = [f"8AP{n:08d}{n % 1_000_000:06d}" for n in range(3000)]
    with writing(lite.house.engine) as conn:
        conn.execute(insert(vehicle), [{"vin": v, "tail_rev": v[::-1]} for v in vins])
    text = "\n".join([*vins, *(f"9ZZ{n:014d}" for n in range(97_000))])
    counts = match(lite, text).counts
    assert (counts["exact"], counts["unknown"]) == (3000, 97_000)


@given(st.text())
def test_any_text_is_accounted_for_by_its_physical_lines(text: str) -> None:
    made = entries(text)
    numbers = [e.line for e in made]
    assert numbers == sorted(numbers)
    assert all(1 <= n <= text.count("\n") + text.count("\r") + 1 for n in numbers)


def test_files_in_every_encoding(tmp_path: Path) -> None:
    for name, raw in (
        ("a", "Peña;AC052JY\n".encode("cp1252")),
        ("b", "\ufeffPeña;AC052JY\n".encode()),
        ("c", "Peña;AC052JY\n".encode("utf-16")),
    ):
        path = tmp_path / name
        path.write_bytes(raw)
        assert [e.text for e in entries(read_list(path))] == ["Peña;AC052JY"]
    with pytest.raises(UsageError):
        read_list(tmp_path / "none.txt")
