"""The package's own sources, read as trees, and the lints that walk them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "boxes_tui"
SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if "__pycache__" not in p.parts)

Lint = Callable[[ast.AST], Iterator[int]]
"""Yields the lines that break a rule."""

MARKUP_SINKS = frozenset({"Static", "Label", "Button", "notify", "Option", "add_row", "Placeholder", "Markdown"})
SQL_SINKS = frozenset({"text", "literal_column", "exec_driver_sql", "execute", "executemany", "executescript", "copy"})
CLOCK_CALLS = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    | {"time.localtime", "time.gmtime", "datetime.datetime.now", "datetime.date.today"}
)


def name_of(node: ast.expr) -> str:
    """``a.b.c`` as written, or the empty string for anything that is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = name_of(node.value)
        return f"{left}.{node.attr}" if left else node.attr
    return ""


def is_made(node: ast.expr) -> bool:
    """A string with values put in: an f-string, ``….format(…)``, ``… % …``, or pieces added together."""
    match node:
        case ast.JoinedStr():
            return any(isinstance(part, ast.FormattedValue) for part in node.values)
        case ast.Call(func=ast.Attribute(attr="format" | "format_map")):
            return True
        case ast.BinOp(op=ast.Mod()):
            return isinstance(node.left, ast.Constant | ast.JoinedStr) or is_made(node.left)
        case ast.BinOp(op=ast.Add()):
            return any(is_made(side) or _is_word(side) for side in (node.left, node.right))
        case _:
            return False


def _is_word(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def calls(tree: ast.AST, sinks: frozenset[str]) -> Iterator[ast.Call]:
    """Calls of functions or methods by their last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func).rpartition(".")[2] in sinks:
            yield node


def made_markup(tree: ast.AST) -> Iterator[int]:
    """Made text in a widget or toast that would read markup in it (RELIABILITY §5.2)."""
    for call in calls(tree, MARKUP_SINKS):
        if any(is_made(a) for a in [*call.args, *(k.value for k in call.keywords)]):
            yield call.lineno


def made_sql(tree: ast.AST) -> Iterator[int]:
    """SQL with anything in it but the program's own words (RELIABILITY S17).

    Names of tables and columns and ready fragments may be put in by an f-string, from plain names, constants, look-ups
    in a constant table and calls of fragment builders. A field of a record, ``.format``, ``%`` and ``!r`` may not.
    """
    for call in calls(tree, SQL_SINKS):
        if call.args and not all(_own_words(part) for part in _pieces(call.args[0])):
            yield call.lineno


def _pieces(query: ast.expr) -> Iterator[ast.expr]:
    """What is put into a query, or the query itself where it is made by other means than an f-string."""
    match query:
        case ast.JoinedStr():
            for part in query.values:
                if isinstance(part, ast.FormattedValue):
                    yield part if part.conversion != -1 else part.value
        case ast.BinOp(op=ast.Add()):
            yield from _pieces(query.left)
            yield from _pieces(query.right)
        case _ if is_made(query):
            yield query


VALUE_NAMES = frozenset({"value", "values", "typed", "raw", "row", "rows", "needle", "note", "phone_typed", "words"})


def _own_words(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return node.id not in VALUE_NAMES
        case ast.Subscript():
            return name_of(node.value).isupper() or name_of(node.value).rpartition(".")[2].isupper()
        case ast.Call(func=ast.Attribute(attr="join")):
            return True
        case ast.Call():
            return name_of(node.func).rpartition(".")[2] not in {"str", "repr", "format", "format_map"}
        case ast.IfExp():
            return _own_words(node.body) and _own_words(node.orelse)
        case ast.BinOp(op=ast.Mult() | ast.Sub()):
            return _own_words(node.left) and _own_words(node.right)
        case _:
            return False


SPOKEN = frozenset(
    {"BoxesError", "UsageError", "ConfigError", "Refused", "Unavailable", "Locked", "NotSent", "say", "confirm"}
)


def unspoken(tree: ast.AST) -> Iterator[int]:
    """A sentence for a person that no catalogue can hold: a literal, or an f-string with letters of its own."""
    for call in calls(tree, SPOKEN):
        for item in call.args[:1]:
            literal = isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value
            own = isinstance(item, ast.JoinedStr) and any(
                isinstance(part, ast.Constant) and any(map(str.isalpha, str(part.value))) for part in item.values
            )
            if literal or own:
                yield call.lineno


def own_clock(tree: ast.AST) -> Iterator[int]:
    """The machine's clock read directly (ARCHITECTURE §5.2)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in CLOCK_CALLS:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "time" for a in node.names):
            yield node.lineno
