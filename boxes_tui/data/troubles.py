"""What is said when the database cannot be opened or does not answer: a sentence, never the driver's text, which may
hold a value or a password (RELIABILITY §4.5)."""

from __future__ import annotations

from errno import ENOSPC
from typing import Any

from boxes_tui.i18n import _


def database_sentence(error: BaseException) -> str | None:
    """The sentence for a database that does not answer, is full, locked or no database; None for anything else."""
    original: Any = getattr(error, "orig", error)
    text = str(original)
    lite = type(original).__module__.startswith("sqlite3")
    if "database or disk is full" in text or getattr(original, "errno", None) == ENOSPC:
        return _("No hay lugar en el disco: no se guardó nada de este acto; lo anterior está intacto.")
    if lite and "disk I/O" in text:
        return _("El disco está lleno o falla: no se guardó nada de este acto; lo anterior está intacto.")
    if "not a database" in text or "malformed" in text:
        return _(
            "El archivo de la base está dañado o no es de BOXES; no se tocó. Se puede recuperar con: boxes db restore"
        )
    if "readonly database" in text or "unable to open" in text:
        return _("No se puede abrir o escribir la base; revisar permisos de la carpeta de datos (boxes config show).")
    if type(original).__name__ not in ("OperationalError", "ConnectionTimeout", "InterfaceError"):
        return None
    if lite:
        return (
            _("La base está ocupada por otro proceso; no se guardó nada. Se puede repetir.")
            if "locked" in text
            else None
        )
    return _refused_by_server(text)


def _refused_by_server(text: str) -> str:
    """libpq gives no code for a connection that failed: the server's English, then what every language has."""
    if "FATAL" not in text:
        return _("La base no responde; no se guardó nada. Revisar BOXES_DATABASE_URL y el servidor (boxes doctor).")
    if 'database "' in text and "does not exist" in text:
        return _("El servidor de PostgreSQL no tiene esa base. Crearla (createdb) o corregir BOXES_DATABASE_URL.")
    if "authentication" in text or "role " in text or "pg_hba" in text:
        return _(
            "PostgreSQL no acepta ese usuario o esa clave. Corregir BOXES_DATABASE_URL o los permisos (pg_hba.conf)."
        )
    return _("PostgreSQL no acepta la conexión por ahora; no se guardó nada. Se puede repetir.")
