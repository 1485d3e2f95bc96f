"""The commands of ``boxes`` in the order of its help: the table from which the tree is made, and its first page.

Nothing of Typer here: ``boxes --help`` is answered from this table alone, and a command imports no other's module
(QUALITY P1c).
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from boxes_tui.i18n import N_, _, set_language

ABOUT: Final = N_("Tablero de Agendamiento Activo: la posventa de un concesionario, por teléfono y en la terminal.")


@dataclass(frozen=True, slots=True)
class Place:
    """A command: ``name`` on the command line, where it lives (``module`` of this package, ``what`` in it: a function,
    or the Typer of a ``group``), and the sentence of the first page, which is the first of its own help."""

    name: str
    module: str
    what: str
    about: str
    group: bool = True


PLACES: Final = (
    Place("init", "admin", "init", N_("Prepara la base (cualquier comando también lo hace) y fija el día de arranque."), False),
    Place("queue", "queue", "queue", N_("Lista una cola del tablero, o las cuentas de todas (--counts)."), False),
    Place("report", "report", "report", N_("Un reporte: cifras, torta y serie, o sus filas (csv, xlsx)."), False),
    Place("doctor", "admin", "doctor", N_("Revisa la instalación: archivos, base, auditoría, lista No Llame, reloj, disco, última lectura del DMS."), False),
    Place("retention", "retention", "retention", N_("Cuenta lo que pasó su plazo de guarda; con --apply lo quita, y eso no se puede deshacer."), False),
    Place("demo", "demo", "demo", N_("Arma la concesionaria de demostración (una vez) y la abre."), False),
    Place("ssh-keys", "user", "ssh_keys", N_("Imprime las claves para AuthorizedKeysCommand de sshd."), False),
    Place("wallboard", "wallboard", "wallboard", N_("Pantalla de pared: sólo lectura, sin datos de clientes."), False),
    Place("serve", "serve", "serve", N_("Sirve el tablero a navegadores, sólo en 127.0.0.1 y detrás de un proxy que dice quién entra."), False),
    Place("import", "import_", "import_work", N_("Trae el trabajo abierto del sistema anterior; se deshace con boxes do undo."), False),
    Place("db", "admin", "db", N_("La base: esquema, copias y verificación.")),
    Place("config", "admin", "config", N_("La configuración en uso.")),
    Place("customer", "customer", "app", N_("Clientes: buscar, ver, y los derechos del titular.")),
    Place("sync", "sync", "app", N_("Lee el DMS; runs, rejects, status y probe cuentan qué pasó.")),
    Place("do", "do", "app", N_("Los mismos actos de las pantallas, para programas.")),
    Place("outbox", "outbox", "app", N_("Correo saliente: enviar, ver y reintentar.")),
    Place("user", "user", "app", N_("Usuarios: alta, baja, rol, sucursales y claves de SSH.")),
    Place("branch", "branch", "app", N_("Sucursales: alta y lista.")),
    Place("campaign", "campaign", "app", N_("Campañas: informe de una lista, crear, seguir, deshacer.")),
    Place("dnc", "dnc", "app", N_("Listas No Llame: importar, consultar.")),
    Place("audit", "audit", "app", N_("Auditoría: verificar las cadenas, ver los actos.")),
    Place("seed", "seed", "app", N_("Sembrar la cola principal desde la historia.")),
)  # fmt: skip


def first_page(language: str) -> None:
    """Print what ``boxes --help`` prints."""
    set_language(language)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    sys.stdout.write("\n".join(_page(_width())) + "\n")


def _width() -> int:
    """Columns of the page: those of the terminal, 50 to 78."""
    try:
        columns = int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        columns = 80
    return max(min(columns or 80, 80) - 2, 50)


def _page(width: int) -> Iterator[str]:
    yield _("Uso:") + " boxes [" + _("opciones") + "] " + _("comando") + " …"
    yield ""
    yield textwrap.fill(_(ABOUT), width)
    for title, rows in (
        (_("Opciones"), [("--help", _("Muestra esta ayuda."))]),
        (_("Comandos"), [(p.name, _(p.about)) for p in PLACES]),
    ):
        yield ""
        yield f"{title}:"
        yield from _listed(rows, width)


def _listed(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    first = max(len(name) for name, _text in rows) + 2
    for name, text in rows:
        lines = textwrap.wrap(text, max(width - first - 2, 10))
        yield f"  {name:<{first}}{lines[0]}"
        yield from (" " * (first + 2) + line for line in lines[1:])
