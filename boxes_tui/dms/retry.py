"""Trying quarantined rows again (``boxes sync rejects --retry``), after the mapping was mended (DMS.md §5).

Rows come from the files where they lie now, in ``processed/``; nothing is inferred from what else those files hold.
A refused file goes back into the folder, for the next run to read whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.folder import Folder
from boxes_tui.dms.merge import Waiting
from boxes_tui.dms.records import FileRead
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.dms.tabular import open_file, raw_lines

OPEN = "source_id = :s AND closed_at IS NULL"


def waiting(conn: Connection, ctx: Context, spec: SourceSpec, folder: Folder) -> dict[str, list[Waiting]]:
    """The open bad rows of every entity as reads of just those lines."""
    wanted: dict[tuple[str, str, int], set[int]] = {}
    for entity, file, line, run_id in conn.execute(
        text(f"SELECT entity, file, line, last_run FROM reject WHERE {OPEN} AND raw <> file"), {"s": ctx.source_id}
    ):
        wanted.setdefault((str(entity), str(file), int(run_id)), set()).add(int(line))
    found: dict[str, list[Waiting]] = {}
    for (entity, file, run_id), lines in sorted(wanted.items()):
        path = _where(folder.path / "processed", file, run_id)
        if entity in spec.entities and path is not None:
            found.setdefault(entity, []).append(_read(spec, spec.entities[entity], path, file, lines))
    return found


def _read(spec: SourceSpec, entity: EntitySpec, path: Path, name: str, lines: set[int]) -> Waiting:
    def opened() -> FileRead:
        read = open_file(spec, entity, path, "")
        read.name, read.complete, read.rows = name, False, _only(read.rows, lines, name)
        return read

    def raw(asked: list[int]) -> dict[int, str]:
        return raw_lines(path, entity, asked) if asked else {}

    return Waiting(name, "", opened, raw)


def _only(rows: Iterable[Any], lines: set[int], name: str) -> Iterator[Any]:
    from dataclasses import replace

    from boxes_tui.dms.records import Reject

    for item in rows:
        if item.line in lines:
            yield replace(item, file=name) if isinstance(item, Reject) else item


def _where(place: Path, file: str, run_id: int) -> Path | None:
    """Where a file lies after its run: by the run in its name, else the newest of its name."""
    stem, suffix = Path(file).stem, Path(file).suffix
    exact = sorted(place.rglob(f"{_plain(stem)}.run{run_id}*{suffix}"))
    found = exact or sorted(place.rglob(f"{_plain(stem)}.run*{suffix}"), key=lambda p: p.stat().st_mtime)
    return found[-1] if found else None


def _plain(name: str) -> str:
    return "".join(f"[{ch}]" if ch in "*?[" else ch for ch in name)


def mended(conn: Connection, ctx: Context, entity: str, files: Iterable[str]) -> None:
    """Close the bad rows of the files tried again that did not come back."""
    for file in files:
        conn.execute(
            text(
                f"UPDATE reject SET closed_at = :now WHERE {OPEN} AND entity = :e AND file = :f AND raw <> file "
                "AND last_run <> :run"
            ),
            {"now": ctx.now, "s": ctx.source_id, "e": entity, "f": file, "run": ctx.run_id},
        )


def bring_back(conn: Connection, ctx: Context, folder: Folder) -> list[str]:
    """Move refused files that are still open from ``rejected/`` back into the folder; returns their names."""
    names = conn.execute(
        text(f"SELECT DISTINCT file FROM reject WHERE {OPEN} AND raw = file ORDER BY file"), {"s": ctx.source_id}
    ).scalars()
    moved = []
    for name in list(names):
        path, target = _where(folder.path / "rejected", str(name), 0), folder.path / str(name)
        if path is not None and not target.exists():
            path.replace(target)
            path.with_name(path.name + ".reason.txt").unlink(missing_ok=True)
            moved.append(str(name))
    return moved
