"""Contrast of every pair (SCREENS §2): ≥ 4.5, in ``contraste`` ≥ 7; and what stays without colours."""

from __future__ import annotations

import pytest

from boxes_tui.widgets.tones import CLARO, CONTRASTE, DIECISEIS, GROUNDS, OSCURO, TONES, Palette, Tones, contrast

TABLE = {
    "oscuro": {
        "texto": (13.8, 11.9, 9.6),
        "atenuado": (7.0, 6.1, 4.9),
        "acento": (9.0, 7.8, 6.2),
        "vencida": (8.0, 6.9, 5.6),
        "hoy": (10.9, 9.5, 7.6),
        "proxima": (10.0, 8.7, 7.0),
        "tomado": (9.5, 8.2, 6.6),
    },
    "claro": {
        "texto": (15.1, 13.8, 12.1),
        "atenuado": (6.1, 5.6, 4.9),
        "acento": (6.9, 6.3, 5.5),
        "vencida": (6.6, 6.0, 5.2),
        "hoy": (6.8, 6.2, 5.4),
        "proxima": (6.6, 6.0, 5.3),
        "tomado": (7.3, 6.6, 5.8),
    },
    "contraste": {
        "texto": (21.0, 21.0, 16.3),
        "atenuado": (14.4, 14.4, 11.2),
        "acento": (13.0, 13.0, 10.1),
        "vencida": (11.0, 11.0, 8.5),
        "hoy": (15.1, 15.1, 11.7),
        "proxima": (17.0, 17.0, 13.2),
        "tomado": (12.9, 12.9, 10.0),
    },
}


@pytest.mark.parametrize("palette", [OSCURO, CLARO, CONTRASTE], ids=lambda p: p.name)
def test_every_pair_has_the_contrast_of_the_table(palette: Palette) -> None:
    goal = 7.0 if palette is CONTRASTE else 4.5
    tones = Tones(palette)
    for tone, row in TABLE[palette.name].items():
        for ground, stated in zip(GROUNDS, row, strict=True):
            found = contrast(tones.colour(tone), tones.colour(ground))
            assert found >= goal, (tone, ground, found)
            assert found == pytest.approx(stated, abs=0.1), (tone, ground)
    assert contrast(palette.foco, palette.foco_texto) >= goal


def test_sixteen_colours_stay_legible() -> None:
    for tone in TONES[:-1]:
        assert contrast(Tones(OSCURO, "16").colour(tone), DIECISEIS.fondo) >= 4.5


def test_no_colour_at_all() -> None:
    tones = Tones(OSCURO, "none")
    for tone in TONES:
        for ground in GROUNDS:
            style = tones.style(tone, ground)
            assert style.color is None and style.bgcolor is None
    assert tones.style("foco").reverse and tones.style("acento").bold and not tones.style("vencida").bold
