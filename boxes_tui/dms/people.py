"""Customers of a run: their telephones, what dotted fields tell of them, and who counts as one person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import WRITTEN, Context, Counts
from boxes_tui.dms.fed import apply_fed, blocks, restore
from boxes_tui.dms.ground import touched
from boxes_tui.dms.shape import OWN_DATE
from boxes_tui.dms.stage import Staged
from boxes_tui.text import fold

BLOCK: Final = 500
Numbers = tuple[int, Sequence[Sequence[Any]]]
"""A customer and its telephones: (raw, e164, last ten digits, kind)."""


def after_masters(conn: Connection, staged: Staged) -> None:
    """Telephones of the customers that their own file brought new or changed, and what feeds fill in beside it."""
    if "phones" in staged.shape.fields:
        last = 0
        while True:
            rows = conn.execute(
                text(
                    f"SELECT s.rn, s.row_id, s.phones FROM boxes_stage s WHERE {WRITTEN} AND s.rn > :last "
                    "AND (s.skipped IS NULL OR s.skipped NOT LIKE '%,phones,%') ORDER BY s.rn LIMIT 2000"
                ),
                {"last": last},
            ).all()
            if not rows:
                break
            numbers = [
                (row_id, json.loads(phones or "[]")) for _rn, row_id, phones in rows if phones or not staged.first
            ]
            write_phones(conn, numbers, fresh=staged.first)
            last = rows[-1][0]
    restore(conn, "customer", [name for name, _column in staged.shape.columns])


def write_phones(conn: Connection, rows: Sequence[Numbers], origin: str = "dms", *, fresh: bool = False) -> None:
    """Set the phones of customers from one origin: (customer, [(raw, e164, last10, kind)…]); agents' marks stay.
    ``fresh``: nobody had any."""
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        _write_phones(conn, block, origin, {} if fresh else _stored(conn, block))


def _stored(conn: Connection, rows: Sequence[Numbers]) -> dict[int, dict[str, Any]]:
    ids = ", ".join(str(int(i)) for i, _phones in rows)
    stored: dict[int, dict[str, Any]] = {}
    for r in conn.execute(
        text(
            "SELECT id, customer_id, last10, raw, e164, kind, position, origin, present FROM customer_phone "
            f"WHERE customer_id IN ({ids})"
        )
    ).mappings():
        stored.setdefault(int(r["customer_id"]), {})[r["last10"] or r["raw"]] = r
    return stored


def _write_phones(conn: Connection, rows: Sequence[Numbers], origin: str, stored: dict[int, dict[str, Any]]) -> None:
    fresh, again, gone = [], [], []
    for who, phones in rows:
        own = stored.get(who, {})
        kept = set()
        for place, (raw, e164, number, kind) in enumerate(phones):
            kept.add(number or raw)
            found = own.get(number or raw)
            new = {"raw": raw, "e164": e164, "kind": kind, "place": place}
            if found is None:
                fresh.append({**new, "c": who, "n": number, "rev": number[::-1] if number else None, "origin": origin})
            elif (found["raw"], found["kind"], found["position"], found["present"]) != (raw, kind, place, True):
                again.append({**new, "id": found["id"]})
        gone += [int(r["id"]) for k, r in own.items() if k not in kept and r["origin"] == origin and r["present"]]
    if gone:
        conn.execute(text(f"UPDATE customer_phone SET present = false WHERE id IN ({', '.join(map(str, gone))})"))
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
                "WHERE id = :id"
            ),
            again,
        )


def feed_customers(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """What dotted fields say of the customer that a row names: by ``customer_key`` (``owner_key`` on a vehicle), else by
    document, else by telephone and name, else one per row (DMS.md §3)."""
    if "customer" not in staged.fed:
        return
    table, entity = staged.shape.table.name, staged.shape.entity
    key = next((f for f in ("customer_key", "owner_key") if f in staged.shape.fields), None)
    dated = next((f for f in (OWN_DATE.get(entity, ""), "source_updated_at") if f in staged.shape.fields), "0")
    column = "owner_id" if table == "vehicle" else "customer_id"
    for rows in blocks(conn, "customer", f"{'s.' + key if key else 'CAST(NULL AS TEXT)'}", dated):
        said = [(row_id, who, json.loads(body), when or 0) for _rn, row_id, who, body, when in rows]
        found = _identify(conn, ctx, counts, [(who, body, f"{table}:{row_id}") for row_id, who, body, _when in said])
        loose = [{"id": row_id, "c": c} for (row_id, who, _b, _w), c in zip(said, found, strict=True) if who is None]
        if loose:
            conn.execute(text(f"UPDATE {table} SET {column} = :c WHERE id = :id"), loose)
        fed = [(c, body, when) for (_r, _k, body, when), c in zip(said, found, strict=True)]
        phones = apply_fed(conn, ctx, "customer", fed)
        write_phones(conn, phones, origin="feed")


def _identify(
    conn: Connection, ctx: Context, counts: Counts, rows: Sequence[tuple[str | None, dict[str, Any], str]]
) -> list[int]:
    """The customer ids of a block of fed rows: (key, what is said, name of the row)."""
    tokens = [_token(*row) for row in rows]
    known: dict[str, int] = {}
    by_key = {t[2:]: t for t in tokens if t.startswith("k:")}
    known |= _select(conn, ctx, "source_key", by_key, "coalesce(merged_into_id, id)")
    known |= _select(conn, ctx, "feed_key", {t: t for t in tokens if t not in known}, "coalesce(merged_into_id, id)")
    by_doc = {t[2:]: t for t in tokens if t.startswith("d:") and t not in known}
    known |= _select(conn, ctx, "doc_digits", by_doc, "min(id)", "AND merged_into_id IS NULL GROUP BY doc_digits")
    for token in tokens:
        if token.startswith("p:") and token not in known:
            number, _colon, name = token[2:].partition(":")
            found = conn.execute(
                text(
                    "SELECT min(c.id) FROM customer c JOIN customer_phone p ON p.customer_id = c.id WHERE p.last10 = :n "
                    "AND c.name_fold = :name AND c.source_id = :s AND c.merged_into_id IS NULL"
                ),
                {"n": number, "name": name, "s": ctx.source_id},
            ).scalar()
            if found is not None:
                known[token] = int(found)
    missing = [t for t in dict.fromkeys(tokens) if t not in known]
    for token in missing:
        known[token] = int(
            conn.execute(
                text(
                    "INSERT INTO customer (source_id, source_key, feed_key, first_seen_run, last_changed_run, is_stub) "
                    "VALUES (:s, :k, :t, :run, :run, true) RETURNING id"
                ),
                {"s": ctx.source_id, "k": token[2:] if token.startswith("k:") else None, "run": ctx.run_id,
                 "t": None if token.startswith("k:") else token},
            ).scalar_one()
        )  # fmt: skip
    counts.stubs += len(missing)
    return [known[t] for t in tokens]


def _token(key: str | None, said: dict[str, Any], row: str) -> str:
    if key:
        return f"k:{key}"
    doc = "".join(ch for ch in str(said.get("doc_number") or "") if ch not in " .-/_")
    if doc:
        return f"d:{doc}"
    number = next((p[2] for p in said.get("phones") or () if p[2]), None)
    if number:
        return f"p:{number}:{fold(_name(said) or '')}"
    return f"r:{row}"


def _select(
    conn: Connection, ctx: Context, column: str, wanted: dict[str, str], what: str, more: str = ""
) -> dict[str, int]:
    """token → id for the values of a column, for ``{value: token}``."""
    found: dict[str, int] = {}
    values = list(wanted)
    for start in range(0, len(values), BLOCK):
        chunk = values[start : start + BLOCK]
        marks = ", ".join(f":v{n}" for n in range(len(chunk)))
        rows = conn.execute(
            text(f"SELECT {column}, {what} FROM customer WHERE source_id = :s AND {column} IN ({marks}) {more}"),
            {"s": ctx.source_id, **{f"v{n}": v for n, v in enumerate(chunk)}},
        )
        found.update({wanted[value]: int(i) for value, i in rows})
    return found


def _name(said: dict[str, Any]) -> str | None:
    joined = ", ".join(str(said[n]) for n in ("family_name", "given_name") if said.get(n))
    return said.get("display_name") or joined or said.get("company_name") or None


def name_stubs(conn: Connection, ctx: Context, staged: Staged) -> None:
    """A customer known by key alone takes the name and telephone that its rows carry, until its own row comes."""
    text_of = {"delivery": "buyer_name", "appointment": "contact_name"}.get(staged.shape.entity)
    if text_of is None or text_of not in staged.shape.fields or "customer_key" not in staged.shape.fields:
        return
    t = staged.shape.table.name
    phone = (
        "t.contact_phone, t.contact_e164, t.contact_last10, t.contact_kind"
        if t == "appointment"
        else "NULL, NULL, NULL, NULL"
    )
    rows = conn.execute(text(
        f"SELECT c.id, t.{text_of}, {phone} FROM {t} t JOIN customer c ON c.id = t.customer_id "
        f"WHERE t.id IN {touched(t)} AND c.is_stub AND c.display_name IS NULL AND t.{text_of} IS NOT NULL "
        f"ORDER BY t.{OWN_DATE[staged.shape.entity]}, t.id"
    )).all()  # fmt: skip
    names = {who: {"id": who, "name": name, "fold": fold(name), "run": ctx.run_id} for who, name, *_rest in rows}
    if not names:
        return
    conn.execute(
        text("UPDATE customer SET display_name = :name, name_fold = :fold, last_changed_run = :run WHERE id = :id"),
        list(names.values()),
    )
    phones = {who: [(raw, e164, number, kind or "unknown")] for who, _n, raw, e164, number, kind in rows if raw}
    write_phones(conn, list(phones.items()), origin="appointment")


def persons(conn: Connection) -> None:
    """Customers that share the last ten digits of a phone or a document count as one person (PRODUCT §5): the smallest
    id of the group. Only the groups of touched customers are looked at."""
    _gather(conn)
    parent: dict[int, int] = {}

    def root(x: int) -> int:
        while parent.get(x, x) != x:
            parent[x] = parent.get(parent[x], parent[x])
            x = parent[x]
        return x

    for query in (
        "SELECT p.last10, p.customer_id FROM customer_phone p JOIN boxes_people b ON b.id = p.customer_id "
        "WHERE p.present AND p.last10 IN (SELECT q.last10 FROM customer_phone q JOIN boxes_people d ON d.id = q.customer_id "
        "WHERE q.present AND q.last10 IS NOT NULL GROUP BY q.last10 HAVING count(DISTINCT q.customer_id) > 1) ORDER BY 1, 2",
        "SELECT c.doc_digits, c.id FROM customer c JOIN boxes_people b ON b.id = c.id WHERE c.doc_digits IN (SELECT e.doc_digits "
        "FROM customer e JOIN boxes_people d ON d.id = e.id WHERE length(e.doc_digits) >= 6 GROUP BY e.doc_digits "
        "HAVING count(*) > 1) ORDER BY 1, 2",
    ):
        before: tuple[Any, int] | None = None
        for value, who in conn.execute(text(query)):
            if before is not None and before[0] == value:
                a, b = root(before[1]), root(who)
                if a != b:
                    parent[max(a, b)] = min(a, b)
            before = (value, who)
    grouped = {i: root(i) for i in parent}
    conn.execute(text("CREATE TEMP TABLE boxes_group (id BIGINT PRIMARY KEY, person BIGINT)"))
    _insert(conn, ({"i": i, "p": p} for i, p in grouped.items()))
    conn.execute(text(
        "UPDATE customer AS c SET person_id = coalesce(g.person, b.id) FROM boxes_people b LEFT JOIN boxes_group g ON g.id = b.id "
        "WHERE c.id = b.id AND c.person_id IS DISTINCT FROM coalesce(g.person, b.id)"
    ))  # fmt: skip
    conn.execute(text("DROP TABLE boxes_group"))
    conn.execute(text("DROP TABLE boxes_people"))


def _gather(conn: Connection) -> None:
    """``boxes_people``: the touched customers, whoever was in their groups, whoever shares a key with those, and the groups
    of these."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_people"))
    conn.execute(text("DROP TABLE IF EXISTS boxes_group"))
    conn.execute(text("CREATE TEMP TABLE boxes_people (id BIGINT PRIMARY KEY)"))
    groups = "SELECT c.id FROM customer c WHERE c.person_id IN (SELECT d.person_id FROM customer d JOIN boxes_people b ON b.id = d.id)"
    for query in (
        f"SELECT x.id FROM {touched('customer')} x",
        groups,
        "SELECT p.customer_id AS id FROM customer_phone p WHERE p.present AND p.last10 IN (SELECT q.last10 FROM customer_phone q "
        "JOIN boxes_people b ON b.id = q.customer_id WHERE q.present AND q.last10 IS NOT NULL)",
        "SELECT c.id FROM customer c WHERE c.doc_digits IN (SELECT d.doc_digits FROM customer d JOIN boxes_people b ON b.id = d.id "
        "WHERE length(d.doc_digits) >= 6)",
        groups,
    ):
        conn.execute(text(
            "INSERT INTO boxes_people SELECT DISTINCT q.id FROM (" + query + ") q JOIN customer live ON live.id = q.id "
            "AND live.merged_into_id IS NULL WHERE true ON CONFLICT DO NOTHING"
        ))  # fmt: skip


def _insert(conn: Connection, rows: Iterable[dict[str, int]]) -> None:
    block: list[dict[str, int]] = []
    for row in rows:
        block.append(row)
        if len(block) == 5000:
            conn.execute(text("INSERT INTO boxes_group VALUES (:i, :p)"), block)
            block = []
    if block:
        conn.execute(text("INSERT INTO boxes_group VALUES (:i, :p)"), block)
