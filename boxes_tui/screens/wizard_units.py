"""Step 2 of the campaign wizard, *Elegir unidades*: the units found, marked, sorted and filtered by column."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from boxes_tui.desk.campaign_match import Match
from boxes_tui.desk.campaign_segment import UnitRow
from boxes_tui.desk.campaign_units import Unit
from boxes_tui.desk.campaigns import why_text
from boxes_tui.domain.formats import number
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.rows import ListSource, Row, RowSource

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


KEPT = 4000
LARGE = 20_000
"""Units from which on rows are read by blocks as they come into sight."""

Read = Callable[[Sequence[int]], tuple[dict[int, Unit], list[UnitRow]]]
"""What is known of some vehicles, and their rows; blocking."""


class Units:
    """The rows of step 2 and how they are shown. ``marked`` and what is shown are the grid's; the filter only hides."""

    def __init__(self, rows: Sequence[UnitRow], units: dict[int, Unit], match: Match, today: date) -> None:
        self.rows = {str(r.vehicle_id): r for r in rows}
        self.units, self.how, self.today = units, match.how, today
        self.lines = {v: line.line for line in reversed(match.lines) for v in line.vehicles}
        self.order: tuple[str, bool] | None = None
        self.kept: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def whole(self) -> bool:
        """Whether no filter hides a unit."""
        return not self.kept

    def source(self, wide: bool) -> RowSource:
        """The grid's rows."""
        return ListSource(self.grid_rows(wide))

    def check_menu(self) -> None:
        """Filter and order are there for all of them."""

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
        return [self.painted(r, wide) for r in self.shown()]

    def painted(self, row: UnitRow, wide: bool) -> Row:
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
        how, line = self.how.get(row.vehicle_id), self.lines.get(row.vehicle_id)
        second = _("Entró por: {how}").format(how=_(HOW[how])) if how in HOW else _("Entró por los filtros")
        if line is not None:
            second += ", " + _("línea {n} de la lista").format(n=number(line))
        unit = self.units.get(row.vehicle_id)
        if unit is not None and unit.why:
            second += f" · x {why_text(unit.why)}"
        if row.campaign:
            second += " · " + _("última campaña: {name}").format(name=row.campaign)
        return " · ".join(p for p in parts if p), second

    def sheet(self) -> tuple[list[str], Iterable[list[str]], int]:
        """Titles, rows and how many of what is on screen, for the export."""
        shown = self.shown()
        rows = ([self.cell(row, c, wide=True) for c, _t, _w, _x in COLUMNS] for row in shown)
        return [_(t) for _c, t, _w, _x in COLUMNS], rows, len(shown)


class ManyUnits(Units):
    """More units than anybody looks at one by one: their ids in order, rows as they come into sight. Memory does not grow
    with what is looked at."""

    def __init__(self, ids: Sequence[int], read: Read, match: Match, today: date) -> None:
        super().__init__((), {}, match, today)
        self.ids, self._read = array("q", ids), read

    def __len__(self) -> int:
        return len(self.ids)

    def source(self, wide: bool) -> RowSource:
        """Blocks of rows."""
        return UnitBlocks(self, wide)

    def block(self, start: int, count: int) -> list[UnitRow]:
        """Rows by position, remembered while they are in sight; called from another thread."""
        units, rows = self._read(list(self.ids[start : start + count]))
        if len(self.rows) > KEPT:
            self.rows, self.units = {}, {}
        self.units |= units
        self.rows |= {str(r.vehicle_id): r for r in rows}
        return rows

    def check_menu(self) -> None:
        """They are filtered where they are searched."""
        raise BoxesError(
            _("Son {n} unidades: se filtran en el paso 1 ([PgUp]); acá van por vencimiento.").format(
                n=number(len(self))
            )
        )

    def sheet(self) -> tuple[list[str], Iterable[list[str]], int]:
        """The same by blocks."""
        rows = (row for start in range(0, len(self.ids), 1000) for row in self.block(start, 1000))
        cells = ([self.cell(row, c, wide=True) for c, _t, _w, _x in COLUMNS] for row in rows)
        return [_(t) for _c, t, _w, _x in COLUMNS], cells, len(self.ids)


class UnitBlocks:
    """The grid's rows of :class:`ManyUnits`."""

    def __init__(self, units: ManyUnits, wide: bool) -> None:
        self._units, self._wide = units, wide

    @property
    def total(self) -> int:
        """How many units."""
        return len(self._units)

    def keys(self) -> list[str]:
        """The keys of all of them."""
        return [str(i) for i in self._units.ids]

    def block(self, start: int, count: int) -> list[Row]:
        """Rows by position."""
        return [self._units.painted(r, self._wide) for r in self._units.block(start, count)]
