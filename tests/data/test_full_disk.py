"""A disk without room (RELIABILITY R11): what was acknowledged is intact, the last draft is kept, one readable sentence,
no personal data in the complaint.  On a real small disk where this machine lets us mount one, else on a file that may
not grow."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from boxes_tui.data.commands import execute
from boxes_tui.data.drafts import Journal
from boxes_tui.data.tables import act, audit, note
from boxes_tui.desk.notes import Note
from boxes_tui.errors import NoSpace
from tests.conftest import ROOT
from tests.support.house import NOW, Desk, open_desk

CANARY = "3515123456 PEÑA CANARIA"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def fill(desk: Desk, limit: int = 20_000) -> list[str]:
    """Notes until one is refused; those that were acknowledged."""
    told: list[str] = []
    session = replace(desk.session("luis"), chain="filling")
    with pytest.raises(NoSpace) as raised:
        for n in range(limit):
            text = f"{CANARY} {n} " + "x" * 500
            execute(desk.house.engine, session, Note(desk.ref("opportunities", "op_pena"), text))
            told.append(text)
    sentence = str(raised.value)
    assert "lugar" in sentence and "CANARIA" not in sentence and "3515" not in sentence
    assert raised.value.__suppress_context__, "the driver's own words stay behind"
    return told


def intact(desk: Desk, told: list[str]) -> None:
    """Every acknowledged note, each with its act and its entry, in a sound file."""
    assert [n["text"] for n in desk.rows(note)] == told
    assert len(desk.rows(act)) == len(desk.rows(audit)) == len(told)
    with desk.house.engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_a_file_that_may_not_grow(migrated_sqlite: str, home: Path) -> None:
    """The first act that finds no room is refused whole; with room again the next one is saved."""
    desk = open_desk(migrated_sqlite)
    pages = 20
    with desk.house.engine.connect() as conn:
        pages += int(conn.exec_driver_sql("PRAGMA page_count").scalar_one())
    room = [pages]

    @event.listens_for(desk.house.engine, "begin")
    def _narrow(conn: object) -> None:
        conn.connection.dbapi_connection.execute(f"PRAGMA max_page_count={room[0]}")  # type: ignore[attr-defined]

    told = fill(desk)
    assert told
    intact(desk, told)
    room[0] += 1_000
    desk.do(Note(desk.ref("opportunities", "op_pena"), "con lugar"), "luis")
    intact(desk, [*told, "con lugar"])
    desk.house.close()


def test_a_real_small_disk(small_disk: Path, sqlite_template: Path, home: Path) -> None:
    """Base, log and drafts on a disk that fills up: the last saved draft is whole, what is typed since stays in memory,
    an act that cannot wait here says so."""
    shutil.copy(sqlite_template, small_disk / "boxes.db")
    (small_disk / "ballast").write_bytes(b"x" * 400_000)
    desk = open_desk(f"sqlite:///{small_disk / 'boxes.db'}")
    journal = Journal(small_disk)
    assert journal.save("ana", "note", "opportunities:1", {"text": "lo último que cupo"})
    told = fill(desk)
    intact(desk, told)
    saved = True
    for n in range(200):
        saved = journal.save("ana", "note", "opportunities:1", {"text": f"{n} " + "largo " * 400})
    assert not saved
    assert (journal.load("ana", "note", "opportunities:1") or {})["text"].startswith("199 ")
    assert [d.values["text"][:4] for d in journal.drafts("ana")] == ["199 "]
    with pytest.raises(NoSpace) as raised:
        for n in range(200):
            journal.wait("ana", f"k{n}", "note", {"class": "Note", "args": {"text": CANARY * 50}}, "note", NOW)
    assert "CANARIA" not in str(raised.value)
    kept = sqlite3.connect(small_disk / "drafts" / "drafts.db").execute("SELECT body FROM draft").fetchall()
    assert len(kept) == 1 and kept[0][0].endswith('"}') and "\\ufffd" not in kept[0][0], "whole, if older"
    (small_disk / "ballast").unlink()
    assert journal.save("ana", "note", "opportunities:1", {"text": "otra vez"})
    assert (Journal(small_disk).load("ana", "note", "opportunities:1") or {}) == {"text": "otra vez"}
    journal.close()
    desk.house.close()


def test_the_command_line_on_a_full_disk(small_disk: Path, sqlite_template: Path, home: Path) -> None:
    """One sentence, exit 1, nothing of the customer, no traceback."""
    shutil.copy(sqlite_template, small_disk / "boxes.db")
    desk = open_desk(f"sqlite:///{small_disk / 'boxes.db'}")
    ref = desk.ref("opportunities", "op_pena")
    fill(desk)
    env = {
        **os.environ, "BOXES_HOME": str(small_disk), "BOXES_DATABASE_URL": f"sqlite:///{small_disk / 'boxes.db'}",
        "BOXES_USER": "ana", "BOXES_NOW": NOW.isoformat(),
    }  # fmt: skip
    told = [sys.executable, "-m", "boxes_tui", "do", "note", ref, "--note", CANARY + "y" * 4000]
    done = subprocess.run(told, env=env, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "CANARIA" not in done.stderr and "3515" not in done.stderr
    desk.house.close()


def test_no_room_even_to_begin_the_journal(tmp_path: Path) -> None:
    """The app works, and what is typed stays for this process."""
    (tmp_path / "drafts").write_text("a file stands where the folder should be")
    journal = Journal(tmp_path)
    journal.save("ana", "note", "x:1", {"text": "hola"})
    assert journal.load("ana", "note", "x:1") == {"text": "hola"}
    journal.close()
