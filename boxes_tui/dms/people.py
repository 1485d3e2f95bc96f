"""Customers of a run: phones, stubs for unknown keys, what dotted fields tell, and who counts as one person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.apply import Context, Counts
from boxes_tui.dms.records import UNTOUCHED, Feed
from boxes_tui.dms.stage import Staged
from boxes_tui.text import fold

CUSTOMER_FEED = (
    "kind", "display_name", "given_name", "family_name", "company_name", "doc_type", "doc_number", "email", "address",
    "city", "province", "postal_code", "birth_date", "language", "contact_consent",
)  # fmt: skip
PERSON_MAX = 50
"""A number that more customers share than this is a switchboard or a filler, not a person."""

KEYED = ("sale_delivery", "appointment", "repair_order")


def phones_of_masters(conn: Connection, staged: Staged) -> None:
    """Replace the DMS phones of the customers that this read brought new or changed; agents' marks stay."""
    if "phones" not in staged.shape.fields:
        return
    rows = conn.execute(
        text("SELECT row_id, phones FROM boxes_stage WHERE state IN ('new', 'changed', 'revived', 'stub')")
    ).all()
    write_phones(conn, [(row_id, json.loads(phones or "[]")) for row_id, phones in rows])


def write_phones(conn: Connection, rows: Sequence[tuple[int, Sequence[Sequence[Any]]]], origin: str = "dms") -> None:
    """Set the phones of customers from one origin: (customer, [(raw, e164, last10, kind)…])."""
    for start in range(0, len(rows), 500):
        chunk = rows[start : start + 500]
        ids = ", ".join(str(int(i)) for i, _phones in chunk)
        present = {}
        for i, who, number, raw in conn.execute(
            text(f"SELECT id, customer_id, last10, raw FROM customer_phone WHERE customer_id IN ({ids})")
        ):
            present[(who, number or raw)] = i
        fresh, again, keep = [], [], set()
        for who, phones in chunk:
            for place, (raw, e164, number, kind) in enumerate(phones):
                found = present.get((who, number or raw))
                values = {"c": who, "raw": raw, "e164": e164, "n": number, "rev": number[::-1] if number else None,
                          "kind": kind, "place": place, "origin": origin}  # fmt: skip
                if found is None:
                    fresh.append(values)
                else:
                    again.append({**values, "id": found})
                    keep.add(found)
        gone = [i for i in present.values() if i not in keep]
        if gone and origin == "dms":
            conn.execute(
                text(
                    f"UPDATE customer_phone SET present = false WHERE origin = 'dms' AND id IN ({', '.join(map(str, gone))})"
                )
            )
        if fresh:
            conn.execute(
                text(
                    "INSERT INTO customer_phone (customer_id, raw, e164, last10, last10_rev, kind, origin, position, present) "
                    "VALUES (:c, :raw, :e164, :n, :rev, :kind, :origin, :place, true)"
                ),
                fresh,
            )
        if again:
            conn.execute(
                text(
                    "UPDATE customer_phone SET raw = :raw, e164 = :e164, kind = :kind, position = :place, present = true "
                    "WHERE id = :id AND (NOT present OR raw <> :raw OR position <> :place OR kind <> :kind)"
                ),
                [{k: v for k, v in a.items() if k in ("raw", "e164", "kind", "place", "id")} for a in again],
            )


