"""SQL views as a source (DMS.md §3): binds, typed values, streaming, read-only, time limit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject
from boxes_tui.dms.sql import SqlSource
from boxes_tui.errors import ConfigError, Unavailable
from tests.dms import reading

TODAY = date(2026, 11, 24)
MAP = """
starts_at = { from = "inicio", format = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"] }
plate = "patente"
duration_min = "minutos"
status = { from = "estado", values = { 1 = "scheduled", 2 = "cancelled" } }
"""
SELECT = "SELECT suc, nro, inicio, patente, minutos, estado FROM agenda"
ROWS = [
    ("CBA", 17, "2026-11-24T10:00:00", "AB123CD", 60, 1),
    ("CBA", 18, "2027-01-23 18:30:00", "AB124CD", None, 2),
    ("CBA", None, "2026-11-24T10:00:00", "AB125CD", 60.0, 1),
    ("CBA", 20, "2026-11-13 10:00:00", b"AB126CD", 30.5, 9),
]


def toml(folder: Path, url: str, select: str = SELECT, mode: str = 'mode = "window"\nwindow_days = [-10, 60]') -> Path:
    path = folder / "sql.toml"
    path.write_text(
        f'[source.vistas]\nkind = "sql"\nurl = "{url}"\ntimeout = 1\n[source.vistas.entity.appointment]\n'
        f'select = "{select}"\n{mode}\nkey = ["suc", "nro"]\n[source.vistas.entity.appointment.map]\n{MAP}',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def agenda(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "dms.db") as conn:
        conn.execute("CREATE TABLE agenda (suc, nro, inicio, patente, minutos, estado)")
        conn.executemany("INSERT INTO agenda VALUES (?,?,?,?,?,?)", ROWS)
    conn.close()
    return tmp_path


def read(path: Path, since: datetime | None = None) -> tuple[FileRead, list[Record | Reject]]:
    spec = load_sources(path)["vistas"]
    found = SqlSource(spec).read(spec.entities["appointment"], TODAY, since)
    return found, list(found.rows)


def test_rows_with_typed_values(agenda: Path) -> None:
    found, items = read(toml(agenda, "sqlite:///dms.db"))
    good = [i for i in items if isinstance(i, Record)]
    bad = [i for i in items if isinstance(i, Reject)]
    assert [(r.key, r.line) for r in good] == [("CBA/17", 1), ("CBA/18", 2), ("CBA/20", 4)]
    assert [(r.code, r.line, r.file) for r in bad] == [("E-KEY", 3, "appointment")] and "AB125CD" in bad[0].raw
    rows = [reading.named(found, r) for r in good]
    assert [r["duration_min"] for r in rows] == [60, None, 30]
    assert [r["status"] for r in rows] == ["scheduled", "cancelled", "unknown"]
    assert rows[2]["plate"] == "AB126CD" and found.counted["read"] == 4


def test_binds_are_passed_where_they_are_named(agenda: Path) -> None:
    path = toml(agenda, "sqlite:///dms.db", SELECT + " WHERE inicio BETWEEN :from AND :to")
    assert [i.line for i in read(path)[1]] == [1, 2, 3]
    found = [i.key for i in read(path)[1] if isinstance(i, Record)]
    assert found == ["CBA/17", "CBA/18"]  # the last day of the window counts whole
    path = toml(agenda, "sqlite:///dms.db", SELECT + " WHERE inicio >= :since AND ':x' <> '10:30' -- :no")
    assert len(read(path, datetime(2026, 12, 1, tzinfo=UTC))[1]) == 1
    assert len(read(path)[1]) == 4
    with pytest.raises(FileRefused, match=":desde"):
        read(toml(agenda, "sqlite:///dms.db", SELECT + " WHERE inicio >= :desde"))


def test_nothing_is_written(agenda: Path) -> None:
    with pytest.raises(FileRefused):
        read(toml(agenda, "sqlite:///dms.db", "DELETE FROM agenda RETURNING *"))
    with sqlite3.connect(agenda / "dms.db") as conn:
        assert conn.execute("SELECT count(*) FROM agenda").fetchone() == (4,)
    conn.close()


def test_a_select_that_cannot_be_run(agenda: Path) -> None:
    for select, word in (
        ("SELECT nada FROM agenda", "nada"), ("SELECT suc, nro FROM agenda", "falta la columna"),
        ("SELECT suc, nro, inicio, patente, minutos, estado, suc FROM agenda", "dos veces"),
    ):  # fmt: skip
        with pytest.raises(FileRefused, match=word):
            read(toml(agenda, "sqlite:///dms.db", select))


def test_a_select_that_takes_too_long(agenda: Path) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'CBA' AS suc, max(i) AS nro, 1 AS inicio, 1 AS patente, 1 AS minutos, 1 AS estado FROM n"
    )
    with pytest.raises(FileRefused, match="interrupted"):
        read(toml(agenda, "sqlite:///dms.db", endless))


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("sqlite:///otra.db", "no existe la base"),
        ("nada", "url no es"),
        ("mssql+pyodbc://dms/x", "pyodbc"),
        ("nadie://dms/x", "no se conoce"),
    ],
)
def test_a_database_that_is_not_there(agenda: Path, url: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read(toml(agenda, url))


def test_a_server_that_does_not_answer(agenda: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        read(toml(agenda, "postgresql+psycopg://ana:secreto@127.0.0.1:1/dms"))
    assert "secreto" not in str(caught.value)


@pytest.fixture
def postgres(pg_server: str) -> Iterator[str]:
    import psycopg

    name = f"dms_{uuid4().hex[:10]}"
    with psycopg.connect(pg_server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    url = pg_server.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE agenda (suc text, nro numeric(10,2), inicio timestamptz, patente text, minutos int, estado int)"
        )
        conn.execute("INSERT INTO agenda VALUES ('CBA', 17.00, '2026-11-24 10:00-03', 'AB123CD', 60, 1)")
        conn.execute(
            "INSERT INTO agenda SELECT 'ROS', n, '2027-01-23 23:00-03', 'X', 1, 1 FROM generate_series(1, 5000) n"
        )
    yield "postgresql+psycopg://" + url.partition("://")[2]
    with psycopg.connect(pg_server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_postgresql_streams_typed_rows(tmp_path: Path, postgres: str) -> None:
    path = toml(tmp_path, postgres, SELECT + " WHERE inicio BETWEEN :from AND :to ORDER BY suc, nro")
    found, items = read(path)
    assert len(items) == 5001 and found.counted["read"] == 5001
    first = items[0]
    assert isinstance(first, Record) and first.key == "CBA/17"
    row = reading.named(found, first)
    assert row["starts_at"] == int(datetime(2026, 11, 24, 13, tzinfo=UTC).timestamp())
    assert row["starts_at_precision"] == "time"


def test_postgresql_is_read_only_and_has_a_time_limit(tmp_path: Path, postgres: str) -> None:
    for select, word in (
        ("DELETE FROM agenda RETURNING *", "syntax|read-only"),
        ("SELECT suc, nro, inicio, patente, minutos, estado, pg_sleep(20) FROM agenda", "timeout"),
    ):
        with pytest.raises(FileRefused, match=word):
            read(toml(tmp_path, postgres, select))
