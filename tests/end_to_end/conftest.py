"""One demo dealership, made once; every test gets a copy of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.desk import Database
from tests.end_to_end.terminal import NOW, REPOSITORY, Terminal, environment


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo dealership, as ``boxes demo`` makes it."""
    made = tmp_path_factory.mktemp("demo") / "home"
    subprocess.run(
        [sys.executable, "-m", "boxes_tui", "demo", "--home", str(made), "--scale", "0.4", "--no-app"],
        check=True, capture_output=True, cwd=REPOSITORY, env=environment(made, "root", {}), timeout=300,
    )  # fmt: skip
    return made


@pytest.fixture
def place(demo: Path, tmp_path: Path) -> Path:
    """A copy of the demo's home."""
    made = tmp_path / "home"
    shutil.copytree(demo, made)
    return made


@pytest.fixture
def base(place: Path) -> Iterator[Database]:
    """What the database of the copy holds."""
    made = Database(place)
    yield made
    made.close()


@pytest.fixture
def seat(place: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts the app on a terminal: ``seat("ana")``; ended with the test."""
    open_ones: list[Terminal] = []

    def start(user: str = "ana", **options: Any) -> Terminal:
        made = Terminal(options.pop("home", place), user, **options)
        open_ones.append(made)
        return made

    yield start
    for one in open_ones:
        one.close()


os.environ.setdefault("BOXES_TEST_NOW", NOW)
