"""A run of one source (DMS.md §6): the lock, one transaction per entity, files moved after commit, the report."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from boxes_tui.clock import Clock, wall
from boxes_tui.data.commands import notify
from boxes_tui.data.engine import set_scope
from boxes_tui.data.suppression import sweep
from boxes_tui.dms import derive
from boxes_tui.dms.apply import Context, Counts
from boxes_tui.dms.folder import Folder
from boxes_tui.dms.ground import run_connection, touch_since
from boxes_tui.dms.guards import GuardTripped
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.merge import Outcome, Waiting, run_entity
from boxes_tui.dms.records import ENTITIES, FileRead, FileRefused
from boxes_tui.dms.sources import waiting_of
from boxes_tui.dms.tabular import sha256_of
from boxes_tui.errors import Locked

GROUPS = (
    ("customer",),
    ("vehicle",),
    ("delivery",),
    ("appointment",),
    ("repair_order", "repair_order_line", "incident"),
)
"""Entities that share a transaction: lines and incidents go with their orders."""

Progress = Callable[[str, FileRead, int | None], None]


@dataclass
class Options:
    """How a run is made."""

    dry_run: bool = False
    full: bool = False
    allow: frozenset[str] = frozenset()
    stop: Callable[[], bool] = lambda: False
    watch_rows: Callable[[str, FileRead, int | None], FileRead] = lambda _entity, read, _expected: read


@dataclass
class Report:
    """What a run did: the object of ``sync --json``, and sentences for the person."""

    source: str
    run: int | None = None
    status: str = "ok"
    exit: int = 0
    entities: list[Counts] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """PRODUCT §10."""
        made = {"run": str(self.run) if self.run is not None else None, "source": self.source, "status": self.status,
                "exit": self.exit, "entities": [c.as_json() for c in self.entities], "messages": self.said}  # fmt: skip
        if self.samples:
            made["samples"] = self.samples
        return made


class _DryRun(Exception):
    """Ends a dry run's transaction."""


def run_source(engine: Engine, clock: Clock, spec: SourceSpec, options: Options, lock: Callable[..., Any]) -> Report:
    """One run. Raises :class:`Locked` when another run of the source is at work."""
    with lock(engine, spec.name) as held:
        if not held:
            raise Locked(_holder(engine, spec.name))
        run = _Run(engine, clock, spec, options)
        with run_connection(engine) as run.conn:
            if not options.dry_run:
                return run.run()
            with contextlib.suppress(_DryRun), run.conn.begin():
                run.dry = True
                run.run()
                raise _DryRun
            return run.report


def _holder(engine: Engine, source: str) -> str:
    with engine.connect() as conn:
        row = conn.execute(
            text(
                "SELECT r.holder, r.id FROM sync_run r JOIN source s ON s.id = r.source_id WHERE s.name = :n "
                "AND r.status = 'running' ORDER BY r.id DESC LIMIT 1"
            ),
            {"n": source},
        ).first()
    who = f"{row[0]} (corrida {row[1]})" if row else "otro proceso"
    return f"La fuente {source} ya se está leyendo: {who}. No se hizo nada."


