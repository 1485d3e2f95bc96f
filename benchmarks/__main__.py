"""``python -m benchmarks [NAME …] [--scale X]``: all benchmarks, or those named; the table goes to ``RESULTS.md``.

``--scale 1`` is the data of the bar (1M calls, 500k opportunities …); smaller is faster and said in the table.
Each benchmark runs in a process of its own, its yardstick in the same one, in turn.  Exit 1 where one broke, never
because a goal is missed: the table says that.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from json import dumps, loads
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ratio import Figure
from benchmarks.table import line, merge

RESULTS = Path(__file__).parent / "RESULTS.md"
BENCHES = {
    "start": "first frame, live counts, --help (P1)",
    "grid": "a list of a million rows and its dialogs (P2a–P2d)",
    "ui_backlog": "a slow line after Down was held (P2e)",
    "lists": "board counts, search, pages at scale (P3a, P3b, P3d)",
    "reports_months": "a five-year report (P3c)",
    "reports_rows": "rows of a report (P3d)",
    "campaign_units": "the wizard over a million units (P7)",
    "sync_load": "first load, the same file, changed rows, workbooks, memory (P4)",
    "claims": "fifty agents, eight writers (P5)",
    "commands": "log a call (P6)",
}
BENCHES = {name: what for name, what in BENCHES.items() if find_spec(f"benchmarks.{name}")}
"""Module → what it measures, in the order of the table."""


def main(argv: list[str] | None = None) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--json", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if unknown := [n for n in asked.names if n not in BENCHES]:
        parser.error(f"no benchmark {unknown[0]}; there are {', '.join(BENCHES)}")
    if asked.json:
        asked.json.write_text(dumps([asdict(f) for f in _run(asked.names[0], asked.scale)]), "utf-8")
        return 0
    broken = 0
    for name in asked.names or list(BENCHES):
        print(f"{name}: {BENCHES[name]}", file=sys.stderr, flush=True)
        found = _in_child(name, asked.scale)
        broken += found is None
        merge(RESULTS, found or [])
        for figure in found or []:
            print(line(figure), flush=True)
    return 1 if broken else 0


def _run(name: str, scale: float) -> list[Figure]:
    return list(import_module(f"benchmarks.{name}").figures(scale))


def _in_child(name: str, scale: float) -> list[Figure] | None:
    """The figures of one benchmark, measured in a process that did nothing else; None where it broke."""
    with TemporaryDirectory() as place:
        answer = Path(place) / "figures.json"
        words = [sys.executable, "-m", "benchmarks", name, "--scale", str(scale), "--json", str(answer)]
        env = {k: v for k, v in os.environ.items() if not k.startswith("BOXES_")}
        done = subprocess.run(words, check=False, env=env)
        if done.returncode or not answer.exists():
            return None
        return [Figure(**values) for values in loads(answer.read_text("utf-8"))]


if __name__ == "__main__":
    sys.exit(main())
