"""The draft journal: quick, private, and there after a kill (RELIABILITY R6)."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from boxes_tui.data.drafts import Journal
from tests.support.house import NOW

WRITER = """
import sys
from pathlib import Path
from boxes_tui.data.drafts import Journal
from tests.support.house import NOW
journal = Journal(Path(sys.argv[1]))
text = ""
for n in range(100000):
    text = text[-200:] + chr(97 + n % 26)
    journal.save("ana", "call", "opportunities:1", {"text": text})
    print(text, flush=True)  # painted only after it is kept
"""


def test_nothing_painted_is_lost_to_a_kill(tmp_path: Path) -> None:
    for _n in range(5):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        painted = process.stdout.readline()
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            painted = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        painted = (process.stdout.read().splitlines() or [painted.strip()])[-1].strip() or painted.strip()
        process.wait()
        kept = (Journal(tmp_path).load("ana", "call", "opportunities:1") or {}).get("text", "")
        assert kept == painted or kept.startswith(painted) or kept[:-1].endswith(painted[-100:])


def test_a_keystroke_costs_next_to_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    times = []
    for n in range(300):
        start = time.perf_counter()
        journal.save("ana", "call", "opportunities:1", {"text": "x" * n})
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.save("ana", "note", "opportunities:1", {"text": "quiere saber el precio"})
    for path in (tmp_path / "drafts").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
    assert (tmp_path / "drafts").stat().st_mode & 0o077 == 0
    assert os.access(tmp_path / "drafts" / "drafts.db", os.R_OK)


def test_acts_wait_in_order_and_keep_their_reason(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for n in range(3):
        journal.wait("ana", f"k{n}", "note", {"class": "Note", "args": {"n": n}}, "nota", NOW)
    journal.wait("ana", "k1", "note", {"class": "Note", "args": {"n": 9}}, "nota", NOW)
    journal.wait("luis", "z", "note", {}, "nota", NOW)
    again = Journal(tmp_path)
    assert [w.body["args"]["n"] for w in again.waiting("ana")] == [0, 1, 2]
    first, second, _third = again.waiting("ana")
    again.sent(first.id)
    again.refuse(second.id, "Ya tiene una abierta.")
    assert [w.key for w in again.waiting("ana")] == ["k2"]
    assert [w.refused for w in again.waiting("ana", refused=True)] == ["Ya tiene una abierta."]
