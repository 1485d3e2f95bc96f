"""The rules of the house that a linter does not know (ARCHITECTURE §2 and §5, RELIABILITY §5.2)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import PACKAGE, ROOT, SOURCES, Lint, made_markup, made_sql, own_clock, unspoken

LONGEST = 350


def broken(lint: Lint, paths: list[Path]) -> list[str]:
    """Where a rule is broken, as an editor would open it."""
    return [f"{p.relative_to(ROOT)}:{line}" for p in paths for line in lint(ast.parse(p.read_text("utf-8")))]


def loaded_by(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules a fresh process holds after a statement."""
    code = f"import sys; {statement}; print(*[m for m in {names!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.split()


def test_the_command_line_imports_nothing_heavy() -> None:
    heavy = ("textual", "plotext", "alembic", "sqlalchemy.orm", "psycopg")
    assert loaded_by("import boxes_tui.cli, boxes_tui.cli.main", heavy) == []


def test_the_first_frame_needs_no_database() -> None:
    heavy = ("sqlalchemy", "psycopg", "typer", "alembic")
    assert loaded_by("import boxes_tui.app, boxes_tui.screens.board", heavy) == []


def test_nobody_uses_the_orm() -> None:
    used = [
        str(p.relative_to(ROOT))
        for p in SOURCES
        for node in ast.walk(ast.parse(p.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.orm")
    ]
    assert used == []


def test_no_made_text_goes_into_a_markup_sink() -> None:
    assert (
        broken(made_markup, [p for p in SOURCES if {"screens", "widgets"} & set(p.parts) or p.name == "app.py"]) == []
    )


def test_sql_is_the_programs_own_words() -> None:
    assert broken(made_sql, SOURCES) == []


def test_time_comes_from_the_clock() -> None:
    assert broken(own_clock, [p for p in SOURCES if p != PACKAGE / "clock.py"]) == []


def test_every_sentence_is_in_the_catalogue() -> None:
    """Both languages are complete (PRODUCT §2): what is said to a person passes ``_``."""
    assert broken(unspoken, SOURCES) == []


def test_files_stay_small() -> None:
    sizes = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in SOURCES}
    assert {name: lines for name, lines in sizes.items() if lines > LONGEST} == {}


def test_every_verb_of_a_command_has_a_policy() -> None:
    """A command without a least role cannot run: it must be in the table (RELIABILITY S5)."""
    from boxes_tui.domain.roles import LEAST

    verbs = [
        (f"{path.name}: {owner.name}", item.value.value)
        for path in SOURCES
        for owner in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(owner, ast.ClassDef)
        for item in owner.body
        if isinstance(item, ast.AnnAssign)
        and getattr(item.target, "id", "") == "verb"
        and isinstance(item.value, ast.Constant)
    ]
    assert verbs
    assert [place for place, verb in verbs if verb not in LEAST] == []
