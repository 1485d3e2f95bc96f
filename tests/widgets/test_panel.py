"""Panels and fields: the list stays in sight, every keystroke is reported, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.widget import Widget

from boxes_tui.app import BoxesApp
from boxes_tui.widgets.digits import Digit, Digits
from boxes_tui.widgets.fields import ChoiceField, TextField
from boxes_tui.widgets.marks import LinesField, MarksField
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.panel import BottomPanel, Text
from tests.widgets.desk import make, row
from tests.widgets.picture import HOSTILE, picture

OUTCOMES = [
    Digit("1", "No atiende", "vuelve 18:10"),
    Digit("2", "Ocupado", "vuelve 14:40"),
    Digit("3", "Contestador", "vuelve mañana"),
    Digit("4", "Volver a llamar…"),
    Digit("5", "Turno vendido…"),
    Digit("6", "Más adelante…"),
    Digit("7", "No le interesa…"),
    Digit("8", "Número equivocado"),
    Digit("9", "No llamar más…"),
    Digit("0", "Atendido"),
]
REASONS = [
    Digit("1", "precio"),
    Digit("2", "ya lo hizo en otro taller"),
    Digit("3", "lo hace por su cuenta"),
    Digit("4", "vendió la unidad"),
    Digit("5", "distancia o mudanza"),
    Digit("6", "poco uso"),
    Digit("7", "mala experiencia"),
    Digit("8", "sin respuesta"),
    Digit("9", "sin datos válidos"),
    Digit("0", "duplicada"),
    Digit("o", "otro (pide texto)"),
]


class Call(BottomPanel[str]):
    """A call panel without a call."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[str] = []
        self.answers: list[str] = []

    def compose_body(self) -> Iterator[Widget]:
        yield Text([("▸ ", "acento"), "351 512-3456 cel"], "", "", "", "Último: No atiende ayer 18:40 (Ana)")
        yield TextField("Nota", note="se guarda sola", on_change=self.journal.append)
        yield Text("")
        yield Digits(OUTCOMES, columns=[(1, 4), (34, 3), (56, 3)], notes=15)

    def on_mount(self) -> None:
        self.rule.show("LLAMADA · PEÑA NÚÑEZ, MARÍA JOSÉ · oferta permitida", "intento 3 de 6")
        self.status.hint("Por qué ahora: vencida hace 4 días, sin otra devolución antes")
        self.query_one(Digits).focus()

    def on_digits_chosen(self, event: Digits.Chosen) -> None:
        self.answers.append(event.key)

    def key_n(self) -> None:
        self.query_one(TextField).focus()


async def opened(app: BoxesApp, pilot: object) -> Call:
    panel = Call()
    await app.push_screen(panel)
    await pilot.pause()  # type: ignore[attr-defined]
    return panel


async def test_the_call_panel_looks_as_drawn_over_the_list() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        shown = picture(app)
        assert "CLIENTE 0000000" in shown[3] and "CLIENTE 0000003" in shown[6]
        assert shown[7] == "─ LLAMADA · PEÑA NÚÑEZ, MARÍA JOSÉ · oferta permitida ───────── intento 3 de 6 ─"
        assert shown[13] == " Nota ▏" + " " * 59 + "se guarda sola"
        assert shown[15:19] == [
            " 1 No atiende   vuelve 18:10      5 Turno vendido…      8 Número equivocado",
            " 2 Ocupado      vuelve 14:40      6 Más adelante…       9 No llamar más…",
            " 3 Contestador  vuelve mañana     7 No le interesa…     0 Atendido",
            " 4 Volver a llamar…",
        ]
        assert shown[22] == " Por qué ahora: vencida hace 4 días, sin otra devolución antes"


async def test_reasons_wrap_as_drawn() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = await opened(app, pilot)
        await panel.mount(Digits(REASONS, columns=[(1, 4), (28, 4), (55, 3)], id="reasons"), before=panel.status)
        await panel.query_one(Digits).remove()
        await panel.query(Text).remove()
        await pilot.pause()
        start = next(y for y, line in enumerate(picture(app)) if line.startswith(" 1 precio"))
        assert picture(app)[start : start + 5] == [
            " 1 precio                   5 distancia o mudanza      9 sin datos válidos",
            " 2 ya lo hizo en otro       6 poco uso                 0 duplicada",
            "   taller                   7 mala experiencia         o otro (pide texto)",
            " 3 lo hace por su cuenta    8 sin respuesta",
            " 4 vendió la unidad",
        ]


async def test_the_list_above_changes_while_the_panel_is_open() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        list_screen = app.screen_stack[-2]
        list_screen.grid.update_rows({"opportunities:1": row(1, "LUIS LO CONFIRMÓ")})  # type: ignore[attr-defined]
        await pilot.pause(0.1)
        assert "LUIS LO CONFIRMÓ" in picture(app)[4]


async def test_digits_answer_outside_the_note_and_are_text_inside() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = await opened(app, pilot)
        await pilot.press("1", "0")
        assert panel.answers == ["1", "0"]
        await pilot.press("n", "1", "ñ", "space", "0", "backspace")
        assert panel.answers == ["1", "0"]
        assert panel.journal == ["1", "1ñ", "1ñ ", "1ñ 0", "1ñ "]
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


