"""``boxes --help`` is answered without the command line's library: it must say what the tree itself would say."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from boxes_tui.cli.main import app, tree
from boxes_tui.cli.places import PLACES, Place, first_page
from boxes_tui.i18n import set_language
from tests.architecture.sources import ROOT


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("columns", ["40", "60", "77", "80", "200"])
def test_the_first_page_is_the_trees_own(
    language: str, columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mutants: a sentence changed in one place only; a command added to the tree alone."""
    monkeypatch.setenv("BOXES_LANG", language)
    monkeypatch.setenv("COLUMNS", columns)
    first_page(language)
    mine = capsys.readouterr().out
    app(["--help"], standalone_mode=False)
    set_language("es")
    assert mine == capsys.readouterr().out


def test_help_loads_no_library() -> None:
    code = "import sys; sys.argv = ['boxes', '--help']; import boxes_tui.__main__ as m; m.main(); print('typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.name)
def test_a_command_alone_helps_as_in_the_tree(place: Place) -> None:
    alone = CliRunner().invoke(tree([place]), [place.name, "--help"], prog_name="boxes")
    whole = CliRunner().invoke(app, [place.name, "--help"], prog_name="boxes")
    assert alone.exit_code == whole.exit_code == 0
    assert alone.stdout == whole.stdout
