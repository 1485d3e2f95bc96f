"""``boxes audit``: the per-session hash chains (RELIABILITY S7)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from boxes_tui.data.session import Session

SHOWN = 50
"""How many entries a table shows; JSON is complete."""

app = typer.Typer(no_args_is_help=True, help="Auditoría: verificar las cadenas, ver los actos.")


@app.command("verify")
@guarded
def verify(json: Json = False) -> None:
    """Recalcula cada cadena; sale con 1 si algo fue tocado."""
    from boxes_tui.data.audit import verify as verify_chains
    from boxes_tui.data.engine import reading, set_scope
    from boxes_tui.domain.roles import at_least
    from boxes_tui.errors import Refused

    doors = house(statement_ms=60_000)
    if not at_least(doors.session.role, "supervisor"):
        raise Refused(_("El rol de este usuario no permite esa acción."))
    with reading(doors.engine) as conn:
        set_scope(conn, None)  # chains cross branches: a part of one cannot be verified
        found = verify_chains(conn)
    if json:
        bad = str(found.first_bad) if found.first_bad is not None else None
        out.json({"ok": found.ok, "entries": found.entries, "first_bad": bad, "unsealed": found.unsealed})
    elif found.ok:
        out.data(
            _("{entries} entradas, cadenas íntegras; {unsealed} sin sellar todavía.").format(
                entries=found.entries, unsealed=found.unsealed
            )
        )
    else:
        out.data(
            _("La auditoría fue tocada: la primera entrada que no cierra es {first_bad}.").format(
                first_bad=found.first_bad
            )
        )
    raise typer.Exit(0 if found.ok else 1)


@app.command("show")
@guarded
def show(
    act: Annotated[Optional[int], typer.Argument(help="Un acto; sin él, los últimos.")] = None,  # noqa: UP045
    user: Annotated[Optional[str], typer.Option("--user", help="Sólo de un usuario.")] = None,  # noqa: UP045
    limit: Annotated[Optional[int], typer.Option("--limit", min=1, help="Cuántas entradas, a lo sumo.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Muestra quién hizo qué, sobre qué fila y cuándo; sin datos personales."""
    from boxes_tui.domain.roles import at_least
    from boxes_tui.errors import Refused

    doors = house()
    if not at_least(doors.session.role, "supervisor"):
        raise Refused(_("El rol de este usuario no permite esa acción."))
    total, rows = doors.read(_entries, act, user, limit or (None if json else SHOWN))
    if json:
        out.json({"total": total, "rows": rows})
        return
    out.table(
        ("entrada", "acto", "cuándo", "usuario", "verbo", "fila", "detalle"),
        [(r["id"], r["act"], r["at"], r["user"], r["verb"], r["row"], r["detail"]) for r in rows],
    )


def _entries(
    conn: Connection, session: Session, act: int | None, user: str | None, limit: int | None
) -> tuple[int, list[dict[str, Any]]]:
    """How many entries there are, and the newest of them."""
    from sqlalchemy import func, select

    from boxes_tui.data.reads.details import local
    from boxes_tui.data.tables import app_user, audit

    c = audit.c
    query = (
        select(audit, app_user.c.login)
        .outerjoin(app_user, app_user.c.id == c.user_id)
        .where(session.scope(c.branch_id))
        .order_by(c.id.desc())
    )
    if act is not None:
        query = query.where(c.act_id == act)
    if user:
        query = query.where(app_user.c.login == user)
    total = conn.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    return total, [
        {
            "id": str(r["id"]), "act": str(r["act_id"]) if r["act_id"] is not None else None,
            "at": _iso(local(session, r["at"], r["branch_id"])), "user": r["login"], "verb": r["verb"],
            "row": f"{r['subject']}:{r['subject_id']}" if r["subject"] else None, "detail": r["detail"],
            "chain": r["chain"], "seq": r["seq"],
        }
        for r in conn.execute(query.limit(limit)).mappings()
    ]  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
