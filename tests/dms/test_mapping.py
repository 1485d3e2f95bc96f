"""The TOML grammar of sources, to the letter (DMS.md §3)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.spec import DELIVERED, EntitySpec, Value
from boxes_tui.dms.toml_lines import key_lines
from boxes_tui.errors import ConfigError

GRAMMAR = """\
[source.sky]
kind = "folder"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"
[source.sky.entity.appointment]
files = "turnos_*.csv"
mode = "window"
window_days = [-10, 60]
encoding = "cp1252"
delimiter = ";"
header_row = 1
skip_blank = true
stop_at = "^TOTAL"
decimal = ","
key = ["SUCURSAL", "NRO_TURNO"]
null = ["", "NULL", "  /  /    ", "30/12/1899"]
[source.sky.entity.appointment.map]
starts_at     = { from = ["FECHA", "HORA"], format = "%d/%m/%Y %H:%M" }
plate         = "DOMINIO"
chassis       = "CHASIS"
status        = { from = "ESTADO", values = { P = "scheduled", C = "confirmed", I = "converted", X = "cancelled" } }
contact_phone = { coalesce = ["CELULAR", "TELEFONO"] }
branch        = "SUCURSAL"
customer_key  = "COD_CLIENTE"
customer.display_name = "CLIENTE"     # dotted
customer.phones       = ["CELULAR", { from = "TELEFONO", kind = "fixed" }]
vehicle.model         = "UNIDAD"
"""


def load(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return dict(load_sources(path))


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_grammar_of_the_document_loads(tmp_path: Path) -> None:
    spec = load(tmp_path, GRAMMAR)["sky"]
    assert spec.path == tmp_path / "in" and spec.branch == "CBA" and spec.delivered_from == DELIVERED
    e: EntitySpec = spec.entities["appointment"]
    assert (e.mode, e.window_days, e.key) == ("window", (-10, 60), ("SUCURSAL", "NRO_TURNO"))
    assert (e.encoding, e.delimiter, e.decimal, e.stop_at) == ("cp1252", ";", ",", "^TOTAL")
    assert e.null == ("", "NULL", "  /  /    ", "30/12/1899")
    assert e.fields["starts_at"] == Value(columns=("FECHA", "HORA"), formats=("%d/%m/%Y %H:%M",))
    assert e.fields["contact_phone"] == Value(coalesce=("CELULAR", "TELEFONO"))
    assert e.feeds["customer"]["phones"] == Value(parts=(("CELULAR", None), ("TELEFONO", "fixed")))
    assert e.feeds["vehicle"] == {"model": Value(columns=("UNIDAD",))}


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    text = """
[source.a]
kind = "folder"
path = "in"
[source.a.entity.customer]
files = "c.csv"
key = "ID"
map.display_name = "NAME"
"""
    spec = load(tmp_path, text)["a"]
    e = spec.entities["customer"]
    assert (e.null, e.header_row, e.skip_blank, e.key, e.decimal, e.mode) == (("",), 1, True, ("ID",), ".", "delta")
    assert spec.branch is None and e.timezone == "America/Argentina/Buenos_Aires"


def test_a_source_gives_defaults_to_its_entities(tmp_path: Path) -> None:
    text = GRAMMAR.replace(
        'branch = "CBA"\n', 'branch = "CBA"\nencoding = "utf-8"\nnull = ["-"]\nscope = ["SUCURSAL"]\n', 1
    )
    e = load(tmp_path, text)["sky"].entities["appointment"]
    assert e.encoding == "cp1252" and e.null[1] == "NULL" and e.scope == ("SUCURSAL",)
    text = text.replace('encoding = "cp1252"\n', "").replace('null = ["", "NULL", "  /  /    ", "30/12/1899"]\n', "")
    e = load(tmp_path, text)["sky"].entities["appointment"]
    assert e.encoding == "utf-8" and e.null == ("-",)


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('branch = "CBA"', 'brnch = "CBA"', 5, "brnch"),
        ('delimiter = ";"', 'delimitter = ";"', 11, "delimitter"),
        ('plate         = "DOMINIO"', 'plat = "DOMINIO"', 20, "plat"),
        ("coalesce = [", "coalese = [", 23, "coalese"),
        ("customer.display_name", "customer.dislay_name", 26, "dislay_name"),
        ('kind = "fixed"', 'knd = "fixed"', 27, "knd"),
        ("vehicle.model ", "vehicle.owner ", 28, "owner"),
        ('X = "cancelled"', 'X = "cancled"', 22, "cancled"),
        ('mode = "window"', 'mode = "windows"', 8, "windows"),
        ("window_days = [-10, 60]", "window_days = [60, -10]", 9, "window_days"),
        ('delimiter = ";"', 'delimiter = ";;"', 11, "delimiter"),
        ('decimal = ","', 'decimal = ";"', 15, "decimal"),
        ('stop_at = "^TOTAL"', 'stop_at = "(TOTAL"', 14, "stop_at"),
        ('encoding = "cp1252"', 'encoding = "cp125x"', 10, "cp125x"),
        ("skip_blank = true", 'skip_blank = "yes"', 13, "skip_blank"),
        ("Argentina/Buenos_Aires", "Argentina/Buenas_Aires", 4, "Buenas_Aires"),
        ('kind = "folder"', 'kind = "carpeta"', 2, "carpeta"),
        ("entity.appointment]", "entity.apointment]", 6, "apointment"),
        ('files = "turnos_*.csv"', 'files = "in/turnos_*.csv"', 7, "files"),
        ('branch        = "SUCURSAL"', "branch        = 7", 24, "branch"),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    assert old in GRAMMAR
    said = refused(tmp_path, GRAMMAR.replace(old, new))
    assert said.startswith(f"{tmp_path / 's.toml'}:{line}: ") and word in said


@pytest.mark.parametrize(
    ("old", "new", "near"),
    [
        ('delimiter = ";"', 'delimitter = ";"', "delimiter"),
        ('plate         = "DOMINIO"', 'plat = "DOMINIO"', "plate"),
        ("coalesce = [", "coalese = [", "coalesce"),
        ("customer.display_name", "customer.dislay_name", "customer.display_name"),
        ("entity.appointment]", "entity.apointment]", "appointment"),
    ],
)
def test_a_slip_of_the_pen_is_told_the_nearest_name(tmp_path: Path, old: str, new: str, near: str) -> None:
    assert f"«{near}»?" in refused(tmp_path, GRAMMAR.replace(old, new))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[source.a]\nkind = "folder"\n[source.a.entity.customer]\nfiles = "x"\nkey = "A"\nmap.city = "B"\n', "path"),
        ('[source.a]\nkind = "sql"\n[source.a.entity.customer]\nselect = "x"\nkey = "A"\nmap.city = "B"\n', "url"),
        ('[source.a]\nkind = "folder"\npath = "x"\n', "entidad"),
        ('[source.a]\nkind = "folder"\npath = "x"\n[source.a.entity.customer]\nkey = "A"\nmap.city = "B"\n', "files"),
        ('[source.a]\nkind = "folder"\npath = "x"\n[source.a.entity.customer]\nfiles = "A"\nmap.city = "B"\n', "key"),
        ('[source.a]\nkind = "folder"\npath = "x"\n[source.a.entity.customer]\nfiles = "A"\nkey = "B"\n', "map"),
        ("", "fuente"),
        ("surce = 1\n", "surce"),
        ("[source.a\n", ":1: TOML"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said(tmp_path: Path, text: str, word: str) -> None:
    assert word in refused(tmp_path, text)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no se puede leer"):
        load_sources(tmp_path / "nada.toml")
    (tmp_path / "s.toml").write_bytes(b'a = 1\nb = "\xff"\n')
    with pytest.raises(ConfigError, match=r"s\.toml:2: no es UTF-8"):
        load_sources(tmp_path / "s.toml")


def test_other_files_are_included_once(tmp_path: Path) -> None:
    (tmp_path / "sky.toml").write_text(GRAMMAR, encoding="utf-8")
    (tmp_path / "config.toml").write_text('lang = "es"\ninclude = "sky.toml"\n', encoding="utf-8")
    assert list(load_sources(tmp_path / "config.toml")) == ["sky"]
    (tmp_path / "config.toml").write_text('include = ["sky.toml", "config.toml"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="se incluye a sí mismo"):
        load_sources(tmp_path / "config.toml")
    (tmp_path / "config.toml").write_text('include = ["sky.toml", "sky.toml"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="ya está dicha"):
        load_sources(tmp_path / "config.toml")


def test_another_mapping_has_another_digest(tmp_path: Path) -> None:
    one = load(tmp_path, GRAMMAR)["sky"].entities["appointment"].digest
    assert load(tmp_path, GRAMMAR + "# a word\n")["sky"].entities["appointment"].digest == one
    for old, new in (("%H:%M", "%H.%M"), ("Buenos_Aires", "Cordoba"), ('"^TOTAL"', '"^SUMA"')):
        assert load(tmp_path, GRAMMAR.replace(old, new))["sky"].entities["appointment"].digest != one


def test_the_acceptance_feed_loads(accept: Path) -> None:
    found = load_sources(accept / "taller_norte" / "source.toml")["norte"]
    assert len(found.entities) == 7 and found.entities["repair_order"].header_row == 3


_NAME = st.from_regex(re.compile(r"[A-Za-z0-9_\-]{1,6}"), fullmatch=True)
_LEAF = st.one_of(
    st.integers(0, 99).map(str),
    st.sampled_from(['"a # b"', "'c = 1'", '"""x\n[y]\nz = 1"""', "[1, 2]", '["a,b", \'}\']', "true", "1979-05-27"]),
)  # fmt: skip
_INLINE = st.dictionaries(_NAME, _LEAF, max_size=3).map(
    lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"
)


@given(st.dictionaries(_NAME, st.dictionaries(_NAME, st.one_of(_LEAF, _INLINE), max_size=4), max_size=4))
def test_every_key_is_found_on_its_line(tables: dict[str, dict[str, str]]) -> None:
    rows: list[str] = []
    wanted: dict[tuple[str, ...], int] = {}
    for table, values in tables.items():
        rows += ["# [not.a = table]", f"[ {table} ]  # {table}"]
        wanted[(table,)] = len("\n".join(rows).split("\n"))
        for key, value in values.items():
            rows.append(f"  {key} = {value}")
            wanted[(table, key)] = len("\n".join(rows).split("\n")) - value.count("\n")
    text = "\n".join(rows)
    tomllib.loads(text)
    found = key_lines(text)
    assert {k: found.get(k) for k in wanted} == wanted
