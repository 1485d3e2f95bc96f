r"""Letters: text files that an admin edits, with the few fields that they may reach (PRODUCT §7).

Packaged ones lie in ``outreach/templates``; a file of the same name in ``[templates] dir`` or ``BOXES_HOME/templates``
wins.  Grammar: ``Asunto: …`` in the first line of mails, ``{campo}``, and ``[…]`` for a stretch, of any depth, that is
left out when a field in it is empty; a backslash before ``{ } [ ] \`` makes it the sign itself.  Every file is checked
when it is loaded.
Agents' comments and notes are no fields, so that no template can reach them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from boxes_tui.config import Settings
from boxes_tui.domain.contact_gate import Purpose
from boxes_tui.errors import ConfigError, why
from boxes_tui.i18n import N_, _
from boxes_tui.text import BAD, clean

Channel = Literal["mail", "whatsapp", "header", "footer"]

FIELDS: Final = {
    "nombre": N_("nombre de pila, o la razón social"),
    "fecha": "viernes 27/11/2026",
    "fecha_corta": "27/11/2026",
    "hora": N_("09:00; vacía si el DMS dice sólo el día"),
    "fecha_anterior": N_("la que decía el aviso anterior"),
    "unidad": N_("modelo y versión"),
    "patente": "patente",
    "taller": N_("nombre de la sucursal"),
    "taller_direccion": N_("domicilio de la sucursal"),
    "taller_ciudad": N_("ciudad de la sucursal"),
    "taller_telefono": N_("teléfono de la sucursal"),
    "taller_horario": N_("horario del taller"),
    "agente": N_("nombre de pila de quien escribe"),
}
"""Every field that a template can reach. There is no way to another value of the database."""

KINDS: Final[dict[str, tuple[Channel, Purpose]]] = {
    "recordatorio": ("mail", "operational"),
    "cambio": ("mail", "operational"),
    "anulacion": ("mail", "operational"),
    "wa_turno": ("whatsapp", "operational"),
    "wa_inasistencia": ("whatsapp", "operational"),
    "wa_entrega": ("whatsapp", "operational"),
    "wa_taller": ("whatsapp", "operational"),
    "wa_servicio": ("whatsapp", "operational"),
    "wa_seguridad": ("whatsapp", "operational"),
    "wa_oferta": ("whatsapp", "offer"),
    "cabeza_oferta": ("header", "offer"),
    "pie_oferta": ("footer", "offer"),
}
"""Template → where it goes and for what purpose. Offers begin with ``cabeza_oferta`` (*publicidad*, Disp. 4/2009), in a
mail's subject too, and end with ``pie_oferta`` (Ley 25.326 art. 27); others never."""

LANGUAGES: Final = ("es", "en")
LIMIT: Final = 16_384
_PIECE = re.compile(r"\\([\\\[\]{}])|\{([^{}\n]*)\}|[\[\]{}]")


@dataclass(frozen=True, slots=True)
class Part:
    """A literal, or a field when ``field`` is set; ``groups`` are the optional stretches around it, innermost last."""

    text: str
    field: bool
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template of one language."""

    name: str
    language: str
    channel: Channel
    purpose: Purpose
    subject: tuple[Part, ...]
    body: tuple[Part, ...]

    def render(self, values: Mapping[str, str | None]) -> tuple[str, str]:
        """(subject, body). A value is one clean line; it is never read as a template again."""
        lines = _fill(self.body, values).split("\n")
        return clean(_fill(self.subject, values), 200), "\n".join(line.rstrip() for line in lines).strip("\n")


def _fill(parts: tuple[Part, ...], values: Mapping[str, str | None]) -> str:
    empty = {p.groups[-1] for p in parts if p.field and p.groups and not values.get(p.text)}
    kept = (p for p in parts if empty.isdisjoint(p.groups))
    shown = (clean(values.get(p.text) or "", 300) if p.field else p.text for p in kept)
    return re.sub(r"\n{3,}", "\n\n", "".join(shown))


class Letters:
    """All templates in force. Make it with :func:`load_letters`."""

    def __init__(self, found: Mapping[tuple[str, str], Template]) -> None:
        self._found = dict(found)

    def get(self, name: str, language: str) -> Template:
        """The template of a name in a language, Spanish where there is none in that language."""
        return self._found.get((name, language)) or self._found[(name, "es")]

    def render(self, name: str, language: str, values: Mapping[str, str | None]) -> tuple[str, str]:
        """(subject, body); an offer begins with *publicidad* and ends with the way out of art. 27, an operational text
        has neither."""
        template = self.get(name, language)
        subject, body = template.render(values)
        if template.purpose == "offer":
            head, foot = (self.get(part, language).render(values)[1] for part in ("cabeza_oferta", "pie_oferta"))
            body = f"{head}\n\n{body}\n\n{foot}"
            subject = clean(f"{head} · {subject}", 200) if subject else ""
        return subject, body


def load_letters(settings: Settings) -> Letters:
    """Read and check every template; raises :class:`ConfigError` with file and line."""
    packaged = files("boxes_tui.outreach") / "templates"
    found: dict[tuple[str, str], Template] = {}
    for name in KINDS:
        for language in LANGUAGES:
            entry = packaged / f"{name}.{language}.txt"
            found[(name, language)] = parse(entry.name, entry.read_text(encoding="utf-8"))
    folder = folder_of(settings)
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else []:
        template = parse(str(path), _read(path), path.name)
        found[(template.name, template.language)] = template
    return Letters(found)


def folder_of(settings: Settings) -> Path:
    """Where an admin's own templates lie."""
    from boxes_tui.outreach.settings import known, path_of

    section = settings.section("templates")
    known(settings, "templates", section, ("dir",))
    if section.get("dir"):
        folder = path_of(settings, str(section["dir"]))
        if not folder.is_dir():
            raise ConfigError(_("{folder}: no existe esa carpeta ([templates] dir)").format(folder=folder))
        return folder
    return settings.home / "templates"


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(_("{path}: no se puede leer ({why})").format(path=path, why=why(error))) from None
    if len(raw) > LIMIT:
        raise ConfigError(_("{path}:1: más de {LIMIT} bytes").format(path=path, LIMIT=LIMIT))
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(_("{path}:{line}: no es UTF-8").format(path=path, line=line)) from None


