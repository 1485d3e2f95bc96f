"""How long each table keeps what it holds (Ley 25.326 art. 4: no longer than needed): rules, dry run, apply.

``[retention]`` of the configuration changes the days of a rule; 0 keeps for ever.  Repair orders, calls and their
notes, the audit, blocks and the requests of data subjects are kept; what a person may ask for is erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select, update

from boxes_tui.config import Settings
from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    act,
    claim_log,
    contact_log,
    dms_event,
    dnc_list,
    dnc_number,
    outbox,
    reject,
    shift_log,
)
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import N_, _


@dataclass(frozen=True, slots=True)
class Rule:
    """What goes after how many days. ``keep`` empties these columns instead of deleting the row."""

    name: str
    table: Table
    days: int
    about: str
    keep: Mapping[str, Any] | None = None


RULES: Final = (
    Rule("mail_texts", outbox, 180, N_("textos y direcciones de correos enviados o que no salieron"),
         {"recipient": "", "subject": "", "body_text": "", "body_html": None, "ics": None}),
    Rule("undo_images", act, 90, N_("valores anteriores de los actos: después no se pueden deshacer"),
         {"images": None, "undoable": False}),
    Rule("contact_log", contact_log, 1825, N_("WhatsApp y marcados anotados")),
    Rule("closed_rejects", reject, 90, N_("renglones de cuarentena ya resueltos")),
    Rule("dms_events", dms_event, 730, N_("avisos de la lectura del DMS")),
    Rule("claim_log", claim_log, 1825, N_("tomas de clientes")),
    Rule("shift_log", shift_log, 1825, N_("turnos de los agentes")),
    Rule("old_dnc_lists", dnc_number, 730, N_("números de listas No Llame reemplazadas")),
)  # fmt: skip


def rules_of(settings: Settings) -> list[tuple[Rule, int]]:
    """Every rule with its days; raises :class:`ConfigError` for an unknown name or a number that is none."""
    raw = settings.section("retention")
    names = [r.name for r in RULES]
    for key, value in raw.items():
        if key not in names:
            raise ConfigError(
                _("{config_path}: [retention] no tiene «{key}»; las que hay: {names}").format(
                    config_path=settings.config_path, key=key, names=", ".join(names)
                )
            )
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ConfigError(
                _("{config_path}: [retention] {key} son días, 0 = siempre").format(
                    config_path=settings.config_path, key=key
                )
            )
    return [(r, int(raw.get(r.name, r.days))) for r in RULES]


def _old(rule: Rule, limit: datetime) -> ColumnElement[bool]:
    day = limit.date()
    if rule.table is outbox:
        done = outbox.c.state.in_(("sent", "cancelled", "failed", "unknown"))
        return and_(done, outbox.c.created_at < limit, outbox.c.body_text != "")
    if rule.table is act:
        return and_(act.c.at < limit, act.c.images.is_not(None))
    if rule.table is reject:
        return and_(reject.c.closed_at.is_not(None), reject.c.closed_at < limit)
    if rule.table is claim_log:
        return claim_log.c.day < day
    if rule.table is shift_log:
        return and_(shift_log.c.until.is_not(None), shift_log.c.until < limit)
    if rule.table is dnc_number:
        lists = select(dnc_list.c.id).where(dnc_list.c.current.is_(False), dnc_list.c.imported_at < limit)
        return dnc_number.c.list_id.in_(lists)
    return or_(rule.table.c.at < limit)


def expired(conn: Connection, session: Session, rules: list[tuple[Rule, int]]) -> dict[str, int]:
    """The dry run: how many rows each rule would touch now."""
    return {
        rule.name: int(
            conn.execute(
                select(func.count()).select_from(rule.table).where(_old(rule, session.now - timedelta(days)))
            ).scalar_one()
        )
        if days
        else 0
        for rule, days in rules
    }


@dataclass(frozen=True)
class ApplyRetention(Command):
    """Let go of what is older than its rule. It cannot be undone."""

    verb: ClassVar[str] = "retention"
    undoable: ClassVar[bool] = False
    rules: list[tuple[Rule, int]] = field(repr=False)

    def arguments(self) -> dict[str, Any]:
        return {rule.name: days for rule, days in self.rules}

    def run(self, tx: Tx) -> dict[str, Any]:
        done: dict[str, Any] = {}
        for rule, days in self.rules:
            if not days:
                continue
            where = _old(rule, tx.now - timedelta(days))
            if rule.keep is not None:
                count = tx.conn.execute(update(rule.table).where(where).values(**rule.keep)).rowcount
            else:
                count = tx.conn.execute(delete(rule.table).where(where)).rowcount
            done[rule.name] = count
        tx.title = _("Aplicar los plazos de guarda")
        tx.detail = {"rows": done}
        return {"rows": done}
