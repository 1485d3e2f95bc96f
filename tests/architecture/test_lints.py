"""The lints themselves: what they must find, and what they must let pass."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import Lint, made_markup, made_sql, own_clock, unspoken

GUILTY = [
    (made_markup, 'Static(f"{name}")'),
    (made_markup, 'self.notify("Llamar a {}".format(name))'),
    (made_markup, 'Label("Llamar a %s" % name)'),
    (made_markup, 'table.add_row("x", "a" + name)'),
    (made_markup, 'widgets.Option(prompt=f"{name}")'),
    (made_sql, "text(f\"SELECT 1 WHERE name = '{row.name}'\")"),
    (made_sql, "conn.execute(text(f\"SELECT 1 WHERE name = '{value}'\"))"),
    (made_sql, 'text("SELECT %s" % column)'),
    (made_sql, 'text("SELECT {}".format(column))'),
    (made_sql, 'conn.exec_driver_sql(f"SELECT {word!r}")'),
    (made_sql, 'text(f"SELECT {record[0]}")'),
    (made_sql, 'text("SELECT 1 " + f"WHERE id = {row.id}")'),
    (unspoken, 'raise Refused("No existe esa fila.")'),
    (unspoken, 'errors.UsageError(f"No hay una cola {name}")'),
    (unspoken, 'out.say("Listo.")'),
    (own_clock, "datetime.now(UTC)"),
    (own_clock, "datetime.date.today()"),
    (own_clock, "time.time()"),
    (own_clock, "from time import time"),
]
INNOCENT = [
    (made_markup, 'Static("Tablero")'),
    (made_markup, 'Static(cell(f"{name}"))'),
    (made_markup, 'self.notify(_("Se guardó."))'),
    (made_sql, 'text(f"SELECT {column} FROM {table} WHERE id IN ({marks})")'),
    (made_sql, "text(f\"SELECT 1 WHERE {touched('vehicle')} AND {ORDER[kind]}\")"),
    (made_sql, 'conn.execute(text("SELECT :name"), {"name": row.name})'),
    (unspoken, 'raise Refused(_("No existe esa fila."))'),
    (unspoken, 'out.say(f"{code} {error}")'),
    (own_clock, "clock.now()"),
    (own_clock, "time.monotonic()"),
]


@pytest.mark.parametrize(("lint", "code"), GUILTY, ids=[c for _, c in GUILTY])
def test_found(lint: Lint, code: str) -> None:
    assert list(lint(ast.parse(code)))


@pytest.mark.parametrize(("lint", "code"), INNOCENT, ids=[c for _, c in INNOCENT])
def test_let_pass(lint: Lint, code: str) -> None:
    assert not list(lint(ast.parse(code)))
