"""Where ``Esc`` ends and the next key begins: on a slow line both arrive in one piece, and Textual would read another key
of them; a stray ESC inside pasted text would turn the rest of it into keys (RELIABILITY §1 B2)."""

from __future__ import annotations

ESC = "\x1b"
OPENS, CLOSES = ESC + "[200~", ESC + "[201~"
INTRODUCERS = frozenset("[O]P_")
"""After ESC they begin a sequence: CSI, SS3, OSC, DCS, APC."""


class Escapes:
    """Splits what the terminal sends into texts for the parser and single presses of ``Esc`` (given as None)."""

    def __init__(self) -> None:
        self._held = ""
        self._pasting = False

    def split(self, text: str) -> list[str | None]:
        """The pieces of ``text`` in order. An ESC, or the beginning of a paste's bracket, at its very end is held until
        the next text or :meth:`idle`."""
        text, self._held = self._held + text, ""
        pieces: list[str | None] = []
        begin = at = 0
        while (at := text.find(ESC, at)) >= 0:
            rest = text[at : at + len(OPENS)]
            bracket = CLOSES if self._pasting else OPENS
            if rest == bracket:
                self._pasting = not self._pasting
                at += len(bracket)
            elif at + len(rest) == len(text) and bracket.startswith(rest):
                pieces, self._held, text = [*pieces, text[begin:at]], rest, text[:at]
                begin = at
            elif self._pasting:
                text = text[:at] + text[at + 1 :]
            elif text[at + 1] in INTRODUCERS:
                at += 2
            else:
                pieces += [text[begin:at], None]
                begin = at = at + 1
        return [p for p in (*pieces, text[begin:]) if p != ""]

    def idle(self) -> list[str | None]:
        """Nothing came after what is held: a single ESC was a press of the key."""
        held, self._held = self._held, ""
        return [None] if held == ESC and not self._pasting else [held] if held else []
