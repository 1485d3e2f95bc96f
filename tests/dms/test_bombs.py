"""Bombs are refused, or their rows are, at a small price (RELIABILITY S10): every one is read in a child of its own.

Seen to fail: a far cell in single quotes took the process down with it, a million empty lists took 1,2 GB, an exponent of
nine digits and a storm of quotes never came to an end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.dms.bombs import BOMBS

HARMLESS = {"far_dimension.xlsx": 1, "exponent.json": 2}
"""What holds good rows all the same."""


def test_bombs_cost_little_and_nothing_of_them_comes_in(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.dms.bombs", str(tmp_path)], capture_output=True, text=True)
    found = {one["bomb"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert found.keys() == BOMBS.keys(), done.stderr[-2000:]
    for name, one in found.items():
        assert "escaped" not in one, one
        assert one["refused"] or one["bad"] or name in HARMLESS, one
        assert one["good"] == HARMLESS.get(name, 0), one
        assert one["mb"] < 200 and one["seconds"] < 5, one  # processor time; 2 s on a machine that is not loaded
