"""*Más opciones* of a column of a list: filter, sort, group, pie, columns, export (SCREENS §3, PRODUCT §11 ``m``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boxes_tui.domain.formats import number
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.list_view import MOST, ListView, groups
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.rows import Row

if TYPE_CHECKING:
    from boxes_tui.domain.queues import Queue
    from boxes_tui.widgets.columns import Column
    from boxes_tui.widgets.grid import Grid


class ColumnMenuScreen(ActingScreen):
    """A list whose columns have a menu. Subclasses have ``grid`` and ``queue``, and show :attr:`view`."""

    view = ListView()
    grid: Grid
    queue: Queue

    def look(self, view: ListView) -> None:
        """Show the list through another view."""
        raise NotImplementedError

    async def every_row(self) -> list[Row]:
        """All rows of the filter as they are painted, whatever the view keeps; a sentence above :data:`MOST`."""
        raise NotImplementedError

    def choose_column(self, step: int) -> None:
        """``←→``: the column cursor appears, then moves."""
        self.grid.choose_column(step)

    async def verb_menu(self) -> None:
        """The menu of the chosen column."""
        self.grid.choose_column(0)
        column = self.grid.column
        taken = await self._menu(title_of(column), column_items())
        if taken:
            await getattr(self, f"_menu_{taken[0]}")(column)

    async def _menu(self, title: str, items: list[MenuItem], **options: Any) -> tuple[str, ...] | None:
        return await self.app.push_screen_wait(Menu(title, items, line=3, right=self.size.width, **options))

    async def _groups(self, column: Column) -> list[tuple[str, int]]:
        return groups(self.queue.code, column.id, await self.every_row())

    async def _menu_filter(self, column: Column) -> None:
        found = await self._groups(column)
        items = [MenuItem(str(n), text, right=number(count)) for n, (text, count) in enumerate(found)]
        kept = self.view.kept.get(column.id, ())
        chosen = frozenset(str(n) for n, (text, _count) in enumerate(found) if text in kept)
        taken = await self._menu(title_of(column), items, width=38, several=True, chosen=chosen)
        if taken is not None:
            self.look(self.view.keeping(column.id, [found[int(n)][0] for n in taken]))

    async def _menu_group(self, column: Column) -> None:
        found = await self._groups(column)
        items = [MenuItem(str(n), text, right=number(count)) for n, (text, count) in enumerate(found)]
        taken = await self._menu(_("AGRUPADO"), items, width=38)
        if taken:
            self.look(self.view.keeping(column.id, [found[int(taken[0])][0]]))

    async def _menu_up(self, column: Column) -> None:
        self.look(ListView(self.view.kept, (column.id, False), self.view.hidden))

    async def _menu_down(self, column: Column) -> None:
        self.look(ListView(self.view.kept, (column.id, True), self.view.hidden))

    async def _menu_pie(self, column: Column) -> None:
        """The pie of the column; a slice keeps its rows."""
        from boxes_tui.screens.list_pie import ListPie

        found = await self._groups(column)
        taken = await self.app.push_screen_wait(
            ListPie(f"{self.queue.digit} {_(self.queue.title).upper()}", title_of(column), found)
        )
        if taken:
            self.look(self.view.keeping(column.id, taken))

    async def _menu_hide(self, column: Column) -> None:
        if len(self.queue.columns) - len(self.view.hidden) > 1:
            self.look(ListView(self.view.kept, self.view.order, self.view.hidden | {column.id}))

    async def _menu_choose(self, column: Column) -> None:
        items = [MenuItem(c.id, _(c.title)) for c in self.queue.columns]
        shown = frozenset(c.id for c in self.queue.columns) - self.view.hidden
        taken = await self._menu(_("COLUMNAS"), items, several=True, chosen=shown)
        if taken:
            hidden = frozenset(c.id for c in self.queue.columns) - frozenset(taken)
            self.look(ListView(self.view.kept, self.view.order, hidden))

    async def _menu_export(self, column: Column) -> None:
        await self.verb_export()

    async def verb_export(self) -> None:
        """The list as a file."""
        raise NotImplementedError

    async def _menu_clear(self, column: Column) -> None:
        self.look(ListView())


def column_items() -> list[MenuItem]:
    """The lines of *Más opciones*, the same for a list and for the grid of a report; each code has its ``_menu_<code>``."""
    return [
        MenuItem("filter", _("filtrar por valor…"), "1", "▸"), MenuItem("up", _("ordenar A a Z"), "2"),
        MenuItem("down", _("ordenar Z a A"), "3"), MenuItem("group", _("agrupar"), "4"),
        MenuItem("pie", _("gráfico de tortas"), "5"), MenuItem("hide", _("ocultar columna"), "6"),
        MenuItem("choose", _("elegir columnas…"), "7"), MenuItem("export", _("exportar…"), "8"),
        MenuItem("clear", _("quitar todo"), "0"),
    ]  # fmt: skip


def title_of(column: Column) -> str:
    """The title without the sign of its order, in capitals."""
    return column.title.rstrip(" ↑↓").upper()


def too_many(count: int) -> BoxesError:
    """The sentence for a list that is too long for the menu."""
    return BoxesError(
        _("Son {n} filas; por columna se filtra hasta {most}. Primero un filtro: [Tab] o [f].").format(
            n=number(count), most=number(MOST)
        )
    )
