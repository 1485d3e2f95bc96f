"""What a record has to have: ``E-REQ`` and ``E-REF`` (DMS.md §2, §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from boxes_tui.dms.columns import Rejected
from boxes_tui.dms.records import REQUIRED, UNTOUCHED
from boxes_tui.i18n import _

Said = dict[str, dict[str, Any]]
"""What the dotted fields of a row say: entity → field → value."""
Check = Callable[[list[Any], Said], None]

NAMES: Final = ("vin", "chassis", "plate")
PERSON: Final = ("display_name", "company_name", "given_name", "family_name")
_WHO: Final = ("customer_key", "contact_name", "contact_phone", "buyer_name")
_FED_WHO: Final = ("display_name", "given_name", "family_name", "company_name", "doc_number", "phones", "email")


def said_of(places: Mapping[str, int], values: Sequence[Any], field: str) -> Any:
    """The value of a field, None where it is not mapped, null or left alone."""
    place = places.get(field)
    if place is None or place >= len(values) or values[place] is UNTOUCHED:
        return None
    return values[place]


def full_name(places: Mapping[str, int], values: Sequence[Any]) -> str | None:
    """A customer's name from its parts."""
    company, given, family = (said_of(places, values, f) for f in PERSON[1:])
    return company or " ".join(part for part in (given, family) if part) or None


def check_of(entity: str, places: Mapping[str, int]) -> Check:
    """The check of an entity whose fields lie at ``places``: raises :class:`Rejected`."""
    if entity in REQUIRED:
        return _dated(REQUIRED[entity], places)
    if entity == "vehicle":
        return _vehicle(places)
    if entity in ("repair_order_line", "incident"):
        return _child(places)
    return _customer(places)


def _dated(needed: str, places: Mapping[str, int]) -> Check:
    when = places[needed]
    names = [places[f] for f in (*_WHO, "vehicle_key", *NAMES) if f in places]

    def check(values: list[Any], said: Said) -> None:
        if values[when] is None or values[when] is UNTOUCHED:
            raise Rejected("E-REQ", needed, _("falta {needed}").format(needed=needed))
        for place in names:
            if values[place] and values[place] is not UNTOUCHED:
                return
        customer = said.get("customer", {})
        if not any(customer.get(f) not in (None, (), UNTOUCHED) for f in _FED_WHO):
            raise Rejected("E-REF", "customer_key", _("no dice ni cliente ni unidad"))

    return check


def _vehicle(places: Mapping[str, int]) -> Check:
    def check(values: list[Any], _said: Said) -> None:
        if not any(said_of(places, values, name) for name in NAMES):
            raise Rejected("E-REQ", "vin", _("la unidad no trae VIN, chasis ni patente"))

    return check


def _child(places: Mapping[str, int]) -> Check:
    def check(values: list[Any], _said: Said) -> None:
        if not said_of(places, values, "repair_order_key"):
            raise Rejected("E-REQ", "repair_order_key", _("no dice de qué orden es"))

    return check


def _customer(places: Mapping[str, int]) -> Check:
    name = places.get("display_name")

    def check(values: list[Any], _said: Said) -> None:
        if name is None or values[name]:
            return
        values[name] = full_name(places, values)
        if values[name] is None:
            raise Rejected("E-REQ", "display_name", _("el cliente no trae nombre"))

    return check
