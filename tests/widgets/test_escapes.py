"""Keys that arrive in one piece on a slow line."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.guard.escapes import CLOSES, OPENS, Escapes

UP, F5 = "\x1b[A", "\x1b[15~"


def pieces(*texts: str) -> list[str | None]:
    escapes = Escapes()
    found = [p for text in texts for p in escapes.split(text)] + escapes.idle()
    joined: list[str | None] = []
    for piece in found:
        if piece is not None and joined and joined[-1] is not None:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def test_escape_and_the_key_after_it_are_two_keys() -> None:
    assert pieces("\x1bm") == [None, "m"]
    assert pieces("ab\x1b", "\x1b", "\x1bñ") == ["ab", None, None, None, "ñ"]
    assert pieces("\x1b") == [None]
    assert pieces("\x1b\r") == [None, "\r"]


def test_sequences_stay_whole() -> None:
    for whole in (UP, F5, "\x1bOP", "\x1b[?2026;2$y", f"x{UP}{UP}y", "\x1b]11;rgb:0/0/0\x07"):
        assert pieces(whole) == [whole]
    assert pieces("\x1b" + UP) == [None, UP]
    assert pieces("\x1b", "[A") == [UP]


def test_an_escape_inside_a_paste_is_no_key() -> None:
    assert pieces(f"{OPENS}a\x1bb{CLOSES}c") == [f"{OPENS}ab{CLOSES}c"]
    assert pieces("\x1b[20", "0~x\x1b", "y\x1b[201", "~", "\x1bm") == [f"{OPENS}xy{CLOSES}", None, "m"]


KEYS = st.sampled_from(["a", "ñ", "\x1b", UP, F5, "\r", "1", f"{OPENS}nota: 10 €{CLOSES}"])


@given(st.lists(KEYS, max_size=12), st.lists(st.integers(0, 60), max_size=6))
def test_nothing_is_lost_wherever_the_line_cuts(keys: list[str], cuts: list[int]) -> None:
    """Every key comes out once and in order, however the bytes are bundled (but an ESC before ``[`` typed by hand)."""
    sent = "".join(keys)
    ends = sorted({min(c, len(sent)) for c in cuts} | {0, len(sent)})
    texts = [sent[a:b] for a, b in itertools.pairwise(ends)]
    found = pieces(*texts)
    assert "".join("\x1b" if p is None else p for p in found) == sent
    assert found.count(None) == keys.count("\x1b")
