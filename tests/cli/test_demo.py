"""``boxes demo``: the demo dealership on the real path, and what it does with what is there already."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boxes_tui.cli.main import app


def boxes(*words: str) -> tuple[int, str]:
    """Run a command in this process; its exit status and what it said."""
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def counts() -> dict[str, dict[str, int]]:
    code, said = boxes("queue", "--counts", "--json")
    assert code == 0
    found: dict[str, dict[str, int]] = json.loads(said)
    return found


@pytest.fixture
def dealership(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a small demo goes; its founder has the login of one of its agents."""
    monkeypatch.setenv("BOXES_USER", "ana")
    monkeypatch.setenv("BOXES_NOW", "2026-11-24T14:10:00-03:00")
    return home


def found(where: Path) -> tuple[int, str]:
    return boxes("demo", "--no-app", "--json", "--scale", "0.2", "--home", str(where))


def test_a_demo_is_made_once_and_anew_after_an_interruption(dealership: Path) -> None:
    code, said = found(dealership)
    assert code == 0 and json.loads(said)["acts"] > 0
    first = counts()
    code, said = found(dealership)
    assert code == 0 and json.loads(said)["acts"] == 0
    with sqlite3.connect(dealership / "boxes.db") as raw:  # as an interruption leaves it
        raw.execute("DELETE FROM setting WHERE name = 'demo_ready'")
    raw.close()
    code, said = found(dealership)
    assert code == 0 and json.loads(said)["acts"] > 0
    assert counts() == first


def test_a_database_of_somebody_is_refused(dealership: Path) -> None:
    assert boxes("db", "upgrade")[0] == 0
    before = counts()
    code, said = found(dealership)
    assert code == 1 and "no se tocó nada" in said
    assert counts() == before
