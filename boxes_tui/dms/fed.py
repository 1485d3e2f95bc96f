"""What dotted fields say of customers and vehicles (DMS.md §3), kept beside the record.

The master file's own row wins over them field by field; of several rows the one with the latest own date, an empty cell
saying nothing.  ``fed.body`` is ``{field: [value, own date, shown]}``: shown while the record carries the value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import WRITTEN, Context
from boxes_tui.dms.ground import touch
from boxes_tui.text import fold

BLOCK: Final = 500
FED: Final[dict[str, tuple[str, ...]]] = {
    "customer": (
        "kind", "display_name", "given_name", "family_name", "company_name", "doc_type", "doc_number", "email", "address",
        "city", "province", "postal_code", "birth_date", "language", "contact_consent",
    ),
    "vehicle": (
        "make", "model", "version", "model_year", "color", "engine_no", "sold_on", "warranty_end", "odometer_km",
        "owner_key", "driver_key",
    ),
}  # fmt: skip
"""Columns that feeds fill. A vehicle's names go through ``resolve``; telephones lie in their own table."""

Said = tuple[int, dict[str, Any], int]
"""(record id, what is said, own date of the row)."""


def blocks(conn: Connection, kind: str, key: str, dated: str) -> Iterator[Sequence[Any]]:
    """The dotted fields of written rows, in blocks in the order of the file: (rn, row id, key, body, own date)."""
    conn.execute(text("CREATE INDEX IF NOT EXISTS boxes_feed_rn ON boxes_feed (kind, rn)"))
    when = f"s.{dated}" if dated != "0" else "0"
    last = 0
    while True:
        rows = conn.execute(
            text(
                f"SELECT f.rn, s.row_id, {key}, f.body, {when} FROM boxes_feed f JOIN boxes_stage s ON s.rn = f.rn "
                f"WHERE f.kind = :kind AND f.rn > :last AND {WRITTEN} ORDER BY f.rn LIMIT {BLOCK}"
            ),
            {"kind": kind, "last": last},
        ).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def apply_fed(conn: Connection, ctx: Context, entity: str, said: Sequence[Said]) -> list[tuple[int, list[Any]]]:
    """Merge what a block of rows says into ``fed`` and onto the records; returns the phones that now stand for customers
    without phones of their own."""
    ids = sorted({i for i, _body, _when in said})
    kept = _bodies(conn, entity, ids)
    for row_id, body, when in said:
        mine = kept.setdefault(row_id, {})
        for name, value in body.items():
            if name in FED[entity] or name == "phones":
                before = mine.get(name)
                if before is None or when >= before[1]:
                    mine[name] = [value, when, before[2] if before else False]
    records = _records(conn, entity, ids)
    changed: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    phones = []
    for row_id in ids:
        record, mine = records[row_id], kept[row_id]
        new = _shown(record, mine, FED[entity])
        if new:
            _finish(entity, record, new)
            changed.setdefault(tuple(new), []).append({**new, "id": row_id, "run": ctx.run_id})
        if "phones" in mine and (record["is_stub"] or not record["own_phones"]):
            phones.append((row_id, mine["phones"][0]))
    _update(conn, entity, changed)
    _keep(conn, entity, {i: kept[i] for i in ids if kept[i]})
    return phones


def move_fed(conn: Connection, ctx: Context, entity: str, pairs: dict[int, int]) -> None:
    """What was said of records that are merged into others (old → new) is said of the survivors."""
    olds = list(pairs)
    for start in range(0, len(olds), BLOCK):
        block = olds[start : start + BLOCK]
        kept = _bodies(conn, entity, block)
        said = [
            (pairs[old], {name: entry[0]}, int(entry[1])) for old, body in kept.items() for name, entry in body.items()
        ]
        if said:
            apply_fed(conn, ctx, entity, said)
            marks = ", ".join(map(str, kept))
            conn.execute(text(f"DELETE FROM fed WHERE entity = :e AND row_id IN ({marks})"), {"e": entity})


def _shown(record: dict[str, Any], mine: dict[str, list[Any]], fields: Sequence[str]) -> dict[str, Any]:
    """The columns to set: those that the record's own row leaves open. Marks them as shown."""
    new = {}
    for name in fields:
        entry = mine.get(name)
        if entry is None:
            continue
        if record["is_stub"] or record[name] is None or entry[2]:
            entry[2] = True
            if record[name] != entry[0]:
                new[name] = entry[0]
    return new


