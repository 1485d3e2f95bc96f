"""The table of ratios, ``RESULTS.md``: one line a figure, the newest measure of each."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ratio import Figure

HEAD = """# What was measured

`./run bench` measures all of this again, `./run bench NAME` one of them (`--scale` shrinks the data). A figure and its
yardstick run in the same process run, in turn; both are medians, the ratio is the median of the pairs where they pair.
No absolute time is a promise: only the ratio is held against its goal.

Why a goal is missed, where it is:

- P1a, P1b: the counts wait for SQLAlchemy and the tables (about 230 ms of processor) and for the first compiling of their
  statements; on the way to the goal they would have to be asked by the driver alone before those are loaded.
- P3a, P3b on a small scale: the fixed work of building and running the statements (5-15 ms) is longer than the yardstick
  itself, which grows with the rows while ours does not. They mean something at `--scale 1` only.
- P3d on SQLite: the statements of each block are built anew, and every row becomes a frozen record of sixty fields.
- P4a: measured on SQLite with 50,000 rows, 40 % of the time goes into reading and checking (25 µs a row for cleaning and
  looking up fourteen fields, 6 µs for hash and telephone), 23 % into the words that search finds, 15 % into the vehicles that rows name,
  which are looked up again when stubs were made; the yardstick does none of it. The insert itself is 8 %.
- P4b on a small scale: a run's statements and commits take 40 ms of processor whatever the file; the hash of 11 MB takes 12.
- P4c: known lines cost as much as reading them and two checksums; what is left is the fixed 40 ms and about 0.2 ms for each
  changed row (parsed, compared, written to every index, its derived facts), which weigh less the longer the file.
- Not measured yet on a quiet machine: P2a-P2d, P4 (at 0.1 on a machine under load), P5, and P3 at `--scale 1`.


| # | what | goal | ratio | met | ours | yardstick | against | scale | remarks |
|---|---|---|---|---|---|---|---|---|---|
"""


def line(figure: Figure) -> str:
    """A row of the table."""
    bound = ("≥ " if figure.least else "≤ ") + f"{figure.goal:g}×"
    cells = [
        figure.number, figure.what, bound, f"{figure.ratio:.3g}×", "yes" if figure.met else "**no**",
        f"{figure.ours:.4g} {figure.unit}", f"{figure.yardstick:.4g} {figure.unit}", figure.against, figure.scale,
        figure.note,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def merge(path: Path, figures: Sequence[Figure]) -> None:
    """Put new figures into the table, in the place of the old ones of the same name."""
    rows: dict[tuple[str, str], str] = {}
    if path.exists():
        for old in path.read_text("utf-8").splitlines():
            cells = [c.strip() for c in old.strip("| ").split("|")]
            if old.startswith("| P"):
                rows[cells[0], cells[1]] = old
    for figure in figures:
        rows[figure.number, figure.what] = line(figure)
    ordered = [rows[key] for key in sorted(rows)]
    path.write_text(HEAD + "\n".join(ordered) + "\n\n" + _machine() + "\n", "utf-8")


def _machine() -> str:
    cores = os.cpu_count() or 1
    return f"Machine of the last run: {cores} cores, Python {platform.python_version()}, {platform.system()}; shared with others."
