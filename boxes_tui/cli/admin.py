"""``boxes init``, ``db``, ``config show`` and ``doctor``: what an admin asks of the installation itself."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

db = typer.Typer(no_args_is_help=True, help="La base: esquema, copias y verificación.")
config = typer.Typer(no_args_is_help=True, help="La configuración en uso.")


@guarded
def init(
    go_live: Annotated[
        str | None, typer.Option("--go-live", help="Primer día de trabajo: lo anterior es historia.")
    ] = None,
    branch: Annotated[Optional[str], typer.Option("--branch", help="Nombre de la primera sucursal.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Prepara la base (cualquier comando también lo hace) y fija el día de arranque."""
    from boxes_tui.data.reads.days import day_filter
    from boxes_tui.desk.settings import NameBranch, SetGoLive

    with_house = house()
    day = with_house.read(day_filter, go_live) if go_live else None
    if day:
        with_house.execute(SetGoLive(day))
    if branch:
        with_house.execute(NameBranch(branch))
        with_house.refresh()
    session = with_house.session
    answer = {
        "database": with_house.engine.url.render_as_string(hide_password=True),
        "user": session.login,
        "role": session.role,
        "branch": session.branch_name(),
        "go_live": day.isoformat() if day else None,
    }
    if json:
        out.json(answer)
        return
    out.say(
        _("La base está lista en {database}; {login} es {role}.").format(
            database=answer["database"], login=session.login, role=session.role
        )
    )


@db.command("check")
@guarded
def db_check(json: Json = False) -> None:
    """Dice si el esquema es el de este programa y si la base está sana."""
    from boxes_tui.config import load_settings
    from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, reading
    from boxes_tui.data.schema import HEAD, state

    engine = make_engine(parse_url(load_settings().database_url))
    where, found = state(engine)
    sound = True
    if where != "empty" and is_sqlite(engine):
        with reading(engine) as conn:
            sound = conn.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"
    if json:
        out.json({"state": where, "revision": found, "expected": HEAD, "sound": sound})
    else:
        words = {
            "empty": _("vacía"),
            "current": _("al día"),
            "older": _("anterior: boxes db upgrade"),
            "newer": _("más nueva que BOXES"),
        }
        out.data(
            _("esquema {found} ({state}), esperado {head}; {sound}").format(
                found=found or "—", state=words[where], head=HEAD, sound=_("sana") if sound else _("dañada")
            )
        )
    if where == "newer" or not sound:
        raise typer.Exit(1)


@db.command("upgrade")
@guarded
def db_upgrade(json: Json = False) -> None:
    """Lleva el esquema al de este programa, en una transacción; SQLite se copia antes."""
    from boxes_tui.clock import wall
    from boxes_tui.config import load_settings
    from boxes_tui.data.backup import backup_sqlite
    from boxes_tui.data.engine import make_engine, parse_url, sqlite_path
    from boxes_tui.data.schema import HEAD, state, upgrade
    from boxes_tui.errors import BoxesError

    engine = make_engine(parse_url(load_settings().database_url), statement_ms=600_000, lock_ms=30_000)
    where, found = state(engine)
    if where == "newer":
        raise BoxesError(
            _(
                "La base tiene un esquema más nuevo ({found}) que este programa ({head}); hay que actualizar BOXES."
            ).format(found=found, head=HEAD)
        )
    if where == "older" and (path := sqlite_path(engine.url)):
        backup_sqlite(engine, path.with_name(f"{path.stem}-{found}-{wall():%Y%m%d%H%M%S}.db"))
    if where != "current":
        upgrade(engine)
    if json:
        out.json({"from": found, "to": HEAD, "changed": where != "current"})
    else:
        out.say(
            _("La base está en el esquema {head}.").format(head=HEAD)
            + ("" if where != "current" else " " + _("No hubo que cambiar nada."))
        )


@config.command("show")
@guarded
def config_show(json: Json = False) -> None:
    """Muestra la configuración en uso, sin secretos."""
    from boxes_tui.bootstrap import caller
    from boxes_tui.config import load_settings
    from boxes_tui.data.engine import parse_url

    settings = load_settings()
    shown = {
        "home": str(settings.home),
        "config": str(settings.config_path) if settings.config_path else None,
        "database_url": parse_url(settings.database_url).render_as_string(hide_password=True),
        "lang": settings.lang,
        "user": caller(settings),
        "now": os.environ.get("BOXES_NOW"),
        "file": _masked(settings.file),
    }
    if json:
        out.json(shown)
        return
    for name, value in shown.items():
        out.data(f"{name} = {value}")


