"""Whatever is typed, by whoever: an exit status of the contract, a sentence where it fails, never a crash."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import NOW, open_desk
from tests.support.line import Line, tree

WORDS = (
    "", "x", "0", "-1", "1e9", "99999999999999999999", "ñandú", "\u202eabc", "a" * 5000, "\x00", "\x1b[31m", "%s", "{x}",
    "{}", "=1+1", "'; DROP TABLE act;--", "12/5", "mañana", "+3d", "lu 15:30", "2026-12-01T10:30", "2026-12-01T10:30Z",
    "2026-13-45", "31/2", "25:99", "+999d", "+99999d", "9999-12-31", "0001-01-01", "\u0663", "\uff11\uff12/\uff15", "²",
    "\ud800", "price", "vehicle_sold", "o", "4", "5", "10", "11", "7.5", "ana", "yo", "nobody", "appointment_sold",
    "later", "opportunities:-1", "opportunities:²", ":1", "opportunities:", "CENTRAL", "ROS", "3515123456", "/tmp",
)  # fmt: skip
ROWS = ("opportunities", "deliveries", "appointments", "in_process", "completed", "customers", "vehicles", "complaints")
LEFT_OUT = {"demo", "wallboard", "serve", "shell"}
"""What opens an app, a server or another home."""


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not getattr(command, "commands", None):
        yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from leaves(below, (*path, name))


def typed(rng: random.Random, path: tuple[str, ...], command: Any) -> list[str]:
    """A command with some of its arguments and options, each with any word."""
    words = list(path)
    for param in command.params:
        if param.param_type_name == "argument":
            if param.required or rng.random() < 0.5:
                row = path[0] == "do" and rng.random() < 0.7
                words.append(f"{rng.choice(ROWS)}:{rng.randint(1, 5)}" if row else rng.choice(WORDS))
        elif param.name != "watch" and rng.random() < 0.35:
            words += [rng.choice(param.opts)] if param.is_flag else [rng.choice(param.opts), rng.choice(WORDS)]
    return words


@pytest.mark.parametrize("times", [250, pytest.param(20_000, marks=pytest.mark.long)])
def test_nothing_typed_is_a_crash(
    migrated_db_url: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.chdir(tmp_path)  # a word may be taken for the name of a file to write
    open_desk(migrated_db_url).house.close()
    line = Line(BOXES_HOME=str(home), BOXES_DATABASE_URL=migrated_db_url, BOXES_NOW=NOW.isoformat())
    known = [(p, c) for p, c in leaves(tree("es")) if p[0] not in LEFT_OUT and p[:2] not in (("db", "restore"),)]
    acts = [(p, c) for p, c in known if p[0] == "do"]
    rng = random.Random(times)
    done = 0
    for _n in range(times):
        words = typed(rng, *rng.choice(acts if rng.random() < 0.6 else known))
        code, _out, err = line.run(*words, BOXES_USER=rng.choice(["ana", "luis", "rosa", "tv", "rocio"]))
        assert code in (0, 1, 2, 3, 4, 5) and "inesperado" not in err, (words, err)
        assert code == 0 or err.strip() or words[0] in ("doctor", "audit", "sync", "db"), words
        done += code == 0
    assert done > times // 20, "some of it has to be right"
