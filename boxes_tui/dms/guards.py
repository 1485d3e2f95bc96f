"""Guards (DMS.md §5): what looks like a broken export rolls the entity back, unless a run allows it by name."""

from __future__ import annotations

from sqlalchemy import Connection, text

from boxes_tui.dms.apply import Context, covered, scope_condition
from boxes_tui.dms.stage import Staged

MANY = 20
"""Below so many rows a share says nothing."""
NAMES = ("G-EMPTY", "G-SHRINK", "G-REJECTS", "G-CLOCK", "G-KEYCHURN")


class GuardTripped(Exception):
    """A guard: its name and a sentence."""

    def __init__(self, guard: str, reason: str) -> None:
        super().__init__(reason)
        self.guard, self.reason = guard, reason


def before_write(conn: Connection, ctx: Context, staged: Staged, rejected: int, last_rows: int | None) -> list[str]:
    """Check a staged read against what was there; returns warnings. Raises :class:`GuardTripped`."""
    total = int(staged.read.counted.get("read", staged.rows + rejected))
    warnings = []
    if rejected > max(MANY, total * 5 // 100):
        if ctx.first_load:
            warnings.append("G-REJECTS")
        else:
            _trip(ctx, "G-REJECTS", f"{rejected} de {total} filas rechazadas")
    if "source_updated_at" in staged.shape.fields:
        ahead = conn.execute(
            text("SELECT count(*) FROM boxes_stage WHERE source_updated_at > :limit"), {"limit": ctx.now + 86400}
        ).scalar_one()
        if total and ahead * 100 > total * 5:
            _trip(ctx, "G-CLOCK", f"{ahead} de {total} filas con fecha de cambio en el futuro")
    where = covered(staged.shape, staged, ctx)
    if where is None or last_rows is None:
        return warnings
    t = staged.shape.table.name
    layout = staged.read.layout
    if layout.scope_fields or layout.mode == "window":  # held against what those branches, or those days, had
        where += scope_condition(staged, conn)
        last_rows = conn.execute(text(f"SELECT count(*) FROM {t} t WHERE {where}")).scalar_one()
    if last_rows < MANY:
        return warnings
    if total == 0:
        _trip(ctx, "G-EMPTY", f"lectura completa vacía donde había {last_rows} filas")
    if total * 2 < last_rows:
        _trip(ctx, "G-SHRINK", f"{total} filas donde había {last_rows}")
    there = conn.execute(text(f"SELECT count(*) FROM {t} t WHERE {where}")).scalar_one()
    kept = conn.execute(
        text(
            f"SELECT count(*) FROM {t} t WHERE {where} AND EXISTS (SELECT 1 FROM boxes_stage b WHERE b.key = t.source_key)"
        )
    ).scalar_one()
    lost = there - kept
    fresh = conn.execute(text("SELECT count(*) FROM boxes_stage WHERE state = 'new'")).scalar_one()
    if there >= MANY and staged.rows and fresh * 2 > staged.rows and lost * 2 > there:
        _trip(ctx, "G-KEYCHURN", f"{fresh} claves nuevas y {lost} perdidas de {there}")
    return warnings


def after_absence(conn: Connection, ctx: Context, staged: Staged, newly_missing: int) -> None:
    """``G-SHRINK``: more than a fifth would go missing at once."""
    where = covered(staged.shape, staged, ctx)
    if where is None or not newly_missing:
        return
    where += scope_condition(staged, conn)
    there = conn.execute(text(f"SELECT count(*) FROM {staged.shape.table.name} t WHERE {where}")).scalar_one()
    if there >= MANY and newly_missing * 5 > there:
        _trip(ctx, "G-SHRINK", f"{newly_missing} de {there} filas faltarían")


def _trip(ctx: Context, guard: str, reason: str) -> None:
    if guard not in ctx.allow:
        raise GuardTripped(guard, f"{guard}: {reason}. Si es correcto: boxes sync --allow {guard}")
