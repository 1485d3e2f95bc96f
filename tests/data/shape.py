"""What a database holds beside its rows, as its own catalogue tells it: nothing here asks SQLAlchemy's tables."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection

PG = {
    "columns": "SELECT table_name || '.' || column_name, data_type, is_nullable, column_default, is_identity "
    "FROM information_schema.columns WHERE table_schema = 'public'",
    "constraints": "SELECT conrelid::regclass::text || ' ' || conname, pg_get_constraintdef(oid), convalidated "
    "FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
    "indexes": "SELECT tablename || ' ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text || ' ' || tgname, pg_get_triggerdef(oid), tgenabled "
    "FROM pg_trigger WHERE NOT tgisinternal",
    "policies": "SELECT tablename || ' ' || policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies",
    "security": "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    "sequences": "SELECT sequencename, data_type::text, start_value, increment_by, cycle FROM pg_sequences",
    "functions": "SELECT proname, prosrc FROM pg_proc p WHERE pronamespace = 'public'::regnamespace "
    "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
    "views": "SELECT relname, relkind::text, reloptions::text FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')",
}


def shape(conn: Connection) -> dict[str, dict[str, Any]]:
    """Everything by kind and name: columns with type, null and default, keys, references, indexes with their
    condition, triggers, policies."""
    if conn.dialect.name == "sqlite":
        return _sqlite(conn)
    return {kind: {row[0]: tuple(row[1:]) for row in conn.exec_driver_sql(query)} for kind, query in PG.items()}


def _sqlite(conn: Connection) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {"columns": {}, "constraints": {}, "indexes": {}, "triggers": {}, "virtual": {}}
    rows = conn.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master").all()
    hidden = tuple(f"{name}_" for kind, name, _table, sql in rows if kind == "table" and "VIRTUAL" in sql)
    for kind, name, table, sql in rows:
        if kind == "trigger":
            made["triggers"][f"{table} {name}"] = _words(sql)
        elif kind == "table" and "VIRTUAL" in sql:
            made["virtual"][name] = _words(sql)
        elif kind == "table" and not name.startswith(hidden):
            made["columns"] |= _columns(conn, name)
            made["constraints"] |= _constraints(conn, name)
    for kind, name, table, sql in rows:
        if kind == "index" and sql:
            made["indexes"][f"{table} {name}"] = _words(sql)
    return made


def _columns(conn: Connection, table: str) -> dict[str, Any]:
    rows = conn.exec_driver_sql(f"PRAGMA table_xinfo({table})").all()
    return {f"{table}.{name}": (kind, notnull, default, pk, gen) for _n, name, kind, notnull, default, pk, gen in rows}


def _constraints(conn: Connection, table: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _id, seq, to, column, target, *actions in conn.exec_driver_sql(f"PRAGMA foreign_key_list({table})"):
        made[f"{table} {column} {seq}"] = (to, target, *actions)
    for _n, name, unique, origin, partial in conn.exec_driver_sql(f"PRAGMA index_list({table})").all():
        columns = tuple(r[2] for r in conn.exec_driver_sql(f"PRAGMA index_info({name})"))
        twins = made.get(f"{table} {origin} {columns}", [])
        made[f"{table} {origin} {columns}"] = sorted([*twins, (unique, partial)])
    return made


def _words(sql: str) -> str:
    return re.sub(r"\s+", " ", sql)
