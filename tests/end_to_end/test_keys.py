"""SCREENS §7 counted: every flow of the day by the keys that an agent presses, seen on the screen and in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from boxes_tui.data.tables import appointment, campaign, campaign_unit, opportunity, vehicle
from tests.end_to_end.desk import Database, ids
from tests.end_to_end.terminal import Terminal

Seat = Callable[..., Terminal]
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


@pytest.fixture
def board(seat: Seat) -> Iterator[Terminal]:
    """Ana's board, with its counts."""
    yield seat("ana").until("pendientes", "1-9 abrir")


def local(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def opened(board: Terminal, digit: str, title: str) -> Terminal:
    """A list opened from the board; the count begins there."""
    board.press(digit).until(title, "Visualizados").count()
    return board


def test_no_answer_is_two_keys_from_the_list(board: Terminal, base: Database) -> None:
    before, acts = base.refs("opportunities"), base.count_acts()
    opened(board, "2", "OPORTUNIDADES NUEVAS")
    board.press("l").until("LLAMADA", "Por qué ahora").press("1")
    board.until("Se guardó No atiende", "deshacer", gone="LLAMADA")
    assert board.count() == 2
    assert base.acts(acts) == ["call"]
    assert base.last_call()["code"] == "no_answer"
    assert base.last_call()["subject_id"] == ids(before)[0]
    assert "No at. 14:10" in board.lines()[3] and board.lines()[3].startswith(" ✓")


def test_no_answer_is_one_key_in_next_call_mode_and_the_next_customer_is_there(board: Terminal, base: Database) -> None:
    acts = base.count_acts()
    opened(board, "2", "OPORTUNIDADES NUEVAS")
    board.press("n").until("LLAMADA", "Por qué ahora", "oferta permitida").count()
    first = board.lines()[board.row("LLAMADA")]
    board.press("1").until_true(
        lambda: board.row("LLAMADA") >= 0 and board.lines()[board.row("LLAMADA")].split("·")[1] != first.split("·")[1],
        "the next customer",
    )
    assert board.count() == 1
    assert base.acts(acts) == ["call"]
    assert base.last_call()["code"] == "no_answer"


def test_a_callback_is_two_keys_and_the_text(board: Terminal, base: Database) -> None:
    opened(board, "2", "OPORTUNIDADES NUEVAS")
    board.press("l").until("Por qué ahora").count()
    board.press("4").until("Cuándo").type("mañana 10").until("mié 25/11/2026 10:00").press("Enter")
    board.until("Se guardó Volver a llamar", gone="LLAMADA")
    assert board.count() == 2
    made = base.last_call()
    assert (made["code"], made["callback_at"]) == ("callback", local(25, 10))


def test_discard_with_a_reason_is_two_keys(board: Terminal, base: Database) -> None:
    before = base.refs("opportunities")
    opened(board, "2", "OPORTUNIDADES NUEVAS")
    board.press("d").until("precio", "DESCARTAR").press("1").until("Se descartó", gone="DESCARTAR")
    assert board.count() == 2
    made = base.one(opportunity, ids(before)[0])
    assert (made["state"], made["reason"]) == ("discarded", "price")
    assert base.refs("opportunities") == before[1:]
    board.press("j").until_true(lambda: "Total: 20" in board.picture() or "Total: " in board.picture(), "the total")


@pytest.mark.parametrize(("verb", "title"), [("t", "TURNO VENDIDO"), ("5", "Turno vendido")])
def test_an_appointment_sold_is_ten_keys(board: Terminal, base: Database, verb: str, title: str) -> None:
    before = base.refs("opportunities")
    start = board.keys
    opened(board, "2", "OPORTUNIDADES NUEVAS")
    if verb == "5":
        board.press("l").until("Por qué ahora").count()
    board.press(verb).until("Turno dado en el DMS").type("lu 15:30").until("lun 30/11/2026 15:30").press("Enter")
    board.until("Se guardó Turno vendido", gone="Turno dado")
    text = board.text
    pressed = board.count()
    assert pressed + text == 10 and start + 1 + pressed + text + (verb == "5") <= 12
    made = base.one(opportunity, ids(before)[0])
    assert (made["state"], made["sold_for"]) == ("sold", local(30, 15, 30))
    assert before[0] not in base.refs("opportunities")


def test_confirming_is_one_key_and_a_comment_three_more(board: Terminal, base: Database) -> None:
    before, acts = base.refs("appointments"), base.count_acts()
    opened(board, "3", "PRÓXIMOS TURNOS")
    board.press("c").until("Se confirmó el turno", "confirm.")
    assert board.count() == 1
    assert base.refs("appointments") == before[1:]
    board.press("N").until("COMENTARIO").type("Llega 14:30, viene con el hermano").press("Enter")
    board.until("Se guardó", gone="COMENTARIO")
    assert board.count() == 2, "c N text Enter is three"
    made = base.one(appointment, ids(before)[0])
    assert made["confirmed_at"] is not None and made["comment"] == "Llega 14:30, viene con el hermano"
    assert base.acts(acts) == ["confirm", "note"]
    assert base.one(appointment, ids(before)[1])["comment"] is None


@pytest.mark.parametrize(("score", "end"), [("9", "Enter"), ("10", "Esc")])
def test_a_courtesy_call_is_its_digits_and_the_opportunity_follows(
    board: Terminal, base: Database, score: str, end: str
) -> None:
    before, opportunities = base.queue("completed"), base.count(opportunity)
    opened(board, "5", "SERVICIOS REALIZADOS")
    board.press("l", "0", *score, "Enter")
    board.until("OPORTUNIDAD ·", "Motivo", "Vence", "Se guardó Atendido", "Atend. 14:10")
    assert board.count() == 3 + len(score)
    assert "Se guardó Atendido" in board.lines()[22] and board.lines()[3].endswith("Atend. 14:10")
    made = base.last_call()
    assert (made["code"], made["score"], made["subject_id"]) == ("attended", int(score), before[0].id)
    assert before[0].ref not in base.refs("completed")
    board.press(end).until(*["Se creó la oportunidad"] * (end == "Enter"), gone="OPORTUNIDAD ·")
    assert base.count(opportunity) == opportunities + (end == "Enter")


def test_undo_is_two_keys(board: Terminal, base: Database) -> None:
    before = base.refs("opportunities")
    opened(board, "2", "OPORTUNIDADES NUEVAS")
    board.press("d").until("DESCARTAR").press("2").until("Se descartó", gone="DESCARTAR").count()
    board.press("u").until("¿Deshacer?", "DESHACER").press("Enter").until("Se deshizo", gone="DESHACER ─")
    assert board.count() == 2
    assert base.refs("opportunities") == before
    assert base.one(opportunity, ids(before)[0])["state"] == "open"


def test_a_customer_by_the_end_of_his_phone(board: Terminal, base: Database) -> None:
    last = next(r.phone for r in base.queue("completed") if r.phone)[-4:]
    board.count()
    board.press("/").until("BUSCAR").type(last).until(f"tel …{last}").press("Enter").until("CLIENTE ·")
    assert (board.count(), board.text) == (2, 0)


def test_the_rows_of_a_slice(board: Terminal) -> None:
    board.count()
    board.press("6").until("REPORTES").press("Enter").until("Torta de:")
    figures = board.row("POR ") - 4  # title, range, blank, then one line a figure
    board.press(*["down"] * figures).press("Enter").until("GRILLA", "Resultado = ")
    assert board.count() - figures == 3


def test_a_campaign_from_a_pasted_list(seat: Seat, base: Database) -> None:
    vins = [v["vin"] for v in base.all(vehicle) if v["vin"]][:6]
    chief = seat("luis").until("pendientes", "1-9 abrir")
    chief.count()
    chief.press("7").until("Buscar unidades").paste("\n".join(vins)).until("6 líneas")
    chief.press("PgDn").until("[2 Elegir unidades]", "Visualizados: 6").press("+").until("Elegidas: 6")
    chief.press("PgDn").until("[3 Procesar unidades]")
    chief.type("Nota técnica 9").press("Tab").press("Tab").type("lu 30/11").until("ENSAYO")
    chief.press("Enter").until("Se creó la campaña")
    assert chief.count() <= 10
    made = base.all(campaign)[-1]
    assert made["name"] == "Nota técnica 9" and made["type"] == "technical_note"
    assert len(base.all(campaign_unit, campaign_unit.c.campaign_id == made["id"])) == 6
    assert {base.one(opportunity, u["opportunity_id"])["due_day"] for u in base.all(
        campaign_unit, campaign_unit.c.campaign_id == made["id"]) if not u["joined"]} == {date(2026, 11, 30)}  # fmt: skip


def test_every_home_is_the_tests_own(place: Path, demo: Path) -> None:
    assert place != demo and (place / "boxes.db").exists()
