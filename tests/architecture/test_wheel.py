"""The wheel carries all that the program reads at run time, and works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGE, ROOT

CARRIED = {".js", ".py", ".mo", ".tcss", ".txt", ".toml", ".mako", ".typed", ".ttf", ".html"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sources as they stand, built offline."""
    place = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (made,) = place.glob("*.whl")
    return made


def test_all_that_is_read_at_run_time_is_in_it(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    here = {
        str(p.relative_to(ROOT)) for p in PACKAGE.rglob("*") if p.suffix in CARRIED and "__pycache__" not in p.parts
    }
    assert here - inside == set()
    kinds = {Path(n).suffix for n in inside}
    assert {".py", ".mo", ".txt", ".toml", ".typed"} <= kinds


def test_nothing_else_is_in_it(wheel: Path) -> None:
    tops = {n.partition("/")[0] for n in zipfile.ZipFile(wheel).namelist()}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"boxes_tui"}


def test_it_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere: the schema is made, the English catalogue speaks, scripts and mapping are found."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; import boxes_tui; assert Path(boxes_tui.__file__).is_relative_to(sys.argv[1])\n"
        "from boxes_tui.bootstrap import open_house; open_house().close()\n"
        "from boxes_tui.i18n import set_language, _; set_language('en'); print(_('Tablero'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path / "site")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "BOXES_HOME": str(tmp_path / "home"), "BOXES_USER": "rosa"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "home").is_dir()
