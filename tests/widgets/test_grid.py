"""The grid: what it shows, how it moves, what happens while the data changes (SCREENS §8)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from boxes_tui.app import BoxesApp
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.rows import BLOCK, ListSource, Result, Row
from tests.widgets.desk import Desk, make, row, rows
from tests.widgets.picture import HOSTILE, picture

DRAWN = [
    Row(
        "a",
        ("20/11", "10:00", "PEÑA NÚÑEZ, MARÍA JOSÉ", "AB052JY", "Service 50.000 km", "No at. 23/11"),
        "▲",
        "vencida",
        "◆",
    ),
    Row(
        "b",
        ("22/11", "09:30", "D'ANGELO MÜLLER, ÓSCAR MAXIMILIANO", "AE771QP", "Service 10.000 km", "—"),
        "▲",
        "vencida",
    ),
    Row("c", ("23/11", "—", "ÁVALOS, ZOË", "OPA118", "Frenos", "Cont. 22/11"), "▲", "vencida", "x", "peligro"),
    Row(
        "d",
        ("24/11", "14:30", "ACUÑA ROCA, ÁNGEL", "AF210KD", "Volver a llamar", "Luis, 3 min"),
        "■",
        "hoy",
        "T",
        "tomado",
    ),
    Row("e", ("24/11", "—", "YÁÑEZ SOSA, LUCÍA", "AD009ZZ", "Bienvenida", "—"), "■", "hoy"),
    Row(
        "f",
        ("25/11", "11:00", "GÓMEZ [PARTICULAR], RAÚL", "AC345TT", "Service 30.000 km", "Ocup. 24/11"),
        "▷",
        "proxima",
    ),
    Row("g", ("01/12", "—", "BÁEZ HNOS. S.R.L.", "AG118MN", "Nota técnica 4711", "—"), "▷", "proxima", "◆"),
]
AT_80 = """\
    Vence Hora  Cliente                  Patente  Motivo            Último
 ▲◆ 20/11 10:00 PEÑA NÚÑEZ, MARÍA JOSÉ   AB052JY  Service 50.000 km No at. 23/11
 ▲  22/11 09:30 D'ANGELO MÜLLER, ÓSCAR … AE771QP  Service 10.000 km —
●▲x 23/11 —     ÁVALOS, ZOË              OPA118   Frenos            Cont. 22/11
 ■T 24/11 14:30 ACUÑA ROCA, ÁNGEL        AF210KD  Volver a llamar   Luis, 3 min
 ■  24/11 —     YÁÑEZ SOSA, LUCÍA        AD009ZZ  Bienvenida        —
 ▷  25/11 11:00 GÓMEZ [PARTICULAR], RAÚL AC345TT  Service 30.000 km Ocup. 24/11
 ▷◆ 01/12 —     BÁEZ HNOS. S.R.L.        AG118MN  Nota técnica 4711 —
""".splitlines()
AT_120 = """\
    Vence Hora  Cliente                    Patente  Motivo             Último
 ▲◆ 20/11 10:00 PEÑA NÚÑEZ, MARÍA JOSÉ     AB052JY  Service 50.000 km  No at. 23/11
 ▲  22/11 09:30 D'ANGELO MÜLLER, ÓSCAR MA… AE771QP  Service 10.000 km  —
