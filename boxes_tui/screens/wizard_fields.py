"""The choices of the campaign wizard's step 3."""

from __future__ import annotations

from boxes_tui.i18n import N_

TYPES = (
    ("technical_note", N_("nota técnica")), ("recall", N_("recall")), ("service", N_("service")), ("offer", N_("oferta")),
)  # fmt: skip
