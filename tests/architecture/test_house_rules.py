"""The rules of the house that a linter does not know (ARCHITECTURE §5, RELIABILITY §5.2)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "boxes_tui"
SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if "__pycache__" not in p.parts)
SINKS = frozenset({"Static", "Label", "Button", "notify", "Option", "add_row"})


def tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text("utf-8"))


def names(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def is_made_text(node: ast.AST) -> bool:
    """An f-string with values, or ``….format(…)``, or ``… % …``."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(v, ast.FormattedValue) for v in node.values)
    return isinstance(node, ast.Call) and names(node) == "format"


def test_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys, boxes_tui.cli, boxes_tui.cli.main; print([m for m in ('textual', 'plotext', 'alembic', 'sqlalchemy.orm', 'psycopg') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_frame_needs_no_database() -> None:
    code = "import sys, boxes_tui.app, boxes_tui.screens.board; print([m for m in ('sqlalchemy', 'psycopg', 'typer', 'alembic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", [p for p in SOURCES if {"screens", "widgets"} & set(p.parts)], ids=lambda p: p.name)
def test_no_made_text_goes_into_a_markup_sink(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and names(node) in SINKS:
            assert not any(is_made_text(a) for a in node.args), f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_time_comes_from_the_clock(path: Path) -> None:
    if path.name == "clock.py" and path.parent == PACKAGE:
        return
    found = re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(\)", path.read_text("utf-8"))
    assert found is None, f"{path}: {found and found[0]}"


def test_files_stay_small() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text("utf-8").splitlines())) > 350}
    assert not long


def test_no_index_host_and_no_path_of_a_machine_is_committed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    hosts = (
        "pypi" + ".org",
        "python" + "hosted.org",
        "registry.npm" + "js.org",
        "deb.debian" + ".org",
        "/work" + "/main",
    )
    bad = []
    for name in tracked:
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".mo", ".xlsx"):
            continue
        text = path.read_text("utf-8", errors="replace")
        bad += [f"{name}: {host}" for host in hosts if host in text]
    assert not bad


def test_every_verb_of_a_command_has_a_policy() -> None:
    """A command without a least role cannot run: it must be in the table (RELIABILITY S5)."""
    from boxes_tui.domain.roles import LEAST

    missing = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if (
                        isinstance(item, ast.AnnAssign)
                        and getattr(item.target, "id", "") == "verb"
                        and isinstance(item.value, ast.Constant)
                        and item.value.value not in LEAST
                    ):
                        missing.append(f"{path.name}: {node.name}.verb = {item.value.value}")
    assert not missing
