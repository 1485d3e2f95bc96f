"""``boxes user`` and ``boxes ssh-keys``: people, roles, branches and the keys by which they come in (PRODUCT §12)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

app = typer.Typer(no_args_is_help=True, help="Usuarios: alta, baja, rol, sucursales y claves de SSH.")

Login = Annotated[str, typer.Argument(help="El usuario.")]


@app.command("add")
@guarded
def add(
    login: Login,
    name: Annotated[Optional[str], typer.Option("--name", help="Nombre que se muestra.")] = None,  # noqa: UP045
    role: Annotated[str, typer.Option("--role", help="viewer, agent, supervisor, admin.")] = "agent",
    branch: Annotated[Optional[list[str]], typer.Option("--branch", help="Código de sucursal; se repite.")] = None,  # noqa: UP045
    all_branches: Annotated[bool, typer.Option("--all-branches", help="Todas las sucursales.")] = False,
    change: Annotated[bool, typer.Option("--change", help="Cambia uno que ya está.")] = False,
    json: Json = False,
) -> None:
    """Da de alta un usuario."""
    from boxes_tui.desk.users import AddUser

    codes = tuple(code for text in branch or () for code in text.split(",") if code.strip())
    done = house().execute(AddUser(login, name, role, codes, all_branches, change))
    if json:
        out.json(done.result)
    else:
        out.say(_("Usuario {login}: {role}.").format(login=login, role=role))


@app.command("list")
@guarded
def list_users(json: Json = False) -> None:
    """Lista los usuarios."""
    from boxes_tui.desk.users import listed

    rows = house().read(listed)
    if json:
        out.json({"total": len(rows), "rows": rows})
        return
    out.table(
        ("usuario", "nombre", "rol", "sucursales", "activo", "jornada", "claves"),
        [(r["login"], r["name"], r["role"], " ".join(r["branches"]), _("sí") if r["active"] else _("no"), r["shift"],
          r["keys"]) for r in rows],
    )  # fmt: skip


@app.command("disable")
@guarded
def disable(login: Login, json: Json = False) -> None:
    """Deshabilita un usuario al instante."""
    from boxes_tui.desk.users import DisableUser

    done = house().execute(DisableUser(login))
    if json:
        out.json(done.result)
    else:
        out.say(_("Usuario {login}: deshabilitado.").format(login=login))


@app.command("ssh-key")
@guarded
def key(
    login: Login,
    public_key: Annotated[str, typer.Argument(help="La clave pública, o el archivo .pub que la tiene.")],
    remove: Annotated[bool, typer.Option("--remove", help="La quita.")] = False,
    json: Json = False,
) -> None:
    """Agrega o quita una clave pública de SSH."""
    from boxes_tui.desk.users import AddKey

    text = public_key
    if " " not in public_key.strip() and Path(public_key).is_file():
        text = Path(public_key).read_text("utf-8", "replace").strip()
    done = house().execute(AddKey(login, text, remove))
    if json:
        out.json(done.result)
    else:
        out.say(
            (_("{login}: {key} agregada.") if done.result["active"] else _("{login}: {key} quitada.")).format(
                login=login, key=done.result["fingerprint"]
            )
        )


@guarded
def ssh_keys(
    account: Annotated[str, typer.Argument(help="La cuenta de Unix (%u de sshd).")],
    sshd: Annotated[bool, typer.Option("--sshd", help="Imprime la parte de sshd_config para esa cuenta.")] = False,
) -> None:
    """Imprime las claves para AuthorizedKeysCommand de sshd."""
    from boxes_tui.config import load_settings
    from boxes_tui.data.engine import make_engine, parse_url, reading, sqlite_path
    from boxes_tui.data.schema import state
    from boxes_tui.desk.users import SERVICE_ACCOUNT, keys_of
    from boxes_tui.errors import Refused
    from boxes_tui.guard.door import key_line, sshd_config
    from boxes_tui.i18n import set_language

    settings = load_settings()
    set_language(settings.lang)
    url = parse_url(settings.database_url)
    if settings.environ.get("BOXES_DATABASE_URL"):  # a password would stand in the key's line, and in ps
        out.say(_("Aviso: quien entra por SSH no recibe BOXES_DATABASE_URL; la base se nombra en BOXES_CONFIG."))
    if sshd:
        out.data(sshd_config(account).rstrip())
        return
    engine = make_engine(url, name="boxes/ssh-keys")
    path = sqlite_path(url)
    if (path is not None and not path.exists()) or state(engine)[0] != "current":
        raise Refused(_("La base no está lista: boxes db check"))  # never made by whoever knocks at the door
    with reading(engine) as conn:
        for login, key in keys_of(conn, account, settings.option("ssh_account", SERVICE_ACCOUNT)):
            if line := key_line(login, key):
                out.data(line)
