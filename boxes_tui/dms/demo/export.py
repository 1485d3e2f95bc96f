"""Writing what the simulated DMS exports: files in a drop folder, each complete and marked with ``.ok``
(DMS.md §3).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from boxes_tui.dms.demo import dialect
from boxes_tui.dms.demo.catalogue import BRANCHES
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.state import Order
from boxes_tui.dms.demo.world import World, local

OVERLAP = timedelta(minutes=10)
"""What a running export of orders repeats of the one before."""
_SHEET_ROWS = 50_000
_CHUNK = 2_000


def write_mapping(path: Path, drop: str = "in") -> None:
    """Write the demo's mapping (source ``demo``) to ``path``; ``drop`` is the drop folder, relative to it."""
    template = resources.files("boxes_tui.dms.demo").joinpath("demo.toml").read_text("utf-8")
    path.write_text(template.replace('path = "in"', f'path = "{drop}"', 1), encoding="utf-8")


def write(world: World, folder: Path, now: datetime, since: datetime | None = None) -> list[Path]:
    """Export the world as it is at ``now`` (it is advanced there) and return the files written.

    Without ``since``: everything. With it: the turnos of the window, the orders changed after it (with
    overlap), and each master file only if something in it changed after it. Cells are written one after the
    other, in the memory of one. Raises OSError when the folder cannot be written; then no half file has a
    final name.
    """
    moment = local(now)
    world.advance(moment)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{moment:%Y%m%d_%H%M%S}"
    start = local(since) if since else None
    with _Export(folder, stamp, moment) as export:
        for cell in world.cells():
            export.cell(cell, start)
        return export.close()


class _Export:
    """The open files of one export."""

    def __init__(self, folder: Path, stamp: str, moment: datetime) -> None:
        self._folder, self._stamp, self._moment = folder, stamp, moment
        self._texts: dict[str, _TextFile] = {}
        self._sheets: list[_OrderFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        if kind is not None:
            for file in self._files():
                file.abandon()

    def _files(self) -> list[_TextFile | _OrderFile]:
        return [*self._texts.values(), *self._sheets]

    def cell(self, cell: Cell, since: datetime | None) -> None:
        """Add the rows of a cell."""
        orders = cell.orders
        if since is not None:
            edge = since - OVERLAP
            orders = [o for o in orders if o.changed > edge]
        if since is None or cell.masters_changed > since:
            self._add("clientes", [dialect.customer(c) for c in cell.customers])
            self._add("unidades", [dialect.vehicle(v) for v in cell.vehicles])
        if since is None or cell.sales_changed > since:
            self._add("entregas", [dialect.delivery(d) for d in cell.deliveries])
        kept = [a for a in cell.appointments if not a.vanished and (since is None or dialect.in_window(a, cell))]
        self._add("turnos", [dialect.appointment(a) for a in kept])
        if orders:
            self._orders(orders)
            self._add("renglones", [line for o in orders for line in dialect.lines(o)])
            self._add("incidencias", [line for o in orders for line in dialect.incidents(o)])

    def _add(self, name: str, rows: list[str]) -> None:
        if name not in self._texts:
            self._texts[name] = _TextFile(self._folder / f"{name}_{self._stamp}.csv", name)
        self._texts[name].add(rows)

    def _orders(self, orders: list[Order]) -> None:
        for order in orders:
            if not self._sheets or self._sheets[-1].rows >= _SHEET_ROWS:
                number = len(self._sheets) + 1
                path = self._folder / f"ordenes_{self._stamp}_{number:03d}.xlsx"
                self._sheets.append(_OrderFile(path, self._moment))
            self._sheets[-1].add(order)

    def close(self) -> list[Path]:
        """Finish every file, then give them their names and their ``.ok``."""
        files = self._files()
        for file in files:
            file.finish()
        return [_publish(file.path) for file in files]


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _publish(path: Path) -> Path:
    _part(path).replace(path)
    path.with_name(path.name + ".ok").touch()
    return path


class _TextFile:
    """A CSV of the foreign dialect under its ``.part`` name."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name
        self._count = 0
        self._file: BinaryIO = _part(path).open("wb", buffering=1 << 18)
        self._put([dialect.HEADS[name]])

    def _put(self, rows: list[str]) -> None:
        self._file.write(("\r\n".join(rows) + "\r\n").encode("cp1252"))

    def add(self, rows: list[str]) -> None:
        """Write rows, some thousand at a time."""
        for first in range(0, len(rows), _CHUNK):
            self._put(rows[first : first + _CHUNK])
        self._count += len(rows)

    def finish(self) -> None:
        """The spoilt rows, an empty line, the TOTAL line."""
        self._put([*dialect.SPOILT.get(self._name, ()), "", f"TOTAL;{self._count}"])
        self._file.close()

    def abandon(self) -> None:
        """Close and forget."""
        self._file.close()
        _part(self.path).unlink(missing_ok=True)


class _OrderFile:
    """The spreadsheet of orders: a title, an empty line, heads in line 3, typed cells, a TOTAL line."""

    def __init__(self, path: Path, moment: datetime) -> None:
        self.path = path
        self.rows = 0
        self._book = xlsxwriter.Workbook(str(_part(path)), {"constant_memory": True})
        self._book.set_properties({"created": moment})
        self._sheet: Worksheet = self._book.add_worksheet("Ordenes")
        self._when: Format = self._book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        self._sheet.write_string(0, 0, "LISTADO DE ÓRDENES DE REPARACIÓN")
        for column, head in enumerate(dialect.ORDER_HEADS):
            self._sheet.write_string(2, column, head)

    def add(self, order: Order) -> None:
        """Write one order."""
        branch, turno = BRANCHES[order.branch].code, order.appointment
        shown = turno if turno is not None and turno.linked else None
        cells: tuple[str | int | float | datetime | None, ...] = (
            branch, order.number, order.status, order.opened, order.promised, order.finished, order.invoiced,
            order.delivered, order.customer.key, order.vehicle.chassis, order.vehicle.plate, order.km,
            order.job.order_type, order.pay, order.advisor, order.result, order.total / 100,
            BRANCHES[shown.branch].code if shown else None, shown.number if shown else None, order.notes,
            order.changed,
        )  # fmt: skip
        row, sheet = 3 + self.rows, self._sheet
        for column, value in enumerate(cells):
            if isinstance(value, str):
                if value:
                    sheet.write_string(row, column, value)
            elif isinstance(value, datetime):
                sheet.write_datetime(row, column, value, self._when)
            elif value is not None:
                sheet.write_number(row, column, value)
        self.rows += 1

    def finish(self) -> None:
        """The TOTAL line; then the archive is written."""
        self._sheet.write_string(3 + self.rows, 0, "TOTAL")
        self._sheet.write_number(3 + self.rows, 1, self.rows)
        self._book.close()

    def abandon(self) -> None:
        """Forget the sheet; nothing of it has reached the folder."""
        _part(self.path).unlink(missing_ok=True)
