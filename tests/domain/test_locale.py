"""The English catalogue is complete, fresh, and says the words of SCREENS §9."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from boxes_tui.domain.dates import NotUnderstood, parse_when
from boxes_tui.domain.due_date import suggest
from boxes_tui.domain.working_days import Calendar
from boxes_tui.i18n import _, language, ngettext, set_language
from boxes_tui.locale import __main__ as catalogue
from tests.domain.test_dates import TUESDAY

WORDS = {
    "Tablero": "Board", "Entrega de Vehículos": "Vehicle deliveries", "Oportunidades Nuevas": "New opportunities",
    "Próximos Turnos": "Upcoming appointments", "En Proceso de Atención": "In process",
    "Servicios Realizados": "Completed services", "Reportes": "Reports", "Gestor de oportunidades": "Opportunity manager",
    "Op. Campaña": "Campaign opportunities", "Fugas": "Leaks", "Mi día": "My day", "No atiende": "No answer",
    "Ocupado": "Busy", "Contestador": "Voicemail", "Volver a llamar": "Call back", "Turno vendido": "Appointment sold",
    "Más adelante": "Later", "No le interesa": "Not interested", "Número equivocado": "Wrong number",
    "No llamar más": "Do not call", "Atendido": "Attended", "Por confirmar": "To confirm", "No ingresados": "Not arrived",
    "Inasistencias": "No-shows", "Unidad entregada": "Unit delivered", "Oportunidad agendada": "Opportunity scheduled",
    "Fuera de norma": "Outside the rules", "Nada que deshacer.": "Nothing to undo.", "Patente": "Plate", "Chasis": "VIN",
    "Falta el motivo. [1-0]": "A reason is missing. [1-0]", "Domingo: vale igual, ¿seguro?": "A Sunday: kept as typed. Sure?",
    "Se deshizo: {act}.": "Undone: {act}.", "Se exportó {file}, {n} filas.": "Exported {file}, {n} rows.",
    "Ya tiene una abierta ({date}).": "Already has one open ({date}).",
}  # fmt: skip


@pytest.fixture
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("es")


def test_every_sentence_of_the_code_is_translated_and_compiled() -> None:
    """Mended by ``python -m boxes_tui.locale`` and a translation in ``boxes.po``."""
    done = subprocess.run(
        [sys.executable, "-m", "boxes_tui.locale", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_missing_translation_and_a_wrong_hole_are_told() -> None:
    made = catalogue.merged(catalogue.sentences(), catalogue.translated())
    message = made.get("Se deshizo: {act}.")
    assert message is not None
    message.string = "Undone: {what}."
    assert "other holes: Se deshizo: {act}." in catalogue.complaints(made)
    message.string = ""
    assert "no translation: Se deshizo: {act}." in catalogue.complaints(made)
    message.string = "Undone: {act}."
    assert not [line for line in catalogue.complaints(made) if "Se deshizo: {act}." in line]


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("spanish", sorted(WORDS))
def test_the_words_of_the_screens(spanish: str) -> None:
    assert _(spanish) == WORDS[spanish]


@pytest.mark.usefixtures("english")
def test_sentences_are_made_in_the_language_in_use() -> None:
    assert language() == "en"
    assert ngettext("{n} intento", "{n} intentos", 1).format(n=1) == "1 attempt"
    assert ngettext("{n} intento", "{n} intentos", 2).format(n=2) == "2 attempts"
    with pytest.raises(NotUnderstood) as caught:
        parse_when("zz", TUESDAY)
    assert str(caught.value) == "“zz” not understood. Try 12/5, tomorrow, mon 15:30."
    made = suggest(TUESDAY.date(), None, 1200, [], Calendar(), usual_km_per_day=44)
    assert made.lines[0] == "10,000 km − 1,200 km = 8,800 km ÷ 44 km/day = 200 days → 12/06/2027"


def test_spanish_is_the_language_of_the_code() -> None:
    set_language("pt")
    assert language() == "es"
    assert _("No atiende") == "No atiende"
    assert ngettext("{n} intento", "{n} intentos", 1) == "{n} intento"


def test_importing_reads_no_catalogue() -> None:
    code = "import sys, boxes_tui.i18n; print('babel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_sentences_are_found_wherever_they_stand() -> None:
    code = """
a = f"{_('uno')} · {x}"
b = _("dos" if x else "tres")
c = N_("cua" "tro")
d = ngettext("{n} cinco", "{n} cincos", n)
e = _(variable), _(""), other("seis")
"""
    found = list(catalogue.marked(ast.parse(code)))
    assert sorted(found, key=str) == [("{n} cinco", "{n} cincos"), "cuatro", "dos", "tres", "uno"]