def parse(shown: str, text: str, file_name: str | None = None) -> Template:
    """A checked template; ``shown`` is how an error names the file."""
    name, _dot, rest = (file_name or shown).partition(".")
    language = rest.removesuffix(".txt")
    if name not in KINDS or language not in LANGUAGES or not rest.endswith(".txt"):
        known = ", ".join(KINDS)
        raise ConfigError(
            _("{shown}:1: no es una plantilla; se llaman NOMBRE.es.txt o NOMBRE.en.txt, con {known}").format(
                shown=shown, known=known
            )
        )
    channel, purpose = KINDS[name]
    for n, line in enumerate(text.split("\n"), 1):
        if BAD.search(line):
            raise ConfigError(_("{shown}:{n}: hay un carácter de control o invisible").format(shown=shown, n=n))
    subject, body, first = "", text, 1
    if channel == "mail":
        head, _newline, body = text.partition("\n")
        label, colon, subject = head.partition(":")
        if not colon or label.strip().lower() not in ("asunto", "subject") or not subject.strip():
            raise ConfigError(_("{shown}:1: la primera línea es «Asunto: …»").format(shown=shown))
        first = 2
    if not body.strip():
        raise ConfigError(_("{shown}:{first}: falta el texto").format(shown=shown, first=first))
    written = body.strip("\n")
    first += len(body) - len(body.lstrip("\n"))
    return Template(name, language, channel, purpose, _parts(shown, subject.strip(), 1), _parts(shown, written, first))


def _parts(shown: str, text: str, line: int) -> tuple[Part, ...]:
    made: list[Part] = []
    groups: list[int] = []
    count = last = 0
    for match in _PIECE.finditer(text):
        if match.start() > last:
            made.append(Part(text[last : match.start()], False, tuple(groups)))
        last = match.end()
        sign, here = match[0], line + text.count("\n", 0, match.start())
        if match[1] is not None:
            made.append(Part(match[1], False, tuple(groups)))
        elif match[2] is not None:
            if match[2] not in FIELDS:
                raise ConfigError(
                    _("{shown}:{here}: campo desconocido «{match}»; los que hay: {names}").format(
                        shown=shown, here=here, match=match[2], names=", ".join(FIELDS)
                    )
                )
            made.append(Part(match[2], True, tuple(groups)))
        elif sign == "[":
            count += 1
            groups.append(count)
        elif sign == "]" and groups:
            groups.pop()
        else:
            raise ConfigError(
                _("{shown}:{here}: «{sign}» suelto; para escribirlo va con barra: \\{sign}").format(
                    shown=shown, here=here, sign=sign
                )
            )
    if last < len(text):
        made.append(Part(text[last:], False, tuple(groups)))
    if groups:
        raise ConfigError(_("{shown}:{line}: falta cerrar «[»").format(shown=shown, line=line + text.count(chr(10))))
    return tuple(made)


_ROW = re.compile(r" {2,}(\S(?:.*?\S)?) {2,}(\S.*)\Z")


def as_html(text: str, language: str) -> str:
    """The HTML part: paragraphs of the plain text, and its indented ``clave   valor`` lines as a table. Escaped."""
    blocks = []
    for block in text.split("\n\n"):
        rows = [_ROW.match(line) for line in block.split("\n")]
        if all(rows):
            cells = "".join(
                f'<tr><td style="padding-right:1em">{html.escape(m[1])}</td><td><b>{html.escape(m[2])}</b></td></tr>'
                for m in rows
                if m
            )
            blocks.append(f"<table>{cells}</table>")
        else:
            blocks.append("<p>" + "<br>\n".join(html.escape(line.strip()) for line in block.split("\n")) + "</p>")
    body = "\n".join(blocks)
    head = f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"></head>'
    return f"{head}\n<body>\n{body}\n</body></html>\n"