class _Run:
    def __init__(self, engine: Engine, clock: Clock, spec: SourceSpec, options: Options) -> None:
        self.engine, self.clock, self.spec, self.options = engine, clock, spec, options
        self.conn: Connection
        self.dry = False
        self.report = Report(spec.name)
        self.folder = Folder(spec) if spec.kind == "folder" else None
        self.refused: dict[Path, FileRefused] = {}
        self.readers: dict[Path, set[str]] = {}
        self.bookings_read: tuple[int, int] | None = None

    @contextmanager
    def unit(self) -> Iterator[Connection]:
        """A transaction: its own, or the one of a dry run."""
        if self.dry:
            yield self.conn
            return
        with self.conn.begin():
            set_scope(self.conn, None)
            yield self.conn

    def run(self) -> Report:
        if self.folder is not None:
            self.folder.check()
        with self.unit() as conn:
            set_scope(conn, None)
            self.ctx = self._begin(conn)
        self.report.run = self.ctx.run_id
        try:
            self._entities()
            self._derive()
            self._end()
        except BaseException:
            self.report.status, self.report.exit = "failed", 1
            if not self.dry:
                with contextlib.suppress(Exception):
                    self.conn.rollback()
                    with self.unit() as conn:
                        self._finish(conn)
            raise
        return self.report

    # -- begin and end -----------------------------------------------------------------------------

    def _begin(self, conn: Connection) -> Context:
        name, today = self.spec.name, self.clock.today(self.spec.timezone)
        source_id = conn.execute(text("SELECT id FROM source WHERE name = :n"), {"n": name}).scalar()
        if source_id is None:
            source_id = conn.execute(
                text("INSERT INTO source (name, kind) VALUES (:n, :k) RETURNING id"), {"n": name, "k": self.spec.kind}
            ).scalar_one()
        conn.execute(
            text(
                "UPDATE sync_run SET status = 'abandoned', finished_at = :now WHERE source_id = :s AND status = 'running'"
            ),
            {"s": source_id, "now": int(wall().timestamp())},
        )
        self.token = conn.execute(text("SELECT coalesce(max(token), 0) + 1 FROM sync_run")).scalar_one()
        now = int(self.clock.now().timestamp())
        run_id = conn.execute(
            text(
                "INSERT INTO sync_run (source_id, started_at, business_day, status, holder, beat_at, token) "
                "VALUES (:s, :wall, :day, 'running', :who, :wall, :token) RETURNING id"
            ),
            {"s": source_id, "wall": int(wall().timestamp()), "day": today.toordinal(),
             "who": f"{socket.gethostname()}:{os.getpid()}", "token": self.token},
        ).scalar_one()  # fmt: skip
        if conn.execute(text("SELECT 1 FROM setting WHERE name = 'go_live'")).scalar() is None:
            conn.execute(
                text("INSERT INTO setting (name, value) VALUES ('go_live', :v)"), {"v": str(today.toordinal())}
            )
        derived = conn.execute(
            text("SELECT value FROM setting WHERE name = :n"), {"n": f"derived:{source_id}"}
        ).scalar()
        ctx = Context(
            int(source_id), int(run_id), int(derived) + 1 if derived else 0, now, today.toordinal(), self.spec.timezone, 0,
            self.options.allow, dry_run=self.options.dry_run,
        )  # fmt: skip
        ctx.default_branch_id = self._default_branch(conn, ctx)
        return ctx

    def _default_branch(self, conn: Connection, ctx: Context) -> int:
        from boxes_tui.dms.apply import new_branch

        code = self.spec.branch
        if code is None:
            return int(conn.execute(text("SELECT id FROM branch ORDER BY id LIMIT 1")).scalar_one())
        found = conn.execute(text("SELECT id FROM branch WHERE lower(code) = lower(:c)"), {"c": code}).scalar()
        return int(found) if found is not None else new_branch(conn, ctx, code)

    def _end(self) -> None:
        report = self.report
        if report.exit == 0 and any(c.rejected for c in report.entities):
            report.status, report.exit = "rejects", 3
        with self.unit() as conn:
            self._finish(conn)
        report.samples = self.ctx.samples if self.options.dry_run else []
        if self.ctx.new_branches:
            report.said.append("Sucursales nuevas: " + ", ".join(self.ctx.new_branches) + " (W-BRANCH)")

    def _finish(self, conn: Connection) -> None:
        report = self.report
        conn.execute(
            text("UPDATE sync_run SET status = :st, exit = :x, finished_at = :now, message = :m WHERE id = :id"),
            {"st": report.status, "x": report.exit, "now": int(wall().timestamp()),
             "m": " · ".join(report.said)[:500] or None, "id": report.run},
        )  # fmt: skip

    # -- entities ----------------------------------------------------------------------------------

    def _entities(self) -> None:
        waiting = self._waiting()
        for group in GROUPS:
            mine = [e for e in group if e in self.spec.entities]
            if not mine:
                continue
            if self.options.stop():
                self.report.said.append("La corrida se detuvo entre dos entidades, como se pidió.")
                return
            with self.unit() as conn:
                for name in mine:
                    self._entity(conn, self.spec.entities[name], waiting.get(name, []))
                sweep(conn, self.ctx.run_id, self.clock.now())
                self._hold(conn)
                notify(conn)
            for name in mine:
                self._committed(name)
        self._move_refused()

    def _entity(self, conn: Connection, entity: EntitySpec, waiting: list[Waiting]) -> None:
        savepoint = conn.begin_nested()
        before = len(self.ctx.samples)
        try:
            outcome = run_entity(conn, self.ctx, self.spec, entity, waiting, full=self.options.full)
        except GuardTripped as error:
            savepoint.rollback()
            del self.ctx.samples[before:]
            self._guarded(conn, entity, error)
            return
        savepoint.commit()
        self._keep(conn, entity, outcome)

    def _guarded(self, conn: Connection, entity: EntitySpec, error: GuardTripped) -> None:
        counts = Counts(entity.name, entity.mode)
        self.report.entities.append(counts)
        self.report.said.append(f"{entity.name}: {error.reason}")
        self.report.status, self.report.exit = "guard", 5
        for readers in self.readers.values():
            if entity.name in readers:
                readers.add("(guard)")  # the file waits where it is
        self._entity_row(conn, entity, counts, guard=error.guard, message=error.reason, read=False)

    def _keep(self, conn: Connection, entity: EntitySpec, outcome: Outcome) -> None:
        counts = outcome.counts
        self.report.entities.append(counts)
        for name, refused in outcome.refused:
            where = f", línea {refused.line}" if refused.line else ""
            self.report.said.append(f"{entity.name}: {name}{where}: {refused.reason}; el archivo pasó a rejected/")
            if self.report.exit == 0:
                self.report.status, self.report.exit = "rejects", 3
            if self.folder is not None:
                self.refused[self.folder.path / name] = refused
        self.report.said += [f"{entity.name}: {w} (primera carga, sólo aviso)" for w in outcome.warned]
        if entity.name == "appointment" and outcome.read_any and counts.complete:
            low, high = entity.window_days or (-36500, 36500)
            self.bookings_read = (self.ctx.today + low, self.ctx.today + high)
        self._entity_row(conn, entity, counts, read=outcome.read_any)
        for path, readers in self.readers.items():
            if entity.name in readers and path not in self.refused and not self.dry:
                conn.execute(
                    text(
                        "INSERT INTO move_pending (source_id, run_id, path, sha256, day) VALUES (:s, :run, :p, :d, :day) "
                        "ON CONFLICT (source_id, path, sha256) DO NOTHING"
                    ),
                    {"s": self.ctx.source_id, "run": self.ctx.run_id, "p": str(path), "d": self.digests[path],
                     "day": self.ctx.today},
                )  # fmt: skip

    def _entity_row(
        self, conn: Connection, entity: EntitySpec, counts: Counts, *, guard: str | None = None,
        message: str | None = None, read: bool,
    ) -> None:  # fmt: skip
        conn.execute(
            text(
                "INSERT INTO sync_entity (run_id, entity, mode, counts, guard, message, read_at, committed) "
                "VALUES (:run, :e, :m, :c, :g, :msg, :at, :done)"
            ),
            {"run": self.ctx.run_id, "e": entity.name, "m": entity.mode, "g": guard, "msg": message,
             "c": json.dumps(counts.as_json(), ensure_ascii=False), "at": self.ctx.now if read else None,
             "done": guard is None},
        )  # fmt: skip

    def _derive(self) -> None:
        with self.unit() as conn:
            self._hold(conn)
            if self.ctx.since_run < self.ctx.run_id:  # an earlier run was killed before it came to this
                touch_since(conn, self.ctx.since_run)
            derive.derive(conn, self.ctx, self.spec, bookings_read=self.bookings_read)
            name = f"derived:{self.ctx.source_id}"
            conn.execute(text("DELETE FROM setting WHERE name = :n"), {"n": name})
            conn.execute(
                text("INSERT INTO setting (name, value) VALUES (:n, :v)"), {"n": name, "v": str(self.ctx.run_id)}
            )
            notify(conn)

    def _hold(self, conn: Connection) -> None:
        """The check at commit: a run that another one has taken over writes nothing any more (DMS.md §6)."""
        newest = conn.execute(
            text("SELECT max(token) FROM sync_run WHERE source_id = :s"), {"s": self.ctx.source_id}
        ).scalar_one()
        if newest != self.token:
            raise Locked(
                f"Otra corrida tomó el lugar de ésta en la fuente {self.spec.name}; lo no guardado se descartó."
            )
        conn.execute(
            text("UPDATE sync_run SET beat_at = :now WHERE id = :id"),
            {"now": int(wall().timestamp()), "id": self.ctx.run_id},
        )

    # -- files -------------------------------------------------------------------------------------

    def _waiting(self) -> dict[str, list[Waiting]]:
        self.digests: dict[Path, str] = {}
        if self.folder is None:
            return waiting_of(self.spec, self.ctx, self.clock, self.options.watch_rows)
        committed = self._finish_moves()
        found: dict[str, list[Waiting]] = {}
        for name in ENTITIES:
            entity = self.spec.entities.get(name)
            for path in self.folder.waiting(entity) if entity else ():
                if path not in self.digests:
                    self.digests[path] = sha256_of(path)
                self.readers.setdefault(path, set()).add(name)
        for name in ENTITIES:
            entity = self.spec.entities.get(name)
            if entity is None:
                continue
            for path, readers in self.readers.items():
                if name in readers:
                    done = name in committed.get((str(path), self.digests[path]), set())
                    found.setdefault(name, []).append(self._file(entity, path, done))
        return found

    def _file(self, entity: EntitySpec, path: Path, already_read: bool) -> Waiting:
        from boxes_tui.dms.tabular import open_file, raw_lines

        digest = self.digests[path]

        def opened() -> FileRead:
            read = open_file(self.spec, entity, path, digest)
            return self.options.watch_rows(entity.name, read, None)

        return Waiting(
            path.name, digest, opened, lambda lines: raw_lines(path, entity, lines) if lines else {}, already_read
        )

    def _finish_moves(self) -> dict[tuple[str, str], set[str]]:
        """Finish what a killed run left: move files whose every entity has committed; tell which entities have."""
        committed: dict[tuple[str, str], set[str]] = {}
        assert self.folder is not None
        with self.unit() as conn:
            pending = conn.execute(
                text("SELECT id, run_id, path, sha256, day FROM move_pending WHERE source_id = :s"),
                {"s": self.ctx.source_id},
            ).all()
            for row_id, run_id, name, digest, day in pending:
                path = Path(name)
                if not path.exists() or sha256_of(path) != digest:
                    conn.execute(text("DELETE FROM move_pending WHERE id = :id"), {"id": row_id})
                    continue
                done = set(
                    conn.execute(
                        text("SELECT entity FROM sync_read WHERE source_id = :s AND digest = :d AND run_id >= :run"),
                        {"s": self.ctx.source_id, "d": digest, "run": run_id},
                    ).scalars()
                )
                wanted = {
                    e.name for e in self.spec.entities.values() if e.files and _matches(path.name, e.files)
                }  # fmt: skip
                if wanted <= done and not self.dry:
                    self.folder.move_processed(path, run_id, date.fromordinal(day))
                    conn.execute(text("DELETE FROM move_pending WHERE id = :id"), {"id": row_id})
                else:
                    committed[(name, digest)] = done
        return committed

    def _committed(self, name: str) -> None:
        """An entity has committed: files that nobody else will read are moved."""
        if self.dry or self.folder is None:
            return
        for path, readers in list(self.readers.items()):
            readers.discard(name)
            if readers or path in self.refused:
                continue
            self.folder.move_processed(path, self.ctx.run_id, date.fromordinal(self.ctx.today))
            del self.readers[path]
            with self.unit() as conn:
                conn.execute(
                    text("DELETE FROM move_pending WHERE source_id = :s AND path = :p AND sha256 = :d"),
                    {"s": self.ctx.source_id, "p": str(path), "d": self.digests[path]},
                )

    def _move_refused(self) -> None:
        if self.dry or self.folder is None:
            return
        for path, refused in self.refused.items():
            self.folder.move_rejected(path, refused, self.ctx.run_id)


def _matches(name: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(name, pattern)
