"""Nothing that a terminal could obey leaves ``safe``; what is harmless leaves whole (RELIABILITY §2, S1–S3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from boxes_tui.plain import ASCII, ascii_signs
from boxes_tui.text import BAD
from boxes_tui.widgets.safe import Armour, cut_segments, plain, rich_text, safe, segments, t, width_of
from boxes_tui.widgets.signs import AsciiSigns, needs_ascii
from boxes_tui.widgets.tones import DEFAULT
from tests.widgets.picture import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_bad_is_left(text: str) -> None:
    for shown in (safe(text), t(text).plain, rich_text(text).plain, plain([(text, "acento")])):
        assert not BAD.search(shown)
        assert "\n" not in shown and "\t" not in shown


@given(st.text())
def test_any_text_is_one_harmless_line(text: str) -> None:
    shown = safe(text)
    assert not BAD.search(shown)
    assert "".join(s.text for s in segments(text, DEFAULT)) == shown


@pytest.mark.parametrize(
    "text", ["JUAN [PARTICULAR]", "[x=1]", "[b", "a\\", "O'Higgins", "Ñandú ÑUSTA", "漢字", "[/nope]"]
)
def test_what_is_stored_is_what_is_seen(text: str) -> None:
    assert safe(text) == text == t(text).plain == rich_text(text).plain


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_cut_lines_fit(text: str, width: int) -> None:
    made = cut_segments(segments([text, (text, "acento")], DEFAULT), width)
    assert sum(cell_len(s.text) for s in made) <= width
    if width_of([text, text]) > width:
        assert made[-1].text.endswith("…")


@given(st.lists(st.text(min_size=1), max_size=4))
def test_the_last_wall_keeps_columns(texts: list[str]) -> None:
    wall = Armour()
    before = [Segment(text, Style(link="https://example.test")) for text in texts]
    after = wall.apply(before, Color(0, 0, 0))
    for old, new in zip(before, after, strict=True):
        assert not BAD.search(new.text)
        assert cell_len(new.text) == cell_len(old.text)
        assert new.style is not None and new.style.link is None


def test_the_last_wall_counts_what_went_round() -> None:
    wall = Armour()
    wall.apply([Segment("plain"), Segment("\x1b]0;x\x07")], Color(0, 0, 0))
    assert wall.hits == 1


def test_ascii_signs_keep_their_width() -> None:
    for sign, stand_in in ASCII.items():
        assert len(stand_in) == 1 and stand_in.isascii() and cell_len(sign) == 1
    assert ascii_signs("▲ vencida · «Ñandú»…") == '! vencida . "Ñandú"~'
    assert AsciiSigns().apply([Segment("■T")], Color(0, 0, 0))[0].text == "=T"


def test_when_signs_go_as_ascii() -> None:
    assert needs_ascii("iso-8859-1", "xterm") and needs_ascii("utf-8", "linux") and needs_ascii("utf-8", "xterm", "1")
    assert not needs_ascii("utf-8", "xterm") and not needs_ascii("utf-8", "linux", "0")
