"""Step 2 of the campaign wizard, *Elegir unidades*: the units found, marked, sorted and filtered by column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from boxes_tui.desk.campaign_match import Unit
from boxes_tui.desk.campaign_segment import UnitRow
from boxes_tui.domain.formats import number
from boxes_tui.i18n import N_, _
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.rows import Row

COLUMNS = (
    ("vin", N_("Chasis"), 8, 17), ("plate", N_("Patente"), 8, 8), ("unit", N_("Unidad"), 18, 22),
    ("customer", N_("Cliente"), 17, 24), ("due", N_("F. vencim."), 10, 10), ("assigned", N_("F. asign."), 10, 10),
)  # fmt: skip
HOW = {
    "exact": N_("identificación exacta"), "suffix": N_("sufijo"), "open": N_("ya tenía una abierta"),
    "blocked": N_("no quiere que lo llamen"),
}  # fmt: skip


def columns() -> list[Column]:
    """The grid's columns."""
    return [Column(i, _(t), w, x) for i, t, w, x in COLUMNS]


def day_text(day: date | None) -> str:
    """``dd/mm/aaaa`` or a dash."""
    return f"{day:%d/%m/%Y}" if day else "—"


class Units:
    """The rows of step 2 and how they are shown. ``marked`` and what is shown are the grid's; the filter only hides."""

    def __init__(self, rows: Sequence[UnitRow], units: dict[int, Unit], how: dict[int, str], today: date) -> None:
        self.rows = {str(r.vehicle_id): r for r in rows}
        self.units, self.how, self.today = units, how, today
        self.order: tuple[str, bool] | None = None
        self.kept: dict[str, str] = {}

    def cell(self, row: UnitRow, column: str, wide: bool = False) -> str:
        """A cell as text."""
        value: Any = getattr(row, column)
        if column in ("due", "assigned"):
            return day_text(value)
        if column == "vin":
            return str(value or "—") if wide else str(value or "—")[-8:]
        return str(value or ("s/pat." if column == "plate" else "—"))

    def shown(self) -> list[UnitRow]:
        """The rows that the filters keep, in the order chosen."""
        made = [r for r in self.rows.values() if all(self.cell(r, c, wide=True) == v for c, v in self.kept.items())]
        if self.order is not None:
            column, down = self.order
            known = [r for r in made if getattr(r, column) is not None]
            known.sort(key=lambda r: getattr(r, column), reverse=down)
            made = known + [r for r in made if getattr(r, column) is None]
        return made

    def groups(self, column: str) -> list[tuple[str, int]]:
        """The values of a column with how many units have each, the most frequent first."""
        counts: dict[str, int] = {}
        for row in self.rows.values():
            text = self.cell(row, column, wide=True)
            counts[text] = counts.get(text, 0) + 1
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def grid_rows(self, wide: bool) -> list[Row]:
        """The grid's rows."""
        return [self._row(r, wide) for r in self.shown()]

    def _row(self, row: UnitRow, wide: bool) -> Row:
        late = row.open and row.due is not None and row.due < self.today
        unit = self.units.get(row.vehicle_id)
        third = "x" if unit is not None and unit.why else "◆" if row.open else ""
        return Row(
            str(row.vehicle_id), tuple(self.cell(row, c, wide) for c, _t, _w, _x in COLUMNS),
            "▲" if late else "", "vencida" if late else "", third, "vencida" if third == "x" else "acento",
        )  # fmt: skip

    def details(self, key: str | None) -> tuple[str, str]:
        """The two lines under the grid."""
        row = self.rows.get(key or "")
        if row is None:
            return "", ""
        parts = [row.customer or "—", row.vin or "—", f"{number(row.km)} km" if row.km else ""]
        parts += [_("◆ ya tiene una abierta")] if row.open else []
        how = self.how.get(row.vehicle_id)
        second = _("Entró por: {how}").format(how=_(HOW[how])) if how in HOW else _("Entró por los filtros")
        if row.campaign:
            second += " · " + _("última campaña: {name}").format(name=row.campaign)
        return " · ".join(p for p in parts if p), second

    def sheet(self) -> tuple[list[str], list[list[str]]]:
        """Titles and rows of what is on screen, for the export."""
        rows = [[self.cell(row, c, wide=True) for c, _t, _w, _x in COLUMNS] for row in self.shown()]
        return [_(t) for _c, t, _w, _x in COLUMNS], rows
