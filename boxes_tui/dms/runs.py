"""A run of one source (DMS.md §6): the lock, one transaction per entity, files moved after commit, the report."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, text

from boxes_tui.clock import Clock, wall
from boxes_tui.data.audit import seal_hourly
from boxes_tui.data.commands import notify
from boxes_tui.data.engine import set_scope
from boxes_tui.data.suppression import sweep
from boxes_tui.dms import bods, derive, retry
from boxes_tui.dms.apply import default_branch
from boxes_tui.dms.context import Context, Counts
from boxes_tui.dms.ground import reading_only, run_connection, touch_since
from boxes_tui.dms.guards import GuardTripped
from boxes_tui.dms.inbox import Inbox
from boxes_tui.dms.lock import heartbeat, source_lock
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.merge import Outcome, Prepared, Waiting, prepare, run_entity
from boxes_tui.dms.report import Options, Report
from boxes_tui.dms.shape import GROUPS
from boxes_tui.dms.sources import waiting_of
from boxes_tui.errors import Locked
from boxes_tui.i18n import _

__all__ = ["Options", "Report", "run_source"]


class _DryRun(Exception):
    """Ends a dry run's transaction."""


def run_source(
    engine: Engine, clock: Clock, spec: SourceSpec, options: Options, lock: Callable[..., Any] = source_lock
) -> Report:
    """One run. Raises :class:`Locked` when another run of the source is at work, and ``BoxesError`` when the source
    cannot be reached."""
    with lock(engine, spec.name), run_connection(engine) as conn:
        run = _Run(engine, clock, spec, options, conn)
        if not options.dry_run:
            return run.run()
        with contextlib.suppress(_DryRun), conn.begin():
            run.run()
            raise _DryRun
        return run.report