def _finish(entity: str, record: dict[str, Any], new: dict[str, Any]) -> None:
    """What follows from the columns: the folded name and the digits of the document."""
    if entity != "customer":
        return
    both = {**record, **new}
    if "doc_number" in new:
        new["doc_digits"] = "".join(ch for ch in str(new["doc_number"]) if ch not in " .-/_") or None
    joined = ", ".join(x for x in (both["family_name"], both["given_name"]) if x)
    name = both["display_name"] or joined or both["company_name"]
    if name and (name != record["display_name"] or not record["name_fold"]):
        new["display_name"], new["name_fold"] = name, fold(name)


def restore(conn: Connection, entity: str, mapped: Sequence[str]) -> None:
    """After the master's own rows were written: where they are empty, what was fed stands again; elsewhere it does not."""
    fields = [f for f in FED[entity] if f in mapped]
    conn.execute(text("DROP TABLE IF EXISTS boxes_restore"))
    conn.execute(text("CREATE TEMP TABLE boxes_restore (id BIGINT PRIMARY KEY)"))
    conn.execute(
        text(
            "INSERT INTO boxes_restore SELECT s.row_id FROM boxes_stage s JOIN fed f ON f.entity = :e AND f.row_id = s.row_id "
            f"WHERE {WRITTEN} ON CONFLICT DO NOTHING"
        ),
        {"e": entity},
    )
    last = 0
    while True:
        rows = conn.execute(
            text(
                "SELECT f.row_id, f.body FROM boxes_restore r JOIN fed f ON f.entity = :e AND f.row_id = r.id "
                f"WHERE r.id > :last ORDER BY r.id LIMIT {BLOCK}"
            ),
            {"e": entity, "last": last},
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        kept = {int(i): json.loads(body) for i, body in rows}
        records = _records(conn, entity, list(kept))
        changed: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row_id, mine in kept.items():
            for name in fields:
                if name in mine:
                    mine[name][2] = records[row_id][name] is None
            new = {f: mine[f][0] for f in fields if f in mine and mine[f][2]}
            if new:
                _finish(entity, records[row_id], new)
                changed.setdefault(tuple(new), []).append({**new, "id": row_id, "run": 0})
        _update(conn, entity, changed, run=False)
        _keep(conn, entity, kept)


def _bodies(conn: Connection, entity: str, ids: Sequence[int]) -> dict[int, dict[str, list[Any]]]:
    marks = ", ".join(map(str, ids))
    rows = conn.execute(text(f"SELECT row_id, body FROM fed WHERE entity = :e AND row_id IN ({marks})"), {"e": entity})
    return {int(i): json.loads(body) for i, body in rows}


def _records(conn: Connection, entity: str, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    marks = ", ".join(map(str, ids))
    own = (
        ", EXISTS (SELECT 1 FROM customer_phone p WHERE p.customer_id = t.id AND p.origin = 'dms' AND p.present) AS own_phones, "
        "t.name_fold"
        if entity == "customer"
        else ", true AS own_phones"
    )
    columns = ", ".join(f"t.{c}" for c in FED[entity])
    rows = conn.execute(
        text(f"SELECT t.id, t.is_stub, {columns}{own} FROM {entity} t WHERE t.id IN ({marks})")
    ).mappings()
    return {int(r["id"]): dict(r) for r in rows}


def _update(
    conn: Connection, entity: str, changed: dict[tuple[str, ...], list[dict[str, Any]]], *, run: bool = True
) -> None:
    for names, rows in changed.items():
        sets = ", ".join(f"{c} = :{c}" for c in names) + (", last_changed_run = :run" if run else "")
        plain = rows if run else [{k: v for k, v in r.items() if k != "run"} for r in rows]
        conn.execute(text(f"UPDATE {entity} SET {sets} WHERE id = :id"), plain)
        for start in range(0, len(rows), BLOCK):
            marks = ", ".join(str(r["id"]) for r in rows[start : start + BLOCK])
            touch(conn, entity, f"SELECT id FROM {entity} WHERE id IN ({marks})")


def _keep(conn: Connection, entity: str, kept: dict[int, dict[str, list[Any]]]) -> None:
    if not kept:
        return
    conn.execute(
        text(
            "INSERT INTO fed (entity, row_id, body) VALUES (:e, :i, :b) "
            "ON CONFLICT (entity, row_id) DO UPDATE SET body = excluded.body"
        ),
        [{"e": entity, "i": i, "b": json.dumps(body, ensure_ascii=False, sort_keys=True)} for i, body in kept.items()],
    )
