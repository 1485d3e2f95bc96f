"""The lines that never move, as drawn (SCREENS §1, §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from boxes_tui.app import BoxesApp
from boxes_tui.widgets.bars import FilterItem, Key, StatusLine
from boxes_tui.widgets.frame import Frame
from tests.widgets.desk import make
from tests.widgets.picture import HOSTILE, picture

APPOINTMENTS = [
    FilterItem("to_confirm", "Por confirmar", 39),
    FilterItem("confirmed", "Confirmados", 12),
    FilterItem("not_arrived", "No ingresados", 15),
    FilterItem("no_show", "Inasistencias", 5, "Inasist."),
    FilterItem("latest", "Últimos ingresos", 10, "Ingresos"),
]
LEAKS = [
    FilterItem("all", "Todas", 7),
    FilterItem("d", "Entregas", 3),
    FilterItem("o", "Oportunidades", 0, "Oport."),
    FilterItem("n", "Inasistencias", 0, "Inasist."),
    FilterItem("c", "Realizados", 4),
    FilterItem("r", "Reclamos", 0),
]


def frame_of(app: BoxesApp) -> Frame[Any]:
    return app.screen.frame  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("items", "active", "line"),
    [
        (APPOINTMENTS, "not_arrived", " Por confirmar 39  Confirmados 12  [No ingresados 15]  Inasist. 5  Ingresos 10"),
        (LEAKS, "all", " [Todas 7]  Entregas 3  Oport. 0  Inasist. 0  Realizados 4  Reclamos 0  f: todos"),
    ],
)
async def test_filters_shorten_as_drawn(items: Sequence[FilterItem], active: str, line: str) -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        frame_of(app).filters.set_filters(items, active, "f: todos")
        await pilot.pause()
        assert picture(app)[1] == line
        assert frame_of(app).filters.after() != active and frame_of(app).filters.after(len(items)) == active


async def test_the_active_filter_shows_on_a_narrow_line() -> None:
    app = make()
    async with app.run_test(size=(60, 20)) as pilot:
        frame_of(app).filters.set_filters(APPOINTMENTS, "latest", "f: todos")
        await pilot.pause()
        assert picture(app)[1] == " … [Ingresos 10]"


async def test_keys_line_at_80_and_what_leaves_first() -> None:
    keys = [
        Key("l", "llamar"),
        Key("d", "descartar"),
        Key("r", "replanificar"),
        Key("t", "vendido", wide="turno vendido"),
        Key("n", "siguiente"),
        Key("v", "cliente", enabled=False),
        Key("?", "más"),
    ]
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        frame_of(app).keys.set_keys(keys)
        await pilot.pause()
        assert picture(app)[23] == " l llamar  d descartar  r replanificar  t vendido  n siguiente  v cliente  ? más"
        await pilot.resize_terminal(60, 20)
        assert picture(app)[19] == " l llamar  d descartar  r replanificar  t vendido  ? más"
        await pilot.resize_terminal(120, 36)
        assert "t turno vendido" in picture(app)[35]


async def test_a_key_of_the_keys_line_can_be_clicked() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(3, 23))
        await pilot.pause()
        assert len(app.screen_stack) == 2


async def test_titles_cut_at_the_left_and_choose_the_longest_right_that_fits() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        title = frame_of(app).title
        title.show("3 PRÓXIMOS TURNOS · Casa Central", "Ana Quiroga · agente · DMS hace 4 min", "Ana · DMS")
        await pilot.pause()
        assert picture(app)[0].endswith("Ana Quiroga · agente · DMS hace 4 min") and len(picture(app)[0]) == 79
        title.show("X" * 70, "Ana Quiroga · agente · DMS hace 4 min", "DMS")
        await pilot.pause()
        assert picture(app)[0] == " " + "X" * 70 + "     DMS"


async def test_a_success_goes_with_the_next_key_an_error_with_esc() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        status: StatusLine = frame_of(app).status
        status.hint("Sin lista No Llame.")
        status.ok("Se guardó.")
        await pilot.pause()
        assert picture(app)[22] == " Se guardó."
        await pilot.press("j")
        assert picture(app)[22] == " Sin lista No Llame."
        status.error("No se guardó: la base no responde.")
        await pilot.press("j")
        assert picture(app)[22] == " ✗ No se guardó: la base no responde." and status.speaking == "error"
        await pilot.press("escape")
        assert picture(app)[22] == " Sin lista No Llame."


async def test_toasts_go_to_the_status_line_literally() -> None:
    app = make()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for text in HOSTILE:
            app.notify(text)
            await pilot.pause()
        app.notify("[/nope] JUAN [PARTICULAR]")
        await pilot.pause()
        assert picture(app)[22] == " [/nope] JUAN [PARTICULAR]"


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (20, 5), (1, 1)])
async def test_a_small_window_says_so_and_q_leaves(size: tuple[int, int]) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        text = " ".join(" ".join(picture(app)).split())
        if size[0] > 10:
            assert text == "Ventana chica: hace falta 60×15 o más. q salir"
        await pilot.press("l", "j")
        assert len(app.screen_stack) == 1
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert picture(app)[0].startswith(" 2 OPORTUNIDADES")
        await pilot.resize_terminal(*size)
        await pilot.press("q")
    assert not app.is_running


async def test_no_size_kills_a_screen_or_a_panel() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        for panel in (False, True):
            if panel:
                await pilot.resize_terminal(80, 24)
                await pilot.press("l")
            for size in [(1, 1), (5, 40), (61, 15), (300, 100), (60, 16), (110, 15), (109, 36), (120, 36)]:
                await pilot.resize_terminal(*size)
                await pilot.pause()
        assert app.is_running
