"""No Llame lists: imported with their day, replaced as a whole, the former ones kept as evidence (COMPLIANCE.md)."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, insert, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.session import Session
from boxes_tui.data.tables import dnc_list, dnc_number
from boxes_tui.desk.gate import facts, person
from boxes_tui.domain.contact_gate import Purpose, check
from boxes_tui.domain.phones import parse_phone
from boxes_tui.errors import Refused, UsageError, why
from boxes_tui.i18n import _
from boxes_tui.text import clean

DEFAULT_NAME = "No Llame"
CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a file holds: distinct last-ten-digit keys, lines without a number, and the digest of the file."""

    keys: frozenset[str]
    unread: int
    digest: str


def read_numbers(path: Path, area_code: str | None = None) -> Numbers:
    """The numbers of a text or CSV file: one a line, in the first cell that looks like a telephone."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(_("{path}: no se puede leer ({why}).").format(path=path, why=why(error))) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    keys: set[str] = set()
    unread = 0
    for cells in _cells(text):
        found = next((key for cell in cells if (key := _key(cell, area_code))), None)
        if found:
            keys.add(found)
        elif any(cell.strip() for cell in cells):
            unread += 1
    return Numbers(frozenset(keys), unread, hashlib.sha256(raw).hexdigest())


def _cells(text: str) -> Iterable[list[str]]:
    first = text.partition("\n")[0]
    delimiter = next((d for d in (";", "\t", ",", "|") if d in first), ";")
    return csv.reader(text.splitlines(), delimiter=delimiter)


def _key(cell: str, area_code: str | None) -> str | None:
    """The last ten digits of a cell; a plain number of ten or more digits is taken though no plan knows it."""
    info = parse_phone(cell, area_code)
    if info.last10:
        return info.last10
    digits = re.sub(r"\D", "", cell)
    return digits[-10:] if 10 <= len(digits) <= 15 and not re.search(r"[A-Za-z]", cell) else None


@dataclass(frozen=True)
class ImportList(Command):
    """Put a list in force; the one of the same name before it is replaced, not deleted.

    ``keys`` come from :func:`read_numbers` and are no part of the act's arguments: its digest is.
    """

    verb: ClassVar[str] = "dnc_import"
    undoable: ClassVar[bool] = False
    name: str
    as_of: date
    digest: str
    keys: frozenset[str]

    def arguments(self) -> dict[str, Any]:
        return {"name": self.name, "as_of": self.as_of.isoformat(), "digest": self.digest}

    def run(self, tx: Tx) -> dict[str, Any]:
        name = clean(self.name)
        if not name:
            raise UsageError(_("Falta el nombre de la lista."))
        if self.as_of > tx.session.today:
            raise Refused(_("La fecha de la lista es futura; no se importó."))
        if not self.keys:
            raise Refused(_("El archivo no tiene ningún teléfono; no se importó."))
        c = dnc_list.c
        before = tx.conn.execute(select(c.id, c.as_of).where(c.name == name, c.current)).all()
        if any(day > self.as_of for _id, day in before):
            raise Refused(_("La lista en vigor es más nueva que esa; no se importó."))
        for old, _day in before:
            tx.conn.execute(dnc_list.update().where(c.id == old).values(current=False))
        made = tx.insert(
            dnc_list, name=name, as_of=self.as_of, imported_at=tx.now, imported_by=tx.session.user_id,
            digest=self.digest, total=len(self.keys), current=True,
        )  # fmt: skip
        ordered = sorted(self.keys)
        for start in range(0, len(ordered), CHUNK):
            rows = [{"list_id": made, "last10": key} for key in ordered[start : start + CHUNK]]
            tx.conn.execute(insert(dnc_number), rows)
        tx.on("dnc_list", {"id": made})
        tx.detail = {"list": made, "total": len(ordered), "replaced": [old for old, _day in before]}
        return {"list": str(made), "name": name, "total": len(ordered), "replaced": [str(i) for i, _d in before]}


def check_phone(conn: Connection, session: Session, phone: str, *, required: bool | None = None) -> dict[str, Any]:
    """``boxes dnc check --json``: whether offers and operational calls to a number are blocked, and why.

    The hours of calling are not asked: a list does not depend on the time of day.
    """
    branch = session.branches[0] if session.branches else None
    info = parse_phone(clean(phone), branch.area_code if branch else None)
    key = info.last10 or _key(phone, None)
    if key is None:
        raise UsageError(_("No se entiende el teléfono «{text}».").format(text=clean(phone, 40)))
    who = person(conn, None, (key,))
    known = facts(conn, session, who, branch.id if branch else None, required=required)
    blocked: dict[str, bool] = {}
    why: dict[str, None] = {}
    purposes: tuple[Purpose, ...] = ("offer", "operational")
    for purpose in purposes:
        reasons = [r for r in check(purpose, known).reasons if not r.ok and r.blocks and r.code != "hours"]
        blocked[purpose] = bool(reasons)
        why.update(dict.fromkeys(r.text for r in reasons))
    return {"phone": phone, "e164": info.e164, "blocked": blocked, "why": list(why)}


def listed(conn: Connection, session: Session) -> list[dict[str, Any]]:
    """The lists in force with their age in days."""
    c = dnc_list.c
    rows = conn.execute(select(c.id, c.name, c.as_of, c.total).where(c.current).order_by(c.id))
    return [
        {"id": str(i), "name": name, "date": day.isoformat(), "days": (session.today - day).days, "total": total}
        for i, name, day, total in rows
    ]
