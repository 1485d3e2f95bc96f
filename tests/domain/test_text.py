"""The cleaning boundary (DMS.md §1, RELIABILITY §4.2–4.3)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxes_tui.text import BAD, cell_width, clean, clean_checked, clean_note, cut, fold, pad, strip_terminal

ANY = st.text(alphabet=st.characters(), max_size=60)
NASTY = st.text(
    alphabet=st.sampled_from(
        [
            *"aÁñÑ ,.\t\n\r\x00\x07\x1b\x85\x9b\xa0\xad\u0301\u0303\u0489\u200b\u200d\u2028\u202e\u2066\ufe0f\ufeff漢👍\U000e0041",
            *("\ud83d", "\udc4d", "🇦", "🇷"),
        ]
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("raw", "kept", "control"),
    [
        ("PEÑA NÚÑEZ, MARÍA JOSÉ", "PEÑA NÚÑEZ, MARÍA JOSÉ", False),
        ("  GÓMEZ\t \xa0 RAÚL ", "GÓMEZ RAÚL", False),
        ("GO\u0301MEZ", "GÓMEZ", False),
        ("GÓ\x00MEZ\x1b[31m", "GÓMEZ[31m", True),
        ("\u202eZEMÓG\u202c", "ZEMÓG", True),
        ("A\u200bB\ufeffC\u2066D\U000e0041E", "ABCDE", True),
        ("uno\r\ndos", "uno dos", False),
        ("uno\u2028dos", "uno dos", True),
        ("a\x9b31mb", "a31mb", True),
        ("roto \ud83d", "roto \ufffd", True),
        ("", "", False),
        ("\t \xa0", "", False),
        ("[@click=app.quit]X[/]", "[@click=app.quit]X[/]", False),
        ("e" + "\u0323" * 9, "ẹ\u0323\u0323", False),
    ],
)
def test_text_comes_in_clean(raw: str, kept: str, control: bool) -> None:
    assert clean_checked(raw) == (kept, control)
    assert clean(raw) == kept


@given(ANY | NASTY)
@example("a\u0489\u0489\u0489b")
def test_clean_is_a_fixed_point_without_anything_a_terminal_could_obey(raw: str) -> None:
    made = clean(raw)
    assert clean_checked(made) == (made, False)
    assert BAD.search(made) is None
    assert made == unicodedata.normalize("NFC", made) == made.strip()
    assert "  " not in made and "\n" not in made
    assert strip_terminal(made) == made
    made.encode("utf-8")


@given(ANY | NASTY)
def test_at_most_two_marks_stand_on_a_base(raw: str) -> None:
    run = longest = 0
    for ch in clean(raw):
        run = run + 1 if unicodedata.category(ch) in ("Mn", "Me") else 0
        longest = max(longest, run)
    assert longest <= 2


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x17F), max_size=40))
def test_the_fast_path_gives_what_the_slow_one_gives(raw: str) -> None:
    slow = clean_checked("\u200b" + raw)
    assert clean(raw) == slow[0]


def test_a_note_keeps_its_lines_and_its_limit() -> None:
    assert clean_note("\n uno \r\n\x1bdos\t dos\n\ntres\n\n") == "uno\ndos dos\n\ntres"
    assert len(clean_note("x" * 9000)) == 8000
    assert clean_note("x" * 9000).endswith("…")
    assert clean("abcdef", 4) == "abc…"


@given(ANY | NASTY)
def test_a_note_is_clean_line_by_line(raw: str) -> None:
    made = clean_note(raw)
    assert clean_note(made) == made
    assert all(clean(line) == line for line in made.split("\n"))


@given(ANY | NASTY)
def test_nothing_passes_the_last_wall(raw: str) -> None:
    assert BAD.search(strip_terminal(raw)) is None


def test_the_last_wall_keeps_columns() -> None:
    assert strip_terminal("a\xadb\x07c\u202ed") == "a·bcd"
    assert strip_terminal("\x1b]52;c;eA==\x07ok") == "]52;c;eA==ok"
    assert strip_terminal("[@click=app.quit]X[/]") == "[@click=app.quit]X[/]"


@given(ANY | NASTY, st.integers(0, 30))
def test_cut_and_pad_count_cells(raw: str, width: int) -> None:
    text = clean(raw)
    assert cell_width(cut(text, width)) <= width
    for align in ("left", "right"):
        assert cell_width(pad(text, width, align)) == width
    if cell_width(text) <= width:
        assert cut(text, width) == text


def test_cut_shows_that_it_cut() -> None:
    assert cut("FERNÁNDEZ IBARGÜENGOITIA", 12) == "FERNÁNDEZ I…"
    assert cut("漢字漢字", 4) == "漢…"
    assert pad("漢", 4) == "漢  "
    assert pad("12", 5, "right") == "   12"
    assert pad("GO\u0301MEZ", 6) == "GO\u0301MEZ "


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("PEÑA NÚÑEZ, María-José", "peña nuñez maria jose"),
        ("D'ANGELO  MÜLLER", "d angelo muller"),
        ("O’CONNOR", "o connor"),
        ("BÁEZ HNOS. S.R.L.", "baez hnos s r l"),
        ("pen\u0303a", "peña"),
        ("AB-052 JY", "ab 052 jy"),
        ("__", ""),
    ],
)
def test_search_folds_accents_but_not_the_eñe(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(ANY)
def test_folding_twice_changes_nothing(raw: str) -> None:
    once = fold(clean(raw))
    assert fold(once) == once