def key_stubs(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """A stub for every customer key that this read names and nobody knows yet."""
    columns = [f for f in ("customer_key", "owner_key", "driver_key") if f in staged.shape.fields]
    for column in columns:
        done = conn.execute(
            text(
                "INSERT INTO customer (source_id, source_key, first_seen_run, last_changed_run, is_stub, blocked_review) "
                f"SELECT DISTINCT :source, s.{column}, :run, :run, true, false FROM boxes_stage s "
                f"WHERE s.st = 'k' AND s.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer c WHERE "
                f"c.source_id = :source AND c.source_key = s.{column}) AND NOT EXISTS (SELECT 1 FROM alias a WHERE "
                f"a.entity = 'customer' AND a.source_id = :source AND a.source_key = s.{column} AND a.undone_at IS NULL)"
            ),
            {"source": ctx.source_id, "run": ctx.run_id},
        )
        counts.stubs += max(0, done.rowcount)


def feed_customers(
    conn: Connection, ctx: Context, staged: Staged, counts: Counts, fed: Iterable[tuple[int, str, Feed, int]]
) -> None:
    """Dotted customer fields: (row id, customer key or "", feed, own date of the row), in the order of the rows.

    The customer's own row wins field by field; of several fed rows the one with the latest own date (DMS.md §3).
    """
    table = staged.shape.table.name
    link: list[dict[str, Any]] = []
    best: dict[int, tuple[int, dict[str, Any]]] = {}
    known: dict[str, int] = {}
    for row_id, key, feed, when in fed:
        values = {f: v for f, v in zip(feed.fields, feed.values, strict=True) if v is not UNTOUCHED}
        who = _identify(conn, ctx, counts, known, key, values, f"{table}:{row_id}")
        if not key:
            link.append({"id": row_id, "c": who})
        before = best.get(who)
        if before is None:
            best[who] = (when, values)
        else:
            newer, older = (values, before[1]) if when >= before[0] else (before[1], values)
            best[who] = (max(when, before[0]), {**older, **{f: v for f, v in newer.items() if v not in (None, ())}})
    if link and "customer_id" in staged.shape.table.c:
        conn.execute(text(f"UPDATE {table} SET customer_id = :c WHERE id = :id AND customer_key IS NULL"), link)
    elif link and table == "vehicle":
        conn.execute(text("UPDATE vehicle SET owner_id = :c WHERE id = :id AND owner_key IS NULL"), link)
    for who, (when, values) in best.items():
        _feed_one(conn, ctx, who, when, values)


def _identify(
    conn: Connection, ctx: Context, counts: Counts, known: dict[str, int], key: str, values: dict[str, Any], row: str
) -> int:
    doc = "".join(ch for ch in str(values.get("doc_number") or "") if ch.isalnum())
    phones = values.get("phones") or ()
    number = next((p.last10 for p in phones if p.last10), None)
    name = fold(str(values.get("display_name") or values.get("company_name") or values.get("family_name") or ""))
    if key:
        token = f"k:{key}"
        query, params = "SELECT id FROM customer WHERE source_id = :s AND source_key = :v", {"v": key}
    elif doc:
        token = f"d:{doc}"
        query, params = (
            "SELECT min(id) FROM customer WHERE source_id = :s AND (feed_key = :t OR doc_digits = :v)", {"v": doc, "t": token}
        )  # fmt: skip
    elif number:
        token = f"p:{number}:{name}"
        query, params = (
            "SELECT min(c.id) FROM customer c WHERE c.source_id = :s AND (c.feed_key = :t OR (c.name_fold = :v AND EXISTS "
            "(SELECT 1 FROM customer_phone p WHERE p.customer_id = c.id AND p.last10 = :n)))",
            {"v": name, "t": token, "n": number},
        )
    else:
        token = f"r:{row}"
        query, params = "SELECT id FROM customer WHERE source_id = :s AND feed_key = :v", {"v": token}
    if token in known:
        return known[token]
    found = conn.execute(text(query), {"s": ctx.source_id, **params}).scalar()
    if found is None and key:
        found = conn.execute(
            text(
                "SELECT row_id FROM alias WHERE entity = 'customer' AND source_id = :s AND source_key = :v AND undone_at IS NULL"
            ),
            {"s": ctx.source_id, "v": key},
        ).scalar()
    if found is None:
        found = conn.execute(
            text(
                "INSERT INTO customer (source_id, source_key, feed_key, first_seen_run, last_changed_run, is_stub, "
                "blocked_review) VALUES (:s, :k, :t, :run, :run, true, false) RETURNING id"
            ),
            {"s": ctx.source_id, "k": key or None, "t": None if key else token, "run": ctx.run_id},
        ).scalar_one()
        counts.stubs += 1
    known[token] = int(found)
    return int(found)


def _feed_one(conn: Connection, ctx: Context, who: int, when: int, values: dict[str, Any]) -> None:
    row = conn.execute(
        text(f"SELECT is_stub, source_updated_at, {', '.join(CUSTOMER_FEED)} FROM customer WHERE id = :id"), {"id": who}
    ).mappings().one()  # fmt: skip
    newer = row["is_stub"] and when >= (row["source_updated_at"] or 0)
    changed: dict[str, Any] = {}
    for name in CUSTOMER_FEED:
        new = values.get(name)
        if new is not None and new != row[name] and (row[name] is None or newer):
            changed[name] = new
    if "doc_number" in changed:
        changed["doc_digits"] = "".join(ch for ch in changed["doc_number"] if ch.isalnum()) or None
    if newer and when:
        changed["source_updated_at"] = when
    if changed:
        sets = ", ".join(f"{c} = :{c}" for c in changed)
        conn.execute(
            text(f"UPDATE customer SET {sets}, last_changed_run = :run WHERE id = :id"),
            {**changed, "run": ctx.run_id, "id": who},
        )
    phones = values.get("phones") or ()
    if phones:
        own = conn.execute(text("SELECT 1 FROM customer_phone WHERE customer_id = :id LIMIT 1"), {"id": who}).scalar()
        if row["is_stub"] or not own:
            write_phones(conn, [(who, [(p.raw, p.e164, p.last10, p.kind) for p in phones])], origin="feed")


def names_and_persons(conn: Connection, ctx: Context) -> None:
    """Display names and folded names of changed customers, then the person groups."""
    rows = conn.execute(
        text(
            "SELECT id, display_name, given_name, family_name, company_name FROM customer WHERE last_changed_run >= :since"
        ),
        {"since": ctx.since_run},
    ).all()
    updates = []
    for i, shown, given, family, company in rows:
        name = shown or ", ".join(x for x in (family, given) if x) or company
        updates.append({"id": i, "name": name, "fold": fold(name) if name else None})
    for start in range(0, len(updates), 5000):
        conn.execute(
            text("UPDATE customer SET display_name = :name, name_fold = :fold WHERE id = :id"),
            updates[start : start + 5000],
        )
    if updates:
        _persons(conn)


def _persons(conn: Connection) -> None:
    """Customers that share the last ten digits of a phone or a document count as one person (PRODUCT §5)."""
    parent: dict[int, int] = {}

    def root(x: int) -> int:
        while parent.get(x, x) != x:
            parent[x] = parent.get(parent[x], parent[x])
            x = parent[x]
        return x

    shared = (
        "SELECT p.last10, p.customer_id FROM customer_phone p WHERE p.present AND p.last10 IN (SELECT last10 FROM "
        "customer_phone WHERE present AND last10 IS NOT NULL GROUP BY last10 HAVING count(DISTINCT customer_id) BETWEEN 2 "
        f"AND {PERSON_MAX}) ORDER BY 1, 2",
        "SELECT doc_digits, id FROM customer WHERE merged_into_id IS NULL AND doc_digits IN (SELECT doc_digits FROM customer "
        f"WHERE length(doc_digits) >= 6 GROUP BY doc_digits HAVING count(*) BETWEEN 2 AND {PERSON_MAX}) ORDER BY 1, 2",
    )
    for query in shared:
        before: tuple[Any, int] | None = None
        for value, who in conn.execute(text(query)).tuples():
            if before is not None and before[0] == value:
                a, b = root(before[1]), root(who)
                if a != b:
                    parent[max(a, b)] = min(a, b)
            before = (value, who)
    groups = [{"id": i, "p": root(i)} for i in parent]
    conn.execute(text("UPDATE customer SET person_id = id WHERE person_id IS NULL"))
    ids = ", ".join(str(g["id"]) for g in groups) or "NULL"
    conn.execute(text(f"UPDATE customer SET person_id = id WHERE person_id <> id AND id NOT IN ({ids})"))
    if groups:
        conn.execute(text("UPDATE customer SET person_id = :p WHERE id = :id AND person_id <> :p"), groups)
