"""The drop folder and what a probe says of it (DMS.md §3)."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from boxes_tui.dms import folder as folders
from boxes_tui.dms.folder import Folder
from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.probe import probe
from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.spec import EntitySpec
from boxes_tui.errors import ConfigError
from tests.dms import reading

DAY = date(2026, 11, 24)


@pytest.fixture
def inbox(tmp_path: Path) -> tuple[Folder, EntitySpec, Path]:
    spec, entity = reading.source(tmp_path, "customer", 'key = "a"', 'display_name = "b"')
    (tmp_path / "in").mkdir()
    return Folder(spec), entity, tmp_path / "in"


def drop(path: Path, text: str = "a,b\n1,x\n", ok: bool = True) -> Path:
    path.write_text(text, encoding="utf-8")
    if ok:
        path.with_name(path.name + ".ok").touch()
    return path


def test_files_in_the_order_of_their_names(inbox: tuple[Folder, EntitySpec, Path]) -> None:
    folder, entity, place = inbox
    for name in (
        "b.csv",
        "a.csv",
        "c.csv.tmp",
        "d.csv.part",
        "e.csv.filepart",
        "~$f.csv",
        "g.txt",
        "H.CSV.TMP",
        ".i.csv",
    ):
        drop(place / name)
    (place / "processed").mkdir()
    drop(place / "processed" / "z.csv")
    assert [p.name for p in folder.waiting(entity)] == ["a.csv", "b.csv"]
    assert [p.name for p in folder.waiting_any([entity, entity])] == ["a.csv", "b.csv"]


def test_a_file_that_still_grows_waits(inbox: tuple[Folder, EntitySpec, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, entity, place = inbox
    monkeypatch.setattr(folders, "SETTLE_SECONDS", 0.4)
    drop(place / "whole.csv", ok=False)
    growing = drop(place / "growing.csv", ok=False)

    def grow() -> None:
        time.sleep(0.15)
        with growing.open("a") as file:
            file.write("2,y\n")

    writer = threading.Thread(target=grow)
    writer.start()
    found = folder.waiting(entity)
    writer.join()
    assert [p.name for p in found] == ["whole.csv"]
    begun = time.monotonic()
    drop(place / "growing.csv")
    drop(place / "whole.csv")
    assert len(folder.waiting(entity)) == 2 and time.monotonic() - begun < 0.3  # sidecars need no second look


def test_the_second_look_is_two_seconds_later() -> None:
    assert folders.SETTLE_SECONDS >= 2


def test_a_read_file_is_moved_and_nothing_overwritten(inbox: tuple[Folder, EntitySpec, Path]) -> None:
    folder, entity, place = inbox
    for n in range(3):
        path = drop(place / "a.csv", f"a,b\n{n},x\n")
        folder.waiting(entity)
        moved = folder.move_processed(path, 7, DAY)
        assert moved is not None and moved.read_text() == f"a,b\n{n},x\n"
    kept = sorted(p.name for p in (place / "processed" / "2026-11-24").iterdir())
    assert kept == ["a.run7-2.csv", "a.run7-3.csv", "a.run7.csv"]
    assert not list(place.glob("*.csv*"))


def test_a_kill_in_a_move_leaves_no_sidecar_that_vouches_for_the_next_file(
    inbox: tuple[Folder, EntitySpec, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with the sidecar removed after the move."""
    folder, entity, place = inbox
    path = drop(place / "a.csv")
    folder.waiting(entity)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.move_processed(path, 1, DAY)
    assert [p.name for p in place.iterdir() if p.is_file()] == ["a.csv"]


def test_a_file_written_anew_while_it_was_read_stays(inbox: tuple[Folder, EntitySpec, Path]) -> None:
    folder, entity, place = inbox
    path = drop(place / "a.csv")
    folder.waiting(entity)
    drop(path, "a,b\n1,x\n2,y\n")
    assert folder.move_processed(path, 7, DAY) is None and path.exists()


