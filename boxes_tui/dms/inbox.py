"""The files of a run: which wait, which a killed run has read already, and where they go (DMS.md §3, §4, §6).

A file is moved when all entities that read it have committed; until then ``move_pending(path, sha256)`` remembers who
has, so that a run after a crash finishes the move and does not count the same bytes as another read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from sqlalchemy import Connection, text

from boxes_tui.dms import bods
from boxes_tui.dms.context import Context
from boxes_tui.dms.folder import Folder
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.merge import Waiting
from boxes_tui.dms.records import FileRead, FileRefused
from boxes_tui.dms.tabular import open_file, raw_lines, sha256_of

Watch = Callable[[str, FileRead, int | None], FileRead]


class Inbox:
    """The drop folder during one run. ``readers`` tells which entities still have to commit a file."""

    def __init__(self, spec: SourceSpec, watch: Watch, *, dry: bool, full: bool = False) -> None:
        self.spec, self.watch, self.dry, self.full = spec, watch, dry, full
        self.folder = Folder(spec)
        self.digests: dict[Path, str] = {}
        self.readers: dict[Path, set[str]] = {}
        self.refused: dict[Path, FileRefused] = {}

    def waiting(self, conn: Connection, ctx: Context) -> dict[str, list[Waiting]]:
        """Every entity's waiting files in the order of their names; moves left over by a killed run are finished first."""
        committed = self._finish_moves(conn, ctx)
        found: dict[str, list[Waiting]] = {}
        for path in self.folder.waiting_any(list(self.spec.entities.values())):
            self.digests[path] = sha256_of(path)
            for entity in self.spec.entities.values():
                if _matches(entity, path):
                    self.readers.setdefault(path, set()).add(entity.name)
                    done = entity.name in committed.get((str(path), self.digests[path]), set())
                    found.setdefault(entity.name, []).append(self._file(conn, ctx, entity, path, done))
        return found

    def _file(self, conn: Connection, ctx: Context, entity: EntitySpec, path: Path, already_read: bool) -> Waiting:
        def opened() -> FileRead:
            remembered = self.spec.kind == "star" and not self.full
            known = bods.known(conn, ctx, entity.name) if remembered else None
            return self.watch(entity.name, open_file(self.spec, entity, path, self.digests[path], known), None)

        def raw(lines: list[int]) -> dict[int, str]:
            return raw_lines(path, entity, lines) if lines else {}

        return Waiting(path.name, self.digests[path], opened, raw, already_read)

    def _finish_moves(self, conn: Connection, ctx: Context) -> dict[tuple[str, str], set[str]]:
        """Move files whose every entity has committed; tell which entities have of the others."""
        committed: dict[tuple[str, str], set[str]] = {}
        pending = conn.execute(
            text("SELECT id, run_id, path, sha256, day FROM move_pending WHERE source_id = :s"), {"s": ctx.source_id}
        ).all()
        for row_id, run_id, name, digest, day in pending:
            path = Path(name)
            if not path.exists() or sha256_of(path) != digest:
                conn.execute(text("DELETE FROM move_pending WHERE id = :id"), {"id": row_id})
                continue
            done = set(
                conn.execute(
                    text("SELECT entity FROM sync_read WHERE source_id = :s AND digest = :d AND run_id >= :run"),
                    {"s": ctx.source_id, "d": digest, "run": run_id},
                ).scalars()
            )
            wanted = {e.name for e in self.spec.entities.values() if _matches(e, path)}
            if wanted <= done and not self.dry:
                self.folder.move_processed(path, run_id, date.fromordinal(day))
                conn.execute(text("DELETE FROM move_pending WHERE id = :id"), {"id": row_id})
            else:
                committed[(name, digest)] = done
        return committed

    def refuse(self, name: str, refused: FileRefused) -> None:
        """A file that could not be read as declared: it goes to ``rejected/`` at the end."""
        self.refused[self.folder.path / name] = refused

    def hold(self, entity: str) -> None:
        """A guard has rolled the entity back: its files wait where they are."""
        for readers in self.readers.values():
            if entity in readers:
                readers.add("(guard)")

    def remember(self, conn: Connection, ctx: Context, entity: str) -> None:
        """With the entity's commit: its files are to be moved (a dry run takes that back with all the rest)."""
        for path, readers in self.readers.items():
            if entity in readers and path not in self.refused:
                conn.execute(
                    text(
                        "INSERT INTO move_pending (source_id, run_id, path, sha256, day) VALUES (:s, :run, :p, :d, :day) "
                        "ON CONFLICT (source_id, path, sha256) DO NOTHING"
                    ),
                    {"s": ctx.source_id, "run": ctx.run_id, "p": str(path), "d": self.digests[path], "day": ctx.today},
                )

    def committed(self, ctx: Context, entities: list[str]) -> list[Path]:
        """After commit: move what nobody else will read; returns what was moved."""
        moved = []
        for path, readers in list(self.readers.items()):
            readers.difference_update(entities)
            if not readers and path not in self.refused and not self.dry:
                self.folder.move_processed(path, ctx.run_id, date.fromordinal(ctx.today))
                del self.readers[path]
                moved.append(path)
        return moved

    def forget(self, conn: Connection, ctx: Context, moved: list[Path]) -> None:
        """The moves are done."""
        for path in moved:
            conn.execute(
                text("DELETE FROM move_pending WHERE source_id = :s AND path = :p AND sha256 = :d"),
                {"s": ctx.source_id, "p": str(path), "d": self.digests[path]},
            )

    def move_refused(self, ctx: Context) -> None:
        """Refused files to ``rejected/``, each with its reason."""
        if not self.dry:
            for path, refused in self.refused.items():
                self.folder.move_rejected(path, refused, ctx.run_id)


def _matches(entity: EntitySpec, path: Path) -> bool:
    return entity.files is not None and fnmatchcase(path.name, entity.files)
