"""Rows to records: keys, null tokens, dates, warnings, rejects, dotted fields (DMS.md §1–§3, §5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.records import UNTOUCHED, FileRefused, Phone, Record, Reject
from boxes_tui.dms.row import GOOD
from boxes_tui.domain.vehicle_ids import norm_chassis, norm_plate, norm_vin
from tests.dms import reading

SETTINGS = 'key = ["SUC", "NRO"]\ndelimiter = ";"\ndecimal = ","\nnull = ["", "NULL", "  /  /    ", "30/12/1899"]'
AGENDA = """
starts_at = { from = ["FECHA", "HORA"], format = ["%d/%m/%Y %H:%M", "%d/%m/%y %H:%M"] }
plate = "DOMINIO"
chassis = "CHASIS"
customer_key = "COD"
contact_name = "CONTACTO"
contact_phone = { coalesce = ["CEL", "TEL"] }
vehicle_text = "UNIDAD"
duration_min = "DURACION"
arrived_at = { from = "INGRESO", format = "%d/%m/%Y %H:%M:%S" }
status = { from = "ESTADO", values = { P = "scheduled", X = "cancelled" } }
services = ["TRABAJO", "TRABAJO2"]
notes = "OBS"
branch = "SUC"
"""
HEAD = [
    "SUC",
    "NRO",
    "FECHA",
    "HORA",
    "DOMINIO",
    "CHASIS",
    "COD",
    "CONTACTO",
    "CEL",
    "TEL",
    "UNIDAD",
    "DURACION",
    "INGRESO",
    "ESTADO",
    "TRABAJO",
    "TRABAJO2",
    "OBS",
]
GOOD_ROW = {
    "SUC": "CBA", "NRO": "00017", "FECHA": "24/11/2026", "HORA": "15:30", "DOMINIO": "ab 123-cd", "COD": "007",
    "ESTADO": "P",
}  # fmt: skip


def agenda(folder: Path, *rows: dict[str, str], extra: str = "", settings: str = SETTINGS, whole: str = "") -> tuple[Any, list[Record], list[Reject]]:  # fmt: skip
    text = "\n".join([";".join(HEAD), *(";".join(row.get(c, "") for c in HEAD) for row in rows)]) + "\n"
    return reading.rows(folder, text, "appointment", settings, AGENDA + extra, whole=whole)


def one(folder: Path, extra: str = "", **cells: str) -> dict[str, Any]:
    """The named values of one good row with other cells."""
    found, records, rejects = agenda(folder, {**GOOD_ROW, **cells}, extra=extra)
    assert not rejects, rejects
    return {**reading.named(found, records[0]), "warnings": [(w.code, w.field) for w in records[0].warnings],
            "key": records[0].key, "feeds": {f.entity: dict(zip(f.fields, f.values, strict=True)) for f in records[0].feeds}}  # fmt: skip


def bad(folder: Path, **cells: str) -> tuple[str, str]:
    _found, records, rejects = agenda(folder, {**GOOD_ROW, **cells})
    assert not records
    return rejects[0].code, rejects[0].field


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_a_good_row(tmp_path: Path) -> None:
    row = one(tmp_path)
    assert row["key"] == "CBA/00017" and not row["warnings"]
    assert row["starts_at"] == at("2026-11-24T15:30:00-03:00") and row["starts_at_precision"] == "time"
    assert row["start_day"] == date(2026, 11, 24).toordinal()
    assert (row["plate"], row["chassis"], row["vin"]) == ("AB123CD", None, None)
    assert (row["status"], row["status_raw"]) == ("scheduled", "P")
    assert row["services"] == () and row["notes"] is None and row["duration_min"] is None


# -- null, keys, required ------------------------------------------------------------------------


def test_null_tokens_per_column_before_joining(tmp_path: Path) -> None:
    row = one(tmp_path, HORA="NULL", CONTACTO=" NULL ", INGRESO="  /  /    ")
    assert row["starts_at_precision"] == "day" and row["starts_at"] == at("2026-11-24T00:00:00-03:00")
    assert row["contact_name"] is None and row["arrived_at"] is None and row["arrived_at_precision"] is None
    assert bad(tmp_path, FECHA="  /  /    ") == ("E-REQ", "starts_at")
    assert bad(tmp_path, FECHA="30/12/1899") == ("E-REQ", "starts_at")
    assert bad(tmp_path, FECHA="/ /") == ("E-DATE", "starts_at")


@pytest.mark.parametrize("part", ["", "NULL", "  ", "\u200b"])
def test_a_key_of_which_a_part_is_null(tmp_path: Path, part: str) -> None:
    assert bad(tmp_path, NRO=part) == ("E-KEY", "NRO")
    assert bad(tmp_path, SUC=part) == ("E-KEY", "SUC")


def test_keys_are_text(tmp_path: Path) -> None:
    assert one(tmp_path, SUC=" cBa ", NRO="0 1\u00a07")["key"] == "cBa/0 1 7"
    assert one(tmp_path, NRO="Ñ\u20111")["key"] == "CBA/Ñ\u20111"
    assert bad(tmp_path, NRO="9" * 300) == ("E-KEY", "NRO")


@pytest.mark.parametrize("text", ["31/02/2026", "??", "2026-11-24", "24/11/2026x"])
def test_a_required_date_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    assert bad(tmp_path, FECHA=text) == ("E-DATE", "starts_at")


def test_an_optional_date_that_cannot_be_read(tmp_path: Path) -> None:
    for text in ("31/02/2026 10:00:00", "00/00/0000 00:00:00", "01/01/1900 00:00:00"):
        row = one(tmp_path, INGRESO=text)
        assert row["arrived_at"] is None and row["warnings"] == [("W-DATE-RANGE", "arrived_at")]


def test_neither_customer_nor_vehicle(tmp_path: Path) -> None:
    assert bad(tmp_path, DOMINIO="", COD="", UNIDAD="AMAROK") == ("E-REF", "customer_key")
    for cells in (
        {"COD": "7"},
        {"CONTACTO": "Ana"},
        {"TEL": "351 4512345"},
        {"DOMINIO": "AB123CD"},
        {"CHASIS": "A123456"},
    ):
        _found, records, _bad = agenda(tmp_path, {**GOOD_ROW, "DOMINIO": "", "COD": "", **cells})
        assert len(records) == 1, cells


def test_a_reject_carries_what_mends_it(tmp_path: Path) -> None:
    _found, _records, rejects = agenda(tmp_path, GOOD_ROW, {**GOOD_ROW, "NRO": "18", "FECHA": "??"})
    r = rejects[0]
    assert (r.code, r.field, r.file, r.line, r.key) == ("E-DATE", "starts_at", "f.csv", 3, "CBA/18")
    assert r.raw.startswith("CBA;18;??;15:30") and r.reason


# -- dates ---------------------------------------------------------------------------------------


def test_formats_are_tried_in_order(tmp_path: Path) -> None:
    assert one(tmp_path, FECHA="24/11/26")["starts_at"] == one(tmp_path)["starts_at"]
    assert one(tmp_path, FECHA="4/1/2026", HORA="9:05")["starts_at"] == at("2026-01-04T09:05:00-03:00")


def test_the_zone_of_the_source_with_its_clock_changes(tmp_path: Path) -> None:
    whole = 'timezone = "Europe/Madrid"'
    for text, moment in (
        ("24/11/2026;15:30", "2026-11-24T15:30:00+01:00"), ("24/07/2026;15:30", "2026-07-24T15:30:00+02:00"),
        ("29/03/2026;01:30", "2026-03-29T01:30:00+01:00"), ("29/03/2026;12:00", "2026-03-29T12:00:00+02:00"),
        ("25/10/2026;23:00", "2026-10-25T23:00:00+01:00"), ("25/10/2026;00:30", "2026-10-25T00:30:00+02:00"),
    ):  # fmt: skip
        day, hour = text.split(";")
        found, records, _bad = agenda(tmp_path, {**GOOD_ROW, "FECHA": day, "HORA": hour}, whole=whole)
        row = reading.named(found, records[0])
        assert row["starts_at"] == at(moment), text
        assert row["start_day"] == datetime.fromisoformat(moment).toordinal()


@given(
    st.datetimes(datetime(1960, 1, 1), datetime(2090, 1, 1)),
    st.sampled_from(
        ["%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%y %H.%M", "%d %b %Y %H:%M", "%m/%d/%Y %I:%M %p"]
    ),
    st.sampled_from(["America/Argentina/Buenos_Aires", "Europe/Madrid", "UTC", "America/Santiago"]),
)
def test_halves_are_read_as_the_whole(moment: datetime, form: str, zone: str) -> None:
    from zoneinfo import ZoneInfo

    from boxes_tui.dms.moments import Moments

    text = moment.strftime(form)
    wanted = datetime.strptime(text, form).replace(tzinfo=ZoneInfo(zone))
    moments = Moments(zone, (form,))
    for _again in range(2):
        seconds, day_only, day = moments.read(text)
        assert (datetime.fromtimestamp(seconds, UTC), day_only) == (wanted.astimezone(UTC), False)
        assert day == wanted.astimezone(UTC).astimezone(ZoneInfo(zone)).toordinal()


def test_a_format_without_a_time_gives_a_day(tmp_path: Path) -> None:
    text = "a,d\n1,24/11/2026\n"
    mapping = 'opened_at = { from = "d", format = "%d/%m/%Y" }\ncustomer_key = "a"'
    found, records, _bad = reading.rows(tmp_path, text, "repair_order", 'key = "a"', mapping)
    row = reading.named(found, records[0])
    assert (row["opened_at"], row["opened_at_precision"]) == (at("2026-11-24T00:00:00-03:00"), "day")
    assert row["opened_day"] == date(2026, 11, 24).toordinal()


def test_without_a_format_only_iso_is_read(tmp_path: Path) -> None:
    text = "a,d\n1,2026-11-24\n2,2026-11-24T10:00:00-05:00\n3,2026-11-24 10:00\n4,24/11/2026\n5,2020-07-20T00:00:00.000+0000\n"
    mapping = 'opened_at = "d"\ncustomer_key = "a"'
    found, records, rejects = reading.rows(tmp_path, text, "repair_order", 'key = "a"', mapping)
    assert [reading.named(found, r)["opened_at"] for r in records] == [
        at("2026-11-24T00:00:00-03:00"), at("2026-11-24T10:00:00-05:00"), at("2026-11-24T10:00:00-03:00"),
        at("2020-07-20T00:00:00+00:00"),
    ]  # fmt: skip
    assert [r.code for r in rejects] == ["E-DATE"]


# -- warnings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "warning", "field", "value"),
    [
        ({"ESTADO": "Z"}, "W-ENUM", "status", "unknown"),
        ({"DOMINIO": "A-1"}, "W-PLATE", "plate", "A1"),
        ({"CONTACTO": "PÃ©rez"}, "W-MOJIBAKE", "contact_name", "PÃ©rez"),
        ({"CONTACTO": "A\x1b[31mna"}, "W-CONTROL", "contact_name", "A[31mna"),
        ({"DURACION": "media hora"}, "W-NUM", "duration_min", UNTOUCHED),
        ({"CEL": "no tiene"}, "W-PHONE", "contact_phone", "no tiene"),
        ({"CHASIS": "8APIOQ0000000001X"}, "W-VIN", "chassis", "8APIOQ0000000001X"),
        ({"FECHA": "24/11/2226"}, "W-DATE-RANGE", "starts_at", at("2226-11-24T15:30:00-03:00")),
    ],
)
def test_a_field_warning_lets_the_row_in(
    tmp_path: Path, cells: dict[str, str], warning: str, field: str, value: Any
) -> None:
    row = one(tmp_path, **cells)
    assert (warning, field) in row["warnings"] and row[field] == value


def test_warnings_are_counted_even_where_a_text_comes_again(tmp_path: Path) -> None:
    found, _records, _bad = agenda(tmp_path, *({**GOOD_ROW, "NRO": str(n), "ESTADO": "Z"} for n in range(3)))
    assert found.counted == {"read": 3, "W-ENUM": 3}


def test_status_words_are_compared_trimmed(tmp_path: Path) -> None:
    assert one(tmp_path, ESTADO=" X ")["status"] == "cancelled"
    assert one(tmp_path, ESTADO="x")["status"] == "unknown"
    assert one(tmp_path, ESTADO="")["status"] is None


def test_an_enum_by_its_own_words(tmp_path: Path) -> None:
    text = "a,s,k\n1,Delivered,x\n2,entregada,PLAN\n"
    mapping = 'delivered_at = { const = "2026-01-01" }\nstatus = "s"\ncondition = "k"\ncustomer_key = "a"'
    found, records, _bad = reading.rows(tmp_path, text, "delivery", 'key = "a"', mapping)
    rows = [reading.named(found, r) for r in records]
    assert [(r["status"], r["condition"]) for r in rows] == [("delivered", "other"), ("unknown", "plan")]
    assert [w.code for w in records[0].warnings] == ["W-ENUM"]


def test_numbers_with_the_declared_decimal_sign(tmp_path: Path) -> None:
    mapping = 'opened_at = { const = "2026-01-01" }\ncustomer_key = "a"\ntotal = "t"\nodometer_in = "k"'
    rows = [("1.234,50", 123450), ("$ 1.234.567,8", 123456780), ("-3,5", -350), ("1234", 123400), ("1.5", UNTOUCHED),
            ("1,2,3", UNTOUCHED), ("1e999999999", UNTOUCHED), ("nan", UNTOUCHED), ("", None)]  # fmt: skip
    text = "a;t;k\n" + "".join(f"{n};{t};\n" for n, (t, _v) in enumerate(rows))
    found, records, _bad = reading.rows(
        tmp_path, text, "repair_order", 'key = "a"\ndelimiter = ";"\ndecimal = ","', mapping
    )
    assert [reading.named(found, r)["total"] for r in records] == [v for _t, v in rows]
    text = "a;t;k\n1;1,234.50;12.345 km\n2;1;123,456\n3;1;-5\n"
    found, records, _bad = reading.rows(tmp_path, text, "repair_order", 'key = "a"\ndelimiter = ";"', mapping)
    assert [(r["total"], r["odometer_in"]) for r in (reading.named(found, x) for x in records)] == [
        (123450, 12), (100, 123456), (100, None),
    ]  # fmt: skip


def test_notes_keep_their_lines(tmp_path: Path) -> None:
    text = 'a,d,n,x\n1,2026-01-01,"uno\r\n  dos  \n",a\tb\u00a0 c\n'
    mapping = 'opened_at = "d"\ncustomer_key = "a"\nnotes = "n"\nresult = "x"'
    found, records, _bad = reading.rows(tmp_path, text, "repair_order", 'key = "a"', mapping)
    row = reading.named(found, records[0])
    assert row["notes"] == "uno\ndos" and row["result"] == "a b c" and not records[0].warnings


# -- customers, vehicles, lines --------------------------------------------------------------------


def test_telephones(tmp_path: Path) -> None:
    text = "a,c,t\n1,351 5123456 / 0351 4512345,+54 9 351 512-3456\n2,,--\n"
    mapping = 'display_name = "a"\nphones = [{ from = "c", kind = "mobile" }, "t"]'
    found, records, _bad = reading.rows(tmp_path, text, "customer", 'key = "a"', mapping)
    first, second = (reading.named(found, r)["phones"] for r in records)
    assert first == (
        Phone("351 5123456", "+5493515123456", "3515123456", "mobile"),
        Phone("0351 4512345", "+5493514512345", "3514512345", "mobile"),
    )
    assert second == () and [w.code for w in records[1].warnings] == ["W-PHONE"]


def test_a_customer_has_a_name(tmp_path: Path) -> None:
    text = "a,n,g,f\n1,,,\n2,,Ana,Paz\n3,SA,,\n"
    mapping = 'display_name = "n"\ngiven_name = "g"\nfamily_name = "f"'
    found, records, rejects = reading.rows(tmp_path, text, "customer", 'key = "a"', mapping)
    assert [reading.named(found, r)["display_name"] for r in records] == ["Ana Paz", "SA"]
    assert [(r.code, r.field, r.key) for r in rejects] == [("E-REQ", "display_name", "1")]


def test_a_vehicle_has_a_name(tmp_path: Path) -> None:
    text = "a,v,c,p\n1,,,\n2,,8APY526WYK0000144,\n3,,WYK0144,\n4,,123,S/D\n5,,,ab123cd\n"
    mapping = 'vin = "v"\nchassis = "c"\nplate = "p"'
    found, records, rejects = reading.rows(tmp_path, text, "vehicle", 'key = "a"', mapping)
    rows = [reading.named(found, r) for r in records]
    assert [(r["vin"], r["chassis"], r["plate"]) for r in rows] == [
        ("8APY526WYK0000144", "8APY526WYK0000144", None), (None, "WYK0144", None), (None, None, "AB123CD"),
    ]  # fmt: skip
    assert [(r.code, r.key) for r in rejects] == [("E-REQ", "1"), ("E-REQ", "4")]


def test_lines_and_incidents_without_a_number(tmp_path: Path) -> None:
    text = "s,o,n,t\nCBA,5001,2,aceite\nCBA,5001,x,filtro\n"
    found, records, _bad = reading.rows(
        tmp_path, text, "repair_order_line", 'key = ["s", "o", "n"]', 'description = "t"'
    )
    rows = [reading.named(found, r) for r in records]
    assert [(r["repair_order_key"], r["line_no"]) for r in rows] == [("CBA/5001", 2), ("CBA/5001", None)]
    mapping = 'repair_order_key = { from = ["s", "o"], join = "/" }\ntext = "t"\nkind = { from = "n", values = { 2 = "cause" } }'
    found, records, _bad = reading.rows(tmp_path, text, "incident", 'key = ["s", "o", "n"]', mapping)
    rows = [reading.named(found, r) for r in records]
    assert [(r["repair_order_key"], r["seq"], r["kind"]) for r in rows] == [
        ("CBA/5001", 2, "cause"), ("CBA/5001", None, "unknown"),
    ]  # fmt: skip


def test_a_delivery_without_a_key_has_one(tmp_path: Path) -> None:
    mapping = 'delivered_at = { from = "d", format = "%d/%m/%Y" }\nvin = "v"\nplate = "p"'
    keys = []
    for plate in ("", "AB123CD"):
        text = f"d,v,p\n24/11/2026,8APY526WYK0000144,{plate}\n25/11/2026,8APY526WYK0000144,{plate}\n24/11/2026,8APY526WYK0000145,\n"
        _found, records, _bad = reading.rows(tmp_path, text, "delivery", "", mapping)
        keys.append([r.key for r in records])
    assert keys[0] == keys[1] and len(set(keys[0])) == 3


def test_dotted_fields_feed_customer_and_vehicle(tmp_path: Path) -> None:
    extra = 'customer.display_name = "CONTACTO"\ncustomer.phones = ["CEL", "TEL"]\nvehicle.model = "UNIDAD"\n'
    row = one(tmp_path, extra, CONTACTO="Ana Paz", CEL="351 5123456", UNIDAD="AMAROK")
    assert row["feeds"]["customer"]["display_name"] == "Ana Paz"
    assert [p.last10 for p in row["feeds"]["customer"]["phones"]] == ["3515123456"]
    assert row["feeds"]["vehicle"] == {"model": "AMAROK"}
    assert one(tmp_path, extra)["feeds"] == {}


def test_dotted_names_are_further_names_of_the_vehicle(tmp_path: Path) -> None:
    text = "a,d,p,c\n1,2026-01-01,AB123CD,\n2,2026-01-01,,8APY526WYK0000144\n3,2026-01-01,,\n"
    mapping = 'opened_at = "d"\nvehicle.plate = "p"\nvehicle.chassis = "c"'
    found, records, rejects = reading.rows(tmp_path, text, "repair_order", 'key = "a"', mapping)
    rows = [reading.named(found, r) for r in records]
    assert [(r["plate"], r["chassis"], r["vin"]) for r in rows] == [
        ("AB123CD", None, None), (None, "8APY526WYK0000144", "8APY526WYK0000144"),
    ]  # fmt: skip
    assert [r.code for r in rejects] == ["E-REF"]


def test_a_customer_only_by_dotted_fields_is_a_customer(tmp_path: Path) -> None:
    text = "a,d,n\n1,2026-01-01,Ana\n2,2026-01-01,\n"
    mapping = 'opened_at = "d"\ncustomer.display_name = "n"'
    _found, records, rejects = reading.rows(tmp_path, text, "repair_order", 'key = "a"', mapping)
    assert [r.key for r in records] == ["1"] and [r.code for r in rejects] == ["E-REF"]


def test_scope_values_are_those_of_the_file(tmp_path: Path) -> None:
    rows = [{**GOOD_ROW, "NRO": str(n), "SUC": s} for n, s in enumerate(["CBA", "ROS", "CBA", ""])]
    found, records, _bad = agenda(tmp_path, *rows, settings=SETTINGS + '\nscope = ["SUC"]')
    assert found.scope_values == {("CBA",), ("ROS",)} and len(records) == 3


def test_a_mapping_without_the_required_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="starts_at"):
        reading.rows(tmp_path, "a\n1\n", "appointment", 'key = "a"', 'customer_key = "a"')


def test_the_acceptance_feed(accept: Path) -> None:
    import json

    feed = accept / "taller_norte"
    wanted = json.loads((feed / "expected.json").read_text("utf-8"))
    spec = load_sources(feed / "source.toml")["norte"]
    for e in spec.entities.values():
        path = next(iter((feed / "in").glob(e.files or "")))
        found, records, rejects = reading.read(spec, e, path)
        assert found.counted["read"] == len(records) + len(rejects) == wanted["read"][e.name]
        assert len(rejects) == wanted["rejected"].get(e.name, 0), e.name
        assert all(r.reason and r.line and r.raw for r in rejects)


@given(st.text(max_size=12).map(str.upper))
def test_what_is_taken_as_it_stands_is_what_the_domain_makes_of_it(text: str) -> None:
    if GOOD["plate"](text):
        assert norm_plate(text) == (text, True)
    if GOOD["vin"](text):
        assert norm_vin(text) == (text, True)
    if GOOD["chassis"](text):
        assert norm_chassis(text) == text and (len(text) < 17 or norm_vin(text)[1])


@given(st.from_regex(r"[A-Z]{2}\d{3}[A-Z]{2}|[A-Z]{3}\d{3}|[A-Z0-9]{6,17}", fullmatch=True))
def test_good_names_as_they_stand(text: str) -> None:
    if GOOD["plate"](text):
        assert norm_plate(text) == (text, True)
    if GOOD["vin"](text):
        assert norm_vin(text) == (text, True)
    if GOOD["chassis"](text):
        assert norm_chassis(text) == text and (len(text) < 17 or norm_vin(text)[1])


@given(st.text())
def test_plain_text_is_clean(text: str) -> None:
    from boxes_tui.dms.cells import looks_broken
    from boxes_tui.dms.fields import PLAIN
    from boxes_tui.text import clean_checked

    if PLAIN(text):
        assert clean_checked(text) == (text, False) and not looks_broken(text)


def test_normalising_is_pure(tmp_path: Path) -> None:
    rows = [
        {**GOOD_ROW, "NRO": str(n % 7), "ESTADO": "PXZ"[n % 3], "CONTACTO": f"A {n % 5}\x07"[: n % 9]}
        for n in range(40)
    ]
    _found, records, rejects = agenda(tmp_path, *rows)
    by_content: dict[str, set[Any]] = {}
    for record, row in zip(records, rows, strict=True):
        by_content.setdefault(repr(row), set()).add(repr((record.key, record.values, record.warnings)))
    assert not rejects and all(len(v) == 1 for v in by_content.values())