_SECRET = re.compile("password|secret|token|key|clave", re.I)


def _masked(values: Any) -> Any:
    if isinstance(values, dict):
        return {
            k: "•••" if _SECRET.search(k) and not isinstance(v, (dict, list)) else _masked_url(k, v)
            for k, v in values.items()
        }
    return values


def _masked_url(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _masked(value)
    if isinstance(value, str) and "://" in value:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            return make_url(value).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return "•••"
    return value


@guarded
def doctor(json: Json = False) -> None:
    """Revisa la instalación: archivos, base, auditoría, lista No Llame, reloj, disco, última lectura del DMS."""
    from boxes_tui.desk.doctor import examine

    findings = examine(house())
    if json:
        out.json(
            {
                "ok": all(f.ok for f in findings),
                "checks": [{"name": f.name, "ok": f.ok, "text": f.text} for f in findings],
            }
        )
    else:
        for f in findings:
            out.data(f"{'✓' if f.ok else '✗'} {_(f.name)}: {f.text}")
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


@db.command("backup")
@guarded
def db_backup(
    target: Annotated[str | None, typer.Argument(help="Archivo de destino; sin él, en la carpeta de datos.")] = None,
    json: Json = False,
) -> None:
    """Copia la base entera, como estaba en un instante, y verifica la copia."""

    from boxes_tui.clock import wall
    from boxes_tui.data.backup import backup
    from boxes_tui.outreach.suppression import note_copy

    with_house = house(statement_ms=600_000)
    default = with_house.settings.home / "backups" / f"boxes-{wall():%Y%m%d-%H%M%S}.copy"
    path = backup(with_house.engine, Path(target).expanduser().absolute() if target else default)
    note_copy(with_house, path)
    if json:
        out.json({"file": str(path), "bytes": path.stat().st_size})
    else:
        out.say(_("La copia está en {path}.").format(path=path))


@db.command("restore")
@guarded
def db_restore(copy: Annotated[str, typer.Argument(help="La copia que hizo db backup.")], json: Json = False) -> None:
    """Restaura una copia en un lugar vacío (BOXES_HOME o BOXES_DATABASE_URL nuevos) y vuelve a borrar a los borrados."""

    from boxes_tui.config import load_settings
    from boxes_tui.data.backup import restore
    from boxes_tui.data.engine import parse_url
    from boxes_tui.outreach.suppression import erase_again

    path = Path(copy).expanduser().absolute()
    restore(parse_url(load_settings().database_url), path)
    erased = erase_again(house(statement_ms=600_000), path)
    if json:
        out.json({"restored": copy, "erased_again": erased})
    else:
        out.say(
            _("Se restauró {copy}.").format(copy=copy)
            + (" " + _("Se volvió a borrar a {erased} personas.").format(erased=erased) if erased else "")
        )


@db.command("verify")
@guarded
def db_verify(json: Json = False) -> None:
    """Verifica la base: integridad, referencias, cadena de auditoría; y cuenta las filas."""
    from boxes_tui.data.backup import examine

    found = house(statement_ms=600_000).read(lambda conn, session: examine(conn))
    if json:
        out.json(found)
    else:
        out.data(
            _("sana")
            if found["ok"]
            else _("con problemas:") + " " + str({k: v for k, v in found.items() if k != "rows"})
        )
    if not found["ok"]:
        raise typer.Exit(1)


@db.command("grant")
@guarded
def db_grant(role: Annotated[str, typer.Argument(help="Rol de PostgreSQL, ya creado.")], json: Json = False) -> None:
    """Da al rol del mostrador lo justo: leer y escribir filas, nunca tocar la auditoría. Lo corre el dueño de la base."""
    from boxes_tui.config import load_settings
    from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, writing
    from boxes_tui.data.grants import grant
    from boxes_tui.errors import Refused

    engine = make_engine(parse_url(load_settings().database_url))
    if is_sqlite(engine):
        raise Refused(_("En SQLite no hay roles: quien abre el archivo es su dueño."))
    with writing(engine) as conn:
        grant(conn, role)
    if json:
        out.json({"role": role, "granted": True})
    else:
        out.say(_("El rol {role} puede leer y escribir filas.").format(role=role))
