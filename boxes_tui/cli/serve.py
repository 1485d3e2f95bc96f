"""``boxes serve``: the desk in a browser, behind an authenticating proxy (PRODUCT §12)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import guarded, house


@guarded
def serve(
    port: Annotated[Optional[int], typer.Option("--port", help="Puerto de 127.0.0.1.")] = None,  # noqa: UP045
    public_url: Annotated[Optional[str], typer.Option("--public-url", help="La dirección que escribe quien entra.")] = None,  # noqa: UP045
    sessions: Annotated[Optional[int], typer.Option("--sessions", help="Cuántas sesiones a la vez.")] = None,  # noqa: UP045
) -> None:  # fmt: skip
    """Sirve el tablero a navegadores, sólo en 127.0.0.1 y detrás de un proxy que dice quién entra."""
    from boxes_tui.data.engine import reading, set_scope
    from boxes_tui.data.session import open_session
    from boxes_tui.errors import BoxesError, Unavailable
    from boxes_tui.i18n import _

    if find_spec("aiohttp") is None or find_spec("textual_serve") is None:
        raise BoxesError(_("El navegador es un agregado que no está instalado: pipx inject boxes-tui textual-serve"))
    from boxes_tui.config import load_settings
    from boxes_tui.web.server import serve as run
    from boxes_tui.web.terms import terms_of

    terms = terms_of(load_settings(), port, public_url, sessions)
    doors = house()

    def knows(login: str) -> str | None:
        try:
            with reading(doors.engine) as conn:
                set_scope(conn, None)
                open_session(conn, doors.clock, login)
        except BoxesError as error:
            return None if isinstance(error, Unavailable) else str(error)  # the app itself says *sin base*
        return None

    out.say(
        _("BOXES espera al proxy en http://127.0.0.1:{port}; se entra por {url}, hasta {n} sesiones.").format(
            port=terms.port, url=terms.public_url, n=terms.sessions
        )
    )
    try:
        run(terms, knows)
    except OSError:
        raise BoxesError(_("El puerto {port} de 127.0.0.1 está ocupado.").format(port=terms.port)) from None
