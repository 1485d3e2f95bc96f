"""What lies in the repository: no host of a package index, no path of somebody's machine, a lock that fits."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.architecture.sources import ROOT

BINARY = {".png", ".gif", ".mo", ".xlsx", ".db", ".svg"}
HOSTS = re.compile(
    r"\b(pypi\.(org|python\.org)|python" r"hosted\.org|registry\.npmjs|npmjs\.(org|com)|crates\.io|rubygems\.org"
    r"|proxy\.golang\.org|conda\.anaconda|(deb|security|ftp\.\w+)\.debian\.org|archive\.ubuntu)"
)  # fmt: skip
PATHS = re.compile(
    r"(?<![\w.~-])/(work/(main|shared)|tmp/v3\d\d|root/|opt/(pypi|wheels)|home/(?!boxes\b)\w+/|Users/\w+/)"
)
OPTIONS = re.compile(r"--(extra-)?index-url|--find-links|--trusted-host")
HERE = Path(__file__).name


def committed() -> list[Path]:
    """Files under version control, or skip where this is not a checkout."""
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [p for n in done.stdout.split("\0") if n and (p := ROOT / n).is_file() and p.suffix not in BINARY]


@pytest.mark.parametrize("rule", [HOSTS, PATHS, OPTIONS], ids=["hosts", "paths", "options"])
def test_nothing_names_an_index_or_a_machine(rule: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in committed()
        if path.name != HERE
        for hit in [rule.search(path.read_text("utf-8", errors="replace"))]
        if hit
    ]
    assert found == []


def locked() -> dict[str, str]:
    """Package → version of every line of the lock; the markers split a package into several lines."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").replace("\\\n", " ").splitlines()
    found: dict[str, str] = {}
    for line in lines:
        assert "--hash=sha256:" in line, f"no hash: {line[:60]}"
        need = Requirement(line.split("--hash")[0].strip())
        assert len(need.specifier) == 1 and not need.url, line[:60]
        found[need.name.lower()] = next(iter(need.specifier)).version
    return found


def test_the_lock_holds_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    versions = locked()
    for need in map(Requirement, asked):
        assert need.name.lower() in versions, f"run tools/lock: {need} is not in requirements.lock"
        assert versions[need.name.lower()] in need.specifier, f"run tools/lock: {need}"
