"""Who acts, from where, and which branches they see: every read and command carries one (PRODUCT §12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, Connection, and_, false, or_, select, true

from boxes_tui.clock import DEFAULT_ZONE, Clock
from boxes_tui.data.tables import app_user, branch, user_branch
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as rules and screens need it."""

    id: int
    code: str
    name: str
    zone: str
    area_code: str | None = None
    address: str | None = None
    city: str | None = None
    phone: str | None = None
    email: str | None = None
    workshop_hours: str | None = None


@dataclass(frozen=True)
class Session:
    """One person's session: identity from the transport, scope and role from the database.

    ``branches`` are those the person works in; ``sees_all`` is true for an admin and for a person of the whole dealer.
    ``chain`` names the audit chain of this writer.
    """

    user_id: int
    login: str
    name: str
    role: str
    clock: Clock
    branches: tuple[Branch, ...]
    sees_all: bool
    chain: str = field(default_factory=lambda: uuid4().hex)

    @property
    def branch_ids(self) -> tuple[int, ...] | None:
        """Ids for the scope, None = all branches."""
        return None if self.sees_all else tuple(b.id for b in self.branches)

    @cached_property
    def by_id(self) -> dict[int, Branch]:
        """Branches by surrogate id."""
        return {b.id: b for b in self.branches}

    def branch_name(self) -> str:
        """What the title line shows: the branch, or how many."""
        if len(self.branches) == 1:
            return self.branches[0].name
        return _("{n} sucursales").format(n=len(self.branches)) if self.branches else ""

    def zone_of(self, branch_id: int | None) -> str:
        """The zone of a branch; the default zone for rows without one."""
        found = self.by_id.get(branch_id) if branch_id is not None else None
        return found.zone if found else DEFAULT_ZONE

    def today_of(self, branch_id: int | None) -> date:
        """The business day of a branch."""
        return self.clock.today(self.zone_of(branch_id))

    @cached_property
    def today(self) -> date:
        """The business day of the first branch: titles, defaults."""
        return self.clock.today(self.branches[0].zone if self.branches else DEFAULT_ZONE)

    @property
    def now(self) -> datetime:
        """The business instant, UTC."""
        return self.clock.now()

    def days(self) -> list[tuple[date, tuple[int, ...]]]:
        """The business days in force now with the branches where they hold (one entry unless zones differ)."""
        groups: dict[date, list[int]] = {}
        for item in self.branches:
            groups.setdefault(self.clock.today(item.zone), []).append(item.id)
        return [(day, tuple(ids)) for day, ids in groups.items()]

    def scope(self, column: Column[Any]) -> ColumnElement[bool]:
        """The condition that keeps a query to this session's branches."""
        ids = self.branch_ids
        return true() if ids is None else or_(column.in_(ids), column.is_(None)) if ids else false()

    def on_days(
        self, column: Column[Any], day_column: Column[Any], low: int | None, high: int | None
    ) -> ColumnElement[bool]:
        """``day_column`` within [today+low, today+high] where today is each row's branch's own day; None = open."""
        parts: list[ColumnElement[bool]] = []
        groups = self.days()
        for today, ids in groups:
            base = today.toordinal()
            part: list[ColumnElement[bool]] = []
            if low is not None:
                part.append(day_column >= base + low)
            if high is not None:
                part.append(day_column <= base + high)
            if len(groups) > 1:  # rows of no branch go by the first one's day
                mine = column.in_(ids)
                part.append(or_(mine, column.is_(None)) if not parts else mine)
            parts.append(and_(true(), *part))
        return or_(false(), *parts) if parts else false()

    def may_see(self, branch_id: int | None) -> bool:
        """Whether rows of a branch are this session's."""
        return self.sees_all or branch_id is None or branch_id in self.by_id


def open_session(conn: Connection, clock: Clock, login: str, chain: str | None = None) -> Session:
    """The session of ``login``; raises :class:`Refused` for somebody unknown or disabled."""
    row = conn.execute(select(app_user).where(app_user.c.login == login)).mappings().first()
    if row is None:
        raise Refused(
            _("El usuario «{login}» no está dado de alta. Un administrador: boxes user add {login}").format(login=login)
        )
    if not row["active"]:
        raise Refused(_("El usuario «{login}» está deshabilitado.").format(login=login))
    bound = set(conn.execute(select(user_branch.c.branch_id).where(user_branch.c.user_id == row["id"])).scalars())
    found = load_branches(conn)
    sees_all = row["all_branches"] or row["role"] == "admin"
    mine = [b for b in found if sees_all or b.id in bound]
    extra = {"chain": chain} if chain else {}
    return Session(row["id"], row["login"], row["name"], row["role"], clock, tuple(mine), sees_all, **extra)


def load_branches(conn: Connection) -> list[Branch]:
    """All branches in the order of their making."""
    c = branch.c
    rows: Iterable[Any] = conn.execute(
        select(
            c.id, c.code, c.name, c.zone, c.area_code, c.address, c.city, c.phone, c.email, c.workshop_hours
        ).order_by(c.id)
    )
    return [Branch(*row) for row in rows]
