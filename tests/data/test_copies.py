"""The drill of RELIABILITY R15: a copy made while people write, restored in an empty place, has everything; and a copy
that lacks something is caught."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from typer.testing import CliRunner

from boxes_tui.cli.main import app
from boxes_tui.data import backup as copies
from boxes_tui.data.commands import execute
from boxes_tui.data.engine import reading, set_scope, sqlite_path, writing
from boxes_tui.data.tables import act, audit, note, suppression
from boxes_tui.desk.notes import Note
from boxes_tui.errors import BoxesError
from tests.support import postgres
from tests.support.house import NOW, Desk, open_desk


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A base and an empty place; on PostgreSQL their owner is an ordinary role, which row-level security holds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'from.db'}", f"sqlite:///{tmp_path / 'to' / 'boxes.db'}"
        return
    server, prefix = request.getfixturevalue("pg_server"), request.getfixturevalue("pg_prefix")
    one, other = postgres.owned_database(server, prefix), postgres.owned_database(server, prefix)
    yield one, other
    postgres.drop_owned(server, one)
    postgres.drop_owned(server, other)


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump of the server's own version."""
    if postgres.binaries_here():
        monkeypatch.setenv("PATH", f"{postgres.client_tools()}:{os.environ['PATH']}")


def boxes(home: Path, url: str, *args: str) -> tuple[int, dict[str, Any], str]:
    """``boxes … --json`` as the administrator."""
    env = {"BOXES_HOME": str(home), "BOXES_DATABASE_URL": url, "BOXES_USER": "rosa", "BOXES_NOW": NOW.isoformat()}
    done = CliRunner().invoke(app, [*args, "--json"], env=env)
    return done.exit_code, json.loads(done.stdout or "{}"), done.stderr


class Writers:
    """People who write notes until they are told to stop."""

    def __init__(self, desk: Desk, people: int = 3) -> None:
        self.desk, self.stop, self.told = desk, threading.Event(), 0
        self.threads = [threading.Thread(target=self._write, args=(n,)) for n in range(people)]

    def _write(self, number: int) -> None:
        n, session = 0, replace(self.desk.session("luis"), chain=f"writer {number}")
        while not self.stop.is_set():
            command = Note(self.desk.ref("opportunities", "op_pena"), f"nota {number} {n}")
            execute(self.desk.house.engine, session, command)
            self.told, n = self.told + 1, n + 1

    def __enter__(self) -> Writers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


