"""What the call panel shows beside a row: telephones, script, last call, gate, and what else is due for this person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Final

from sqlalchemy import Connection, select

from boxes_tui.data.reads.card_phones import CardPhone, card_phones
from boxes_tui.data.reads.conditions import parts
from boxes_tui.data.reads.details import QueueRow, detail
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, call, campaign, customer
from boxes_tui.desk import gate
from boxes_tui.desk.standing import Standing, standing_of
from boxes_tui.domain.contact_gate import Purpose, Verdict
from boxes_tui.domain.dispositions import PURPOSE
from boxes_tui.domain.formats import show_day
from boxes_tui.domain.phones import parse_phone
from boxes_tui.i18n import _, language
from boxes_tui.text import clean_note

OPERATIONAL_CAMPAIGNS: Final = ("technical_note", "recall")
OTHERS: Final = (
    ("deliveries", "pending"), ("opportunities", "all"), ("appointments", "to_confirm"), ("appointments", "no_show"),
    ("completed", "pending"),
)  # fmt: skip
SCRIPTS: Final = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last call about this row or, without one, about this person."""

    at: datetime
    agent: str | None
    code: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the panel needs, in one read."""

    phones: tuple[CardPhone, ...]
    type: str
    purpose: str
    verdict: Verdict
    last: LastCall | None
    others: tuple[QueueRow, ...]
    script: str
    standing: Standing | None = None
    """How the row stood when the panel opened."""


def call_sheet(conn: Connection, session: Session, row: QueueRow, home: Path | None = None) -> Sheet:
    """The sheet of a row."""
    kind, purpose = _kind(conn, session, row)
    own = _own_script(conn, row)
    verdict = gate.verdict(
        conn, session, customer_id=row.customer_id, branch_id=row.branch_id,
        purpose="offer" if purpose == "offer" else "operational",
    )  # fmt: skip
    return Sheet(
        _numbers(conn, row), kind, purpose, verdict, _last(conn, row), tuple(due_for(conn, session, row)),
        script(session, row, (own, kind) if own else (kind,), home), standing_of(conn, session, row.subject, row.id),
    )  # fmt: skip


def purpose_of(conn: Connection, session: Session, row: QueueRow) -> Purpose:
    """What the gate makes of a call about a row."""
    return "offer" if _kind(conn, session, row)[1] == "offer" else "operational"


def _kind(conn: Connection, session: Session, row: QueueRow) -> tuple[str, str]:
    if row.subject == "opportunity" and row.origin == "campaign":
        type_ = conn.execute(select(campaign.c.type).where(campaign.c.id == row.campaign_id)).scalar()
        return "campaign", "operational" if type_ in OPERATIONAL_CAMPAIGNS else "offer"
    kinds = {
        "sale_delivery": "welcome", "opportunity": "opportunity", "complaint": "complaint",
        "repair_order": "courtesy" if row.stage == "completed" else "in_process",
        "appointment": "no_show" if row.state == "no_show" else "appointment",
    }  # fmt: skip
    kind = kinds.get(row.subject, "opportunity")
    return kind, PURPOSE[kind]


def _own_script(conn: Connection, row: QueueRow) -> str | None:
    """The name of the script that the row's campaign was given."""
    if row.subject != "opportunity" or row.campaign_id is None:
        return None
    found: str | None = conn.execute(select(campaign.c.script).where(campaign.c.id == row.campaign_id)).scalar()
    return found


def _numbers(conn: Connection, row: QueueRow) -> tuple[CardPhone, ...]:
    """The contact telephone of an appointment first, then the customer's: right ones before wrong ones."""
    own = card_phones(conn, row.customer_id) if row.customer_id is not None else ()
    if row.subject == "appointment" and row.phone:
        info = parse_phone(row.phone)
        if info.last10 not in {p.e164[-10:] for p in own if p.e164}:
            first = CardPhone(0, row.phone, info.e164, row.phone_kind or "unknown", info.whatsapp, None, None)
            return (first, *own)
    return own


def _last(conn: Connection, row: QueueRow) -> LastCall | None:
    c = call.c
    base = (
        select(c.at, app_user.c.name, c.code, c.note)
        .outerjoin(app_user, app_user.c.id == c.user_id)
        .where(c.annulled_at.is_(None))
        .order_by(c.id.desc())
        .limit(1)
    )
    found = conn.execute(base.where(c.subject == row.subject, c.subject_id == row.id)).first()
    if found is None and row.customer_id is not None:
        found = conn.execute(base.where(c.customer_id == row.customer_id)).first()
    return LastCall(*found) if found else None


def due_for(conn: Connection, session: Session, row: QueueRow) -> list[QueueRow]:
    """What else is due for the person of a row, in every queue: one call can serve several."""
    if row.customer_id is None:
        return []
    person = select(customer.c.person_id).where(customer.c.id == row.customer_id).scalar_subquery()
    same = select(customer.c.id).where((customer.c.person_id == person) | (customer.c.id == row.customer_id))
    found: list[QueueRow] = []
    seen = {row.ref}
    for queue, flt in OTHERS:
        for part in parts(conn, session, queue, flt):
            t = part.table
            ids = list(conn.execute(select(t.c.id).where(part.where, t.c.customer_id.in_(same)).limit(5)).scalars())
            for item in detail(conn, session, queue, part.stage, ids):
                if item.ref not in seen and not (item.subject == row.subject and item.id == row.id):
                    seen.add(item.ref)
                    found.append(item)
    return found[:5]


def script_names(home: Path | None = None) -> list[str]:
    """What a campaign's script may be called: the admin's own files and ours."""
    return sorted({path.name.split(".")[0] for folder in _script_folders(home) for path in folder.glob("*.??.txt")})


def _script_folders(home: Path | None) -> list[Path]:
    return [*([home / "scripts"] if home else []), SCRIPTS]


def _script_file(name: str, home: Path | None) -> Path | None:
    """The admin's own file before ours; a name that could leave the folder has none."""
    if not name.replace("_", "").replace("-", "").isalnum():
        return None
    files = (f"{name}.{language()}.txt", f"{name}.es.txt")
    return next((f / n for f in _script_folders(home) for n in files if (f / n).is_file()), None)


def script(session: Session, row: QueueRow, names: Sequence[str], home: Path | None = None) -> str:
    """The first script of those names that there is, with its fields filled in."""
    path = next((found for name in names if (found := _script_file(name, home))), None)
    if path is None:
        return ""
    branch = session.by_id.get(row.branch_id or 0) or (session.branches[0] if session.branches else None)
    when = row.when
    told = show_day(row.day, session.today) if row.day else ""
    if isinstance(when, datetime):
        told += f" {when:%H:%M}"
    hour = session.clock.local(session.zone_of(row.branch_id)).hour
    greeting = _("Buenos días") if hour < 13 else _("Buenas tardes") if hour < 20 else _("Buenas noches")
    fields = {
        "greeting": greeting, "agent": session.name.split(" ")[0], "branch": branch.name if branch else "", "customer": row.customer or "",
        "vehicle": row.unit or "", "plate": row.plate or "", "about": row.about or "", "when": told,
    }  # fmt: skip
    return clean_note(Template(path.read_text("utf-8")).safe_substitute(fields))
