"""The cleaning boundary: text comes in through :func:`clean` once, and leaves through :func:`strip_terminal`.

``Clean`` is text in NFC without control, bidi, zero-width or tag characters, trimmed, with single inner blanks and at
most two combining marks on a base (DMS.md §1, RELIABILITY §4.2, §5.1).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NewType

from rich.cells import cell_len

Clean = NewType("Clean", str)

BAD = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Characters that never reach the database or the terminal."""

_BLANKS = re.compile("[ \t\n\r\x0b\x0c\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_ODD_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PLAIN = re.compile(r"(?:[!-~¡-¬®-ƿ’“”–—…€]+(?: [!-~¡-¬®-ƿ’“”–—…€]+)*)?\Z")
MAX_MARKS = 2
NOTE_LIMIT = 8000
BIGGEST_ID = 2**63 - 1

OUR_LINK = re.compile(
    r"(?:https://wa\.me/[1-9][0-9]{7,14}(?:\?text=[A-Za-z0-9%._~-]*)?|tel:\+[0-9]{6,15}"
    r"|sip:\+[0-9]{6,15}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?;user=phone)\Z"
)
"""The links that a terminal may be told of (OSC 8): those that we make of digits and percent-encoded text, no others."""


def clean(raw: str, limit: int | None = None) -> Clean:
    """The text as BOXES keeps it; ``limit`` cuts it with ``…``."""
    return clean_checked(raw, limit)[0]


def clean_checked(raw: str, limit: int | None = None) -> tuple[Clean, bool]:
    """:func:`clean`, and whether control characters were removed (``W-CONTROL``)."""
    if _PLAIN.match(raw):
        return Clean(raw if limit is None else cut_text(raw, limit)), False
    text, broken = _SURROGATES.subn("\ufffd", raw)
    odd = broken > 0 or _ODD_BREAKS.search(text) is not None
    text = _BLANKS.sub(" ", text.replace("\u00ad", "-"))
    text, dropped = BAD.subn("", text)
    text = _few_marks(unicodedata.normalize("NFC", text))
    text = _BLANKS.sub(" ", text).strip()
    return Clean(text if limit is None else cut_text(text, limit)), odd or dropped > 0


def _few_marks(text: str) -> str:
    """At most :data:`MAX_MARKS` combining marks on a base: more of them paint over the lines above and below."""
    if not text or max(text) < "\u0300":
        return text
    kept: list[str] = []
    marks = 0
    for ch in text:
        marks = marks + 1 if unicodedata.category(ch) in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            kept.append(ch)
    return "".join(kept)


def clean_note(raw: str, limit: int = NOTE_LIMIT) -> Clean:
    """Text of several lines: each line clean, line breaks kept, blank lines at the ends dropped."""
    lines = [clean(line) for line in re.split(r"\r\n|[\r\n\u2028\u2029\x0b\x0c\x85]", raw)]
    return Clean(cut_text("\n".join(lines).strip("\n"), limit))


def row_number(text: str) -> int | None:
    """The id that a text names, None where it is no number; one that no database can hold is 0, which is no row's."""
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text) if len(text) < 20 else 0
    return number if number <= BIGGEST_ID else 0


def cut_text(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last one ``…`` where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def strip_terminal(text: str) -> str:
    """The last wall before a terminal: what it could obey becomes ``·`` where it had a width, nothing where not."""
    return BAD.sub(lambda m: "·" * cell_len(m[0]), text) if BAD.search(text) else text


_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """The form that search compares: lower case, no accents (``ñ`` stays), punctuation as single blanks."""
    lowered = text.lower()
    if not lowered.isascii():
        kept = lowered.replace("ñ", "\ue000").replace("n\u0303", "\ue000")
        kept = unicodedata.normalize("NFD", kept)
        if max(lowered) < "\u0250":  # Latin letters: their accents are all of one block
            kept = _ACCENTS.sub("", kept)
        else:
            kept = "".join(ch for ch in kept if not unicodedata.combining(ch))
        lowered = kept.replace("\ue000", "ñ")
    return " ".join(_WORD.findall(lowered))


def cell_width(text: str) -> int:
    """How many terminal cells the text takes."""
    return cell_len(text)


def cut(text: str, width: int) -> str:
    """At most ``width`` cells, ending in ``…`` where something was cut; never half of a wide character."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    kept, used = [], 0
    for ch in text:
        size = cell_len(ch)
        if used + size > width - 1:
            break
        kept.append(ch)
        used += size
    return "".join(kept) + "…"


def pad(text: str, width: int, align: str = "left") -> str:
    """Exactly ``width`` cells: cut or filled with blanks."""
    shown = cut(text, width)
    fill = " " * (width - cell_len(shown))
    return fill + shown if align == "right" else shown + fill