def suppressed(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        conn.execute(insert(suppression).values(kind="phone", digest="ab" * 32, at=NOW))


def test_a_copy_made_while_people_write_is_whole(places: tuple[str, str], home: Path, tmp_path: Path) -> None:
    """Of one instant (an act has its note and its audit entry), with every act acknowledged before it, restored with
    every row, reference, chain and suppressed person.

    Seen to fail: pg_dump without the scope (only the rows of no branch were there).
    """
    source, target = places
    desk = open_desk(source)
    suppressed(desk)
    with Writers(desk) as writers:
        while writers.told < 20:
            writers.stop.wait(0.02)
        before = writers.told
        code, told, error = boxes(home, source, "db", "backup", str(tmp_path / "busy.copy"))
        assert code == 0, error
        after = writers.told + len(writers.threads)
    copy = Path(told["file"])
    assert copy.stat().st_mode & 0o777 == 0o600
    assert boxes(tmp_path / "to", target, "db", "restore", str(copy))[0] == 0
    code, found, error = boxes(tmp_path / "to", target, "db", "verify")
    assert (code, found["ok"], found["broken_references"]) == (0, True, []), error
    rows = found["rows"]
    assert before <= rows["note"] == rows["act"] == rows["audit"] == found["audit"]["entries"] <= after
    assert rows["suppression"] == 1
    desk.house.close()


def test_a_quiet_copy_has_the_same_rows(places: tuple[str, str], home: Path, tmp_path: Path) -> None:
    """Table by table as ``boxes db verify`` counts them, and row by row where it matters most; work goes on there.

    Seen to fail: the file copied without its log.
    """
    source, target = places
    desk = open_desk(source)
    suppressed(desk)
    for n in range(3):
        desk.do(Note(desk.ref("opportunities", "op_pena"), f"nota {n}"))
    wanted = boxes(home, source, "db", "verify")[1]
    copies.backup(desk.house.engine, tmp_path / "quiet.copy")
    with pytest.raises(BoxesError, match="ya existe"):
        copies.backup(desk.house.engine, tmp_path / "quiet.copy")
    assert boxes(tmp_path / "to", target, "db", "restore", str(tmp_path / "quiet.copy"))[0] == 0
    assert boxes(tmp_path / "to", target, "db", "verify")[1] == wanted
    code, _none, error = boxes(tmp_path / "to", target, "db", "restore", str(tmp_path / "quiet.copy"))
    assert code == 1 and "vacío" in error and len(error.strip().splitlines()) == 1
    again = open_again(target)
    with reading(again.house.engine) as conn, reading(desk.house.engine) as old:
        for table in (note, act, audit, suppression):
            set_scope(conn, None)
            set_scope(old, None)
            query = select(table).order_by(table.c.id)
            assert conn.execute(query).all() == old.execute(query).all()
    again.do(Note(desk.ref("opportunities", "op_pena"), "sigue"))
    with reading(again.house.engine) as conn:
        set_scope(conn, None)
        assert conn.execute(select(func.count()).select_from(note)).scalar_one() == 4
    again.house.close()
    desk.house.close()


def open_again(url: str) -> Desk:
    """The desk over a base that has its rows already."""
    from boxes_tui.bootstrap import House
    from boxes_tui.clock import Clock
    from boxes_tui.config import load_settings
    from boxes_tui.data.engine import make_engine, parse_url

    return Desk(House(load_settings(), Clock(NOW), make_engine(parse_url(url)), "rosa"))


def test_a_copy_without_a_table_is_no_copy(
    places: tuple[str, str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool leaves one table out (the list of the suppressed, say): the copy is thrown away, with a sentence."""
    desk = open_desk(places[0])
    if sqlite_path(desk.house.engine.url):
        real = sqlite3.connect

        class Forgetful(sqlite3.Connection):
            def backup(self, target: Any, **more: Any) -> None:
                super().backup(target, **more)
                target.execute("DROP TABLE suppression")

        monkeypatch.setattr(sqlite3, "connect", lambda path: real(path, factory=Forgetful))
    else:
        run = copies._run_tool

        def forgetful(name: str, url: Any, *args: str) -> str:
            return run(name, url, *(("-T", "suppression") if name == "pg_dump" else ()), *args)

        monkeypatch.setattr(copies, "_run_tool", forgetful)
    with pytest.raises(BoxesError, match="se descartó"):
        copies.backup(desk.house.engine, tmp_path / "x.copy")
    assert list(tmp_path.glob("x.copy*")) == []
    desk.house.close()


def test_what_is_no_copy_restores_nothing(places: tuple[str, str], home: Path, tmp_path: Path) -> None:
    """A torn copy, and something else: one sentence, and the place is as empty as before."""
    desk = open_desk(places[0])
    good = copies.backup(desk.house.engine, tmp_path / "good.copy")
    desk.house.close()
    (tmp_path / "torn.copy").write_bytes(good.read_bytes()[: good.stat().st_size * 2 // 3])
    (tmp_path / "other.copy").write_bytes(b"not a copy at all" * 100)
    for name in ("torn.copy", "other.copy"):
        code, _none, error = boxes(tmp_path / "to", places[1], "db", "restore", str(tmp_path / name))
        assert code == 1 and len(error.strip().splitlines()) == 1, error
    assert boxes(tmp_path / "to", places[1], "db", "restore", str(good))[0] == 0
