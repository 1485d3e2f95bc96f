"""The acceptance feed: an export with known answers, on two days (needs the shared feeds; ``BOXES_FEEDS`` says where)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dms import house


def test_first_day_and_again(tmp_path: Path, url: str | None, accept: Path) -> None:
    feed = accept / "taller_norte"
    _copy(feed, tmp_path / "feed")
    wanted = json.loads((feed / "expected.json").read_text(encoding="utf-8"))
    desk = house.desk(tmp_path / "home", wanted["now"], url)
    for again in (False, True):
        [report] = house.sync(desk, tmp_path / "feed" / "source.toml")
        found = house.entities([report])
        house.adds_up(found)
        assert {k: e["read"] for k, e in found.items()} == wanted["read"]
        assert {k: e["rejected"] for k, e in found.items() if e["rejected"]} == wanted["rejected"]
        if again:
            assert not any(e["inserted"] or e["updated"] for e in found.values())
        for name, keys in wanted["queues"].items():
            queue, _hash, counted = name.partition("#")
            got = house.keys(desk, queue)
            assert (len(got) if counted else got) == (keys if counted else sorted(keys)), name
        shutil.rmtree(tmp_path / "feed" / "in")
        _copy(feed / "in", tmp_path / "feed" / "in")
    desk.close()


def _copy(source: Path, target: Path) -> None:
    """A copy that its owner may write, whatever the modes of the shared feed."""
    shutil.copytree(source, target)
    for folder in (target, *(p for p in target.rglob("*") if p.is_dir())):
        folder.chmod(0o755)


@pytest.mark.long
def test_both_days_with_the_acts_of_an_agent(url: str | None, accept: Path) -> None:
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    env.pop("BOXES_DATABASE_URL", None)
    if url is not None:
        env["BOXES_DATABASE_URL"] = url
    done = subprocess.run(
        [sys.executable, accept / "check_feed.py", accept / "taller_norte"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
