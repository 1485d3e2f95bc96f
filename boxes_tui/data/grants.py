"""What a role of PostgreSQL may do here (RELIABILITY §5.9): the owner migrates, the desk's role reads and writes rows of
its branches, and neither of them takes an entry of the audit away."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from boxes_tui.errors import Refused
from boxes_tui.i18n import _

APPENDED = ("audit", "audit_seal")
"""Tables that only grow."""

_ROLE = text(
    "SELECT r.rolsuper, r.rolbypassrls, pg_has_role(r.oid, (SELECT relowner FROM pg_class WHERE oid = 'act'::regclass), "
    "'USAGE') AS owns FROM pg_roles r WHERE r.rolname = coalesce(:role, current_user)"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What PostgreSQL holds a role for: row-level security does not bind the first two."""

    superuser: bool
    bypasses: bool
    owns: bool


def standing(conn: Connection, role: str | None = None) -> Standing | None:
    """How a role stands (default: whoever is connected); None where there is no such role."""
    row = conn.execute(_ROLE, {"role": role}).first()
    return Standing(*row) if row else None


def grant(conn: Connection, role: str) -> None:
    """Give ``role`` what the desk needs and nothing more; the owner runs this, again after each upgrade.

    Raises :class:`Refused` for a role that does not exist or that row-level security would not bind.
    """
    found = standing(conn, role)
    if found is None:
        raise Refused(
            _("El rol {role} no existe en PostgreSQL; crearlo antes con CREATE ROLE … LOGIN.").format(role=role)
        )
    if found.superuser or found.bypasses or found.owns:
        raise Refused(
            _(
                "El rol {role} es superusuario, dueño de la base o saltea la seguridad por filas; hace falta otro."
            ).format(role=role)
        )
    name = conn.dialect.identifier_preparer.quote(role)
    for granted in (
        "USAGE ON SCHEMA public", "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
        "USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public",
    ):  # fmt: skip
        conn.exec_driver_sql(f"GRANT {granted} TO {name}")
    for table in APPENDED:
        conn.exec_driver_sql(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {name}")
    conn.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}")