def test_a_refused_file_says_why(inbox: tuple[Folder, EntitySpec, Path]) -> None:
    folder, entity, place = inbox
    path = drop(place / "a.csv")
    folder.waiting(entity)
    moved = folder.move_rejected(path, FileRefused("E-COLS", "falta la columna «b»", 3), 7)
    assert moved is not None and moved.parent == place / "rejected"
    assert moved.with_name(moved.name + ".reason.txt").read_text("utf-8") == "E-COLS línea 3: falta la columna «b»\n"
    assert folder.waiting(entity) == []


def test_a_folder_that_is_not_there_or_shut(inbox: tuple[Folder, EntitySpec, Path]) -> None:
    folder, _entity, place = inbox
    if os.getuid() != 0:
        place.chmod(0o500)
        with pytest.raises(ConfigError, match="leer y escribir"):
            folder.check()
        place.chmod(0o700)
    folder.check()
    place.rmdir()
    with pytest.raises(ConfigError, match="no existe la carpeta"):
        folder.check()


def test_a_probe_counts_and_proposes(tmp_path: Path) -> None:
    spec, _entity = reading.source(tmp_path, "appointment", 'key = "NRO"\ndelimiter = ";"',
                                   'starts_at = { from = "FECHA", format = "%d/%m/%Y" }\nplate = "PATENTE"')  # fmt: skip
    (tmp_path / "in").mkdir()
    (found,) = probe(spec)
    assert found["ok"] and "ningún archivo" in found["text"] and found["toml"] is None
    drop(tmp_path / "in" / "a.csv", "NRO;FECHA;PATENTE;ESTADO;XYZ\n1;24/11/2026;AB123CD;P;\n2;??;;P;\n")
    (found,) = probe(spec)
    assert found["ok"] and found["text"] == "2 filas, 1 no valen"
    drop(tmp_path / "in" / "a.csv", "NRO;FECHA;DOMINIO;ESTADO;XYZ\n1;24/11/2026;AB123CD;P;\n")
    (found,) = probe(spec)
    assert not found["ok"] and "«PATENTE»" in found["text"]
    assert 'plate = "DOMINIO"' in found["toml"] and "# XYZ" in found["toml"]
    assert 'starts_at = { from = "FECHA", format = "%d/%m/%Y" }' in found["toml"]
    (tmp_path / "in" / "a.csv").unlink()
    assert (tmp_path / "in").is_dir() and not list((tmp_path / "in").glob("processed"))


def test_a_proposed_mapping_loads(tmp_path: Path) -> None:
    spec, _entity = reading.source(tmp_path, "customer", 'key = "NRO CLIENTE"', 'display_name = "X"')
    (tmp_path / "in").mkdir()
    drop(tmp_path / "in" / "a.csv", "NRO CLIENTE,RAZON SOCIAL,TELEFONO,E-MAIL,ULT_MOD\n1,Ana,1,,24/11/2026 10:00\n")
    (found,) = probe(spec)
    path = tmp_path / "new.toml"
    path.write_text(
        '[source.t]\nkind = "folder"\npath = "in"\n[source.t.entity.customer]\nfiles = "*.csv"\nkey = "NRO CLIENTE"\n'
        + found["toml"], encoding="utf-8",
    )  # fmt: skip
    assert set(load_sources(path)["t"].entities["customer"].fields) >= {"display_name", "phones", "source_updated_at"}
    (found,) = probe(load_sources(path)["t"])
    assert found["ok"] and found["text"] == "1 filas, 0 no valen"


def test_a_probe_of_sql_views(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.db") as conn:
        conn.execute("CREATE TABLE c (id, nombre)")
        conn.execute("INSERT INTO c VALUES (1, 'Ana')")
    conn.close()
    path = tmp_path / "s.toml"
    path.write_text(
        '[source.s]\nkind = "sql"\nurl = "sqlite:///d.db"\n[source.s.entity.customer]\nselect = "SELECT * FROM c"\n'
        'key = "id"\nmap.display_name = "nombre"\n', encoding="utf-8",
    )  # fmt: skip
    (found,) = probe(load_sources(path)["s"])
    assert found["ok"] and found["text"] == "1 filas, 0 no valen" and 'display_name = "nombre"' in found["toml"]
