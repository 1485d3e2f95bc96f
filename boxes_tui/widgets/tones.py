"""The colours of SCREENS §2 by the names that screens use, and the styles that line widgets paint with.

A *tone* is a meaning (``vencida``, ``hoy``, ``acento`` …), a *ground* the place it stands on (``fondo`` the
screen, ``panel`` a dialog, ``barra`` lines 1 and 24). Meaning is never colour alone: a sign or word stands
beside it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from rich.style import Style

Colours = Literal["full", "16", "none"]
"""What the terminal shows: true or 256 colours, the sixteen, or none (``NO_COLOR``)."""

GROUNDS = ("fondo", "panel", "barra")
TONES = (
    "texto",
    "atenuado",
    "acento",
    "vencida",
    "peligro",
    "hoy",
    "marca",
    "proxima",
    "exito",
    "tomado",
    "foco",
)
_SAME = {"peligro": "vencida", "marca": "hoy", "exito": "proxima", "": "texto"}


class Palette(NamedTuple):
    """One theme: ``#rrggbb`` of every ground and tone; ``foco`` is the cursor row's ground, ``foco_texto``
    its text."""

    name: str
    dark: bool
    fondo: str
    panel: str
    barra: str
    texto: str
    atenuado: str
    acento: str
    vencida: str
    hoy: str
    proxima: str
    tomado: str
    foco: str
    foco_texto: str = "#ffffff"


OSCURO = Palette(
    "oscuro", True, "#10151c", "#1a232e", "#243445", "#d9e0ea", "#94a2b3", "#6cbcff", "#ff8a80", "#f2c14e",
    "#7ad1a5", "#c9adff", "#28507c",
)  # fmt: skip
CLARO = Palette(
    "claro", False, "#fbfcfd", "#eef2f6", "#dbe4ee", "#1b2530", "#55616f", "#0a57ad", "#b0241c", "#7a5100",
    "#17683e", "#663bb0", "#0a57ad",
)  # fmt: skip
CONTRASTE = Palette(
    "contraste", True, "#000000", "#000000", "#202020", "#ffffff", "#d6d6d6", "#7fd6ff", "#ffa39c", "#ffd75f",
    "#86ffb8", "#e3bcff", "#ffff00", "#000000",
)  # fmt: skip
PALETTES = {p.name: p for p in (OSCURO, CLARO, CONTRASTE)}

DIECISEIS = Palette(
    "dieciseis", True, "#000000", "#000000", "#000000", "#aaaaaa", "#aaaaaa", "#55ffff", "#ff5555", "#ffff55",
    "#55ff55", "#ff55ff", "#0000aa",
)  # fmt: skip
"""The theme of a terminal of sixteen colours: exactly the colours that the nearest-match turns into the
bright ones."""


class Tones:
    """Styles of one theme for one kind of terminal. Cheap to ask: every pair is made once."""

    def __init__(self, palette: Palette = OSCURO, colours: Colours = "full", *, ascii: bool = False) -> None:
        self.palette = DIECISEIS if colours == "16" else palette
        self.colours, self.ascii = colours, ascii
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, tone: str = "texto", ground: str = "fondo") -> Style:
        """The style of a tone on a ground; an unknown tone is plain text, ``"x fuerte"`` is tone ``x`` in
        bold."""
        found = self._styles.get((tone, ground))
        if found is None:
            name, _, weight = tone.partition(" ")
            found = self._make(_SAME.get(name, name), ground)
            if weight:
                found += Style(bold=True)
            self._styles[tone, ground] = found
        return found

    def colour(self, name: str) -> str:
        """The ``#rrggbb`` of a tone or ground."""
        return cast(str, getattr(self.palette, _SAME.get(name, name), self.palette.texto))

    def _make(self, tone: str, ground: str) -> Style:
        if self.colours == "none":
            return Style(reverse=tone == "foco" or None, bold=tone == "acento" or None)
        if tone == "foco":
            return Style(color=self.palette.foco_texto, bgcolor=self.palette.foco)
        return Style(color=self.colour(tone), bgcolor=self.colour(ground))


DEFAULT = Tones()


def tones_of(app: object) -> Tones:
    """The styles of the running app; the dark ones where the app names none."""
    return getattr(app, "tones", DEFAULT)


def contrast(one: str, other: str) -> float:
    """Contrast of two ``#rrggbb`` colours by WCAG 2 (1 to 21)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
