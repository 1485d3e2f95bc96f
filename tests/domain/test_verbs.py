"""The verb table against the keys lines of the drawings (SCREENS §3, §6)."""

from __future__ import annotations

from collections import Counter

import pytest

from boxes_tui.domain.roles import ROLES
from boxes_tui.domain.verbs import BY_ID, LINES, LISTS, VERBS, WIDE, keys_line, on_screen

DRAWN = {
    "board": "n siguiente  / buscar  D mi día  u deshacer  ? ayuda  q salir",
    "deliveries": "l llamar  n siguiente  v cliente  o oportunidad  N nota  / buscar  ? más",
    "opportunities": "l llamar  d descartar  r replanificar  t vendido  n siguiente  v cliente  ? más",
    "campaign_opportunities": "l llamar  d descartar  r replanificar  t vendido  n siguiente  v cliente  ? más",
    "leaks": "l llamar  d descartar  r replanificar  t vendido  n siguiente  v cliente  ? más",
    "appointments": "c confirmar  e e-mail  w WhatsApp  l llamar  n siguiente  v cliente  ? más",
    "in_process": "y entregada  l llamar  o oportunidad  v cliente  N nota  / buscar  ? más",
    "completed": "l llamar  n siguiente  o oportunidad  v cliente  N nota  / buscar  ? más",
    "customer": "l llamar  o oportunidad  e e-mail  w WhatsApp  N nota  h historia  Esc volver",
    "my_day": "l llamar  n siguiente  s soltar  u deshacer  Esc volver",
    "followup": "e e-mail  w WhatsApp  l llamar  S sí viene  X no viene  C pide cambio  ? más",
    "no_shows": "l llamar  w WhatsApp  R recuperar  o oportunidad  N nota  v cliente  ? más",
    "report": "g grilla  p torta de…  f filtros  x exportar  ? más",
    "grid": "m opciones  g gráfico  p torta  x exportar  ? más",
}
DRAWN_WIDE = {
    "opportunities": "l llamar  d descartar  r replanificar  t turno vendido  o oportunidad  v cliente  N nota  n siguiente  ? más",
    "customer": "l llamar  o oportunidad  e e-mail  w WhatsApp  N nota  h historia  x exportar  Esc volver  ? más",
    "report": "g grilla  p torta de…  f filtros  x exportar  Esc volver  ? más",
    "deliveries": DRAWN["deliveries"],
}  # fmt: skip
KEYS = {
    "l": "call", "o": "opportunity", "v": "customer", "d": "discard", "r": "reschedule", "t": "sell", "c": "confirm",
    "e": "reminder", "w": "whatsapp", "y": "deliver", "n": "next", "u": "undo", "h": "history", "a": "assign", "D": "my_day",
    "s": "release", "N": "note", "q": "quit", "m": "menu", "g": "grid", "p": "pie", "x": "export", "f": "filters", "/": "search",
    "E": "followup", "S": "reply_yes", "X": "reply_no", "C": "reply_change", "R": "rebook", "M": "dial", "i": "why",
    "?": "help", "Esc": "back", "espacio": "mark",
}  # fmt: skip


def line(screen: str, role: str, *, wide: bool = False) -> str:
    return "  ".join(f"{key} {label}" for key, label, _enabled in keys_line(screen, role, wide=wide))


@pytest.mark.parametrize("screen", sorted(DRAWN))
def test_the_keys_line_is_the_drawn_one(screen: str) -> None:
    assert line(screen, "agent") == DRAWN[screen]
    assert len(DRAWN[screen]) <= 79


@pytest.mark.parametrize("screen", sorted(DRAWN_WIDE))
def test_the_keys_line_of_a_wide_screen(screen: str) -> None:
    assert line(screen, "agent", wide=True) == DRAWN_WIDE[screen]
    assert len(DRAWN_WIDE[screen]) <= 119


def test_conciliation_is_for_supervisors() -> None:
    assert line("reconciliation", "supervisor") == "c acreditar  r corregir fecha  l llamar  v cliente  ? más"
    assert line("reconciliation", "agent") == "l llamar  v cliente  ? más"


def test_a_refused_verb_is_shown_disabled_and_a_forbidden_one_is_absent() -> None:
    shown = {key: enabled for key, _label, enabled in keys_line("opportunities", "agent", {"sell", "discard"})}
    assert shown == {"l": True, "d": False, "r": True, "t": False, "n": True, "v": True, "?": True}
    assert [key for key, _label, _enabled in keys_line("opportunities", "viewer")] == ["v", "?"]


def test_the_keys_of_the_specification() -> None:
    for key, verb in KEYS.items():
        assert BY_ID[verb].shown == key


@pytest.mark.parametrize("screen", [*LINES, "search"])
@pytest.mark.parametrize("role", ROLES)
def test_a_key_means_one_thing_on_a_screen(screen: str, role: str) -> None:
    counted = Counter(v.key for v in on_screen(screen, role))
    assert counted and max(counted.values()) == 1
    assert all(key.isascii() for key in counted)


def test_every_line_is_of_verbs_that_the_screen_has() -> None:
    for lines in (LINES, WIDE):
        for screen, names in lines.items():
            assert all(screen in BY_ID[name].where for name in names), screen
            assert len(set(names)) == len(names)


def test_from_any_row_anywhere() -> None:
    """PRODUCT §4: v, o, l, t."""
    for screen in LISTS:
        assert {"v", "o", "l", "t"} <= {v.key for v in on_screen(screen, "agent")}


def test_no_key_that_terminals_take() -> None:
    for verb in VERBS:
        assert not verb.key.startswith(("ctrl+", "alt+", "f1")) and verb.label and verb.help
