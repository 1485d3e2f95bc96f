"""Columns share their width as SCREENS §5 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.domain.queues import OPPORTUNITIES, QUEUES
from boxes_tui.widgets.columns import LEAD, Column, place
from boxes_tui.widgets.grid_paint import Painter
from boxes_tui.widgets.rows import Row
from boxes_tui.widgets.tones import DEFAULT


def taken(columns: tuple[Column, ...], width: int) -> int:
    shown = place(columns, width)
    return LEAD + sum(p.width for p in shown) + len(shown) - 1


@pytest.mark.parametrize("code", QUEUES)
@pytest.mark.parametrize("width", [60, 66, 72, 79, 80, 84, 88, 100, 168])
def test_no_list_is_wider_than_its_room(code: str, width: int) -> None:
    columns = tuple(Column.of(c) for c in QUEUES[code].columns)
    assert taken(columns, width) <= width


@pytest.mark.parametrize("code", QUEUES)
def test_every_column_is_there_at_80_in_its_width(code: str) -> None:
    columns = tuple(Column.of(c) for c in QUEUES[code].columns)
    assert [p.width for p in place(columns, 80)] == [c.width80 for c in columns]
    assert [p.width for p in place(columns, 88)] == [c.width120 for c in columns]


def test_bold_columns_leave_in_their_order() -> None:
    columns = tuple(Column.of(c) for c in OPPORTUNITIES.columns)
    assert [p.column.id for p in place(columns, 79)] == ["due", "customer", "plate", "about", "last"]
    assert [p.column.id for p in place(columns, 70)] == ["due", "customer", "plate", "about"]


def test_then_unidad_narrows() -> None:
    columns = tuple(Column.of(c) for c in QUEUES["deliveries"].columns)
    shown = {p.column.id: p.width for p in place(columns, 60)}
    assert shown == {"customer": 24, "plate": 8, "unit": 12, "delivered": 5, "attempts": 3}


def test_a_year_is_never_cut() -> None:
    columns = tuple(Column.of(c) for c in OPPORTUNITIES.columns)
    cells = ("14/05/27", "10:00", "FERNÁNDEZ IBARGÜENGOITIA ACHÁVAL", "AH204LM", "Service 50.000 km", "No at. 23/11")
    text = Painter(columns, 80, DEFAULT).row(Row("a", cells), False, False).text
    assert text == "    14/05/27 10:00 FERNÁNDEZ IBARGÜENGO… AH204LM  Service 50.000 km No at. 23/11"


@given(st.lists(st.text(max_size=40), min_size=6, max_size=6), st.integers(min_value=1, max_value=200))
def test_every_line_is_exactly_as_wide_as_the_list(cells: list[str], width: int) -> None:
    columns = tuple(Column.of(c) for c in OPPORTUNITIES.columns)
    paint = Painter(columns, width, DEFAULT)
    for cursor in (False, True):
        assert paint.row(Row("a", tuple(cells), "▲", "vencida", "@!"), cursor, True).cell_length == width
    assert paint.head("due").cell_length == paint.head().cell_length == width
