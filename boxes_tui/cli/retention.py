"""``boxes retention [--apply]``: how long each table keeps what it holds, and letting go of the rest."""

from __future__ import annotations

from typing import Annotated

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house


@guarded
def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Hacerlo; sin esto sólo se cuenta.")] = False,
    json: Json = False,
) -> None:
    """Cuenta lo que pasó su plazo de guarda; con --apply lo quita, y eso no se puede deshacer."""
    from boxes_tui.i18n import _
    from boxes_tui.outreach.retention import ApplyRetention, expired, rules_of

    with_house = house(statement_ms=300_000)
    rules = rules_of(with_house.settings)
    counts = with_house.read(expired, rules)
    if apply:
        counts.update(with_house.execute(ApplyRetention(rules)).result["rows"])
    if json:
        out.json({"applied": apply, "rows": [{"rule": r.name, "days": d, "n": counts[r.name]} for r, d in rules]})
        return
    out.table(("regla", "días", "filas", "qué"), [(r.name, d or "—", counts[r.name], _(r.about)) for r, d in rules])
    if not apply:
        out.say(_("No se cambió nada; para hacerlo: boxes retention --apply"))
