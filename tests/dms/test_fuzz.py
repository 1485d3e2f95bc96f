"""Damaged exports through the whole sync (RELIABILITY R5): no crash, rows in = applied + unchanged + stale + duplicates +
rejected, every rejection with file, line and reason, every file moved, nothing half applied.

The short form reads some hundred files; the long form 10,000.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from boxes_tui.bootstrap import House
from boxes_tui.dms.guards import NAMES
from tests.dms import dealer, dialects, house
from tests.dms.dealers import costa, diario, libro, nord, papeles

PIECES = (
    b"\0", b'"', b'""', b"\xef\xbb\xbf", b"\xff\xfe", b"\x92", b"\xff", b"\x1b[2J", b";", b"|", b"\t", b"\r", b"\n", b"\n\n\n",
    b"9" * 5_000, b"[" * 500, b"{", b"}", b"]", b"<", b"<!DOCTYPE x>", b"&a;", b"1e999999999", b"31/02/2026", b"\xe2\x80\xae",
    b"NaN", b"-1", b"\xed\xa0\x80", b"'; DROP TABLE customer; --", b"=HYPERLINK(1)",
)  # fmt: skip
WRITERS: dict[str, Callable[[Path, dealer.Dealer], Path]] = {
    "cp1252": dialects.sur,
    "utf-16": lambda f, d: nord.write(f, d, set(), False),
    "latin-1": lambda f, d: costa.write(f, d, set(), False),
    "utf-8": lambda f, d: diario.write(f, d, set(), False),
    "xlsx": lambda f, d: libro.write(f, d, set(), False),
    "star": lambda f, d: papeles.write(f, d, set(), False),
}


def damaged(body: bytes, rng: random.Random) -> bytes:
    """The bytes after one to five accidents."""
    made = bytearray(body)
    for _n in range(rng.randrange(1, 6)):
        place = rng.randrange(len(made) + 1)
        match rng.randrange(5):
            case 0 if place < len(made):
                made[place] = rng.randrange(256)
            case 1:
                del made[place : place + rng.choice((1, 2, 30, 400))]
            case 2:
                made[place:place] = rng.choice(PIECES)
            case 3:
                made[place:place] = made[place : place + rng.choice((10, 100, 300))]
            case _:
                if rng.random() < 0.1:
                    del made[place:]
    return bytes(made)


def damaged_book(path: Path, rng: random.Random) -> bytes:
    """A workbook of which a part, or the archive itself, is damaged."""
    if rng.random() < 0.4:
        return damaged(path.read_bytes(), rng)
    target = path.with_suffix(".tmp")
    with zipfile.ZipFile(path) as old:
        victim = rng.choice([n for n in old.namelist() if n.startswith("xl/")])
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                body = old.read(name)
                new.writestr(name, damaged(body, rng) if name == victim else body)
    made = target.read_bytes()
    target.unlink()
    return made


def campaign(folder: Path, desk: House, kind: str, files: int, seed: int) -> int:
    """Drop damaged copies of a small dealership's export, some at a time, until ``files`` were read."""
    rng = random.Random(f"{kind}{seed}")
    toml = WRITERS[kind](folder, dealer.make(seed, size=14))
    inbox = next(p for p in folder.iterdir() if p.is_dir() and p.name in ("in", "eingang", "bandeja"))
    good = {p.name: p.read_bytes() for p in inbox.iterdir() if p.suffix != ".ok"}
    done = 0
    while done < files:
        for name, body in good.items():
            path = inbox / name
            path.write_bytes(body)
            path.write_bytes(damaged_book(path, rng) if kind == "xlsx" else damaged(body, rng))
            path.with_name(f"{name}.ok").touch()
        [report] = house.sync(desk, toml, allow=frozenset(NAMES))
        house.adds_up(house.entities([report]))
        assert report.exit in (0, 3), report.said
        assert not [p.name for p in inbox.iterdir() if p.is_file()], "a file stayed"
        done += len(good)
    return done


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_exports(tmp_path: Path, kind: str) -> None:
    desk = house.desk(tmp_path / "home", dealer.NOW)
    campaign(tmp_path / "feed", desk, kind, 24, 1)
    told(desk)
    desk.close()


@pytest.mark.long
def test_ten_thousand_damaged_exports(tmp_path: Path) -> None:
    done = 0
    for seed in range(100):
        desk = house.desk(tmp_path / f"home{seed}", dealer.NOW)
        for kind in WRITERS:
            done += campaign(tmp_path / f"{kind}{seed}", desk, kind, 18, seed)
        told(desk)
        desk.close()
    assert done >= 10_000


def told(desk: House) -> None:
    """Every rejection names its file, line, code and reason; the database is whole."""
    with desk.engine.connect() as conn:
        rows = conn.exec_driver_sql("SELECT file, line, code, reason, raw FROM reject").all()
        assert all(file and line >= 0 and code and reason and raw is not None for file, line, code, reason, raw in rows)
        assert rows
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert not conn.exec_driver_sql("PRAGMA foreign_key_check").all()
