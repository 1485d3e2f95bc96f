"""One run per source (DMS.md §6, RELIABILITY R17): of five syncs at once one works, the others name it and end with 4; killed,
it is out of the way within two seconds and leaves nothing half done. 3 kills here, 20 in the long form.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from boxes_tui.dms.lock import source_lock
from boxes_tui.errors import Locked
from tests.dms.mini import Mini, day

HOLDER = """
import sys, time
from pathlib import Path
from boxes_tui.bootstrap import open_house
from boxes_tui.clock import clock_from_env
from boxes_tui.config import load_settings
from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.runs import Options, run_source

def slowly(entity, read, _expected):
    rows = read.rows
    def stuck():
        for item in rows:
            print("holding", flush=True)
            time.sleep(600)
            yield item
    read.rows = stuck()
    return read

desk = open_house(load_settings(), clock_from_env(), statement_ms=60_000)
for spec in load_sources(Path(sys.argv[1])).values():
    run_source(desk.engine, desk.clock, spec, Options(watch_rows=slowly))
"""


def _env(mini: Mini, url: str | None) -> dict[str, str]:
    made = dict(
        os.environ, BOXES_HOME=str(mini.folder / "home"), BOXES_NOW="2026-11-24T12:00:00-03:00", BOXES_USER="admin"
    )
    return made if url is None else {**made, "BOXES_DATABASE_URL": url}


def _hold(mini: Mini, env: dict[str, str]) -> subprocess.Popen[str]:
    """A run in a process of its own that has begun to read and does not go on."""
    mini.put("agenda", *({"id": str(n), "start": day(1), "plate": f"AA{100 + n}BB"} for n in range(30)))
    command = [sys.executable, "-c", HOLDER, str(mini.toml)]
    holder = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "holding\n"
    return holder


def _free_after(mini: Mini) -> float:
    """Seconds until the lock can be had."""
    begun = time.monotonic()
    while True:
        try:
            with source_lock(mini.house.engine, "mini"):
                return time.monotonic() - begun
        except Locked:
            time.sleep(0.02)


def test_of_five_at_once_one_works(mini: Mini, url: str | None) -> None:
    env = _env(mini, url)
    holder = _hold(mini, env)
    command = [sys.executable, "-m", "boxes_tui", "sync", "--config", str(mini.toml)]
    others = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _n in range(4)]
    for other in others:
        _out, said = other.communicate(timeout=120)
        assert other.returncode == 4, said
        assert "mini" in said and f":{holder.pid}" in said, said
    holder.kill()
    holder.wait()
    assert _free_after(mini) <= 2
    assert mini.run().exit == 0 and len(mini.keys("appointments/to_confirm")) == 30


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.long)])
def test_killed_holders_are_out_of_the_way(mini: Mini, url: str | None, times: int) -> None:
    env = _env(mini, url)
    for _n in range(times):
        holder = _hold(mini, env)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert _free_after(mini) <= 2
        assert mini.sql("SELECT count(*) FROM appointment") == [(0,)]
    assert mini.run().exit == 0
    statuses = [s for (s,) in mini.sql("SELECT status FROM sync_run ORDER BY id")]
    assert statuses == ["abandoned"] * times + ["ok"]
