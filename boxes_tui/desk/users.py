"""People who work here: role, branches, SSH keys (PRODUCT §12). Identity comes from the transport, never from a form."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import app_user, branch, claim, ssh_key, user_branch
from boxes_tui.domain.roles import ROLES
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean

LOGIN: Final = re.compile(r"[a-z_][a-z0-9._-]{0,31}")
KEY_TYPES: Final = (
    "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
)  # fmt: skip
SERVICE_ACCOUNT: Final = "boxes"
"""The Unix account under which agents log in over SSH; the setting ``ssh_account`` names another."""


@dataclass(frozen=True)
class AddUser(Command):
    """Add somebody, or with ``change`` set role, name and branches of somebody who is there (and enable them again).

    ``branches`` are codes; none means the whole dealer for a supervisor or admin, the only branch for an agent.
    """

    verb: ClassVar[str] = "user"
    undoable: ClassVar[bool] = False
    login: str
    name: str | None = None
    role: str = "agent"
    branches: tuple[str, ...] = ()
    all_branches: bool = False
    change: bool = False

    def run(self, tx: Tx) -> dict[str, Any]:
        if not LOGIN.fullmatch(self.login):
            raise UsageError(_("Un usuario es una palabra en minúsculas: letras, números, punto o guion."))
        if self.role not in ROLES:
            raise UsageError(_("Un rol es {names}.").format(names=", ".join(ROLES)))
        found = tx.conn.execute(select(app_user.c.id).where(app_user.c.login == self.login)).scalar()
        if found is not None and not self.change:
            raise Refused(_("Ya hay un usuario «{login}».").format(login=self.login))
        places = [_branch(tx, code) for code in self.branches]
        everywhere = self.all_branches or self.role == "admin"
        if not places and not everywhere:
            known = list(tx.conn.execute(select(branch.c.id).order_by(branch.c.id)).scalars())
            if len(known) > 1:
                raise UsageError(_("Falta la sucursal (--branch, o --all-branches)."))
            places = known
        values = {"role": self.role, "all_branches": everywhere, "active": True}
        if self.name:
            values["name"] = clean(self.name)
        if found is None:
            named = {"name": self.login.replace(".", " ").title(), **values}
            made = tx.insert(app_user, login=self.login, created_at=tx.now, shift="off", **named)
        else:
            made = int(found)
            _keep_an_admin(tx, made, becomes=self.role)
            tx.update(app_user, made, **values)
        tx.conn.execute(delete(user_branch).where(user_branch.c.user_id == made))
        for place in dict.fromkeys(places):
            tx.conn.execute(insert(user_branch).values(user_id=made, branch_id=place))
        tx.on("app_user", {"id": made})
        tx.detail = {"user": made, "role": self.role, "branches": places, "all": everywhere}
        return {"id": str(made), "login": self.login, "role": self.role}


@dataclass(frozen=True)
class DisableUser(Command):
    """Disable somebody at once: their claims end, their callbacks go to anyone, their keys open nothing."""

    verb: ClassVar[str] = "user"
    undoable: ClassVar[bool] = False
    login: str

    def run(self, tx: Tx) -> dict[str, Any]:
        who = _user(tx, self.login)
        if who == tx.session.user_id:
            raise Refused(_("Nadie se deshabilita a sí mismo."))
        _keep_an_admin(tx, who, becomes="")
        tx.update(app_user, who, active=False)
        tx.conn.execute(delete(claim).where(claim.c.user_id == who))
        tx.on("app_user", {"id": who})
        tx.detail = {"user": who, "active": False}
        return {"id": str(who), "login": self.login, "active": False}


@dataclass(frozen=True)
class AddKey(Command):
    """Give somebody an SSH public key (one line of an ``id_….pub``); ``remove`` takes it away."""

    verb: ClassVar[str] = "ssh_key"
    undoable: ClassVar[bool] = False
    login: str
    key: str
    remove: bool = False

    def run(self, tx: Tx) -> dict[str, Any]:
        who = _user(tx, self.login)
        text, fingerprint = read_key(self.key)
        found = tx.conn.execute(
            select(ssh_key.c.id, ssh_key.c.user_id, ssh_key.c.active).where(ssh_key.c.fingerprint == fingerprint)
        ).first()
        if self.remove:
            if found is None or found.user_id != who or not found.active:
                raise Refused(_("Ese usuario no tiene esa clave."))
            tx.conn.execute(update(ssh_key).where(ssh_key.c.id == found.id).values(active=False))
        elif found is not None and found.active and found.user_id != who:
            raise Refused(_("Esa clave es de otro usuario: una clave dice quién es uno."))
        elif found is not None:
            tx.conn.execute(
                update(ssh_key).where(ssh_key.c.id == found.id).values(active=True, user_id=who, public_key=text)
            )
        else:
            tx.insert(ssh_key, user_id=who, fingerprint=fingerprint, public_key=text, created_at=tx.now)
        tx.on("app_user", {"id": who})
        tx.detail = {"user": who, "fingerprint": fingerprint, "removed": self.remove}
        return {"login": self.login, "fingerprint": fingerprint, "active": not self.remove}


def read_key(line: str) -> tuple[str, str]:
    """(``type base64``, ``SHA256:…``) of a public key line; options and comments are left out.

    :class:`UsageError` for anything that is not exactly one key of a known type.
    """
    words = clean(line).split()
    if len(words) < 2 or words[0] not in KEY_TYPES or "\n" in line.strip():
        raise UsageError(_("No es una clave pública de SSH (una línea: ssh-ed25519 AAAA…)."))
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(_("La clave pública está incompleta.")) from None
    size = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + size] != words[0].encode() or len(blob) < 40:
        raise UsageError(_("La clave pública está incompleta."))
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"{words[0]} {words[1]}", f"SHA256:{digest}"


def keys_of(conn: Connection, account: str, service: str = SERVICE_ACCOUNT) -> list[tuple[str, str]]:
    """(login, public key) of those who may come in by a Unix account: every active person for the service account, for
    an account with a person's login that person, for any other nobody."""
    query = (
        select(app_user.c.login, ssh_key.c.public_key)
        .join(app_user, app_user.c.id == ssh_key.c.user_id)
        .where(ssh_key.c.active, app_user.c.active)
        .order_by(app_user.c.login, ssh_key.c.id)
    )
    if account != service:
        query = query.where(app_user.c.login == account)
    return [(login, key) for login, key in conn.execute(query)]


