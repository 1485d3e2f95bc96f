"""What ``boxes doctor`` looks at in production (RELIABILITY §5.17). Read-only but for the audit's hourly seal."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from boxes_tui.clock import wall
from boxes_tui.data.audit import seal, verify
from boxes_tui.data.engine import is_sqlite, set_scope, sqlite_path, writing
from boxes_tui.data.grants import standing
from boxes_tui.data.reads.details import local
from boxes_tui.data.reads.people import db_now
from boxes_tui.data.schema import HEAD
from boxes_tui.data.session import load_branches
from boxes_tui.data.tables import dnc_list, reject, source, ssh_key, sync_cursor
from boxes_tui.desk.doctor_machine import copies, sshd
from boxes_tui.domain.contact_gate import LIST_MAX_AGE_DAYS
from boxes_tui.i18n import N_, _
from boxes_tui.outreach.suppression import COPIES

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House
    from boxes_tui.data.session import Session


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name (a word of the catalogue, the same in JSON in both languages), whether it is well, a sentence."""

    name: str
    ok: bool
    text: str


def examine(house: House) -> list[Finding]:
    """Every check of the installation; nothing here raises for a bad state, it tells it."""
    found = [Finding(N_("esquema"), True, HEAD), _modes(house), _disk(house.settings.home)]
    found += house.read(_database)
    if not is_sqlite(house.engine):
        found.append(house.read(lambda conn, session: _role(conn)))
    found.append(Finding(N_("copias"), *copies(house.settings.home / COPIES)))
    if house.read(_has_keys):
        found.append(Finding("ssh", *sshd()))
    with writing(house.engine) as conn:
        set_scope(conn, None)
        verdict = verify(conn)
        count = seal(conn, wall()) if verdict.ok else 0  # what was touched is not sealed as good
    text = _("{entries} asientos, {n} cadenas selladas ahora").format(entries=verdict.entries, n=count)
    if not verdict.ok:
        text = _("la cadena se rompe en el asiento {first_bad}").format(first_bad=verdict.first_bad)
    found.append(Finding(N_("auditoría"), verdict.ok, text))
    return found


def _has_keys(conn: Connection, session: Session) -> bool:
    return bool(conn.execute(select(func.count()).select_from(ssh_key).where(ssh_key.c.active)).scalar_one())


def _modes(house: House) -> Finding:
    wide = []
    path = sqlite_path(house.engine.url)
    for item in (house.settings.home, path, house.settings.config_path):
        if item is not None and Path(item).exists() and Path(item).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            wide.append(Path(item).name)
    if wide:
        return Finding(
            N_("permisos"), False, _("otros usuarios pueden leer {names}; chmod go-rwx").format(names=", ".join(wide))
        )
    return Finding(N_("permisos"), True, _("sólo el dueño lee los datos"))


def _disk(home: Path) -> Finding:
    usage = shutil.disk_usage(home)
    free = usage.free * 100 // usage.total
    return Finding(N_("disco"), free > 5, _("{free} % libre").format(free=free))


def _role(conn: Connection) -> Finding:
    found = standing(conn)
    if found is None or found.superuser or found.bypasses:
        text = _("el rol de la base saltea la seguridad por filas; hace falta uno sin SUPERUSER ni BYPASSRLS")
        return Finding(N_("rol"), len(load_branches(conn)) < 2, text)  # with one branch there is nothing to part
    if found.owns:
        return Finding(N_("rol"), True, _("el rol es dueño de la base; mejor uno aparte: boxes db grant"))
    return Finding(N_("rol"), True, _("el rol de la base sólo lee y escribe filas"))


def _database(conn: Connection, session: Session) -> list[Finding]:
    set_scope(conn, None)
    drift = abs(int(wall().timestamp()) - db_now(conn))
    found = [Finding(N_("reloj"), drift < 2, _("{drift} s de diferencia con la base").format(drift=drift))]
    lists = conn.execute(select(dnc_list.c.name, dnc_list.c.as_of).where(dnc_list.c.current.is_(True))).all()
    if not lists:
        found.append(Finding("No Llame", True, _("sin lista No Llame: las ofertas no se filtran")))
    for name, as_of in lists:
        age = (session.today - as_of).days
        found.append(Finding("No Llame", age <= LIST_MAX_AGE_DAYS, _("{name}: {age} días").format(name=name, age=age)))
    read = conn.execute(select(source.c.name, func.max(sync_cursor.c.read_at)).join(
        sync_cursor, sync_cursor.c.source_id == source.c.id).group_by(source.c.name)).all()  # fmt: skip
    for name, at in read:
        if at is None:
            found.append(Finding("DMS", False, _("{name}: todavía no se leyó").format(name=name)))
            continue
        moment = at if not isinstance(at, int) else None
        late = moment is not None and session.now - moment > timedelta(hours=4)
        found.append(
            Finding(
                "DMS",
                not late,
                _("{name}: leído {moment:%d/%m %H:%M}").format(name=name, moment=local(session, moment, None)),
            )
        )
    if not read:
        found.append(Finding("DMS", True, _("todavía no se leyó el DMS: boxes sync")))
    open_rejects = conn.execute(
        select(func.count()).select_from(reject).where(reject.c.closed_at.is_(None))
    ).scalar_one()
    found.append(
        Finding(N_("rechazos"), True, _("{n} filas en cuarentena (boxes sync rejects)").format(n=open_rejects))
    )
    return found