async def test_editing_keys() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = await opened(app, pilot)
        field = panel.query_one(TextField)
        field.focus()
        await pilot.press(*"holá", "left", "left", "X", "home", "delete", "end", "!")
        assert field.value == "oXlá!"
        await pilot.press("ctrl+w")
        assert field.value == ""
        await pilot.press(*"uno", "space", *"dos", "ctrl+w")
        assert field.value == "uno "
        await pilot.press("home", "ctrl+k")
        assert field.value == ""


async def test_pasted_text_is_one_harmless_line() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = await opened(app, pilot)
        field = panel.query_one(TextField)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("uno\r\ndos\ttres\x07\x1b]0;x"))
        await pilot.pause()
        assert field.value == "uno dos tres]0;x"
        for text in HOSTILE:
            field.value = ""
            field.insert(text)
            await pilot.pause()
            assert picture(app)[13].startswith(" Nota ▏")
        field.value = "á" * 500
        await pilot.pause()
        assert len(picture(app)[13]) == 80 and picture(app)[13].endswith("se guarda sola")


async def test_live_reading_error_and_choice() -> None:
    class Form(BottomPanel[None]):
        def compose_body(self) -> Iterator[Widget]:
            yield TextField(
                "Cuándo", label_width=9, width=25, read=lambda text: (text == "mañana 10", "mié 25/11/2026 10:00")
            )
            yield ChoiceField(
                "De quién", [("mine", "mía"), ("anyone", "cualquiera")], note="[Tab] cambia", note_at=37, label_width=9
            )
            yield MarksField("Asignar", [("ana", "Ana"), ("luis", "Luis")], ["ana"], label_width=9)

    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        form = Form()
        await app.push_screen(form)
        when, whose, agents = form.query_one(TextField), form.query_one(ChoiceField), form.query_one(MarksField)
        when.focus()
        await pilot.press(*"mañana", "space", *"10")
        assert picture(app)[8] == " Cuándo   ▏mañana 10                 mié 25/11/2026 10:00"
        assert when.reading[0]
        assert picture(app)[9] == " De quién ▸ mía   cualquiera         [Tab] cambia"
        whose.cycle()
        when.set_error("No se entiende.")
        await pilot.pause()
        assert picture(app)[9] == " De quién   mía ▸ cualquiera         [Tab] cambia" and whose.value == "anyone"
        assert picture(app)[8] == " Cuándo   ▏mañana 10                 ✗ No se entiende."
        await pilot.press("x")
        assert when.error == ""
        await pilot.press("tab", "right", "tab", "right", "space")
        assert whose.value == "mine" and agents.marked == ("ana", "luis")


async def test_a_pasted_list_is_kept_line_by_line() -> None:
    class Lists(BottomPanel[None]):
        def compose_body(self) -> Iterator[Widget]:
            yield LinesField()

    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        lists = Lists()
        await app.push_screen(lists)
        field = lists.query_one(LinesField)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("\r\n".join(f"VIN{n}" for n in range(512))))
        await pilot.press("X")
        assert field.count == 512 and field.value.split("\n")[-1] == "VIN511X"
        assert picture(app)[8:13] == ["▏VIN0", "▏VIN1", "▏VIN2", "▏… 512 líneas", "▏VIN511X"]
        app.post_message(events.Paste("AB123CD\nAB124CD"))
        await pilot.pause()
        assert field.value.split("\n")[-3:] == ["VIN511X", "AB123CD", "AB124CD"]


async def test_of_many_agents_those_about_the_cursor_show_and_how_many_stand_aside() -> None:
    class Form(BottomPanel[None]):
        def compose_body(self) -> Iterator[Widget]:
            yield MarksField("Asignar", [(f"a{n}", f"Agente{n}") for n in range(30)], label_width=9, note="por turno")

    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        form = Form()
        await app.push_screen(form)
        form.query_one(MarksField).focus()
        await pilot.press(*["right"] * 17, "space")
        assert picture(app)[8] == " Asignar  ←14  ○ Agente14   ○ Agente15   ○ Agente16   ● Agente17  12→"


async def test_the_column_menu() -> None:
    taken: list[tuple[str, ...] | None] = []
    items = [
        MenuItem("filter", "filtrar por valor…", "1", "▸"),
        MenuItem("az", "ordenar A a Z", "2"),
        MenuItem("none", "quitar todo", "0"),
    ]
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Menu("ASESOR", items), taken.append)
        await pilot.pause()
        assert picture(app)[3].endswith("┌ ASESOR ────────────────┐")
        assert picture(app)[4][54:] == "│ 1 filtrar por valor… ▸ │"
        assert "CLIENTE 0000001" in picture(app)[4]
        await pilot.press("2")
        app.push_screen(Menu("VALORES", [MenuItem("a", "[/x]"), MenuItem("b", "B")], several=True), taken.append)
        await pilot.press("space", "down", "space", "enter")
        app.push_screen(Menu("ASESOR", items), taken.append)
        await pilot.press("escape")
        assert taken == [("az",), ("a", "b"), None]