def listed(conn: Connection, _session: Any) -> list[dict[str, Any]]:
    """Everybody with role, branches, shift and number of keys."""
    places: dict[int, list[str]] = {}
    for who, code in conn.execute(
        select(user_branch.c.user_id, branch.c.code).join(branch, branch.c.id == user_branch.c.branch_id)
    ):
        places.setdefault(who, []).append(code)
    keys: dict[int, int] = dict(
        conn.execute(
            select(ssh_key.c.user_id, func.count()).where(ssh_key.c.active).group_by(ssh_key.c.user_id)
        ).tuples().all()
    )  # fmt: skip
    rows = conn.execute(select(app_user).order_by(app_user.c.login)).mappings()
    return [
        {
            "id": str(r["id"]), "login": r["login"], "name": r["name"], "role": r["role"], "active": r["active"],
            "branches": ["*"] if r["all_branches"] or r["role"] == "admin" else sorted(places.get(r["id"], [])),
            "shift": r["shift"], "keys": keys.get(r["id"], 0),
        }
        for r in rows
    ]  # fmt: skip


def _user(tx: Tx, login: str) -> int:
    found = tx.conn.execute(select(app_user.c.id).where(app_user.c.login == login)).scalar()
    if found is None:
        raise UsageError(_("No hay un usuario «{login}»").format(login=clean(login)))
    return int(found)


def _branch(tx: Tx, code: str) -> int:
    found = tx.conn.execute(select(branch.c.id).where(func.lower(branch.c.code) == code.strip().lower())).scalar()
    if found is None:
        names = ", ".join(tx.conn.execute(select(branch.c.code).order_by(branch.c.code)).scalars())
        raise UsageError(_("No hay una sucursal «{code}»; las que hay: {names}").format(code=clean(code), names=names))
    return int(found)


def _keep_an_admin(tx: Tx, who: int, becomes: str) -> None:
    """The last active admin stays one: nobody could mend it afterwards."""
    if becomes == "admin":
        return
    c = app_user.c
    others = tx.conn.execute(
        select(func.count()).select_from(app_user).where(c.role == "admin", c.active, c.id != who)
    ).scalar_one()
    if not others:
        raise Refused(_("Es el único administrador; antes hay que dar de alta otro."))
