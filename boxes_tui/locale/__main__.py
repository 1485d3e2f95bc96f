"""Keep the English catalogue up to date with the code (see the package)."""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent
PO = HERE / "en" / "LC_MESSAGES" / "boxes.po"
MO = PO.with_suffix(".mo")
_HOLES = re.compile(r"\{[^{}]*\}")


def sentences() -> Catalog:
    """Every sentence of the code, with the files it stands in."""
    found = _empty()
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE.parent).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        spoken = (*marked(tree), *(declared(tree) if path.parent.name == "cli" else ()))
        for text in spoken:
            found.add(text, locations=[(place, 1)])
    return found


def marked(tree: ast.AST) -> Iterator[str | tuple[str, str]]:
    """The sentences inside ``_``, ``N_`` and ``ngettext``, also where those stand in an f-string.

    The syntax tree is the same on every Python; a reader of tokens sees into f-strings from 3.12 on only.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        if node.func.id in ("_", "N_"):
            yield from _texts(node.args[0])
        elif node.func.id == "ngettext":
            one, many = (next(_texts(arg), "") for arg in node.args[:2])
            if one and many:
                yield one, many


def declared(tree: ast.AST) -> Iterator[str]:
    """What the command line says without a mark: ``help=``, docstrings of commands, heads of ``out.table``.

    ``cli.speech`` and ``cli.out`` translate these where they print them.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_named(d, "guarded", "callback") for d in node.decorator_list):
            yield from (text for text in (ast.get_docstring(node),) if text)
        if not isinstance(node, ast.Call):
            continue
        yield from (text for k in node.keywords if k.arg == "help" for text in _texts(k.value))
        if _named(node, "table") and node.args and isinstance(node.args[0], ast.Tuple):
            yield from (text for item in node.args[0].elts for text in _texts(item) if any(map(str.isalpha, text)))


def _named(node: ast.expr, *names: str) -> bool:
    if isinstance(node, ast.Call):
        node = node.func
    return (
        isinstance(node, ast.Name | ast.Attribute) and (node.id if isinstance(node, ast.Name) else node.attr) in names
    )


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def translated() -> Catalog:
    """The catalogue as it is kept."""
    if not PO.exists():
        return _empty()
    with PO.open("rb") as stream:
        return read_po(stream, locale="en", domain="boxes")


def _empty() -> Catalog:
    made = Catalog(locale="en", domain="boxes", project="BOXES TUI", charset="utf-8", fuzzy=False)
    made.header_comment = "# English sentences of BOXES TUI. The msgids are the Spanish sentences of the code."
    return made


def merged(code: Catalog, kept: Catalog) -> Catalog:
    """The sentences of the code with the translations there are."""
    made = _empty()
    for message in sorted((m for m in code if m.id), key=_key):
        old = kept.get(message.id)
        places = sorted({(name, 1) for name, _line in message.locations})
        made.add(message.id, old.string if old is not None else "", locations=places)
    return made


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


def complaints(catalogue: Catalog) -> list[str]:
    """Sentences without a translation, and translations that fill other holes than their sentence."""
    made = []
    for message in catalogue:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        told = [message.string] if isinstance(message.string, str) else list(message.string or [""])
        if not all(told):
            made.append(f"no translation: {ids[0]}")
        elif any(set(_HOLES.findall(t)) != set(_HOLES.findall(ids[-1])) for t in told[-1:]):
            made.append(f"other holes: {ids[0]}")
    return made


def po_text(catalogue: Catalog) -> bytes:
    """The catalogue as a ``.po`` that only changes where a sentence does."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=110, no_location=True, omit_header=True, sort_output=True)
    head = (
        f"{catalogue.header_comment}\n"
        'msgid ""\nmsgstr ""\n"Language: en\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    return head.encode() + stream.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """The catalogue compiled, without anything of the day or the machine."""
    stream = io.BytesIO()
    fixed = _empty()
    fixed.creation_date = datetime(2026, 1, 1, tzinfo=UTC)  # babel writes it into the file whatever the headers are
    for message in catalogue:
        if message.id:
            fixed.add(message.id, message.string)
    write_mo(stream, fixed)
    return stream.getvalue()


def main(arguments: list[str]) -> int:
    """Update and compile, or with ``--check`` only look; 1 where something is missing."""
    fresh = merged(sentences(), translated())
    wrong = complaints(fresh)
    if "--check" in arguments:
        if not PO.exists() or PO.read_bytes() != po_text(fresh):
            wrong.append("boxes.po is not up to date with the code")
        if not MO.exists() or MO.read_bytes() != mo_bytes(fresh):
            wrong.append("boxes.mo is not up to date with boxes.po")
    else:
        PO.parent.mkdir(parents=True, exist_ok=True)
        PO.write_bytes(po_text(fresh))
        MO.write_bytes(mo_bytes(fresh))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
