"""Pie, bars and figures: what they show, and that each opens exactly one key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st
from textual.widget import Widget

from boxes_tui.widgets.barchart import Bar, BarChart
from boxes_tui.widgets.kpi import Kpi, Kpis, share
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.pie import Pie, Slice, disc
from boxes_tui.widgets.screen import BoxesScreen
from tests.widgets.desk import make
from tests.widgets.picture import picture

SLICES = [
    Slice("a", "Atendido", 89, "60,1 %"),
    Slice("n", "No atiende", 31, "21,0 %"),
    Slice("v", "Volver a llamar", 16, "10,8 %"),
    Slice("c", "Contestador", 8, "5,4 %"),
    Slice("o", "otros", 4, "2,7 %"),
]
KPIS = [
    Kpi("s", "Servicios entregados", "148"),
    Kpi("l", "Llamado de cortesía a 15 días", "96", "112", "(85,7 %)", "en curso: 36"),
    Kpi("d", "Detractor atendido en 24 h", "9", "11", "(81,8 %)"),
]
RIGHT = [
    Kpi("c", "CSI (9 y 10)", "61", "84", "(72,6 %)"),
    Kpi("p", "NPS", "+54", note="(n = 84)"),
    Kpi("r", "Retorno al taller", "—", note="(den. 0)"),
]
BARS = [Bar(d, d, n) for d, n in zip(("02", "04", "09", "11", "16", "23"), (6, 4, 6, 9, 5, 7), strict=True)]


class Report(BoxesScreen[None]):
    """Everything under one another."""

    def __init__(self, slices: Sequence[Slice] = SLICES) -> None:
        super().__init__()
        self.slices = slices
        self.opened: list[str] = []

    def compose(self) -> Iterator[Widget]:
        wide = self.app.size.width >= 110
        yield Kpis(KPIS, RIGHT if wide else ())
        yield Pie("Por resultado", self.slices)
        yield BarChart("Por día", BARS)

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        self.opened.append(event.key)


async def test_figures_stand_as_drawn() -> None:
    app = make(Report)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("down")
        assert picture(app)[:3] == [
            "   Servicios entregados           148" + " " * 33 + "CSI (9 y 10)                61/84  (72,6 %)",
            " ▸ Llamado de cortesía a 15 días   96/112 (85,7 %)   en curso: 36     "
            "NPS                           +54   (n = 84)",
            "   Detractor atendido en 24 h       9/11  (81,8 %)                    "
            "Retorno al taller               —   (den. 0)",
        ]
        await pilot.press("right", "enter", "down", "enter", "left", "enter")
        assert app.screen.opened == ["p", "r", "d"]  # type: ignore[attr-defined]


def test_two_columns_share_a_line_and_keep_their_short_notes() -> None:
    left = [Kpi("a", "Tasa de asistencia", "292", "312", "(93,6 %)", "en curso: 32")]
    right = [
        Kpi("b", "Recupero de inasistencias a 7 días", "9", "15", "(60,0 %)", "p90 20 días · en curso: 5 · otros 7")
    ]
    for width in (110, 120, 160):
        one, two, second = share(left, right, width)
        assert one.room >= len(left[0].note) and second + two.note + two.room < width
        assert one.note + one.room < second


async def test_a_long_name_leaves_its_percentage() -> None:
    app = make(lambda: Report([Slice("0", "Campaña de revisión de suspensión trasera", 1234, "100,0 %")]))
    async with app.run_test(size=(60, 24)):
        assert picture(app)[4].endswith("1 █ Campaña de revisión d… 1234  100,0 %")


async def test_legend_bars_and_their_keys() -> None:
    app = make(Report)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = picture(app)
        assert shown[3] == " POR RESULTADO"
        assert [line[20:] for line in shown[4:10]] == [
            "1 █ Atendido        89   60,1 %",
            "2 ▓ No atiende      31   21,0 %",
            "3 ▒ Volver a llamar 16   10,8 %",
            "4 ░ Contestador      8    5,4 %",
            "5 · otros            4    2,7 %",
            "    Total          148  100,0 %",
        ]
        assert shown[12:17] == [
            "  9┤          ██    ▄▄",
            "  6┤ ██ ▄▄ ██ ██ ▄▄ ██",
            "  3┤ ██ ██ ██ ██ ██ ██",
            "  0┼───────────────────",
            "     02 04 09 11 16 23",
        ]
        app.screen.query_one(Pie).focus()
        await pilot.press("down", "down", "enter")
        app.screen.query_one(BarChart).focus()
        await pilot.press("left", "enter")
        await pilot.click(Pie, offset=(30, 2))
        assert app.screen.opened == ["v", "16", "n"]  # type: ignore[attr-defined]


async def test_nothing_to_show_is_no_accident() -> None:
    app = make(Report)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one(Pie).show("", [])
        app.screen.query_one(BarChart).show("", [Bar("x", "x", 0)])
        app.screen.query_one(Kpis).show([])
        await pilot.press("down", "enter", "tab", "enter", "tab", "right")
        assert app.is_running


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=5), st.integers(min_value=3, max_value=9))
def test_the_disc_is_full_and_fair(counts: list[int], height: int) -> None:
    cells = [cell for line in disc(tuple(counts), height) for cell in line]
    total = sum(counts)
    inside = [n for glyph, n in cells if n >= 0]
    assert bool(inside) == bool(total)
    for n, count in enumerate(counts):
        if total and inside:
            assert abs(inside.count(n) / len(inside) - count / total) < 0.25
