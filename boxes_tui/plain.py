"""Signs on a terminal or in a pipe that has not got them (SCREENS §2): each has a plain stand-in of the same width."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

PLAIN = "boxes"
"""The name of the error handler that writes stand-ins."""

ASCII = {
    "▲": "!", "■": "=", "▷": ")", "✓": "v", "✗": "X", "◆": "*", "●": "#", "○": "o", "▸": ">", "▏": ":", "★": "+",
    "…": "~", "—": "-", "–": "-", "█": "#", "▓": "%", "▒": "+", "░": ".", "·": ".", "─": "-", "│": "|",
    "┌": "+", "┐": "+", "└": "+", "┘": "+", "┤": "+", "┼": "+", "←": "<", "→": ">", "↑": "^", "↓": "v", "−": "-",
    "×": "x", "«": '"', "»": '"', "º": "o", "’": "'", "“": '"', "”": '"',
    "▀": "#", "▄": "#", "▌": "#", "▐": "#", "▘": "#", "▝": "#", "▖": "#", "▗": "#", "▙": "#", "▛": "#", "▜": "#",
    "▟": "#", "▚": "#", "▞": "#", "▁": ".", "▂": ".", "▃": "+", "▅": "#", "▆": "#", "▇": "#",
}  # fmt: skip
"""Sign → ASCII, cell for cell; accents are kept. ``÷`` and ``±`` would need two cells and stay Latin-1."""

_TABLE = str.maketrans(ASCII)
_OTHERS = {"÷": "/", "±": "+/-", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "€": "EUR"}


def ascii_signs(text: str) -> str:
    """The text with every sign as its ASCII stand-in, as wide as before."""
    return text.translate(_TABLE)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """For what an encoding lacks: the sign's stand-in, the letter without its accent, else ``?``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    made = ""
    for char in error.object[error.start : error.end]:
        bare = (
            ASCII.get(char)
            or _OTHERS.get(char)
            or unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        )
        made += bare or ("" if char == "\ufeff" else "?")
    return made, error.end


def speak_plainly() -> None:
    """Let standard output and error take every text, whatever the locale's encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and "utf" not in stream.encoding.lower():
            stream.reconfigure(errors=PLAIN)


codecs.register_error(PLAIN, _stand_in)
