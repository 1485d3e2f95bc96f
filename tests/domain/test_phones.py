"""Telephones: the table of FORMATS.md word for word, and the rules under it."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxes_tui.domain.phones import Kind, area_length, last10, parse_phone, show_phone, split_phones

AREAS = ("11", "351", "223", "261", "341", "381", "2966", "3541", "2942", "3489", "2224")


@pytest.mark.parametrize("typed", ["011 15 5555-1234", "5491155551234", "+54 9 11 5555 1234"])
def test_mobiles_of_buenos_aires(typed: str) -> None:
    found = parse_phone(typed)
    assert (found.e164, found.kind, found.whatsapp) == ("+5491155551234", "mobile", "5491155551234")
    assert found.valid and found.last10 == "1155551234"


@pytest.mark.parametrize(
    ("typed", "e164", "kind", "whatsapp"),
    [
        ("(0351) 15-512-3456", "+5493515123456", "mobile", "5493515123456"),
        ("351 512 3456", "+543515123456", "unknown", "5493515123456"),
        ("1155551234", "+541155551234", "unknown", "5491155551234"),
        ("+54 11 5555 1234", "+541155551234", "unknown", "5491155551234"),
        ("0351 4512345", "+543514512345", "fixed", None),
        ("011 4555-1234", "+541145551234", "fixed", None),
        ("+54 9 351 15 512 3456", "+5493515123456", "mobile", "5493515123456"),
        ("+54 351 15 512 3456", "+5493515123456", "mobile", "5493515123456"),
        ("0054 9 351 512-3456", "+5493515123456", "mobile", "5493515123456"),
        ("0 9 351 512-3456", "+5493515123456", "mobile", "5493515123456"),
        ("93515123456", "+5493515123456", "mobile", "5493515123456"),
        ("351 15 5123456", "+5493515123456", "mobile", "5493515123456"),
        ("02966 15 451234", "+5492966451234", "mobile", "5492966451234"),
        ("(03489) 15-431234", "+5493489431234", "mobile", "5493489431234"),
        ("0343 15 5412345", "+5493435412345", "mobile", "5493435412345"),
        ("(03435) 15-412345", "+5493435412345", "mobile", "5493435412345"),
        ("351 451-2345 int. 12", "+543514512345", "unknown", "5493514512345"),
        ("3515123456.0", "+543515123456", "unknown", "5493515123456"),
        ("0800 555 1234", "+548005551234", "fixed", None),
        ("+598 99 123 456", "+59899123456", "unknown", "59899123456"),
    ],
)
def test_what_a_number_means(typed: str, e164: str, kind: str, whatsapp: str | None) -> None:
    found = parse_phone(typed)
    assert (found.e164, found.kind, found.whatsapp, found.valid) == (e164, kind, whatsapp, True)
    assert found.raw == typed


@pytest.mark.parametrize(
    ("typed", "area", "e164"),
    [
        ("15 5555-1234", "11", "+5491155551234"),
        ("15 5555-1234", "011", "+5491155551234"),
        ("15-512-3456", "351", "+5493515123456"),
        ("15 451234", "2966", "+5492966451234"),
    ],
)
def test_a_bare_15_takes_the_area_code_of_the_branch(typed: str, area: str, e164: str) -> None:
    found = parse_phone(typed, area)
    assert (found.e164, found.kind, found.valid) == (e164, "mobile", True)


def test_a_local_number_takes_it_too_and_its_kind_stays_unknown() -> None:
    assert parse_phone("451-2345", "351").e164 == "+543514512345"
    assert parse_phone("451-2345", "351").kind == "unknown"


@pytest.mark.parametrize(
    ("typed", "area"),
    [
        ("15 5555-1234", None), ("15 5555-1234", "351"), ("+541555551234", None), ("451-2345", None), ("no tiene", None),
        ("", None), ("0000000000", None), ("1111111111", None), ("11111111", "11"), ("351 0000000", None),
        ("1234567890", None), ("999999999999999999", None), ("351 5123", None), ("2000 123456", None), ("+54", None),
        ("+1", None), ("35151234567", None), ("-", None), ("٣٥١٥١٢٣٤٥٦", None),
    ],
)  # fmt: skip
def test_what_is_no_number(typed: str, area: str | None) -> None:
    found = parse_phone(typed, area)
    assert (found.valid, found.e164, found.last10, found.whatsapp) == (False, None, None, None)


def test_a_mapping_may_declare_the_kind_but_a_15_proves_a_mobile() -> None:
    assert parse_phone("351 512 3456", None, "mobile").e164 == "+5493515123456"
    assert parse_phone("0351 4512345", None, "mobile").whatsapp == "5493514512345"
    fixed = parse_phone("351 451 2345", None, "fixed")
    assert (fixed.e164, fixed.kind, fixed.whatsapp) == ("+543514512345", "fixed", None)
    assert parse_phone("0351 15 5123456", None, "fixed").kind == "mobile"


FORMS: dict[str, tuple[str, Kind]] = {
    "+54 9 {a} {s}": ("9", "mobile"), "549{a}{s}": ("9", "mobile"), "0{a} 15 {s}": ("9", "mobile"),
    "(0{a}) 15-{s}": ("9", "mobile"), "{a}15{s}": ("9", "mobile"), "0054 9 {a} {s}": ("9", "mobile"),
    "+54 0{a} 15 {s}": ("9", "mobile"), "0{a} {s}": ("", "fixed"), "(0{a}) {s}": ("", "fixed"), "{a}{s}": ("", "unknown"),
    "+54 {a} {s}": ("", "unknown"), "54{a}{s}": ("", "unknown"), "{a}-{s}": ("", "unknown"),
}  # fmt: skip


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    area = draw(st.sampled_from(AREAS))
    rest = draw(st.text("0123456789", min_size=9 - len(area), max_size=9 - len(area)))
    subscriber = draw(st.sampled_from("456")) + rest
    return area, subscriber if len(set(subscriber)) > 1 else subscriber[:-1] + "1"


@settings(max_examples=2000, deadline=None)
@given(numbers(), st.sampled_from(sorted(FORMS)))
def test_every_written_form_meets_on_the_last_ten_digits(number: tuple[str, str], form: str) -> None:
    area, subscriber = number
    mark, kind = FORMS[form]
    found = parse_phone(form.format(a=area, s=subscriber))
    assert found.valid
    assert found.last10 == area + subscriber == last10(form.format(a=area, s=subscriber))
    assert found.kind == kind
    assert found.e164 == f"+54{mark}{area}{subscriber}"
    assert found.whatsapp == (None if kind == "fixed" else f"549{area}{subscriber}")
    again = parse_phone(found.e164)
    assert (again.e164, again.last10) == (found.e164, found.last10)


@settings(max_examples=300, deadline=None)
@given(numbers())
def test_the_numbering_plan_of_the_library_agrees(number: tuple[str, str]) -> None:
    area, subscriber = number
    for mark in ("", "9"):
        theirs = phonenumbers.parse(f"+54{mark}{area}{subscriber}")
        assert phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.E164) == f"+54{mark}{area}{subscriber}"
    assert area_length(area + subscriber) == phonenumbers.length_of_geographical_area_code(
        phonenumbers.parse(f"+54{area}{subscriber}")
    ) or not phonenumbers.is_valid_number(phonenumbers.parse(f"+54{area}{subscriber}"))


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from([None, "11", "351", "2966"]))
def test_no_text_breaks_it(raw: str, area: str | None) -> None:
    found = parse_phone(raw, area)
    assert found.valid == (found.e164 is not None) == (found.last10 is not None)
    assert all(piece for piece in split_phones(raw))


@pytest.mark.parametrize(
    ("cell", "pieces"),
    [
        ("351 4512345 / 351 155123456", ["351 4512345", "351 155123456"]),
        ("351 4512345; 351 4512346", ["351 4512345", "351 4512346"]),
        ("(0351) 155123456 - 4512345", ["(0351) 155123456", "4512345"]),
        ("4512345 y 4512346", ["4512345", "4512346"]),
        ("351 - 4512345", ["351 - 4512345"]),
        ("11-4555-1234", ["11-4555-1234"]),
        ("351/4512345", ["351/4512345"]),
        ("351 4512345/46", ["351 4512345"]),
        ("no tiene", ["no tiene"]),
        ("", []),
    ],
)
def test_several_numbers_in_one_cell(cell: str, pieces: list[str]) -> None:
    assert split_phones(cell) == pieces


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+5493515123456", "351 512-3456"), ("+543514512345", "351 451-2345"), ("+541155551234", "11 5555-1234"),
        ("+5491155551234", "11 5555-1234"), ("+5492966451234", "2966 45-1234"), ("+59899123456", "+59899123456"),
    ],
)  # fmt: skip
def test_how_it_is_shown(e164: str, shown: str) -> None:
    assert show_phone(e164) == shown
