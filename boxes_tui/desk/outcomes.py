"""Outcomes and reasons in force: the defaults of ``domain.dispositions`` with what an admin changed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from boxes_tui.data.reads.rules import HouseRules
from boxes_tui.data.tables import discard_reason
from boxes_tui.domain.dispositions import DISPOSITIONS, REASONS, Disposition, Reason, Retry
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _


def dispositions(rules: HouseRules) -> list[Disposition]:
    """In the order of the digits 1…9, 0."""
    made = {d.code: d for d in DISPOSITIONS}
    for code, digit, label, contact, productive, closes, retry in rules.outcomes:
        known = made.get(code)
        asks = known.asks if known else ""
        made[code] = Disposition(code, digit, label, contact, productive, closes, _retry(retry), asks)
    return sorted(made.values(), key=lambda d: (d.digit == "0", d.digit))


def reasons(conn: Connection) -> list[Reason]:
    """Reasons that can be chosen, in the order of their keys."""
    made = {r.code: r for r in REASONS}
    for row in conn.execute(select(discard_reason)).mappings():
        if not row["active"]:
            made.pop(row["code"], None)
            continue
        needs = made[row["code"]].needs_text if row["code"] in made else False
        made[row["code"]] = Reason(row["code"], row["key"], row["label"], needs)
    return list(made.values())


def find_disposition(rules: HouseRules, text: str | None) -> Disposition:
    """The outcome of a digit or a code; :class:`UsageError` with the right ones."""
    wanted = (text or "").strip().lower()
    found = dispositions(rules)
    for item in found:
        if wanted and wanted in (item.digit, item.code):
            return item
    names = ", ".join(f"{d.digit} {d.code}" for d in found)
    raise UsageError(_("No hay un resultado «{text}»; los que hay: {names}").format(text=wanted, names=names))


def find_reason(conn: Connection, text: str | None, free: str | None) -> Reason:
    """The reason of a key or a code; :class:`UsageError` when it is missing, unknown, or *otro* without its text."""
    wanted = (text or "").strip().lower()
    found = reasons(conn)
    names = ", ".join(f"{r.key} {r.code}" for r in found)
    if not wanted:
        raise UsageError(_("Falta el motivo; los que hay: {names}").format(names=names))
    for item in found:
        if wanted in (item.key, item.code):
            if item.needs_text and not free:
                raise UsageError(_("El motivo «otro» necesita su texto (--note)."))
            return item
    raise UsageError(_("No hay un motivo «{text}»; los que hay: {names}").format(text=wanted, names=names))


def _retry(minutes: int | None) -> Retry:
    if minutes is None:
        return None
    return "next_day" if minutes < 0 else timedelta(minutes=minutes)