class _Run:
    def __init__(self, engine: Engine, clock: Clock, spec: SourceSpec, options: Options, conn: Connection) -> None:
        self.engine, self.clock, self.spec, self.options, self.conn = engine, clock, spec, options, conn
        self.report = Report(spec.name)
        files = {"dry": options.dry_run, "full": options.full}
        self.inbox = Inbox(spec, options.watch_rows, **files) if spec.path is not None else None

    @contextmanager
    def unit(self) -> Iterator[Connection]:
        """A transaction: its own, or the one of a dry run."""
        if self.options.dry_run:
            set_scope(self.conn, None)
            yield self.conn
            return
        with self.conn.begin():
            set_scope(self.conn, None)
            yield self.conn

    def run(self) -> Report:
        if self.inbox is not None:
            self.inbox.folder.check()
        with self.unit() as conn:
            self.ctx = self._begin(conn)
        self.report.run = self.ctx.run_id
        try:
            with heartbeat(self.engine, self.ctx.run_id):
                self._entities()
                self._derive()
                self._end()
        except BaseException:
            self.report.status, self.report.exit = "failed", 1
            if not self.options.dry_run:
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
        moment = int(wall().timestamp())
        conn.execute(
            text("UPDATE sync_run SET status = 'abandoned', finished_at = :now WHERE source_id = :s AND status = 'running'"),
            {"s": source_id, "now": moment},
        )  # fmt: skip
        self.token = conn.execute(text("SELECT coalesce(max(token), 0) + 1 FROM sync_run")).scalar_one()
        run_id = conn.execute(
            text(
                "INSERT INTO sync_run (source_id, started_at, business_day, status, holder, beat_at, token) "
                "VALUES (:s, :wall, :day, 'running', :who, :wall, :token) RETURNING id"
            ),
            {"s": source_id, "wall": moment, "day": today.toordinal(), "who": f"{socket.gethostname()}:{os.getpid()}",
             "token": self.token},
        ).scalar_one()  # fmt: skip
        if conn.execute(text("SELECT 1 FROM setting WHERE name = 'go_live'")).scalar() is None:
            conn.execute(
                text("INSERT INTO setting (name, value) VALUES ('go_live', :v)"), {"v": str(today.toordinal())}
            )
        derived = conn.execute(
            text("SELECT value FROM setting WHERE name = :n"), {"n": f"derived:{source_id}"}
        ).scalar()
        now = int(self.clock.now().timestamp())
        first = conn.execute(text("SELECT min(id) FROM sync_run WHERE source_id = :s"), {"s": source_id}).scalar_one()
        since = int(derived) + 1 if derived else int(first)
        ctx = Context(int(source_id), int(run_id), since, now, today.toordinal(), self.spec.timezone, 0,
                      self.options.allow, dry_run=self.options.dry_run, retry=self.options.retry)  # fmt: skip
        ctx.default_branch_id = default_branch(conn, ctx, self.spec.branch)
        return ctx

    def _end(self) -> None:
        report = self.report
        if report.exit == 0 and any(c.rejected for c in report.entities):
            report.status, report.exit = "rejects", 3
        if self.ctx.new_branches:
            report.said.append(
                _("Sucursales nuevas: {codes} (W-BRANCH)").format(codes=", ".join(self.ctx.new_branches))
            )
        with self.unit() as conn:
            self._finish(conn)
            seal_hourly(conn, wall())
        report.samples = self.ctx.samples if self.options.dry_run else []

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
            if mine and self.options.stop():
                self.report.said.append(_("La corrida se detuvo entre dos entidades, como se pidió."))
                break
            if mine:
                self._group(mine, waiting)
        if self.inbox is not None:
            self.inbox.move_refused(self.ctx)

    def _waiting(self) -> dict[str, list[Waiting]]:
        if self.inbox is None:
            if self.options.retry:
                return {}
            known = partial(bods.known, self.conn, self.ctx)
            return waiting_of(self.spec, self.ctx, self.clock, self.options.watch_rows, self._read_at(), known)
        with self.unit() as conn:
            if not self.options.retry:
                return self.inbox.waiting(conn, self.ctx)
            found = retry.waiting(conn, self.ctx, self.spec, self.inbox.folder)
            back = retry.bring_back(conn, self.ctx, self.inbox.folder)
            self.report.said += [
                _("{file}: volvió a la carpeta; la próxima lectura lo lee").format(file=f) for f in back
            ]
            return found

    def _read_at(self) -> dict[str, int]:
        """When each entity was last read, which tells a delta from where on to read; nothing with ``--full``."""
        if self.options.full:
            return {}
        with self.unit() as conn:
            rows = conn.execute(
                text("SELECT entity, read_at FROM sync_cursor WHERE source_id = :s AND read_at IS NOT NULL"),
                {"s": self.ctx.source_id},
            )
            return {str(entity): int(at) for entity, at in rows}

    def _group(self, names: list[str], waiting: dict[str, list[Waiting]]) -> None:
        """One transaction: the entities of a group, then their files. The first one's file is parsed before it begins."""
        first = self._prepared(self.spec.entities[names[0]], waiting.get(names[0], []))
        with self.unit() as conn:
            for name in names:
                mine = first if name == names[0] else None
                self._entity(conn, self.spec.entities[name], waiting.get(name, []), mine)
                if self.options.retry:
                    retry.mended(conn, self.ctx, name, {w.name for w in waiting.get(name, [])})
            sweep(conn, self.ctx.run_id, self.clock.now())
            self._hold(conn)
            notify(conn)
        if self.inbox is not None and (moved := self.inbox.committed(self.ctx, names)):
            with self.unit() as conn:
                self.inbox.forget(conn, self.ctx, moved)

    def _prepared(self, entity: EntitySpec, waiting: list[Waiting]) -> Prepared | None:
        if self.options.dry_run:
            return None
        with reading_only(self.conn), self.conn.begin():
            return prepare(self.conn, self.ctx, self.spec, entity, waiting, full=self.options.full)

    def _entity(self, conn: Connection, entity: EntitySpec, waiting: list[Waiting], prepared: Prepared | None) -> None:
        savepoint = conn.begin_nested()
        before = len(self.ctx.samples)
        try:
            outcome = run_entity(conn, self.ctx, self.spec, entity, waiting, full=self.options.full, prepared=prepared)
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
        if self.inbox is not None:
            self.inbox.hold(entity.name)
        self._entity_row(conn, entity, counts, guard=error.guard, message=error.reason, read=False)

    def _keep(self, conn: Connection, entity: EntitySpec, outcome: Outcome) -> None:
        counts, report = outcome.counts, self.report
        report.entities.append(counts)
        for name, refused in outcome.refused:
            where = _(", línea {line}").format(line=refused.line) if refused.line else ""
            gone = _("; el archivo pasó a rejected/") if self.inbox is not None else ""
            report.said.append(f"{entity.name}: {name}{where}: {refused.reason}{gone}")
            if report.exit == 0:
                report.status, report.exit = "rejects", 3
            if self.inbox is not None:
                self.inbox.refuse(name, refused)
        report.said += [
            _("{entity}: {what} (primera carga, sólo aviso)").format(entity=entity.name, what=w) for w in outcome.warned
        ]
        self._entity_row(conn, entity, counts, read=outcome.read_any)
        if self.inbox is not None:
            self.inbox.remember(conn, self.ctx, entity.name)

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
            if self.ctx.since_run < self.ctx.run_id:  # an earlier run was killed before it came to this
                touch_since(conn, self.ctx.since_run)
            derive.derive(conn, self.ctx, self.spec)
            name = f"derived:{self.ctx.source_id}"
            conn.execute(text("DELETE FROM setting WHERE name = :n"), {"n": name})
            conn.execute(
                text("INSERT INTO setting (name, value) VALUES (:n, :v)"), {"n": name, "v": str(self.ctx.run_id)}
            )
            self._hold(conn)
            notify(conn)

    def _hold(self, conn: Connection) -> None:
        """The check at commit: a run that another one has taken over writes nothing any more (DMS.md §6)."""
        newest = conn.execute(
            text("SELECT max(token) FROM sync_run WHERE source_id = :s"), {"s": self.ctx.source_id}
        ).scalar_one()
        if newest != self.token:
            raise Locked(
                _("Otra corrida tomó el lugar de ésta en {source}; lo no guardado se descartó.").format(
                    source=self.spec.name
                )
            )
        conn.execute(
            text("UPDATE sync_run SET beat_at = :now WHERE id = :id"),
            {"now": int(wall().timestamp()), "id": self.ctx.run_id},
        )