""".splitlines()


def grid_of(app: BoxesApp) -> Grid:
    return app.screen.query_one(Grid)


def names(app: BoxesApp) -> list[str]:
    return [line[16:40].strip() for line in picture(app)[3:] if "CLIENTE" in line[16:40]]


async def test_the_list_looks_as_drawn() -> None:
    app = make(lambda: Desk(DRAWN))
    async with app.run_test(size=(80, 24)) as pilot:
        grid_of(app).mark(["c"])
        await pilot.pause()
        assert picture(app)[2:10] == AT_80
        assert picture(app)[22] == "" and picture(app)[23].startswith(" l llamar")


async def test_at_120_the_list_has_88_cells_and_the_card_stands_beside_it() -> None:
    app = make(lambda: Desk(DRAWN))
    async with app.run_test(size=(120, 36)) as pilot:
        assert app.screen.frame is not None and app.screen.frame.card_shown  # type: ignore[attr-defined]
        app.screen.frame.card.show(["PEÑA NÚÑEZ, MARÍA JOSÉ", "DNI 20.001.234"])  # type: ignore[attr-defined]
        await pilot.pause()
        assert [line[:88].rstrip() for line in picture(app)[2:5]] == AT_120
        assert [line[88:] for line in picture(app)[2:5]] == ["│ PEÑA NÚÑEZ, MARÍA JOSÉ", "│ DNI 20.001.234", ""]
        assert "Total: 7" in picture(app)[29] and grid_of(app).size.width == 88


async def test_movement() -> None:
    app = make(lambda: Desk(rows(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        for key, place in [("down", 1), ("j", 2), ("up", 1), ("k", 0), ("k", 0), ("pagedown", 16), ("end", 99),
                           ("down", 99), ("pageup", 83), ("home", 0)]:  # fmt: skip
            await pilot.press(key)
            assert (grid.cursor_index, grid.cursor_key) == (place, f"opportunities:{place}"), key
        assert picture(app)[20] == " CLIENTE 0000000, ÑANDÚ"
        assert picture(app)[19].endswith("Total: 100 · 1/100")


async def test_marks_and_ranges() -> None:
    app = make(lambda: Desk(rows(10)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        await pilot.press("j", "space", "j", "j", "full_stop")
        assert grid.marked == {f"opportunities:{n}" for n in (1, 2, 3)}
        assert [line[0] for line in picture(app)[3:8]] == [" ", "●", "●", "●", " "]
        await pilot.press("plus")
        assert len(grid.marked) == 10
        await pilot.press("minus")
        assert not grid.marked


async def test_own_act_shows_its_result_until_the_next_key() -> None:
    app = make(lambda: Desk(rows(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        await pilot.press("j")
        grid.show_result("opportunities:1", Result("No at. 14:10"))
        await pilot.pause()
        assert grid.cursor_key == "opportunities:2"
        shown = picture(app)[4]
        assert shown.startswith(" ✓  24/11") and shown.endswith("No at. 14:10") and "CLIENTE 0000001" in shown
        await pilot.press("left")
        assert names(app) == [f"CLIENTE {n:07d}, ÑANDÚ" for n in (0, 2, 3, 4)]
        assert (grid.cursor_key, grid.cursor_index, grid.total) == ("opportunities:2", 1, 4)


async def test_own_act_on_the_last_row_steps_back() -> None:
    app = make(lambda: Desk(rows(2)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        await pilot.press("end")
        grid.show_result("opportunities:1", Result("Ocup."))
        assert grid.cursor_key == "opportunities:0"
        await pilot.press("down")
        grid.show_result("opportunities:0", Result("Ocup."))
        await pilot.press("down")
        left: tuple[int, str | None] = (grid.total, grid.cursor_key)
        assert left == (0, None)
        assert picture(app)[4:6] == ["    Sin filas.", "    [Tab] otro filtro"]


async def test_a_gone_cursor_row_stays_until_the_next_movement() -> None:
    app = make(lambda: Desk(rows(4)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        await pilot.press("j")
        grid.merge([row(0), row(2), row(3)], {"opportunities:1": "Luis, Confirmado 14:11"})
        await pilot.pause()
        assert len(names(app)) == 4 and grid.gone_reason("opportunities:1") == "Luis, Confirmado 14:11"
        assert picture(app)[4].startswith(" ✓") and "Luis, Confi" in picture(app)[4]
        await pilot.press("left")
        assert grid.cursor_key == "opportunities:1"
        await pilot.press("j")
        assert grid.cursor_key == "opportunities:2" and len(names(app)) == 3


async def test_rows_of_others_leave_at_once_and_the_cursor_keeps_its_line() -> None:
    app = make(lambda: Desk(rows(60)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        grid.go_to(30)
        await pilot.pause()
        line = next(y for y, text in enumerate(picture(app)) if "0000030" in text)
        fresh = [row(n) for n in range(60) if n not in (3, 20, 40)]
        fresh.insert(5, row(500))
        fresh.insert(30, row(501))
        grid.merge(fresh)
        await pilot.pause()
        assert "0000030" in picture(app)[line] and grid.cursor_key == "opportunities:30"
        assert grid.total == 59 and grid.row("opportunities:501") is not None


async def test_a_new_row_above_keeps_the_screen_line_of_the_cursor() -> None:
    app = make(lambda: Desk(rows(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        await pilot.press("j", "j")
        grid.merge([row(90), *rows(5)])
        await pilot.pause()
        assert "0000002" in picture(app)[5] and grid.cursor_index == 3


async def test_changed_cells_are_repainted_in_place_without_sorting() -> None:
    app = make(lambda: Desk(rows(5)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        late = replace(row(3), cells=("24/11", "14:30", "CLIENTE NUEVO", "AA003ZZ", "Frenos", "Luis, 3 min"), third="T")
        grid.merge([late, row(0), row(1), row(2), row(4)])
        await pilot.pause()
        assert "CLIENTE NUEVO" in picture(app)[6] and picture(app)[6].startswith(" ■T")
        grid.update_rows({"opportunities:0": row(0, "OTRO"), "unknown": row(77)})
        await pilot.pause()
        assert "OTRO" in picture(app)[3] and grid.total == 5


async def test_another_filter_keeps_the_cursor_by_key() -> None:
    app = make(lambda: Desk(rows(50)))
    async with app.run_test(size=(80, 24)) as pilot:
        grid = grid_of(app)
        grid.go_to("opportunities:40")
        grid.set_source(ListSource([row(n) for n in range(0, 50, 4)]), cursor=grid.cursor_key)
        await pilot.pause()
        assert (grid.cursor_key, grid.cursor_index) == ("opportunities:40", 10)
        assert any("0000040" in line for line in picture(app)[3:19])


class Counting:
    """A source of any size that counts what it is asked; ``gate`` holds answers back."""

    def __init__(self, total: int, name: str = "CLIENTE") -> None:
        self.total = total
        self.name = name
        self.asked: list[tuple[int, int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def block(self, start: int, count: int) -> Sequence[Row]:
        self.asked.append((start, count))
        self.gate.wait(5)
        return [row(n, f"{self.name} {n:07d}, ÑANDÚ") for n in range(start, min(start + count, self.total))]


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(4):
        await pilot.pause(0.03)


async def test_a_million_rows_ask_for_a_few_blocks() -> None:
    source = Counting(1_000_000)
    app = make(lambda: Desk(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert {start for start, _ in source.asked} <= {0, BLOCK}
        await pilot.press("end")
        await settle(pilot)
        grid = grid_of(app)
        assert grid.cursor_key == "opportunities:999999" and "0999999" in picture(app)[18]
        for _ in range(40):
            await pilot.press("pageup")
        await settle(pilot)
        assert len(source.asked) < 30 and all(count == BLOCK for _, count in source.asked)
        assert grid.cursor_key == f"opportunities:{grid.cursor_index}"


async def test_late_answers_of_another_filter_are_dropped() -> None:
    slow, quick = Counting(500, "VIEJO"), Counting(500, "NUEVO")
    slow.gate.clear()
    app = make(lambda: Desk(slow))
    async with app.run_test(size=(80, 24)) as pilot:
        grid_of(app).set_source(quick)
        await settle(pilot)
        assert "NUEVO 0000000" in picture(app)[3]
        slow.gate.set()
        await settle(pilot)
        assert not any("VIEJO" in line for line in picture(app))


async def test_a_source_that_fails_says_so_and_the_app_goes_on() -> None:
    class Broken:
        total = 100

        def block(self, start: int, count: int) -> Sequence[Row]:
            raise OSError("no")

    failed: list[BaseException] = []

    class Watching(Desk):
        def on_grid_source_failed(self, event: Grid.SourceFailed) -> None:
            failed.append(event.error)

    app = make(lambda: Watching(Broken()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("j")
        assert failed and isinstance(failed[0], OSError)


async def test_acted_rows_leave_a_block_source_too() -> None:
    source = Counting(300)
    app = make(lambda: Desk(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        grid = grid_of(app)
        for _ in range(3):
            assert grid.cursor_key is not None
            grid.show_result(grid.cursor_key, Result("✓"))
            await pilot.press("left")
        assert names(app)[:2] == ["CLIENTE 0000003, ÑANDÚ", "CLIENTE 0000004, ÑANDÚ"] and grid.total == 297
        await pilot.press("end")
        await settle(pilot)
        assert grid.cursor_key == "opportunities:299"
        grid.reload()
        await settle(pilot)
        assert grid.total == 300 and grid.cursor_key == "opportunities:299"


async def test_the_column_cursor_shows_in_the_heads() -> None:
    class Report(Desk):
        def __init__(self) -> None:
            super().__init__(DRAWN)
            self.grid._column_cursor = True

    app = make(Report)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "right")
        assert picture(app)[2] == "    Vence Hora  Cliente▸                 Patente  Motivo            Último"
        assert grid_of(app).column.id == "customer"
        for _ in range(9):
            await pilot.press("right")
        assert picture(app)[2].endswith("Último▸") and grid_of(app).column.id == "last"


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 36)])
async def test_hostile_rows_are_shown_and_change_nothing(size: tuple[int, int]) -> None:
    hostile = [row(n, text) for n, text in enumerate(HOSTILE)]
    app = make(lambda: Desk(hostile))
    async with app.run_test(size=size) as pilot:
        for _ in HOSTILE:
            await pilot.press("j")
        for y in range(3, size[1] - 5):
            await pilot.click(offset=(18, y))
        assert app.is_running and all(cell_len(line) <= size[0] for line in picture(app))
    assert app.return_code in (None, 0)


async def test_a_click_moves_and_a_second_one_chooses() -> None:
    chosen: list[str | None] = []

    class Choosing(Desk):
        def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
            chosen.append(event.key)

    app = make(lambda: Choosing(rows(9)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(20, 6))
        assert grid_of(app).cursor_index == 3 and not chosen
        await pilot.click(offset=(20, 6))
        await pilot.press("enter")
        assert chosen == ["opportunities:3"] * 2
