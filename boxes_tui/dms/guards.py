"""Guards (DMS.md §5): what looks like a broken export rolls the entity back, unless a run allows it by name."""

from __future__ import annotations

from sqlalchemy import Connection, text

from boxes_tui.dms.absence import ABSENT, Cover
from boxes_tui.dms.context import Context
from boxes_tui.dms.mapping import EntitySpec
from boxes_tui.dms.stage import Staged
from boxes_tui.i18n import N_, _

MANY = 20
"""Below so many rows a share says nothing."""
REJECTED = N_("{bad} de {all} filas rechazadas")
NAMES = ("G-EMPTY", "G-SHRINK", "G-REJECTS", "G-CLOCK", "G-KEYCHURN")


class GuardTripped(Exception):
    """A guard: its name and a sentence."""

    def __init__(self, guard: str, reason: str) -> None:
        super().__init__(reason)
        self.guard, self.reason = guard, reason


def before_write(
    conn: Connection, ctx: Context, entity: EntitySpec, staged: Staged, covered: Cover | None, last_rows: int | None
) -> list[str]:
    """Check a staged read against what was there; returns warnings. Raises :class:`GuardTripped`.

    One run allows one guard by name, so what a guard implies is not asked again under another name.
    """
    if ctx.retry:
        return []
    total = staged.rows + staged.bad + staged.skipped
    warned = _rows_themselves(conn, ctx, staged, total)
    if covered is None or last_rows is None:
        return warned
    if entity.scope or entity.mode == "window":  # held against what those branches, or those days, had
        last_rows = covered.count(conn)
    if last_rows < MANY:
        return warned
    if total == 0:
        _trip(ctx, "G-EMPTY", _("lectura completa vacía donde había {before} filas").format(before=last_rows))
        return warned
    fresh = conn.execute(text("SELECT count(*) FROM boxes_stage WHERE st = 'k' AND state = 'new'")).scalar_one()
    if fresh * 2 > staged.rows + staged.skipped and (lost := _lost(conn, staged, covered)) is not None:
        said = _("{new} claves nuevas y {lost} perdidas de {all}").format(new=fresh, lost=lost[0], all=lost[1])
        _trip(ctx, "G-KEYCHURN", said)
        return warned
    if total * 2 < last_rows:
        _trip(ctx, "G-SHRINK", _("{now} filas donde había {before}").format(now=total, before=last_rows))
    return warned


def _lost(conn: Connection, staged: Staged, covered: Cover) -> tuple[int, int] | None:
    """How many of the rows that a read covers it does not hold, and of how many; None where they are not most of them."""
    there = covered.count(conn)
    lost = covered.count(conn, ABSENT, few=staged.skipped > 0)
    return (lost, there) if there >= MANY and lost * 2 > there else None


def _rows_themselves(conn: Connection, ctx: Context, staged: Staged, total: int) -> list[str]:
    warned = []
    rejected = staged.bad + staged.conflicts
    if rejected > max(MANY, total * 5 // 100):
        if ctx.first_load:
            warned.append("G-REJECTS: " + _(REJECTED).format(bad=rejected, all=total))
        else:
            _trip(ctx, "G-REJECTS", _(REJECTED).format(bad=rejected, all=total))
    if "source_updated_at" in staged.shape.fields and total:
        ahead = conn.execute(
            text("SELECT count(*) FROM boxes_stage WHERE source_updated_at > :limit"), {"limit": ctx.now + 86400}
        ).scalar_one()
        if ahead * 100 > total * 5:
            _trip(
                ctx, "G-CLOCK", _("{bad} de {all} filas con fecha de cambio en el futuro").format(bad=ahead, all=total)
            )
    return warned


def after_absence(conn: Connection, ctx: Context, covered: Cover | None, newly_missing: int) -> None:
    """``G-SHRINK``: more than a fifth would go missing at once."""
    if covered is None or not newly_missing or "G-KEYCHURN" in ctx.allow or "G-EMPTY" in ctx.allow:
        return
    there = covered.count(conn)
    if there >= MANY and newly_missing * 5 > there:
        _trip(ctx, "G-SHRINK", _("{bad} de {all} filas faltarían").format(bad=newly_missing, all=there))


def _trip(ctx: Context, guard: str, reason: str) -> None:
    if guard not in ctx.allow:
        raise GuardTripped(
            guard, _("{guard}: {reason}. Si es correcto: boxes sync --allow {guard}").format(guard=guard, reason=reason)
        )
