"""The life cycle of an opportunity (PRODUCT §6): one table of legal moves, asked by commands and screens."""

from __future__ import annotations

from typing import Final

from boxes_tui.errors import Refused
from boxes_tui.i18n import N_, _

STATES: Final = ("open", "sold", "discarded", "cancelled")

MOVES: Final[dict[tuple[str, str], str]] = {
    ("open", "reschedule"): "open",
    ("open", "sell"): "sold",
    ("open", "discard"): "discarded",
    ("open", "cancel"): "cancelled",
    ("sold", "reopen"): "open",
    ("sold", "correct"): "sold",
    ("sold", "credit"): "sold",
}
"""(state, verb) → state. Everything else is refused; undo goes back by before-images, not by this table."""

STATE_NAMES: Final = {
    "open": N_("abierta"), "sold": N_("vendida"), "discarded": N_("descartada"), "cancelled": N_("anulada"),
}  # fmt: skip

ORIGINS: Final = {
    "sale_delivery": "delivery", "appointment": "appointment", "repair_order": "in_process", "customer": "customer",
    "complaint": "completed",
}  # fmt: skip
"""Origin of an opportunity made from a row of a table (no_show, completed and campaign are said by the verb)."""


def check_move(state: str, verb: str) -> str:
    """The state after ``verb``; :class:`Refused` with a sentence for an illegal move."""
    after = MOVES.get((state, verb))
    if after is None:
        raise Refused(
            _("La oportunidad está {state}; no se puede hacer eso con ella. No se cambió nada.").format(
                state=_(STATE_NAMES.get(state, state))
            )
        )
    return after
