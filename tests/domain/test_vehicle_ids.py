"""Plates and VINs (FORMATS.md): unknown shapes warn, nothing is rejected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.domain.vehicle_ids import check_digit_ok, norm_chassis, norm_plate, norm_vin, suggest_vin, tail


@pytest.mark.parametrize(
    ("raw", "plate", "known"),
    [
        ("AB052JY", "AB052JY", True), ("ab 052 jy", "AB052JY", True), ("AB-052.JY", "AB052JY", True),
        ("OPA118", "OPA118", True), ("AAA000", "AAA000", True), ("A123BCD", "A123BCD", True), ("123ABC", "123ABC", True),
        ("ABC1D23", "ABC1D23", False), ("ABC1234", "ABC1234", False), ("AB052J", "AB052J", False), ("12", "12", False),
        ("s/pat.", None, True), ("S/PATENTE", None, True), ("SIN PATENTE", None, True), ("0KM", None, True),
        ("0 km", None, True), ("-", None, True), ("", None, True), ("En trámite", None, True),
    ],
)  # fmt: skip
def test_plates(raw: str, plate: str | None, known: bool) -> None:
    assert norm_plate(raw) == (plate, known)


@pytest.mark.parametrize(
    ("raw", "vin", "good"),
    [
        ("9BD19713MK4067902", "9BD19713MK4067902", True), (" 9bd19713mk4067902 ", "9BD19713MK4067902", True),
        ("9BD19713MK406790", "9BD19713MK406790", False), ("9BD19713MKO067902", "9BD19713MKO067902", False),
        ("K4067902", "K4067902", False), ("", None, True), ("0", None, True), ("XXXXXXXXXXXXXXXXX", None, True),
    ],
)  # fmt: skip
def test_vins(raw: str, vin: str | None, good: bool) -> None:
    assert norm_vin(raw) == (vin, good)


def test_a_wrong_letter_gets_a_proposal() -> None:
    assert suggest_vin("9BD19713MKO067902") == "9BD19713MK0067902"
    assert suggest_vin("9BDI9713MKQ067902") == "9BD19713MK0067902"
    assert suggest_vin("9BD19713MK4067902") is None
    assert suggest_vin("K4O67902") is None


def test_the_check_digit_is_information() -> None:
    assert check_digit_ok("1M8GDM9AXKP042788")
    assert check_digit_ok("11111111111111111")
    assert not check_digit_ok("1M8GDM9A0KP042788")
    assert not check_digit_ok("9BD19713MKO067902")


def test_short_chassis() -> None:
    assert norm_chassis("pk067902") == "PK067902"
    assert norm_chassis("67902") is None
    assert norm_chassis("000000") is None
    assert tail("9BD19713MK4067902") == "K4067902"
    assert tail("9BD19713MK4067902", 6) == "067902"
    assert tail("067902") == "067902"


@given(st.text(max_size=30))
def test_normal_forms_are_fixed_points(raw: str) -> None:
    plate, known = norm_plate(raw)
    if plate is not None:
        assert norm_plate(plate) == (plate, known)
    vin, good = norm_vin(raw)
    if vin is not None:
        assert norm_vin(vin) == (vin, good)
        assert good == (len(vin) == 17 and not set(vin) & set("IOQ"))
